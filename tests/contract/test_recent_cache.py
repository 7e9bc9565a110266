"""ports.RecentCache on Redis: the list of the newest events."""

import asyncio
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from redis.asyncio import Redis

from semmem.domain.event import Event
from semmem.domain.scope import Scope
from semmem.errors import StoreUnavailable
from semmem.stores.postgres.identity import Identity
from semmem.stores.redis.recent import RedisRecent
from semmem.testing import wait_until
from tests.contract.adversarial import IDS, SPLITS
from tests.contract.recent_cache import CAP, event, is_kept, newest_first, some


class TestRecent:
    async def test_an_unknown_scope_is_a_miss(self, cache: RedisRecent, alice: Scope) -> None:
        assert await cache.recent(alice, 10, epoch=0) is None

    async def test_a_filled_list_is_answered_newest_first(self, cache: RedisRecent, alice: Scope) -> None:
        events = some(alice, 3)
        await cache.fill(alice, newest_first(events), epoch=0)
        assert await cache.recent(alice, 10, epoch=0) == newest_first(events)
        assert await cache.recent(alice, 2, epoch=0) == newest_first(events)[:2]

    async def test_an_empty_scope_is_remembered_as_empty(self, cache: RedisRecent, alice: Scope) -> None:
        await cache.fill(alice, [], epoch=0)
        assert await cache.recent(alice, 10, epoch=0) == []
        await cache.push([first := event(alice)], epoch=0)
        assert await cache.recent(alice, 10, epoch=0) == [first]

    async def test_every_field_comes_back_as_it_was(self, cache: RedisRecent, alice: Scope) -> None:
        full = event(
            alice,
            content='Grüße 👋 "quoted"\n\\u0000 {}',
            role="tool",
            speaker="é",
            agent="crawler",
            agent_type="helper",
            session="s2",
            event_type="note",
            importance=1 / 3,
            metadata={"a": [1, 2.5, None, {"b": True}], "big": 2**70},
            occurred_at=datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
            key="msg-17",
            witnesses=("support",),
        )
        other = event(alice)
        same = [field.name for field in fields(Event) if getattr(full, field.name) == getattr(other, field.name)]
        assert same == ["scope", "recorded_at"]
        await cache.fill(alice, [full], epoch=0)
        assert await cache.recent(alice, 1, epoch=0) == [full]

    async def test_the_list_is_capped_by_pushes_and_fills(
        self, cache: RedisRecent, client: Redis, alice: Scope
    ) -> None:
        events = some(alice, CAP + 4)
        await cache.fill(alice, newest_first(events[: CAP + 1]), epoch=0)
        await cache.push(events[CAP + 1 : CAP + 2], epoch=0)
        await cache.push(events[CAP + 2 :], epoch=0)
        assert await cache.recent(alice, CAP, epoch=0) == newest_first(events)[:CAP]
        assert await client.zcard(cache.keys(alice).recent) == CAP + 1

    async def test_a_full_list_does_not_answer_for_more_than_it_holds(self, cache: RedisRecent, alice: Scope) -> None:
        await cache.fill(alice, newest_first(some(alice, CAP)), epoch=0)
        assert await cache.recent(alice, CAP + 1, epoch=0) is None

    async def test_pushes_out_of_order_and_twice_change_nothing(self, cache: RedisRecent, alice: Scope) -> None:
        first, second, third = some(alice, 3)
        await cache.fill(alice, [first], epoch=0)
        for pushed in (third, second, third):
            await cache.push([pushed], epoch=0)
        assert await cache.recent(alice, 10, epoch=0) == [third, second, first]

    async def test_a_batch_of_several_scopes_is_sorted_out(self, cache: RedisRecent, tenant: str) -> None:
        scopes = [Scope.user(tenant, "alice"), Scope.workspace(tenant, "alice"), Scope.user(f"{tenant}x", "alice")]
        for scope in scopes:
            await cache.fill(scope, [], epoch=0)
        events = [event(scope) for scope in scopes]
        await cache.push(events, epoch=0)
        for scope, pushed in zip(scopes, events, strict=True):
            assert await cache.recent(scope, 10, epoch=0) == [pushed]

    async def test_ids_that_look_alike_have_lists_of_their_own(self, cache: RedisRecent, tenant: str) -> None:
        scopes = [Scope.user(tenant, id) for id in IDS] + [Scope.workspace(tenant, id) for id in IDS]
        scopes += [Scope.user(tenant + left, id) for left, id in SPLITS]
        assert len({cache.keys(scope).recent for scope in scopes}) == len(scopes)
        events = {scope: event(scope) for scope in scopes}
        for scope, only in events.items():
            await cache.fill(scope, [only], epoch=0)
        for scope, only in events.items():
            assert await cache.recent(scope, 10, epoch=0) == [only]

    async def test_no_key_shows_a_name(self, cache: RedisRecent, client: Redis, alice: Scope) -> None:
        await cache.push([event(alice)], epoch=0)
        keys = cache.keys(alice)
        assert await is_kept(client, keys)
        assert not [name for name in (keys.recent, keys.channel) if "alice" in name or alice.tenant in name]

    async def test_a_list_that_expired_is_a_miss(self, client: Redis, alice: Scope, identity: Identity) -> None:
        cache = RedisRecent(client, identity=identity, ttl=timedelta(milliseconds=30))
        await cache.fill(alice, [event(alice)], epoch=0)

        async def is_unknown() -> bool:
            return await cache.recent(alice, 10, epoch=0) is None

        await wait_until(is_unknown)

    async def test_pushes_do_not_keep_a_list_beyond_its_ttl(
        self, cache: RedisRecent, client: Redis, alice: Scope
    ) -> None:
        key = cache.keys(alice).recent
        await cache.fill(alice, [], epoch=0)
        await client.pexpire(key, 60_000)
        await cache.push([event(alice)], epoch=0)
        assert await client.pttl(key) <= 60_000


