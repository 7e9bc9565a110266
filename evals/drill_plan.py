"""What happens in the drill, drawn by a seed, and the virtual time in which it happens."""

import heapq
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Literal

AGENTS = ("risk", "clerk", "care")
LEASE, STALL = 30.0, 90.0  # minutes; a work takes 2 to 20
QUICKEST, SLOWEST = 2.0, 20.0
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)

Process = AsyncGenerator[float]  # a course of events, which yields the minutes until it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """The four constants of the drill. They are chosen, and not measured anywhere: shares follow from them."""

    overlap: float = 0.4  # a work begins while another one on the same payment is under way
    redelivered: float = 0.05  # an order is delivered twice
    stalled: float = 0.03  # who pays an order stands still for longer than a lease
    noticed: float = 0.5  # somebody notices that something is wrong with a payment, and mends it by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What an agent adds to a payment's record: a note."""

    agent: str
    note: str
    begins: float
    takes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An order in the hands of an agent: for the first time, once more, or since the first one's lease is over."""

    agent: str
    kind: Literal["first", "again", "lapsed"]
    begins: float
    takes: float
    stands_still: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    id: str
    amount: int
    works: tuple[Work, ...]
    deliveries: tuple[Delivery, ...]
    noticed: bool


def payments(count: int, seed: int, chances: Chances) -> list[Payment]:
    """Draws so many payments; each by itself, so that the same ones come first whatever their number is."""
    return [_payment(number, random.Random(f"{seed}-{number}"), chances) for number in range(count)]


def _payment(number: int, chance: random.Random, chances: Chances) -> Payment:
    id, amount = f"payment-{number}", chance.randrange(50, 500)
    agents = [*AGENTS, *chance.choices(AGENTS, k=chance.randrange(3))]
    chance.shuffle(agents)
    works, begins = list[Work](), chance.uniform(0, SLOWEST)
    for place, agent in enumerate(agents):
        takes = chance.uniform(QUICKEST, SLOWEST)
        works.append(Work(agent=agent, note=f"{id}.{place}", begins=begins, takes=takes))
        inside = chance.random() < chances.overlap
        begins += chance.uniform(0, takes) if inside else takes + chance.uniform(1, SLOWEST)
    return Payment(
        id=id,
        amount=amount,
        works=tuple(works),
        deliveries=tuple(_deliveries(chance, chances)),
        noticed=chance.random() < chances.noticed,
    )


def _deliveries(chance: random.Random, chances: Chances) -> list[Delivery]:
    """A queue hands an order out again when its consumer's lease is over, whatever the agents share."""
    begins, takes = chance.uniform(0, SLOWEST), chance.uniform(QUICKEST, SLOWEST)
    stalls, again = chance.random() < chances.stalled, chance.random() < chances.redelivered
    first = Delivery(agent="clerk", kind="first", begins=begins, takes=takes, stands_still=STALL if stalls else 0.0)
    made = [first]
    if again:
        made.append(Delivery(agent="care", kind="again", begins=begins + chance.uniform(0, STALL), takes=takes))
    if stalls:
        made.append(Delivery(agent="risk", kind="lapsed", begins=begins + LEASE + 1, takes=takes))
    return made


class VirtualTime:
    """A clock that stands still while a process works, and then is where the next one goes on."""

    def __init__(self) -> None:
        self.now = BEGIN
        self._due: list[tuple[datetime, int, Process]] = []
        self._started = count()

    def __call__(self) -> datetime:
        return self.now

    def start(self, process: Process, after: float) -> None:
        heapq.heappush(self._due, (self.now + timedelta(minutes=after), next(self._started), process))

    async def run(self) -> None:
        """Until nothing is due any more. Processes that are due at once go on in the order they were started."""
        try:
            while self._due:
                self.now, _, process = heapq.heappop(self._due)
                pause = await anext(process, None)
                if pause is not None:
                    self.start(process, pause)
        finally:
            for _, _, process in self._due:  # none is left, unless one has failed
                await process.aclose()
