"""The ways in which three agents may share what they know of a payment, each on the store that it names."""

import json
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar

import asyncpg
from redis.asyncio import Redis

from semmem.domain.event import NewEvent
from semmem.domain.reducers import add, append
from semmem.domain.schema import State
from semmem.errors import Conflict, LeaseLost
from semmem.evals.drill_plan import LEASE, Delivery, Payment, Process, VirtualTime, Work
from semmem.memory.groups import Inbox
from semmem.memory.memory import Memory
from semmem.memory.scoped import AgentMemory, ScopedMemory

TRIES = 3  # of a work whose write is refused, before a human is asked
PATIENCE = 1.0  # minutes between two tries to take a lock of Redis
TENANT = "drill"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a payment in the end, and how often it was paid."""

    notes: tuple[str, ...]
    paid: int


class Desk(ABC):
    """Agents that work on payments, in one way; it counts what it fetches, and what it is refused."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.fetches = self.refused = self.released = 0
        self.gave_up: set[str] = set()  # notes that nobody could write, so that a human is asked

    @abstractmethod
    def work(self, payment: Payment, work: Work) -> Process: ...

    @abstractmethod
    def pay(self, payment: Payment, delivery: Delivery) -> Process: ...

    @abstractmethod
    async def record(self, payment: Payment) -> Record: ...


class Alone(Desk):
    """Each agent keeps what it knows to itself, and reports all of it when it is done: the last report stands."""

    name = "nothing shared"

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, str], list[str]] = {}
        self._reported: dict[str, list[str]] = {}
        self._paid: dict[str, list[str]] = {}

    async def work(self, payment: Payment, work: Work) -> Process:
        yield work.takes
        known = self._known.setdefault((work.agent, payment.id), [])
        known.append(work.note)
        self._reported[payment.id] = list(known)

    async def pay(self, payment: Payment, delivery: Delivery) -> Process:
        paid = self._paid.setdefault(payment.id, [])
        if delivery.agent in paid:
            return
        yield delivery.takes + delivery.stands_still
        paid.append(delivery.agent)

    async def record(self, payment: Payment) -> Record:
        return Record(tuple(self._reported.get(payment.id, ())), len(self._paid.get(payment.id, ())))


class Listing(Desk):
    """State with a version, and a lock, in Redis, as listings often print it, with three slips.

    The stored version is text and the expected one a number, so that no second update is let through; whoever releases
    a lock deletes it, whosever it is by now; and an event that comes twice is worked twice.
    """

    name = "Redis, as printed"

    def __init__(self, redis: Redis, time: VirtualTime) -> None:
        super().__init__()
        self._redis, self._time, self._tokens = redis, time, 0

    async def work(self, payment: Payment, work: Work) -> Process:
        for _ in range(TRIES):
            notes, version = await self._read(payment)
            yield work.takes
            if await self._update(payment, [*notes, work.note], expected=version):
                return
            self.refused += 1
        self.gave_up.add(work.note)

    async def pay(self, payment: Payment, delivery: Delivery) -> Process:
        self._tokens += 1
        lock, token = self._key("lock", payment), f"token-{self._tokens}"
        while not await self._redis.set(lock, token, nx=True):
            yield PATIENCE
        self._time.start(self._expire(lock, token), 0.0)
        if not await self._is_paid(payment):
            yield delivery.takes + delivery.stands_still
            await self._note_paid(payment)
        await self._release(lock, token)

    async def record(self, payment: Payment) -> Record:
        notes, _ = await self._read(payment)
        self.fetches -= 1  # it is the drill that reads
        return Record(tuple(notes), int(await self._redis.llen(self._key("paid", payment))))

    async def _read(self, payment: Payment) -> tuple[list[str], int]:
        self.fetches += 1
        found = await self._redis.hgetall(self._key("state", payment))
        return json.loads(found.get("notes", "[]")), int(found.get("version", 0))

    async def _update(self, payment: Payment, notes: list[str], *, expected: int) -> bool:
        """At one virtual moment nobody comes between; with real writers this takes WATCH, or a script."""
        key = self._key("state", payment)
        if not self._stands(await self._redis.hget(key, "version"), expected):
            return False
        await self._redis.hset(key, mapping={"notes": json.dumps(notes), "version": expected + 1})
        return True

    def _stands(self, version: str | bytes | None, expected: int) -> bool:
        return (version or 0) == expected  # text and a number: they are equal only while there is no state

    async def _is_paid(self, payment: Payment) -> bool:
        return False

    async def _note_paid(self, payment: Payment) -> None:
        await self._redis.rpush(self._key("paid", payment), payment.amount)

    async def _release(self, lock: str, token: str) -> None:
        self.released += await self._redis.get(lock) not in (token, None)
        await self._redis.delete(lock)

    async def _expire(self, lock: str, token: str) -> Process:
        """Redis would do it by its own clock."""
        yield LEASE
        if await self._redis.get(lock) == token:
            await self._redis.delete(lock)

    def _key(self, what: str, payment: Payment) -> str:
        return f"{type(self).__name__}:{what}:{payment.id}"


