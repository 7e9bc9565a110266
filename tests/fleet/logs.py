"""Writers that are broken off at any point, and a reader who looks while they write."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg

from semmem import NewEvent
from semmem.domain.event import Ack
from semmem.errors import SemmemError, StoreUnavailable
from semmem.memory.scoped import ScopedMemory
from semmem.stores.postgres.events import EventStore
from semmem.stores.postgres.pool import Postgres


@dataclass
class Written:
    """What was acknowledged, and what may be there though nobody said so."""

    acked: set[UUID] = field(default_factory=set)
    aborted: int = 0
    lost: int = 0


class Broken(Exception):
    """The writer changes its mind before the commit."""


async def write(memory: ScopedMemory, store: EventStore, postgres: Postgres, count: int, seed: int) -> Written:
    """Events one by one and in batches, a tenth of which is taken back before the commit."""
    chance, written, left = random.Random(seed), Written(), count
    while left > 0:
        size = min(left, chance.choice((1, 1, 1, 20)))
        left -= size
        events = [NewEvent(content=f"step {left + at}", agent=f"w{seed}", key=str(uuid4())) for at in range(size)]
        if chance.random() < 0.1:
            written.aborted += size
            await _take_back(memory, store, postgres, events, chance)
            continue
        acks = await _delivered(memory, events)
        written.acked |= {ack.id for ack in acks}
    return written


async def _delivered(memory: ScopedMemory, events: Sequence[NewEvent]) -> list[Ack]:
    """Sent again with the same keys where the connection was lost."""
    while True:
        try:
            return await memory.remember_many(events)
        except StoreUnavailable:
            await asyncio.sleep(0.01)


async def _take_back(
    memory: ScopedMemory, store: EventStore, postgres: Postgres, events: Sequence[NewEvent], chance: random.Random
) -> None:
    try:
        async with postgres.transaction(memory.place, memory._parts.clock()) as tx:
            await store.append(tx, events, dedup_window=memory._parts.dedup_window)
            await asyncio.sleep(chance.random() * 0.01)
            raise Broken
    except (Broken, SemmemError):
        pass


async def kill_connections(url: str, every: float, done: asyncio.Event) -> int:
    """Ends one of the application's sessions that is in the middle of something, again and again."""
    connection = await asyncpg.connect(url)
    killed = 0
    while not done.is_set():
        killed += await connection.fetchval(
            """select count(pg_terminate_backend(pid)) from (
                   select pid from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
                     and query ilike '%semmem.append%'
                   order by random() limit 1) one"""
        )
        await asyncio.sleep(every)
    await connection.close()
    return killed
