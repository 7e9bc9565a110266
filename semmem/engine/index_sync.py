"""Makes the mirror equal to Postgres: by state, so that order and repetition do not matter."""

from semmem.domain.scope import Scope
from semmem.engine.mirroring import MirrorKeeper
from semmem.ports import Mirror
from semmem.runtime import failpoints
from semmem.runtime.turn import Turn
from semmem.stores.postgres.points import IndexWork
from semmem.stores.postgres.pool import Postgres

BATCH = 500


class IndexSync:
    """Carries a scope's changed rows to the mirror: what exists is upserted, what does not is deleted."""

    def __init__(self, postgres: Postgres, work: IndexWork, mirror: Mirror, keeper: MirrorKeeper) -> None:
        self._postgres, self._work, self._mirror, self._keeper = postgres, work, mirror, keeper
        self._trusted = False  # whether the last run ended well; else the mirror may be gone, and is looked at first

    async def run(self, scope: Scope, turn: Turn) -> bool:
        """Until nothing waits, which is True, or the turn is over.

        Raises StoreUnavailable where the mirror is down; what waits stays waiting.
        """
        if not self._trusted:
            await self._keeper.check()
        self._trusted = False
        followed = False
        while not followed and turn.take():
            # One carrier per scope, or a slow one could write back a row that another has just deleted.
            async with self._postgres.exclusively("mirror", scope):
                changes, points = await self._work.take(scope, BATCH)
                followed = not changes
                if changes:
                    failpoints.reach("mirror-writing")
                    gone = set(changes) - {point.id for point in points}
                    await self._mirror.upsert(points)
                    await self._mirror.delete(scope, list(gone))
                    failpoints.reach("mirror-written")
                    await self._work.finish(scope, changes)
        self._trusted = True
        if not self._keeper.whole:
            self._keeper.due.set()
        return followed