class Mended(Listing):
    """The same, with the three slips mended: versions compared as numbers, locks released by token, payments known."""

    name = "Redis, mended"

    def _stands(self, version: str | bytes | None, expected: int) -> bool:
        return int(version or 0) == expected

    async def _is_paid(self, payment: Payment) -> bool:
        self.fetches += 1
        return bool(await self._redis.exists(self._key("paid", payment)))

    async def _release(self, lock: str, token: str) -> None:
        if await self._redis.get(lock) == token:
            await self._redis.delete(lock)


class Whole(State, version=1):
    """A record that each writer replaces."""

    notes: tuple[str, ...] = ()


class Reduced(State, version=1):
    """A record to which each writer adds."""

    notes: Annotated[list[str], append]
    paid: Annotated[int, add]


class SemmemDesk(Desk):
    """A workspace for each payment, whose log is the ledger: events of the type "payment"."""

    state: ClassVar[type[State]]

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory
        self._agents: dict[tuple[str, str], AgentMemory] = {}

    def _place(self, payment: Payment) -> ScopedMemory:
        name = f"{type(self).__name__}-{payment.id}"
        return self._memory.scope(tenant=TENANT, workspace=name, state=self.state)

    def _agent(self, payment: Payment, name: str) -> AgentMemory:
        """The same one each time, since it knows what it has seen."""
        return self._agents.setdefault((payment.id, name), self._place(payment).agent(name))

    async def record(self, payment: Payment) -> Record:
        place = self._place(payment)
        paid = [event async for event in place.events() if event.event_type == "payment"]
        return Record(tuple((await place.state())["notes"]), len(paid))


class CompareAndSet(SemmemDesk):
    """What was read is written only where it still stands; a payment has a key, and is known by it."""

    name = "semmem, expected"
    state = Whole

    async def work(self, payment: Payment, work: Work) -> Process:
        me = self._agent(payment, work.agent)
        for _ in range(TRIES):
            read = await me.state()
            self.fetches += 1
            yield work.takes
            try:
                await me.update(expected=read, notes=(*read["notes"], work.note))
                return
            except Conflict:
                self.refused += 1
        self.gave_up.add(work.note)

    async def pay(self, payment: Payment, delivery: Delivery) -> Process:
        yield delivery.takes + delivery.stands_still
        me = self._agent(payment, "billing")
        await me.remember(_paid(payment).content, event_type="payment", key=f"{payment.id} is paid")


class Reducers(SemmemDesk):
    """Each field has a reducer, and an order is a delivery of a group, which ends with what it led to."""

    name = "semmem, reducers"
    state = Reduced

    def __init__(self, memory: Memory, owner: asyncpg.Connection) -> None:
        super().__init__(memory)
        self._owner = owner

    async def work(self, payment: Payment, work: Work) -> Process:
        me = self._agent(payment, work.agent)
        await me.state()
        self.fetches += 1
        yield work.takes
        await me.update(notes=[work.note])

    async def pay(self, payment: Payment, delivery: Delivery) -> Process:
        me = self._agent(payment, delivery.agent)
        if delivery.kind == "lapsed":
            await self._end_leases(self._place(payment))
        else:
            order = f"Pay {payment.amount} for {payment.id}."
            ack = await self._place(payment).remember(order, event_type="order", key=payment.id)
            if ack.status == "duplicate":
                return
        billing = me.group("billing", event_types={"order"}, start="first")
        async with AsyncExitStack() as stack:
            inbox: Inbox = await stack.enter_async_context(
                billing.deliveries(consumer=delivery.agent, lease=timedelta(hours=1))
            )
            given = await anext(inbox)
            yield delivery.takes + delivery.stands_still
            try:
                await given.settle(remember=[_paid(payment)], update={"paid": payment.amount})
            except LeaseLost:
                self.refused += 1

    async def _end_leases(self, place: ScopedMemory) -> None:
        """They last by Postgres' clock, which the drill does not move; who holds the one of this place stands still."""
        await self._owner.execute(
            "update semmem.deliveries set leased_until = '-infinity' where (tenant, scope_id) = ($1, $2)",
            place.scope.tenant,
            place.scope.id,
        )


@dataclass(frozen=True, slots=True)
class Stores:
    """What the ways are made of."""

    memory: Memory
    redis: Redis
    owner: asyncpg.Connection
    time: VirtualTime = field(repr=False)

    def desks(self) -> list[Desk]:
        return [
            Alone(),
            Listing(self.redis, self.time),
            Mended(self.redis, self.time),
            CompareAndSet(self.memory),
            Reducers(self.memory, self.owner),
        ]


def _paid(payment: Payment) -> NewEvent:
    return NewEvent(content=f"Paid {payment.amount} for {payment.id}.", role="assistant", event_type="payment")
