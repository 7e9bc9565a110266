"""Receipts: what was forgotten, and which stores have followed since, a row for each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from semmem.domain.receipt import Receipt
from semmem.domain.scope import Scope, View
from semmem.domain.stores import kind_of
from semmem.stores.postgres.followers import keep_followers
from semmem.stores.postgres.paging import check_cursor
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.unit import Unit

_SQL = statements("receipts.sql")


class ReceiptStore:
    """`scrub_within` is how soon the bytes are out of the servers' files too; None where nobody here sees to that."""

    def __init__(self, postgres: Postgres, *, scrub_within: timedelta | None = None) -> None:
        self._postgres, self._scrub_within = postgres, scrub_within

    async def write(self, tx: Unit, counts: Mapping[str, int]) -> tuple[Receipt, list[str]]:
        """As part of the transaction that forgets: the receipt, and the stores that have to follow."""
        due = tx.now + self._scrub_within if self._scrub_within else None
        id = uuid4()
        await tx.execute(_SQL["write"], receipt=id, counts=dict(counts), scrub_due=due)
        await keep_followers(tx)
        stores = [row["store"] for row in await tx.fetch(_SQL["open"], receipt=id)]
        times = _by_kind(dict.fromkeys(stores).items())
        receipt = Receipt(
            id=id,
            scope=tx.scope,
            counts=counts,
            committed_at=tx.now,
            stores={"postgres": tx.now} | times,
            scrub_due=due,
        )
        return receipt, stores

    async def join(self, receipt: Receipt, gone: Sequence[Receipt]) -> Receipt:
        """Lets a place's receipt speak for those of the branches that went along."""
        counts = sum((Counter(each.counts) for each in gone), Counter(receipt.counts))
        told = {name: counts[name] for name in receipt.counts} | {"branches": len(gone)}
        async with self._postgres.transaction(receipt.scope) as tx:
            await tx.execute(
                _SQL["join"],
                receipt=receipt.id,
                counts=told,
                branches=[each.scope.id for each in gone],
                parts=[each.id for each in gone],
            )
        return replace(receipt, counts=told)

    async def receipt(self, scope: Scope, id: UUID) -> Receipt | None:
        async with self._postgres.transaction(scope) as tx:
            row = await tx.fetchrow(_SQL["receipt"], receipt=id)
            found = await _read(tx, [row]) if row else []
        return await self._with_parts(row, found[0]) if row else None

    async def receipts(self, scope: Scope, *, before: UUID | None, limit: int) -> list[Receipt]:
        """Newest first, below the receipt `before`."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["receipts"], before=before, limit=limit)
            if not rows:
                await check_cursor(tx, "receipt", before)
            found = await _read(tx, rows)
        return [await self._with_parts(row, receipt) for row, receipt in zip(rows, found, strict=True)]

    async def _with_parts(self, row: Row, receipt: Receipt) -> Receipt:
        """As clean as the last of those that it speaks for."""
        if not row["parts"]:
            return receipt
        view = View.of(receipt.scope, *(Scope(receipt.scope.tenant, "branch", id) for id in row["branches"]))
        ids = [row["id"], *row["parts"]]
        async with self._postgres.transaction(view) as tx:
            times = await tx.fetch(_SQL["stores"], receipts=ids)
            scrubbed_at = await tx.fetchval(_SQL["scrubbed"], receipts=ids)
        followed = _by_kind((each["store"], each["done_at"]) for each in times)
        return replace(receipt, stores={"postgres": receipt.committed_at} | followed, scrubbed_at=scrubbed_at)

    async def waiting(self, scope: Scope, store: str) -> list[UUID]:
        """Those that this store has yet to follow."""
        async with self._postgres.transaction(scope) as tx:
            return [row["receipt_id"] for row in await tx.fetch(_SQL["waiting"], store=store)]

    async def close(self, scope: Scope, store: str, receipts: Sequence[UUID], now: datetime) -> None:
        """Says that the store has followed these."""
        async with self._postgres.transaction(scope, now) as tx:
            await tx.execute(_SQL["close"], store=store, receipts=receipts)


async def _read(tx: Unit, rows: Sequence[Row]) -> list[Receipt]:
    """Each by itself, without what it speaks for besides."""
    times: dict[UUID, list[tuple[str, datetime | None]]] = {row["id"]: [] for row in rows}
    for each in await tx.fetch(_SQL["stores"], receipts=list(times)):
        times[each["receipt_id"]].append((each["store"], each["done_at"]))
    names = ("id", "counts", "committed_at", "scrub_due", "scrubbed_at")
    return [
        Receipt(
            scope=scope_of(row),
            stores={"postgres": row["committed_at"]} | _by_kind(times[row["id"]]),
            **{name: row[name] for name in names},
        )
        for row in rows
    ]


def _by_kind(times: Iterable[tuple[str, datetime | None]]) -> dict[str, datetime | None]:
    """Since when all stores of a kind are clean; None while one of them is not."""
    found: dict[str, datetime | None] = {}
    for store, at in times:
        kind = kind_of(store)
        before = found.setdefault(kind, at)
        found[kind] = max(at, before) if at and before else None
    return found