class TestPushMeetsFill:
    async def test_a_push_alone_never_looks_like_the_whole_scope(self, cache: RedisRecent, alice: Scope) -> None:
        old, new = some(alice, 2)
        await cache.push([new], epoch=0)
        assert await cache.recent(alice, 1, epoch=0) is None
        await cache.fill(alice, [new, old], epoch=0)
        assert await cache.recent(alice, 10, epoch=0) == [new, old]

    async def test_an_evicted_list_is_not_started_again_by_a_push(
        self, cache: RedisRecent, client: Redis, alice: Scope
    ) -> None:
        old, new = some(alice, 2)
        await cache.fill(alice, [old], epoch=0)
        await client.delete(cache.keys(alice).recent)
        await cache.push([new], epoch=0)
        assert await cache.recent(alice, 10, epoch=0) is None

    async def test_an_event_pushed_after_postgres_was_read_survives_the_fill(
        self, cache: RedisRecent, alice: Scope
    ) -> None:
        known, overlooked = some(alice, 2)
        await cache.push([overlooked], epoch=0)
        await cache.fill(alice, [known], epoch=0)
        assert await cache.recent(alice, 10, epoch=0) == [overlooked, known]

    async def test_racing_pushes_and_fills_lose_no_event(self, client: Redis, alice: Scope, identity: Identity) -> None:
        cache, committed = RedisRecent(client, identity=identity), []

        async def remember() -> None:
            for pushed in some(alice, 30):
                committed.append(pushed)
                await cache.push([pushed], epoch=0)

        async def read() -> None:
            for _ in range(30):
                if await cache.recent(alice, 100, epoch=0) is None:
                    read_from_truth = newest_first(committed)
                    await asyncio.sleep(0)
                    await cache.fill(alice, read_from_truth, epoch=0)
                else:
                    await client.delete(cache.keys(alice).recent)

        await asyncio.gather(remember(), read(), read())
        answer = await cache.recent(alice, 100, epoch=0)
        if answer is None:
            await cache.fill(alice, newest_first(committed), epoch=0)
            answer = await cache.recent(alice, 100, epoch=0)
        assert answer == newest_first(committed)

    async def test_a_push_that_failed_makes_the_list_a_miss(
        self, cache: RedisRecent, client: Redis, alice: Scope, identity: Identity
    ) -> None:
        other, states = RedisRecent(client, identity=identity), f"semmem:{{{identity.database}}}:states"
        await other.fill(alice, [event(alice)], epoch=0)
        await client.set(states, "in the way of the set", ex=60)
        with pytest.raises(StoreUnavailable):
            await cache.push([event(alice)], epoch=0)
        await client.delete(states)
        assert await cache.recent(alice, 10, epoch=0) is None
        assert await other.recent(alice, 10, epoch=0) is None


