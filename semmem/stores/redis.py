"""The newest events of each scope, and notices of new ones, in Redis.

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
import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from heapq import nlargest
from time import monotonic
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from semmem.breaker import Breaker, Open
from semmem.errors import StoreUnavailable
from semmem.event import Event
from semmem.keepalive import tcp_options
from semmem.scope import Scope
from semmem.stores.identity import Identity
from semmem.stores.offsets import at_offset, offset_of

TIMEOUT_SECONDS = 0.5

TROUBLE: Mapping[type[Exception], str] = {
    AuthenticationError: "it refuses the login; correct the user and password in SEMMEM_REDIS_URL",
    NoPermissionError: "the login has too few rights; let it read, write, publish and run scripts under its prefix",
    BusyLoadingError: "it is loading its data, and answers when that is done",
    ReadOnlyError: "it is a replica, which takes no writes; name the primary in SEMMEM_REDIS_URL",
    OutOfMemoryError: "its maxmemory is reached; raise it, or let it evict with maxmemory-policy volatile-lru",
    MasterDownError: "it is a replica that has lost its primary; name the primary in SEMMEM_REDIS_URL",
    MovedError: "it is a node of a cluster, and the keys are on another; name a single server in SEMMEM_REDIS_URL",
}
# By the code that the server's message has in it, where the client has no class for it.
REFUSALS = {
    "MISCONF": "it cannot save its data and takes no writes; its log says why",
    "NOREPLICAS": "it has too few replicas, and takes no writes until they are back",
    "BUSY": "a script keeps it busy; SCRIPT KILL ends that",
}
# What the client lets out where an answer is not of the protocol, or not to what was asked.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
# With the offset that it was said at: the JSON of a time would round it to minutes.
_ENTRY = TypeAdapter(tuple[timedelta | None, Event])

# KEYS: the list. ARGV: epoch, "push" or "fill", cap, TTL in ms, then seq and event by turns.
# "late" means that an event of another epoch was pushed, which the next fill may have been read too early to hold.
_WRITE = """
local recent, epoch, filling = KEYS[1], tonumber(ARGV[1]), ARGV[2] == 'fill'
local header = redis.call('ZRANGEBYSCORE', recent, -1, -1)[1]
local known, state = string.match(header or '', '^(%d+):(%a+)$')
local function set_header(text)
    redis.call('ZADD', recent, -1, text)
    if header and header ~= text then redis.call('ZREM', recent, header) end
end
if known and tonumber(known) > epoch then
    if not filling then set_header(known .. ':late') end
    return
end
if known and tonumber(known) < epoch then
    redis.call('DEL', recent)
    state = 'late'
end
if filling then
    state = state == 'late' and 'open' or 'whole'
end
set_header(ARGV[1] .. ':' .. (state or 'open'))
for i = 5, #ARGV, 2 do
    redis.call('ZREMRANGEBYSCORE', recent, ARGV[i], ARGV[i])
    redis.call('ZADD', recent, ARGV[i], ARGV[i + 1])
end
redis.call('ZREMRANGEBYRANK', recent, 1, -tonumber(ARGV[3]) - 1)
if filling or redis.call('PTTL', recent) < 0 then
    redis.call('PEXPIRE', recent, ARGV[4])
