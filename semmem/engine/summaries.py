"""Summaries of which something was forgotten, taken back or superseded are made again of what they still rest on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from semmem.domain.event import Event
from semmem.domain.fact import Draft
from semmem.domain.scope import Scope
from semmem.extractors.offline import OfflineExtractor, condensed
from semmem.extractors.retracted import Retracted, without_retracted
from semmem.ports import Clock
from semmem.stores.postgres.events import lock_scope
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.retractions import retractions
from semmem.stores.postgres.summaries import (
    Statement,
    drop_summary,
    renew_summary,
    stale_summaries,
    summary_events,
    summary_statements,
)
from semmem.stores.postgres.unit import Unit

AT_ONCE = 20  # summaries whose texts are made between two transactions


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a summary rests on: the facts drawn from its events that hold; without any, the events without facts."""

    statements: Sequence[Statement]
    events: Sequence[Event]
    retracted: Retracted


class SummaryRebuilder:
    """Needs no model: a summary is made of the facts drawn from its events, in which nothing forgotten is left.

    A model renews it in words of its own with the next batch of its session.
    """

    def __init__(self, postgres: Postgres, clock: Clock) -> None:
        self._postgres, self._clock = postgres, clock

    async def run(self, scope: Scope) -> None:
        """Until no summary of the scope is stale. Writers of the scope do not wait while the texts are made."""
        while True:
            async with self._postgres.transaction(scope) as tx:
                grounds = {id: await _ground(tx, id) for id in (await stale_summaries(tx))[:AT_ONCE]}
            if not grounds:
                return
            told = {id: ground.statements or await _told(ground) for id, ground in grounds.items()}
            texts = {id: await asyncio.to_thread(condensed, statements) for id, statements in told.items()}
            await self._write(scope, grounds, texts)

    async def _write(self, scope: Scope, grounds: Mapping[UUID, _Ground], texts: Mapping[UUID, str]) -> None:
        """One whose ground is another by now is left as it is: stale, and read again."""
        async with self._postgres.transaction(scope, self._clock()) as tx:
            await lock_scope(tx)
            for id in await stale_summaries(tx):
                if id not in grounds or await _ground(tx, id) != grounds[id]:
                    continue
                if texts[id]:
                    await renew_summary(tx, id, texts[id])
                else:
                    await drop_summary(tx, id)


async def _ground(tx: Unit, summary: UUID) -> _Ground:
    if statements := await summary_statements(tx, summary):
        return _Ground(statements, [], {})
    events = await summary_events(tx, summary)
    return _Ground([], events, await retractions(tx, [event.id for event in events]))


async def _told(ground: _Ground) -> Sequence[Statement]:
    """What rules find in the events themselves, for where no fact was drawn from them."""
    drafts: list[Draft] = []
    events = ground.events
    while events:
        extraction = await OfflineExtractor().extract(events, {})
        drafts += extraction.drafts
        events = events[extraction.read :] if extraction.read else []
    return [
        Statement(draft.subject, draft.text, draft.importance, draft.validity, draft.trust)
        for draft in drafts
        if without_retracted(draft, ground.retracted)
    ]
