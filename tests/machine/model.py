"""What a memory must hold, kept in a few sets: the model that the real one is compared with."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

WORD = re.compile(r"\bzq[a-p]{4}\b", re.IGNORECASE)

# Each makes one fact of one event; a move takes the place of the move before.
KINDS = {
    "move": "I moved to {word}.",
    "allergy": "I am allergic to {word}.",
    "friend": "My friend {word} plays the cello.",
    "owned": "I own a {word} lamp.",
}


def word(number: int) -> str:
    """A word that stands in no text but ours; all are of one length, so none is a part of another."""
    return "Zq" + "".join("abcdefghijklmnop"[number >> shift & 15] for shift in (12, 8, 4, 0))


def words_in(text: str) -> set[str]:
    return {found.capitalize() for found in WORD.findall(text)}


@dataclass(frozen=True, slots=True)
class Place:
    """A user's or a workspace's memory; `tenant` is a short name, which each example makes its own."""

    tenant: str
    kind: str
    id: str

    def __repr__(self) -> str:
        return f"{self.tenant}.{self.kind}.{self.id}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """As Hypothesis prints it."""
        printer.text(repr(self))


PLACES = [
    Place(tenant, kind, id)
    for tenant in ("acme", "globex", "initech")
    for kind in ("user", "workspace")
    for id in ("ann", "bob", "cyd")
]


@dataclass(frozen=True, slots=True)
class Said:
    """An acknowledged event."""

    id: UUID
    key: str
    kind: str
    word: str
    session: str

    @property
    def content(self) -> str:
        return KINDS[self.kind].format(word=self.word)


@dataclass(slots=True)
class Expected:
    """What one place holds: its events, oldest first, and what may not be found there any more."""

    events: list[Said] = field(default_factory=list)
    forgotten: list[Said] = field(default_factory=list)

    @property
    def words(self) -> set[str]:
        return {said.word for said in self.events}

    @property
    def home(self) -> str | None:
        return next((said.word for said in reversed(self.events) if said.kind == "move"), None)

    def forget(self, ids: set[UUID]) -> None:
        self.forgotten += [said for said in self.events if said.id in ids]
        self.events = [said for said in self.events if said.id not in ids]
