"""What an open memory is made of."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from semmem.background import Background
from semmem.deadline import Calls
from semmem.erasure import Erasure
from semmem.errors import StoreUnavailable
from semmem.faults import FaultLog
from semmem.ports import Clock, RecentCache
from semmem.reconciliation import Reconciler
from semmem.retrieval.search import Searcher
from semmem.stores.archive import ArchiveStore
from semmem.stores.branches import BranchStore
from semmem.stores.events import EventLog, Remembered
from semmem.stores.facts import FactStore
from semmem.stores.health import HealthStore
from semmem.stores.ledger import Ledger
from semmem.stores.records import RecordStore
from semmem.tiers import Tiers

faults = FaultLog(logging.getLogger(__name__))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """semmem.bootstrap puts them together."""

    log: EventLog
    facts: FactStore
    branches: BranchStore
    records: RecordStore
    ledger: Ledger
    archive: ArchiveStore
    health: HealthStore
    cache: RecentCache | None
    searcher: Searcher
    tiers: Tiers
    erasure: Erasure
    reconciler: Reconciler | None  # where there is a mirror
    background: Background
    calls: Calls
    clock: Clock
    dedup_window: timedelta

    def announce(self, remembered: Remembered) -> None:
        """Tells Redis, without the caller waiting for it."""
        if self.cache and remembered.accepted:
            self.background.start(_announce(self.cache, remembered))


async def _announce(cache: RecentCache, remembered: Remembered) -> None:
    try:
        await cache.push(remembered.accepted, remembered.epoch)
    except StoreUnavailable as error:
        faults.warn("new events are not in the recent cache", error)
