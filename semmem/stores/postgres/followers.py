"""Which stores beside Postgres an installation has: processes name theirs, and every forget asks."""

from collections.abc import Mapping, Sequence

from semmem.domain.stores import QDRANT
from semmem.postgres.session import APP_ROLE
from semmem.stores.postgres.jobs import SWEEPER_ROLE, job_of, take_back
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("followers.sql")


class Followers:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def named(self) -> list[str]:
        async with self._postgres.statement() as tx:
            return [row["store"] for row in await tx.fetch(_SQL["named"])]

    async def name(self, stores: Sequence[str]) -> None:
        """Says that this process has these stores, before it puts anything there.

        Forgets that are under way end first: one that did not know of a store could leave what is read into it now.
        """
        if set(stores) <= set(await self.named()):
            return
        async with self._postgres.acting_as(APP_ROLE) as tx:
            await tx.execute(_SQL["alone"])
            await tx.execute(_SQL["name"], stores=stores)

    async def waiting(self) -> Mapping[str, int]:
        """How many receipts wait for each store, in all tenants."""
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            return {row["store"]: row["count"] for row in await tx.fetch(_SQL["waiting"])}

    async def retire(self, store: str) -> int:
        """Lets no receipt wait for this store any more; how many did. Cut short, it can be done again."""
        async with self._postgres.acting_as(APP_ROLE) as tx:
            await tx.execute(_SQL["alone"])
            await tx.execute(_SQL["retire"], store=store)
            if store == QDRANT:
                await tx.execute(_SQL["retire_mirror"])
        async with self._postgres.acting_as(SWEEPER_ROLE) as tx:
            rows = await tx.fetch(_SQL["scopes_waiting"], store=store)
            if store == QDRANT:
                rows += await tx.fetch(_SQL["scopes_unmirrored"])
        struck = 0
        for scope in set(map(scope_of, rows)):
            async with self._postgres.transaction(scope) as tx:
                if store == QDRANT:
                    await tx.execute(_SQL["strike_work"])
                await take_back(tx, job_of(store))
                struck += await tx.execute(_SQL["strike"], store=store)
        return struck


async def keep_followers(tx: Unit) -> None:
    """Until the transaction ends nobody names or retires a store."""
    await tx.execute(_SQL["keep"])
