"""What there is to do for a job of each kind."""

from dataclasses import dataclass
from typing import assert_never

from semmem.domain.scope import Scope
from semmem.engine.consolidation import Consolidator
from semmem.engine.erasure import Erasure
from semmem.engine.fact_indexing import FactIndexer
from semmem.engine.index_sync import IndexSync
from semmem.engine.indexing import Indexer
from semmem.engine.summaries import SummaryRebuilder
from semmem.runtime.turn import Turn
from semmem.stores.postgres.jobs import Entrypoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Each does what is left to do in a scope, for a turn."""

    indexer: Indexer
    fact_indexer: FactIndexer
    sync: IndexSync | None  # where there is a mirror
    consolidator: Consolidator
    erasure: Erasure
    rebuilder: SummaryRebuilder

    async def do(self, kind: Entrypoint, scope: Scope, turn: Turn, *, last_attempt: bool) -> None:
        match kind:
            case "index":
                await self.indexer.run(scope, turn)
                await self.fact_indexer.run(scope, turn)
            case "embed":
                await self.indexer.embed_missing(scope, turn)
            case "mirror":
                assert self.sync is not None, "a worker without a mirror takes no such job"
                receipts = await self.erasure.unmirrored(scope)
                if await self.sync.run(scope, turn):
                    await self.erasure.finish_mirrored(scope, receipts)
            case "cache":
                await self.erasure.finish_cached(scope)
            case "consolidate":
                await self.consolidator.run(scope, turn, last_attempt=last_attempt)
            case "erase":
                await self.erasure.expire(scope)
                await self.rebuilder.run(scope)
            case _:
                assert_never(kind)
