"""Hints that logs have grown, on a channel of each scope. Nothing is kept: who does not listen has missed it."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import contextmanager

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from semmem.domain.scope import Scope
from semmem.errors import StoreUnavailable
from semmem.stores.postgres.identity import Identity
from semmem.stores.redis.client import UNREADABLE, reason
from semmem.stores.redis.keys import ScopeKeys

SUBSCRIBE_WITHIN = 0.1  # seconds until a scope that is followed from now on is heard


class RedisWakeups:
    """ports.Wakeups. The arguments are those of RedisRecent, whose names the channels are beside."""

    def __init__(self, client: Redis, *, identity: Identity, prefix: str, seconds: float) -> None:
        self._client, self._identity, self._prefix, self._seconds = client, identity, prefix, seconds

    async def tell(self, heads: Mapping[Scope, int]) -> None:
        with _mapped():
            async with asyncio.timeout(self._seconds), self._client.pipeline(transaction=False) as pipe:
                for scope, head in heads.items():
                    pipe.publish(self._channel(scope), head)
                await pipe.execute()

    async def heard(self, followed: Collection[Scope]) -> AsyncGenerator[tuple[Scope, int], None]:
        """On one connection, whose subscriptions follow what is followed."""
        with _mapped():
            async with self._client.pubsub() as subscription:
                scopes: dict[bytes, Scope] = {}
                while followed:
                    await self._subscribe(subscription, scopes, set(followed))
                    message = await subscription.get_message(ignore_subscribe_messages=True, timeout=SUBSCRIBE_WITHIN)
                    if message and message["data"].isdigit() and message["channel"] in scopes:
                        yield scopes[message["channel"]], int(message["data"])

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _subscribe(self, subscription: PubSub, scopes: dict[bytes, Scope], followed: set[Scope]) -> None:
        new = {self._channel(scope).encode(): scope for scope in followed.difference(scopes.values())}
        gone = [channel for channel, scope in scopes.items() if scope not in followed]
        if new:
            await subscription.subscribe(*new)
            scopes |= new
        if gone:
            await subscription.unsubscribe(*gone)
            for channel in gone:
                del scopes[channel]

    def _channel(self, scope: Scope) -> str:
        return ScopeKeys.of(scope, self._prefix, self._identity.state).channel


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable("redis", reason(error)) from error
    except UNREADABLE as error:
        raise StoreUnavailable("redis", "what answers there does not speak Redis's protocol") from error
