"""What ports.VectorIndex promises. A suite over the fixtures `index`, made for the module, and `make_index`.

`make_index()` gives one more object over a place that is the test's own and holds no index yet.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from numpy.typing import NDArray

from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View
from semmem.errors import IndexMismatch
from semmem.ports import ItemKind, Point, VectorIndex
from tests.contract.adversarial import IDS, SPLITS

DIMENSIONS = 4
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MakeIndex = Callable[[], VectorIndex]


def vector(*numbers: float) -> NDArray[np.float32]:
    """The numbers, filled up with zeros and normalised."""
    filled = np.zeros(DIMENSIONS, dtype=np.float32)
    filled[: len(numbers)] = numbers
    return filled / np.linalg.norm(filled)


EAST = vector(1)


def point(scope: Scope, **changes: Any) -> Point:
    plain = Point(
        id=uuid4(),
        kind="event",
        scope=scope,
        version=1,
        vector=EAST,
        session=None,
        agent=None,
        category=None,
        at=NOON,
        importance=0.5,
        current=True,
    )
    return replace(plain, **changes)


async def found(
    index: VectorIndex, view: View | Scope, filter: Filter | None = None, kind: ItemKind | None = None
) -> set[UUID]:
    view = View.of(view) if isinstance(view, Scope) else view
    return {each.id for each in await index.search(view, EAST, 1_000, filter or Filter(), kind)}


async def scanned(index: VectorIndex, scope: Scope) -> list[tuple[UUID, int]]:
    return sorted([row async for row in index.scan(scope)])


class VectorIndexContract:
    async def test_the_nearest_come_first_and_the_score_is_the_cosine(self, index: VectorIndex, alice: Scope) -> None:
        directions = {"same": EAST, "near": vector(3, 4), "across": vector(0, 1), "opposite": vector(-1)}
        points = {name: point(alice, vector=each) for name, each in directions.items()}
        await index.upsert(list(points.values()))

        hits = await index.search(View.of(alice), EAST, 10, Filter())

        assert [hit.id for hit in hits] == [points[name].id for name in ("same", "near", "across", "opposite")]
        assert [hit.score for hit in hits] == pytest.approx([1.0, 0.6, 0.0, -1.0], abs=1e-5)
        nearest = await index.search(View.of(alice), EAST, 2, Filter())
        assert [hit.id for hit in nearest] == [points["same"].id, points["near"].id]

    async def test_an_empty_scope_answers_nothing(self, index: VectorIndex, alice: Scope) -> None:
        assert await found(index, alice) == set()
        assert await scanned(index, alice) == []

    async def test_a_point_that_is_there_is_replaced(self, index: VectorIndex, alice: Scope) -> None:
        before = point(alice, vector=vector(0, 1), session="old")
        after = replace(before, vector=EAST, version=2, session=None)
        for _ in range(2):
            await index.upsert([before])
        for _ in range(2):
            await index.upsert([after])

        [hit] = await index.search(View.of(alice), EAST, 10, Filter())
        assert hit.id == before.id
        assert hit.score == pytest.approx(1.0)
        assert await found(index, alice, Filter(session="old")) == set()
        assert await scanned(index, alice) == [(before.id, 2)]

    async def test_deleting_twice_is_deleting_once(self, index: VectorIndex, alice: Scope) -> None:
        goes, stays = point(alice), point(alice)
        await index.upsert([goes, stays])
        for _ in range(2):
            await index.delete(alice, [goes.id, uuid4()])
        assert await found(index, alice) == {stays.id}
        assert await scanned(index, alice) == [(stays.id, 1)]

    async def test_only_its_own_scope_can_delete_a_point(self, index: VectorIndex, alice: Scope, tenant: str) -> None:
        mine = point(alice)
        await index.upsert([mine])
        for other in (Scope.user(tenant, "alic"), Scope.workspace(tenant, "alice"), Scope.user(f"{tenant}x", "alice")):
            await index.delete(other, [mine.id])
        assert await found(index, alice) == {mine.id}

    async def test_nothing_to_do_is_done(self, index: VectorIndex, alice: Scope) -> None:
        await index.upsert([])
        await index.delete(alice, [])
        assert await scanned(index, alice) == []

    async def test_kinds_are_told_apart(self, index: VectorIndex, alice: Scope) -> None:
        event, fact = point(alice), point(alice, kind="fact")
        await index.upsert([event, fact])

        assert await found(index, alice) == {event.id, fact.id}
        assert await found(index, alice, kind="event") == {event.id}
        assert await found(index, alice, kind="fact") == {fact.id}

    @pytest.mark.parametrize(
        ("matching", "other", "filter"),
        [
            ({"agent": "a"}, {"agent": "ab"}, Filter(agent="a")),
            ({"session": "s%"}, {"session": "s1"}, Filter(session="s%")),
            ({"kind": "fact", "category": "plan"}, {"kind": "fact", "category": "event"}, Filter(category="plan")),
            ({"kind": "fact", "category": "plan"}, {"kind": "event"}, Filter(category="plan")),
            ({"importance": 0.5}, {"importance": 0.25}, Filter(min_importance=0.5)),
            ({"at": NOON}, {"at": NOON - timedelta(microseconds=1)}, Filter(since=NOON)),
            ({"at": NOON}, {"at": NOON + timedelta(microseconds=1)}, Filter(until=NOON)),
            ({"agent": "a", "session": "s"}, {"agent": "a", "session": "t"}, Filter(agent="a", session="s")),
        ],
        ids=["agent", "session", "category", "category of an event", "importance", "since", "until", "two at once"],
    )
    async def test_a_filter_keeps_what_matches(
        self, index: VectorIndex, alice: Scope, matching: dict[str, Any], other: dict[str, Any], filter: Filter
    ) -> None:
        kept, dropped = point(alice, **matching), point(alice, **other)
        await index.upsert([kept, dropped])
        assert await found(index, alice) == {kept.id, dropped.id}
        assert await found(index, alice, filter) == {kept.id}

    async def test_some_ids_alone_are_sought(self, index: VectorIndex, alice: Scope, tenant: str) -> None:
        near, far, other = point(alice), point(alice, vector=vector(3, 4)), point(Scope.user(tenant, "bob"))
        past = point(alice, kind="fact", current=False)
        await index.upsert([near, far, other, past])
        view = View.of(alice)

        async def among(*ids: UUID, limit: int = 10) -> list[UUID]:
            return [hit.id for hit in await index.search(view, EAST, limit, Filter(), None, ids)]

        assert await among(far.id, near.id) == [near.id, far.id]
        assert await among(far.id, near.id, limit=1) == [near.id]
        assert await among(far.id, other.id, past.id, uuid4()) == [far.id]
        assert await among() == []

    async def test_an_instant_is_the_same_in_every_time_zone(self, index: VectorIndex, alice: Scope) -> None:
        kolkata = NOON.astimezone(datetime.fromisoformat("2026-01-01T00:00+05:30").tzinfo)
        local = point(alice, at=kolkata)
        await index.upsert([local])
        assert await found(index, alice, Filter(since=NOON, until=NOON)) == {local.id}
        assert await found(index, alice, Filter(since=kolkata, until=kolkata)) == {local.id}

    async def test_superseded_facts_answer_only_for_the_past(self, index: VectorIndex, alice: Scope) -> None:
        now, past = point(alice, kind="fact"), point(alice, kind="fact", current=False)
        await index.upsert([now, past])
        assert await found(index, alice) == {now.id}
        assert await found(index, alice, Filter(as_of=NOON)) == {now.id, past.id}

    async def test_a_view_reads_all_its_scopes_and_no_other(self, index: VectorIndex, tenant: str) -> None:
        alice, bob = Scope.user(tenant, "alice"), Scope.user(tenant, "bob")
        launch, namesake = Scope.workspace(tenant, "launch"), Scope.workspace(tenant, "alice")
        points = {scope: point(scope) for scope in (alice, bob, launch, namesake)}
        await index.upsert(list(points.values()))

        for scopes in ([alice], [alice, bob], [alice, launch], [launch, namesake], list(points)):
            assert await found(index, View.of(*scopes)) == {points[scope].id for scope in scopes}

    async def test_ids_that_look_alike_are_different_scopes(self, index: VectorIndex, tenant: str) -> None:
        points = {id: point(Scope.user(tenant, id)) for id in IDS}
        await index.upsert(list(points.values()))
        for id, mine in points.items():
            assert await found(index, Scope.user(tenant, id)) == {mine.id}

    async def test_tenants_that_look_alike_see_nothing_of_each_other(self, index: VectorIndex, tenant: str) -> None:
        points = {id: point(Scope.user(tenant + id, "a")) for id in IDS}
        await index.upsert(list(points.values()))
        for id, mine in points.items():
            assert await found(index, Scope.user(tenant + id, "a")) == {mine.id}
            assert await scanned(index, mine.scope) == [(mine.id, 1)]

    async def test_what_is_the_same_once_joined_is_told_apart(self, index: VectorIndex, tenant: str) -> None:
        points = {(left, id): point(Scope.user(tenant + left, id)) for left, id in SPLITS}
        await index.upsert(list(points.values()))
        for mine in points.values():
            assert await found(index, mine.scope) == {mine.id}

    async def test_a_scan_yields_every_point_of_the_scope(self, index: VectorIndex, alice: Scope, tenant: str) -> None:
        points = [point(alice, version=number, current=number % 3 > 0) for number in range(2_100)]
        others = [Scope.user(tenant, "alic"), Scope.workspace(tenant, "alice"), Scope.user(f"{tenant}x", "alice")]
        await index.upsert([*points, *(point(other) for other in others)])
        assert await scanned(index, alice) == sorted((each.id, each.version) for each in points)

    async def test_vectors_of_another_size_are_refused(self, index: VectorIndex, alice: Scope) -> None:
        wrong = np.ones(DIMENSIONS + 1, dtype=np.float32)
        with pytest.raises(IndexMismatch, match=str(DIMENSIONS)):
            await index.upsert([point(alice), point(alice, vector=wrong)])
        with pytest.raises(IndexMismatch, match=str(DIMENSIONS)):
            await index.search(View.of(alice), wrong, 10, Filter())
        assert await scanned(index, alice) == []

    async def test_ensuring_twice_keeps_what_is_there(self, make_index: MakeIndex, alice: Scope) -> None:
        first, kept = make_index(), point(alice)
        await first.ensure()
        await first.upsert([kept])
        await first.ensure()
        again = make_index()
        await again.ensure()
        assert await found(again, alice) == {kept.id}

    async def test_two_processes_may_ensure_at_once(self, make_index: MakeIndex, alice: Scope) -> None:
        rivals = [make_index() for _ in range(4)]
        await asyncio.gather(*(rival.ensure() for rival in rivals))
        await rivals[0].upsert([kept := point(alice, agent="a")])
        assert await found(rivals[-1], alice, Filter(agent="a")) == {kept.id}
