"""ports.Wakeups on Redis: hints reach who follows the scope, and nobody else."""

import asyncio
from contextlib import aclosing

import pytest
from redis.asyncio import Redis

from semmem.domain.scope import Scope
from semmem.errors import StoreUnavailable
from semmem.stores.postgres.identity import Identity
from semmem.stores.redis.client import connect
from semmem.stores.redis.wakeups import RedisWakeups
from semmem.testing import wait_until
from tests.servers import silent_server


@pytest.fixture
def wakeups(client: Redis, identity: Identity) -> RedisWakeups:
    return RedisWakeups(client, identity=identity, prefix="semmem", seconds=5)


async def _hear(wakeups: RedisWakeups, followed: set[Scope], heard: list[tuple[Scope, int]]) -> None:
    async with aclosing(wakeups.heard(followed)) as hints:
        async for hint in hints:
            heard.append(hint)


async def test_who_follows_a_scope_hears_its_head_and_no_other_s(
    wakeups: RedisWakeups, client: Redis, alice: Scope
) -> None:
    others = [Scope.user(alice.tenant, "alic"), Scope.workspace(alice.tenant, "alice"), Scope.user("globex", "alice")]
    heard: list[tuple[Scope, int]] = []
    listening = asyncio.create_task(_hear(wakeups, {alice}, heard))

    async def arrives() -> bool:
        await wakeups.tell({**dict.fromkeys(others, 7), alice: 3})
        return bool(heard)

    await wait_until(arrives)
    assert set(heard) == {(alice, 3)}
    listening.cancel()


async def test_what_is_followed_may_change_and_ends_the_hearing_when_it_is_nothing(
    wakeups: RedisWakeups, alice: Scope
) -> None:
    bob, heard = Scope.user(alice.tenant, "bob"), list[tuple[Scope, int]]()
    followed = {alice}
    listening = asyncio.create_task(_hear(wakeups, followed, heard))
    followed.add(bob)
    followed.discard(alice)

    async def arrives() -> bool:
        await wakeups.tell({bob: 1})
        return (bob, 1) in heard

    await wait_until(arrives)
    followed.clear()
    await listening


async def test_no_hint_shows_a_name(client: Redis, wakeups: RedisWakeups, alice: Scope) -> None:
    assert "alice" not in wakeups._channel(alice)
    assert alice.tenant not in wakeups._channel(alice)


async def test_a_server_that_does_not_answer_is_unavailable(alice: Scope, identity: Identity) -> None:
    async with silent_server() as port:
        away = RedisWakeups(connect(f"redis://127.0.0.1:{port}/0", 0.2), identity=identity, prefix="s", seconds=0.3)
        with pytest.raises(StoreUnavailable, match="redis is unavailable"):
            await away.tell({alice: 1})
        with pytest.raises(StoreUnavailable, match="redis is unavailable"):
            await anext(away.heard({alice}))
        await away.aclose()
