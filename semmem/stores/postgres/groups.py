"""Consumer groups: deliveries are handed out under a lease, and settled in the transaction of what they led to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from semmem.domain.change import NewChange
from semmem.domain.entry import Entry
from semmem.domain.event import NewEvent
from semmem.domain.group import GroupLag, GroupRule
from semmem.domain.scope import Branch, Scope
from semmem.domain.state import NO_FENCE, Fence
from semmem.errors import InvalidInput, LeaseLost, NotFound
from semmem.runtime import failpoints
from semmem.stores.postgres.branches import register
from semmem.stores.postgres.events import NO_WINDOW, EventStore, Remembered, event_of
from semmem.stores.postgres.locks import check_locks
from semmem.stores.postgres.log import REACH, hold_head
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.state import write_change
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("groups.sql")
ATTEMPTS = 5
MAX_GROUPS = 16  # of a scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One handing out of an event's entry."""

    id: UUID
    entry: Entry
    attempt: int


class GroupStore:
    def __init__(self, postgres: Postgres, events: EventStore) -> None:
        self._postgres, self._events = postgres, events

    async def create(self, place: Branch, rule: GroupRule) -> None:
        """Unless it is there. Raises InvalidInput where it is another one, one too many, or begins where no log is."""
        async with self._postgres.transaction(place) as tx:
            await register(tx)
            new = await tx.execute(
                _SQL["create"],
                group=rule.name,
                event_types=rule.event_types,
                ordered=rule.ordered,
                start=rule.start,
            )
            if new and rule.start:
                await _check_start(tx, rule.start)
            groups = {row["name"]: row for row in await tx.fetch(_SQL["groups"])}
            found = groups[rule.name]
            if (set(found["event_types"]), found["ordered"]) != (set(rule.event_types), rule.ordered):
                raise InvalidInput("name", "is another group's, of other event types or order", "delete that one first")
            if len(groups) > MAX_GROUPS:
                raise InvalidInput("name", f"would be one of more than {MAX_GROUPS} groups", "delete one of them")

    @tried_again
    async def take(self, scope: Scope, group: str, consumer: str, lease: timedelta) -> tuple[Lease | None, int]:
        """The next delivery, if there is one; and up to which position the group has looked."""
        id = uuid4()
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(
                _SQL["take"],
                group=group,
                consumer=consumer,
                lease=id,
                lasting=lease,
                limit=1,
                attempts=ATTEMPTS,
                reach=REACH,
            )
            row = await tx.fetchrow(_SQL["leased"], group=group, lease=id)
            claimed = await tx.fetchval(_SQL["claimed"], group=group)
        if claimed is None:
            raise NotFound(f"the group {group} was deleted")
        return (Lease(id=id, entry=_entry(scope, row), attempt=row["attempts"]) if row else None), claimed

    @tried_again
    async def settle(
        self,
        place: Branch,
        group: str,
        lease: Lease,
        events: Sequence[NewEvent],
        now: datetime,
        *,
        change: NewChange | None = None,
        fence: Fence = NO_FENCE,
    ) -> tuple[Remembered | None, int]:
        """Ends a delivery together with what it led to, or neither; of a change the position, else 0.

        Raises LeaseLost, and LockLost.
        """
        async with self._postgres.transaction(place, now) as tx:
            if events or change or fence.names:
                await register(tx)
                await hold_head(tx)
                await check_locks(tx, fence)
            position = lease.entry.position
            if not await tx.execute(_SQL["settle"], group=group, position=position, lease=lease.id):
                raise LeaseLost(group, position)
            changed = (await write_change(tx, change)).position if change else 0
            # Without the dedup window: what a delivery led to is its own.
            remembered = await self._events.append(tx, events, dedup_window=NO_WINDOW) if events else None
            failpoints.reach("delivery-settling")
            return remembered, changed

    async def release(self, scope: Scope, group: str, lease: Lease, after: timedelta) -> None:
        """Lets another have it; nothing where another has it already."""
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(_SQL["release"], group=group, lease=lease.id, after=after)

    async def lag(self, scope: Scope, group: str) -> GroupLag:
        async with self._postgres.transaction(scope) as tx:
            row = await tx.fetchrow(_SQL["lag"], group=group)
        if row is None:
            raise NotFound(f"no group {group} in this scope")
        return GroupLag(**dict(row))

    async def dead(self, scope: Scope, group: str, limit: int) -> list[Entry]:
        async with self._postgres.transaction(scope) as tx:
            return [_entry(scope, row) for row in await tx.fetch(_SQL["dead"], group=group, limit=limit)]

    async def replay(self, scope: Scope, group: str, positions: Sequence[int] | None) -> int:
        async with self._postgres.transaction(scope) as tx:
            return await tx.execute(_SQL["replay"], group=group, positions=positions)

    async def delete(self, scope: Scope, group: str) -> bool:
        async with self._postgres.transaction(scope) as tx:
            return bool(await tx.execute(_SQL["delete"], group=group))


async def _check_start(tx: Unit, start: int) -> None:
    row = await tx.fetchrow(_SQL["reach"])
    head, floor = (row["head"], row["floor"]) if row else (0, 0)
    if not floor <= start <= head:
        raise InvalidInput(
            "start", f"must be from {floor} to {head}, where the log is", "pass first, next or a position"
        )


async def drop_groups(tx: Unit) -> None:
    """All of the scope, with their names."""
    await tx.execute(_SQL["delete_all"])


def _entry(scope: Scope, row: Row) -> Entry:
    event = event_of(row)
    return Entry(
        position=row["position"], kind="event", scope=scope, at=event.recorded_at, agent=event.agent, event=event
    )
