"""Takes a stream of events into one scope, batch by batch, and names what is refused."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from semmem.cli.output import notes, table
from semmem.domain.event import NewEvent
from semmem.errors import InvalidInput, KeyConflict
from semmem.retrieval.quote import visible

if TYPE_CHECKING:
    from semmem.memory.scoped import ScopedMemory

BATCH = 500


@dataclass(slots=True)
class Outcome:
    """How many events were stored now, were stored before, and were refused."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0


def tally(found: Outcome) -> RenderableType:
    return table("events", "", rows=[(name, str(count)) for name, count in asdict(found).items()])


class Intake:
    """Takes events into one memory; `unit` is what numbers count, such as "line"; where `strict`, a refusal is raised.

    A batch is stored whole or not at all.
    """

    def __init__(self, memory: "ScopedMemory", outcome: Outcome, *, unit: str, strict: bool) -> None:
        self._memory, self._outcome = memory, outcome
        self._unit, self._strict = unit, strict
        self._batch: list[tuple[int, NewEvent]] = []

    async def take(self, source: Iterable[tuple[int, NewEvent | InvalidInput]]) -> None:
        for number, read in source:
            if isinstance(read, InvalidInput):
                self._refuse(number, read)
                continue
            self._batch.append((number, read))
            if len(self._batch) == BATCH:
                await self._send()
        await self._send()

    async def _send(self) -> None:
        while self._batch:
            try:
                acks = await self._memory.remember_many([event for _, event in self._batch])
            except KeyConflict as error:
                number, _ = self._batch.pop(error.index)
                self._refuse(number, error)
                continue
            self._batch.clear()
            accepted = sum(ack.status == "accepted" for ack in acks)
            self._outcome.accepted += accepted
            self._outcome.duplicate += len(acks) - accepted

    def _refuse(self, number: int, error: InvalidInput) -> None:
        field = error.field.rpartition(".")[2]
        named = InvalidInput(f"{self._unit} {number}: {field}", error.limit, error.fix)
        if self._strict:
            raise named from error
        self._outcome.refused += 1
        notes.print(Text(visible(str(named)), style="yellow"), soft_wrap=True)