end
"""

_DATABASE = re.compile("/?|/[0-9]+/?")


def connect(url: str, seconds: float = TIMEOUT_SECONDS) -> Redis:
    """A client that gives up after so many seconds. Raises ValueError for a URL it cannot read.

    The one retry is for pooled connections that a restarted server has closed.
    """
    if url.startswith("redis") and not _DATABASE.fullmatch(urlsplit(url).path):
        raise ValueError("the path is no number of a database")  # redis-py takes 0 instead
    alive: dict[str, Any] = {"socket_keepalive": True, "socket_keepalive_options": dict(tcp_options())}
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 1),
        **({} if url.startswith("unix") else alive),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeKeys:
    """A scope's names in Redis, in one hash slot; ids are hashed, so that no name shows or matches another scope's."""

    recent: str
    notices: str
    channel: str

    @classmethod
    def of(cls, scope: Scope, prefix: str, state: str) -> Self:
        digest = hashlib.blake2b(digest_size=16)
        for part in (scope.tenant, scope.kind, scope.id):
            encoded = part.encode()
            digest.update(len(encoded).to_bytes(4, "big") + encoded)
        base = f"{prefix}:{state}:{{{digest.hexdigest()}}}"
        names = ("recent", "notices", "channel")
        return cls(**{name: f"{base}:{name}" for name in names})

    @property
    def stored(self) -> tuple[str, ...]:
        """Every key; the channel is none."""
        return (self.recent, self.notices)


class RedisRecent:
    """ports.RecentCache. `fill` must be given the scope's newest `cap` events, or all where there are fewer.

    Args:
        client: answers in bytes, with short timeouts, as `connect` makes it.
        identity: of the database whose cache this is; read at every call, for it may change.
        prefix: tells installations on one server apart.
        cap: events kept per scope.
        ttl: how long a list and its notices live.
        notices: how many events a scope's stream of notices holds, about.
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
        notices: int = 1000,
        seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._client, self._identity, self._prefix = client, identity, prefix
        self.cap = cap
        self._ttl_ms = _milliseconds(ttl)
        self._notices, self._seconds = notices, seconds
        self.breaker = Breaker("redis", _is_down, probe=self._probe, patience=seconds)
        self._missed: set[Scope] = set()
        self._noted: tuple[str, float] = ("", 0.0)  # the state that was noted last, and when that has to be repeated
        self.unreadable = 0  # entries met that are no event of this release

    def keys(self, scope: Scope) -> ScopeKeys:
        return ScopeKeys.of(scope, self._prefix, self._identity.state)

    async def push(self, events: Sequence[Event], epoch: int) -> None:
        for scope, of_scope in _by_scope(events).items():
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
        return self._events(scope, rows)

    async def fill(self, scope: Scope, events: Sequence[Event], epoch: int) -> None:
        recent, written = self.keys(scope).recent, self._written(events, epoch, "fill")
        async with self._asking():
            await self._note_state()
            await self._client.eval(_WRITE, 1, recent, *written)

    async def forget(self, scope: Scope) -> None:
        async with self._asking():
            noted = await self._client.smembers(self._states)
            states = {self._identity.state, *(state.decode() for state in noted if isinstance(state, bytes))}
            keys = [ScopeKeys.of(scope, self._prefix, state) for state in sorted(states)]
            await self._client.unlink(*(name for of_state in keys for name in of_state.stored))

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
            raise StoreUnavailable("redis", _reason(error)) from error
        except UNREADABLE as error:
            raise StoreUnavailable("redis", "what answers there does not speak Redis's protocol") from error

    @property
    def _states(self) -> str:
        return f"{self._prefix}:{{{self._identity.database}}}:states"

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
        ids, written = [str(event.id) for event in events], self._written(events, epoch, "push")
        async with self._asking():
            await self._note_state()
            async with self._client.pipeline(transaction=True) as pipe:
                # EVAL, not EVALSHA: a server that has restarted knows no script.
                pipe.eval(_WRITE, 1, keys.recent, *written)
                for id in ids[-self._notices :]:
                    pipe.xadd(keys.notices, {"event": id}, maxlen=self._notices, approximate=True)
                pipe.pexpire(keys.notices, self._ttl_ms)
                pipe.publish(keys.channel, json.dumps(ids))
                await pipe.execute()

    def _written(self, events: Sequence[Event], epoch: int, how: str) -> list[str | bytes | int]:
        arguments: list[str | bytes | int] = [epoch, how, self.cap, self._ttl_ms]
        for event in nlargest(self.cap, events, key=lambda event: event.seq):
            arguments += (event.seq, _written_entry(event))
        return arguments

    def _events(self, scope: Scope, rows: Sequence[bytes]) -> list[Event] | None:
        """None where an entry cannot be read: leaving it out would hide an event, and a fill replaces it."""
        try:
            events = [_read_entry(row) for row in rows]
        except ValidationError:
            self.unreadable += 1
            return None
        return events if all(event.scope == scope for event in events) else None

    async def _drop_if_missed(self, scope: Scope) -> None:
        """A list that a failed push left incomplete goes before anyone reads it."""
        if scope in self._missed:
            async with self._asking():
                await self._client.unlink(self.keys(scope).recent)
            self._missed.discard(scope)


def _is_down(error: BaseException) -> bool:
    """Not where it answers, if only with an error."""
    return isinstance(error, (RedisError, OSError, *UNREADABLE)) and not isinstance(error, ResponseError)


def _reason(error: Exception) -> str:
    """The way out, else the error's kind, and never its text: a server may quote what it was sent."""
    told = (error, error.__cause__)  # what is refused while a connection is made comes wrapped
    by_kind = (trouble for kind, trouble in TROUBLE.items() if any(isinstance(each, kind) for each in told))
    by_code = (trouble for code, trouble in REFUSALS.items() if code in str(error))
    return next(by_kind, None) or next(by_code, type(error).__name__)


def _by_scope(events: Sequence[Event]) -> Mapping[Scope, list[Event]]:
    grouped: dict[Scope, list[Event]] = {}
    for event in events:
        grouped.setdefault(event.scope, []).append(event)
    return grouped


def _written_entry(event: Event) -> bytes:
    in_utc = replace(event, occurred_at=event.occurred_at.astimezone(UTC))
    try:
        return _ENTRY.dump_json((offset_of(event.occurred_at), in_utc))
    except ValueError as error:  # such as metadata that is nested deeper than any that is taken in
        raise StoreUnavailable("redis", "an event cannot be written as an entry") from error


def _read_entry(row: bytes) -> Event:
    offset, event = _ENTRY.validate_json(row)
    return replace(event, occurred_at=at_offset(event.occurred_at, offset)) if offset else event


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
