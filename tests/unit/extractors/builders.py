"""Events, drafts and facts for the extractors' tests, and a chat model that answers from a script."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from semmem.domain.event import Event, Role
from semmem.domain.fact import Draft, Fact, Source, Validity
from semmem.domain.scope import Scope
from semmem.ports import ChatAnswer

ALICE = Scope.user("acme", "alice")
SAID = datetime(2023, 6, 9, 19, 55, tzinfo=UTC)  # a Friday


def event(
    content: str,
    *,
    role: Role = "user",
    speaker: str | None = None,
    session: str | None = "s1",
    at: datetime = SAID,
    scope: Scope = ALICE,
    importance: float = 0.5,
) -> Event:
    return Event(
        id=uuid4(),
        seq=1,
        scope=scope,
        content=content,
        role=role,
        speaker=speaker,
        agent="support",
        agent_type=None,
        session=session,
        event_type="message",
        importance=importance,
        metadata={},
        occurred_at=at,
        recorded_at=at,
        key=None,
    )


def draft(text: str, subject: str = "alice", validity: Validity | None = None) -> Draft:
    return Draft(
        subject=subject,
        text=text,
        category="other",
        confidence=0.9,
        importance=0.5,
        validity=validity or Validity(),
        sources=(Source(event_id=uuid4(), quote=text),),
        trust="user",
    )


def fact(
    text: str,
    subject: str = "alice",
    validity: Validity | None = None,
    said_at: datetime = SAID,
    superseded_at: datetime | None = None,
) -> Fact:
    proposed = draft(text, subject, validity)
    return Fact(
        id=uuid4(),
        thread=uuid4(),
        version=1,
        scope=ALICE,
        subject=subject,
        text=text,
        category="other",
        confidence=0.9,
        importance=0.5,
        validity=proposed.validity,
        trust="user",
        said_at=said_at,
        recorded_at=said_at,
        superseded_at=superseded_at,
        sources=proposed.sources,
    )


def said_fact(**changed: Any) -> dict[str, Any]:
    """One fact as a model would answer it, about the event "I moved to Berlin in May."."""
    return {
        "subject": "alice",
        "text": "alice moved to Berlin in May.",
        "category": "profile",
        "confidence": 0.9,
        "importance": 0.8,
        "quote": "I moved to Berlin in May",
        "source": 1,
        "when": "in May",
    } | changed


def answer(*facts: dict[str, Any], summaries: Sequence[dict[str, Any]] = ()) -> str:
    return json.dumps({"facts": list(facts), "summaries": list(summaries)})


def verdicts(*verdicts: tuple[int, str, int | None]) -> str:
    rows = [{"draft": number, "verdict": verdict, "candidate": candidate} for number, verdict, candidate in verdicts]
    return json.dumps({"verdicts": rows})


class ScriptedChat:
    """A ChatModel whose answers are given, as texts or (text, finish_reason) pairs, or made from the messages."""

    model = "scripted"

    def __init__(
        self, *script: str | tuple[str, str], by: Callable[[str], str | tuple[str, str]] | None = None
    ) -> None:
        self._script = list(script)
        self._by = by
        self.requests: list[list[Mapping[str, str]]] = []

    async def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        schema: Mapping[str, Any] | None,
        schema_name: str = "",
        max_tokens: int,
    ) -> ChatAnswer:
        self.requests.append(list(messages))
        # The last answer is given again and again: a model that is wrong stays wrong.
        given = self._by(messages[1]["content"]) if self._by else self._script.pop(0)
        if not self._by and not self._script:
            self._script.append(given)
        text, finish_reason = given if isinstance(given, tuple) else (given, "stop")
        return ChatAnswer(text=text, finish_reason=finish_reason, prompt_tokens=10, completion_tokens=5)

    async def aclose(self) -> None:
        self._script.clear()


class WordCounter:
    """Counts words: exact enough where only proportions matter."""

    exact = False

    def count(self, text: str) -> int:
        return len(text.split())
