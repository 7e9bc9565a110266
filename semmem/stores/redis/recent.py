"""The newest events of each scope, in Redis.

Nothing here is a truth. A scope's list is a sorted set scored by `seq`, with one header at score -1 that says at which
erasure epoch it was written and whether it is whole. A push into a list that expired or was evicted starts one that is
not whole, which nobody reads; a fill merges what Postgres knows into it and makes it whole. So neither a push that a
fill overtakes nor one that it follows is lost. A list lives for the TTL and is then filled again, however often it is
pushed to: that bounds how long an event can be missing whose push another process failed to make.

Every name carries a prefix and the state of the Postgres database (stores.identity), so that installations on one
Redis, copies of a database and a database that was taken back never meet each other's entries. The states that a
database has been in are noted, for as long as entries of theirs may live, so that forgetting reaches those too.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from heapq import nlargest
from importlib.resources import files
from time import monotonic

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.exceptions import (
    RedisError,
)

from semmem.domain.event import Event
from semmem.domain.scope import Scope
from semmem.errors import StoreUnavailable
from semmem.runtime import forking
from semmem.runtime.breaker import Breaker, Open
from semmem.stores.postgres.identity import Identity
from semmem.stores.postgres.offsets import at_offset, offset_of
from semmem.stores.redis.client import TIMEOUT_SECONDS, UNREADABLE, is_down, reason
from semmem.stores.redis.keys import ScopeKeys

_WRITE = (files("semmem.stores.redis") / "write.lua").read_text(encoding="utf-8")
# With the offset that it was said at: the JSON of a time would round it to minutes.
_ENTRY = TypeAdapter(tuple[timedelta | None, Event])


class RedisRecent:
    """ports.RecentCache. `fill` must be given the scope's newest `cap` events, or all where there are fewer.

    Args:
        client: answers in bytes, with short timeouts, as `connect` makes it.
        identity: of the database whose cache this is; read at every call, for it may change.
        prefix: tells installations on one server apart.
        cap: events kept per scope.
        ttl: how long a list lives.
        seconds: after which a call is given up.
    """

    def __init__(
        self,
        client: Redis,
        *,
        identity: Identity,
        prefix: str = "semmem",
        cap: int = 100,
        ttl: timedelta = timedelta(hours=1),
        seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._client, self._identity, self.prefix = client, identity, prefix
        self.cap = cap
        self._ttl_ms = ttl // timedelta(milliseconds=1)
        self._seconds = seconds
        self.breaker = Breaker("redis", is_down, probe=self._probe, patience=seconds)
        self._missed: set[Scope] = set()
        self._noted: tuple[str, float] = ("", 0.0)  # the state that was noted last, and when that has to be repeated
        self.unreadable = 0  # entries met that are no event of this release

    def keys(self, scope: Scope) -> ScopeKeys:
        return ScopeKeys.of(scope, self.prefix, self._identity.state)

    async def push(self, events: Sequence[Event], epoch: int) -> None:
        grouped: dict[Scope, list[Event]] = {}
        for event in events:
            grouped.setdefault(event.scope, []).append(event)
        for scope, of_scope in grouped.items():
            try:
                await self._drop_if_missed(scope)
                await self._push(self.keys(scope), of_scope, epoch)
            except (StoreUnavailable, asyncio.CancelledError):
                self._missed.add(scope)
                raise

    async def recent(self, scope: Scope, limit: int, epoch: int) -> list[Event] | None:
        await self._drop_if_missed(scope)
        key = self.keys(scope).recent
        async with self._asking():
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.zrangebyscore(key, -1, -1)
                pipe.zrevrangebyscore(key, "+inf", 0, start=0, num=limit)
                header, rows = await pipe.execute()
            incomplete = header != [b"%d:whole" % epoch] or self.cap <= len(rows) < limit
        if incomplete:  # or of a newer epoch, which may be of a state that the database is no more in
            return None
        try:
            events = [_read_entry(row) for row in rows]
        except ValidationError:  # leaving the entry out would hide an event, and a fill replaces it
            self.unreadable += 1
            return None
        return events if all(event.scope == scope for event in events) else None

    async def fill(self, scope: Scope, events: Sequence[Event], epoch: int) -> None:
        recent, written = self.keys(scope).recent, self._written(events, epoch, "fill")
        async with self._asking():
            await self._note_state()
            await self._client.eval(_WRITE, 1, recent, *written)

    async def forget(self, scope: Scope) -> None:
        async with self._asking():
            noted = await self._client.smembers(self._states)
            states = {self._identity.state, *(state.decode() for state in noted if isinstance(state, bytes))}
            keys = [ScopeKeys.of(scope, self.prefix, state) for state in sorted(states)]
            await self._client.unlink(*(of_state.recent for of_state in keys))

    async def aclose(self) -> None:
        await self.breaker.aclose()
        await self._client.aclose()

    async def _probe(self) -> None:
        """On a new connection: those that are idle may be as dead as the one that failed."""
        await self._client.connection_pool.disconnect(inuse_connections=False)
        await self._client.ping()

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """Around what is asked of the server: bounded as a whole, refused while it is known to be down."""
        try:
            with self.breaker.guard():
                async with asyncio.timeout(self._seconds):
                    yield
        except Open as error:
            raise StoreUnavailable("redis", "it is known to be down, and looked for") from error
        except (RedisError, OSError) as error:
            raise StoreUnavailable("redis", reason(error)) from error
        except UNREADABLE as error:
            raise StoreUnavailable("redis", "what answers there does not speak Redis's protocol") from error

    @property
    def _states(self) -> str:
        return f"{self.prefix}:{{{self._identity.database}}}:states"

    async def _note_state(self) -> None:
        """Before the first entry of a state, and again before what was noted could expire ahead of an entry."""
        state, due = self._noted
        if state == self._identity.state and monotonic() < due:
            return
        lifetime = 2 * self._ttl_ms
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.sadd(self._states, self._identity.state)
            pipe.pexpire(self._states, lifetime)
            await pipe.execute()
        self._noted = (self._identity.state, monotonic() + lifetime / 4 / 1_000)

    async def _push(self, keys: ScopeKeys, events: Sequence[Event], epoch: int) -> None:
        written = self._written(events, epoch, "push")
        async with self._asking():
            await self._note_state()
            # EVAL, not EVALSHA: a server that has restarted knows no script.
            await self._client.eval(_WRITE, 1, keys.recent, *written)

    def _written(self, events: Sequence[Event], epoch: int, how: str) -> list[str | bytes | int]:
        arguments: list[str | bytes | int] = [epoch, how, self.cap, self._ttl_ms]
        for event in nlargest(self.cap, events, key=lambda event: event.seq):
            arguments += (event.seq, _written_entry(event))
        return arguments

    async def _drop_if_missed(self, scope: Scope) -> None:
        """A list that a failed push left incomplete goes before anyone reads it."""
        if scope in self._missed:
            async with self._asking():
                await self._client.unlink(self.keys(scope).recent)
            self._missed.discard(scope)


def _written_entry(event: Event) -> bytes:
    in_utc = replace(event, occurred_at=event.occurred_at.astimezone(UTC))
    try:
        with forking.undivided():
            return _ENTRY.dump_json((offset_of(event.occurred_at), in_utc))
    except ValueError as error:  # such as metadata that is nested deeper than any that is taken in
        raise StoreUnavailable("redis", "an event cannot be written as an entry") from error


def _read_entry(row: bytes) -> Event:
    with forking.undivided():
        offset, event = _ENTRY.validate_json(row)
    return replace(event, occurred_at=at_offset(event.occurred_at, offset)) if offset else event
