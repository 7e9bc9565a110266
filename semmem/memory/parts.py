"""What an open memory is made of."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from semmem.domain.scope import View
from semmem.engine.erasure import Erasure
from semmem.engine.reconciliation import Reconciler
from semmem.errors import StoreUnavailable
from semmem.memory.keeping import Keeping
from semmem.memory.tiers import Tiers
from semmem.memory.watching import Watching
from semmem.ports import Clock, RecentCache, TokenCounter
from semmem.retrieval.search import Searcher
from semmem.runtime.background import Background
from semmem.runtime.deadline import Calls
from semmem.runtime.faults import FaultLog
from semmem.stores.postgres.archive import ArchiveStore
from semmem.stores.postgres.archiving import Archiver
from semmem.stores.postgres.branches import BranchStore
from semmem.stores.postgres.checkpoints import CheckpointStore
from semmem.stores.postgres.corrections import CorrectionStore
from semmem.stores.postgres.events import EventStore, Remembered
from semmem.stores.postgres.facts import FactStore
from semmem.stores.postgres.groups import GroupStore
from semmem.stores.postgres.health import HealthStore
from semmem.stores.postgres.ledger import Ledger
from semmem.stores.postgres.locks import LockStore
from semmem.stores.postgres.log import EntryLog
from semmem.stores.postgres.questions import QuestionStore
from semmem.stores.postgres.records import RecordStore
from semmem.stores.postgres.settings import SettingsStore
from semmem.stores.postgres.state import StateStore
from semmem.stores.postgres.summaries import SummaryStore
from semmem.stores.postgres.threads import ThreadStore
from semmem.stores.postgres.workspaces import WorkspaceStore

faults = FaultLog(logging.getLogger(__name__))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """semmem.wiring.bootstrap puts them together."""

    events: EventStore
    entries: EntryLog
    groups: GroupStore
    facts: FactStore
    corrections: CorrectionStore
    summaries: SummaryStore
    branches: BranchStore
    records: RecordStore
    state: StateStore
    locks: LockStore
    checkpoints: CheckpointStore
    workspaces: WorkspaceStore
    questions: QuestionStore
    threads: ThreadStore
    settings: SettingsStore
    ledger: Ledger
    archive: ArchiveStore
    archiver: Archiver
    health: HealthStore
    cache: RecentCache | None
    keeping: Keeping | None  # where there is a local log
    searcher: Searcher
    tiers: Tiers
    erasure: Erasure
    reconciler: Reconciler | None  # where there is a mirror
    background: Background
    watching: Watching
    calls: Calls
    counter: TokenCounter
    clock: Clock
    dedup_window: timedelta

    def lacking(self, view: View) -> frozenset[str]:
        """What of a view no answer can know: events that are on this disk alone."""
        return frozenset({"local_log"}) if self.keeping and self.keeping.waits(view.scopes) else frozenset()

    def announce(self, remembered: Remembered) -> None:
        """Tells followers and Redis, without the caller waiting for it."""
        if not remembered.accepted:
            return
        self.watching.wake(remembered.accepted[0].scope, remembered.head)
        if self.cache:
            self.background.start(_announce(self.cache, remembered))


async def _announce(cache: RecentCache, remembered: Remembered) -> None:
    try:
        await cache.push(remembered.accepted, remembered.epoch)
    except StoreUnavailable as error:
        faults.warn("new events are not in the recent cache", error)