class TestEpochs:
    async def test_entries_of_an_older_epoch_are_dropped(self, cache: RedisRecent, alice: Scope) -> None:
        await cache.fill(alice, newest_first(some(alice, 2)), epoch=1)
        assert await cache.recent(alice, 10, epoch=2) is None

    async def test_a_fill_of_a_newer_epoch_keeps_nothing_older(self, cache: RedisRecent, alice: Scope) -> None:
        forgotten, kept = some(alice, 2)
        await cache.fill(alice, [kept, forgotten], epoch=1)
        for _ in range(2):
            await cache.fill(alice, [kept], epoch=2)
        assert await cache.recent(alice, 10, epoch=2) == [kept]

    async def test_a_fill_of_an_older_epoch_is_ignored(self, cache: RedisRecent, alice: Scope) -> None:
        forgotten, kept = some(alice, 2)
        await cache.fill(alice, [kept], epoch=2)
        await cache.fill(alice, [kept, forgotten], epoch=1)
        assert await cache.recent(alice, 10, epoch=2) == [kept]

    @pytest.mark.parametrize("first", ["push", "fill"])
    async def test_an_event_of_the_old_epoch_is_neither_shown_nor_hidden(
        self, cache: RedisRecent, alice: Scope, first: str
    ) -> None:
        """It may have been forgotten, or have been committed unseen by the fill: only Postgres knows."""
        known, late = some(alice, 2)
        steps: dict[str, Callable[[], Any]] = {
            "push": lambda: cache.push([late], epoch=1),
            "fill": lambda: cache.fill(alice, [known], epoch=2),
        }
        await steps.pop(first)()
        for step in steps.values():
            await step()
        assert await cache.recent(alice, 10, epoch=2) is None

        for _ in range(2):
            await cache.fill(alice, [late, known], epoch=2)
        assert await cache.recent(alice, 10, epoch=2) == [late, known]


class TestUnreadableEntries:
    @pytest.mark.parametrize("entry", [b"", b"{}", b"\xff\xfe", b"null", b'{"id": "another release"}'])
    async def test_they_are_counted_and_replaced_by_the_next_fill(
        self, cache: RedisRecent, client: Redis, alice: Scope, entry: bytes
    ) -> None:
        stored = event(alice)
        await cache.fill(alice, [stored], epoch=0)
        key = cache.keys(alice).recent
        await client.zremrangebyscore(key, stored.seq, stored.seq)
        await client.zadd(key, {entry: stored.seq})

        assert await cache.recent(alice, 10, epoch=0) is None
        assert cache.unreadable == 1
        await cache.fill(alice, [stored], epoch=0)
        assert await cache.recent(alice, 10, epoch=0) == [stored]

    async def test_an_event_of_another_scope_is_never_answered(
        self, cache: RedisRecent, client: Redis, alice: Scope
    ) -> None:
        await cache.fill(alice, [event(Scope.user(f"{alice.tenant}x", "alice"))], epoch=0)
        assert await cache.recent(alice, 10, epoch=0) is None
