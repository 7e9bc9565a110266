"""What each context reads of the whole view, in one transaction: three would take longer than what they read."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from semmem.domain.context import Tier
from semmem.domain.fact import Summary
from semmem.domain.scope import Scope, View
from semmem.stores.postgres.events import ScopeState, states
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.standing import Known, profile
from semmem.stores.postgres.summaries import newest_summaries


class Stored(NamedTuple):
    """What of it the tiers asked for; `states` tell what the recent events in the cache must begin with."""

    profile: list[Known]
    summaries: list[Summary]
    states: dict[Scope, ScopeState]


class ContextStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def read(self, view: View, tiers: Collection[Tier], now: datetime) -> Stored:
        async with self._postgres.transaction(view, now) as tx:
            return Stored(
                await profile(tx) if "profile" in tiers else [],
                await newest_summaries(tx) if "summary" in tiers else [],
                await states(tx) if "recent" in tiers else {},
            )
