"""What each producer does, drawn from a seed: the same sizes and seed give the same storm."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal

Act = Literal["remember", "again", "recall", "forget event", "forget session", "forget everything"]
Poison = Literal["garbage", "refused", "unembeddable", "oversized"]

POISONS: tuple[Poison, ...] = ("garbage", "refused", "unembeddable", "oversized")
OVERSIZED_BYTES = 24_000  # more than the model server takes, less than an event may have
SESSION_EVENTS = 8
WORD = re.compile(r"\bzq[a-p]{6}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large a storm is. Shares are of one."""

    events: int = 20_000
    tenants: int = 100
    producers: int = 5
    workers: int = 10
    seed: int = 1
    events_a_tick: int = 4
    kills: float = 0.08  # of the ticks end a worker
    restarts: float = 0.02  # of the ticks end a store
    poisoned: float = 0.02  # of the events

    def share(self, producer: int) -> int:
        return self.events // self.producers + (producer < self.events % self.producers)


@dataclass(frozen=True, slots=True)
class Place:
    """The user whom all producers talk about, or a workspace that one producer has for itself."""

    tenant: str
    kind: Literal["user", "workspace"]
    id: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class Said:
    """One event of the plan."""

    place: Place
    key: str
    word: str
    session: str
    poison: Poison | None

    @property
    def content(self) -> str:
        if self.poison == "oversized":
            return f"I own a {self.word} lamp. {'It shines. ' * (OVERSIZED_BYTES // 11)}"
        return f"I own a {self.word} lamp." if self.poison is None else f"I own a {self.word} lamp, {self.poison}."


@dataclass(frozen=True, slots=True)
class Step:
    """`said` is the event that is meant; for a forget, all that go with it are in `gone`."""

    act: Act
    said: Said
    gone: tuple[Said, ...] = ()


def words_in(text: str) -> set[str]:
    return {found.capitalize() for found in WORD.findall(text)}


def steps(sizes: Sizes, producer: int) -> Iterator[Step]:
    """`sizes.share(producer)` events, with repetitions, questions and forgets among them."""
    return _Producer(sizes, producer).steps()


@dataclass(slots=True)
class _Producer:
    sizes: Sizes
    number: int
    kept: dict[Place, list[Said]] = field(default_factory=dict)

    def steps(self) -> Iterator[Step]:
        random = Random(f"{self.sizes.seed}:{self.number}")
        for index in range(self.sizes.share(self.number)):
            said = self._say(random, index)
            yield Step("remember", said)
            drawn = random.random()
            if drawn < 0.05:
                yield Step("again", random.choice(self.kept[said.place]))
            elif drawn < 0.08:
                yield Step("recall", random.choice(self.kept[said.place]))
            elif drawn < 0.11:
                yield self._forget(random, said.place)

    def _say(self, random: Random, index: int) -> Said:
        tenant = f"tenant-{random.randrange(self.sizes.tenants)}"
        own = random.random() < 0.2
        place = Place(tenant, "workspace", f"team-{self.number}") if own else Place(tenant, "user", "ann")
        poison = random.choice(POISONS) if random.random() < self.sizes.poisoned else None
        session = f"p{self.number}-{index // SESSION_EVENTS}"
        said = Said(
            place, f"p{self.number}-{index}", _word(index * self.sizes.producers + self.number), session, poison
        )
        self.kept.setdefault(place, []).append(said)
        return said

    def _forget(self, random: Random, place: Place) -> Step:
        kept, drawn = self.kept[place], random.random()
        said = random.choice(kept)
        act: Act = "forget event" if drawn < 0.5 else "forget session"
        if place.kind == "workspace" and drawn < 0.3:
            act = "forget everything"
        gone = {
            "forget event": [said],
            "forget session": [one for one in kept if one.session == said.session],
            "forget everything": kept,
        }[act]
        self.kept[place] = [one for one in kept if one not in gone]
        return Step(act, said, tuple(gone))


def _word(number: int) -> str:
    """Stands in no other text of the storm; all are of one length, so none is a part of another."""
    return "Zq" + "".join("abcdefghijklmnop"[number >> shift & 15] for shift in range(20, -4, -4))
