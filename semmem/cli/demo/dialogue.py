"""The demo's dialogue: a customer in two sessions, and two others who must not learn of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from semmem.domain.event import NewEvent, Role
from semmem.domain.scope import Scope

AGENT = "support"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What was said, by whom, in order; `age` is how long ago it began."""

    id: str
    age: timedelta
    turns: tuple[tuple[Role, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    name: str
    scope: Scope
    sessions: tuple[Session, ...]

    def events(self, session: Session, now: datetime) -> Iterator[NewEvent]:
        """The keys are new in every run, so that the demo may run on a data folder that is kept."""
        for minute, (role, content) in enumerate(session.turns):
            yield NewEvent(
                content=content,
                role=role,
                speaker=self.name if role == "user" else None,
                agent=AGENT,
                session=session.id,
                occurred_at=now - session.age + timedelta(minutes=minute),
                key=f"{session.id}-{now:%Y%m%dT%H%M%S}-{minute}",
            )


PASTED = """\
My landlord wrote this, can you make sense of it?

From: Olle Berg <olle@berg.example>
To: Maya Lindqvist
Subject: Keys

I live in Oslo now, at Storgata 3, and I prefer letters.
Best, Olle"""

MAYA = Customer(
    name="Maya Lindqvist",
    scope=Scope.user("northwind", "maya"),
    sessions=(
        Session(
            id="call-1",
            age=timedelta(days=62),
            turns=(
                ("user", "Hi! I live in Gothenburg, at Linnégatan 12."),
                ("assistant", "Welcome, Maya. How may we reach you about a delivery?"),
                ("user", "I prefer phone calls."),
                ("assistant", "Noted. Is there anything we should know about your dog?"),
                ("user", "My dog Sven is allergic to chicken."),
            ),
        ),
        Session(
            id="chat-2",
            age=timedelta(days=34),
            turns=(
                ("user", "I moved last week: I live in Malmö now, at Möllevångsgatan 7."),
                ("assistant", "Thank you, your address is changed. Shall we still call you about deliveries?"),
                ("user", "I prefer emails now."),
                ("user", "And once more, to be safe. My dog Sven is allergic to chicken."),
                ("user", PASTED),
            ),
        ),
        Session(
            id="chat-3",
            age=timedelta(days=6),
            turns=(
                ("user", "I moved again yesterday: I live in Lund now, at Bytaregatan 4."),
                ("user", "I'm staying in Lisbon for the weekend, so please deliver on Monday."),
            ),
        ),
    ),
)

OTHERS = (
    Customer(
        name="Maya Berg",
        scope=Scope.user("northwind", "maya-b"),
        sessions=(
            Session(
                id="call-9",
                age=timedelta(days=12),
                turns=(
                    ("user", "I live in Uppsala, near the castle."),
                    ("user", "My cat Misse only eats fish."),
                ),
            ),
        ),
    ),
    Customer(
        name="Maya Okafor",
        scope=Scope.user("contoso", "maya"),
        sessions=(
            Session(
                id="mail-3",
                age=timedelta(days=3),
                turns=(("user", "I ordered two desk lamps for my office in Bristol."),),
            ),
        ),
    ),
)

ADDRESS = MAYA.sessions[0].turns[0][1]
ALLERGY = MAYA.sessions[0].turns[4][1]

QUESTIONS = (
    "Where does Maya live?",
    "How should we contact her about a delivery?",
    "What is Sven allergic to?",
)
UNANSWERED = "Which car does she drive?"
TRIP = MAYA.sessions[2].turns[1][1]
CORRECTED_BY, HEARD, SAID = "Ida of Northwind", "chicken", "chickpeas"  # what was heard, and what Maya had said
BUDGET = 700
NEW_SESSION = "call-4"
