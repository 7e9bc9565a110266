"""What the producers said, and what has to be true of it in the end."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.storm.plan import Place, Said, Sizes, steps


class Journal:
    """`kept` are the ids of acknowledged events that nobody forgot, by key."""

    def __init__(self, sizes: Sizes) -> None:
        self.said: dict[str, Said] = {}
        for producer in range(sizes.producers):
            self.said |= {step.said.key: step.said for step in steps(sizes, producer)}
        self.kept: dict[str, UUID] = {}
        self.gone: set[str] = set()
        self.wrong: list[str] = []
        self.answers = 0
        self._words: dict[Place, set[str]] = {}
        for one in self.said.values():
            self._words.setdefault(one.place, set()).add(one.word)

    def take(self, told: dict[str, Any]) -> None:
        self.answers += 1
        if "kept" in told:
            self.kept[told["kept"]] = UUID(told["id"])
        elif "gone" in told:
            self.gone |= set(told["gone"])
            for key in told["gone"]:
                self.kept.pop(key, None)
        elif "read" in told:
            place = self.said[told["read"]].place
            if foreign := set(told["words"]) - self._words[place]:
                self.wrong.append(f"{place} hears another place's words: {foreign}")
        else:
            self.wrong.append(told["wrong"])

    def places(self) -> dict[Place, list[Said]]:
        """All that anything was said at, with the events that have to be there."""
        found: dict[Place, list[Said]] = {self.said[key].place: [] for key in [*self.kept, *self.gone]}
        for key in self.kept:
            found[self.said[key].place].append(self.said[key])
        return found


@dataclass(slots=True)
class Findings:
    """Each list names what broke one promise."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    unlearnt: list[str] = field(default_factory=list)
    unburied: list[str] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not any(found for _, found in self.rows())

    def rows(self) -> list[tuple[str, list[str]]]:
        return [
            ("acknowledged events lost", self.lost),
            ("events or facts doubled", self.doubled),
            ("forgotten and still there", self.forgotten),
            ("good events without their fact", self.unlearnt),
            ("poisoned events neither learnt nor in a dead letter", self.unburied),
            ("points on which Qdrant and Postgres differ", self.drift),
            ("receipts that are not clean", self.receipts),
            ("wrong answers and unexpected errors", self.wrong),
        ]
