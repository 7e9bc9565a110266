"""Summaries of which something was forgotten or taken back are made again of what they still rest on."""

from collections.abc import Sequence
from uuid import UUID

from semmem.extractors.offline import OfflineExtractor, condensed
from semmem.ports import Clock
from semmem.scope import Scope
from semmem.stores.events import lock_scope
from semmem.stores.facts import (
    Statement,
    drop_summary,
    renew_summary,
    stale_summaries,
    summary_events,
    summary_statements,
)
from semmem.stores.postgres import Connection, Postgres
from semmem.stores.retractions import retractions, without_retracted


class SummaryRebuilder:
    """Needs no model: a summary is made of the facts drawn from its events, in which nothing forgotten is left.

    A model renews it in words of its own with the next batch of its session.
    """

    def __init__(self, postgres: Postgres, clock: Clock) -> None:
        self._postgres, self._clock = postgres, clock

    async def run(self, scope: Scope) -> None:
        """Until no summary of the scope is stale."""
        async with self._postgres.transaction(scope) as connection:
            if not await stale_summaries(connection, scope):
                return
            await lock_scope(connection, scope)
            for id in await stale_summaries(connection, scope):
                said = await summary_statements(connection, scope, id) or await _told(connection, scope, id)
                if text := condensed(said):
                    await renew_summary(connection, scope, id, text, self._clock())
                else:
                    await drop_summary(connection, scope, id)


async def _told(connection: Connection, scope: Scope, summary: UUID) -> Sequence[Statement]:
    """What rules find in the events themselves, for where no fact was drawn from them."""
    events = await summary_events(connection, scope, summary)
    retracted = await retractions(connection, scope.tenant, [event.id for event in events])
    drafts = (await OfflineExtractor().extract(events, {})).drafts if events else ()
    return [
        Statement(draft.subject, draft.text, draft.importance, draft.validity)
        for draft in drafts
        if without_retracted(draft, retracted)
    ]
