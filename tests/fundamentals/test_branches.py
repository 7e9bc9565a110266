"""A branch is a memory of its own below a user's or a workspace's: a project, a topic, one agent's private notes."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from semmem import Branch, InvalidInput, Memory, Scope, ScopedMemory, ScopeSettings
from semmem.engine.erasure import Erasure
from semmem.wiring.bootstrap import Application
from tests.applications import Opener

pytestmark = pytest.mark.shared

SECRET = "The launch code of the probe is heliotrope."


async def _texts(memory: ScopedMemory, query: str, *also: ScopedMemory) -> set[str]:
    return {hit.text for hit in await memory.recall(query, also=also)}


async def test_a_branch_is_recalled_where_it_is_named_and_nowhere_else(alice: ScopedMemory) -> None:
    probe = alice.branch("projects", "probe")
    await probe.remember(SECRET)
    await probe.settled()

    assert SECRET in await _texts(probe, "launch code")
    assert SECRET in await _texts(alice, "launch code", probe)
    for other in (
        alice,
        alice.branch("projects"),
        alice.branch("projects", "probe", "x"),
        alice.branch("projects/probe"),
    ):
        assert not await _texts(other, "launch code")
        assert not await other.facts()


async def test_a_branch_lists_itself_and_what_lies_below_it_by_whole_segments(alice: ScopedMemory) -> None:
    for path in (("a",), ("a", "b"), ("ab",), ("a", "b", "c"), ("A",)):
        await alice.branch(*path).remember(f"Kept at {path}.")
    await alice.remember("Kept at the root.")

    assert [place.path for place in await alice.branch("a").branches()] == [("a",), ("a", "b"), ("a", "b", "c")]
    assert [place.path for place in await alice.branches()] == [
        (),
        ("A",),
        ("a",),
        ("a", "b"),
        ("a", "b", "c"),
        ("ab",),
    ]
    assert await alice.branch("a", "none").branches() == []


async def test_a_private_place_stands_beside_the_shared_one_of_its_path(alice: ScopedMemory) -> None:
    shared, researcher = alice.branch("notes"), alice.branch("notes", owner="researcher")
    await researcher.remember(SECRET)
    await researcher.settled()

    assert not await _texts(shared, "launch code")
    assert not await _texts(alice.branch("notes", owner="writer"), "launch code")
    assert SECRET in await _texts(shared, "launch code", researcher)
    assert await alice.branches() == [researcher.place]


async def test_the_same_path_below_another_root_is_another_place(
    alice: ScopedMemory, strangers: list[ScopedMemory]
) -> None:
    await alice.branch("notes").remember(SECRET)
    for stranger in strangers:
        assert await stranger.branches() == []
        assert await stranger.branch("notes").history() == []


async def test_a_forgotten_branch_leaves_no_name_behind(application: Application, alice: ScopedMemory) -> None:
    name = f"person-{uuid4().hex}"
    place = alice.branch(name)
    await place.remember(SECRET)
    await place.forget(everything=True)

    assert await alice.branches() == []
    async with application.stores.postgres.transaction(alice.scope) as tx:
        assert await tx.connection.fetchval("select count(*) from semmem.branches") == 0


LEFT = """
select (select count(*) from semmem.entries where kind <> 'forgotten') + (select count(*) from semmem.locks)
     + (select count(*) from semmem.checkpoints) + (select count(*) from semmem.scope_settings)
     + (select count(*) from semmem.groups) + (select count(*) from semmem.branches)
"""


@pytest.mark.parametrize("whole", ["root", "branch"])
async def test_a_branch_of_which_only_what_agents_share_is_left_is_forgotten_with_its_root(
    application: Application, alice: ScopedMemory, whole: str
) -> None:
    place = alice.branch("merger")
    ack = await place.remember(SECRET)
    async with place.lock("merger-with-foo", ttl=timedelta(minutes=1)):
        await place.checkpoint("before-the-merger")
    await place.configure(ScopeSettings(zone="Europe/Berlin"))
    async with alice.branch("merger", "news").group("merger-news").deliveries(consumer="c"):
        pass
    await place.forget(event=ack.id)
    await (alice if whole == "root" else place).forget(everything=True)
    for each in (place, alice.branch("merger", "news")):
        async with application.stores.postgres.transaction(each.place) as tx:
            assert await tx.connection.fetchval(LEFT) == 0


async def test_everything_of_a_user_takes_all_branches_along(
    alice: ScopedMemory, strangers: list[ScopedMemory]
) -> None:
    places = [alice, alice.branch("a"), alice.branch("a", "b"), alice.branch("a", owner="agent"), *strangers]
    for place in places:
        await place.remember(SECRET)
        await place.settled()

    planned = await alice.forget(everything=True, dry_run=True)
    receipt = await alice.forget(everything=True)

    assert planned.counts == receipt.counts
    assert (receipt.counts["events"], receipt.counts["branches"]) == (4, 3)
    assert [len(await place.history()) for place in places] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert await alice.branches() == []
    assert receipt.id is not None
    for place in places[:4]:
        await place.settled()
    told = await alice.receipt(receipt.id)
    assert told.complete
    assert told.counts == receipt.counts
    assert told.scrub_due is None
    assert "which are your own" in told.bytes


async def test_everything_of_a_branch_takes_what_lies_below_and_of_a_private_one_its_owners(
    alice: ScopedMemory,
) -> None:
    shared, private = alice.branch("a"), alice.branch("a", owner="agent")
    below = [alice.branch("a", "b"), alice.branch("a", "b", owner="agent"), alice.branch("a", "b", owner="other")]
    beside = alice.branch("ab")
    for place in (alice, shared, private, *below, beside):
        await place.remember(SECRET)

    await private.forget(everything=True)
    assert [len(await place.history()) for place in (private, *below)] == [0, 1, 0, 1]
    await shared.forget(everything=True)
    assert [len(await place.history()) for place in (shared, *below)] == [0, 0, 0, 0]
    assert [len(await place.history()) for place in (alice, beside)] == [1, 1]


async def test_a_receipt_is_not_complete_before_the_branches_are(opener: Opener) -> None:
    async with opener(worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.branch("a").remember(SECRET)
        receipt = await alice.forget(everything=True)
        assert receipt.id is not None
        await _followed(application.parts.erasure, alice)
        assert not (await alice.receipt(receipt.id)).complete
        await _followed(application.parts.erasure, alice.branch("a"))
        assert (await alice.receipt(receipt.id)).complete


async def _followed(erasure: Erasure, place: ScopedMemory) -> None:
    """As once the worker had brought both stores up to date."""
    await erasure.finish_cached(place.scope)
    await erasure.finish_mirrored(place.scope, await erasure.unmirrored(place.scope))


async def test_writing_and_forgetting_at_once_never_loses_sight_of_what_is_there(alice: ScopedMemory) -> None:
    place = alice.branch("busy")
    for number in range(10):
        await asyncio.gather(place.remember(f"Note {number}."), place.forget(everything=True))
        left = await place.history()
        assert await alice.branches() == ([place.place] if left else [])


async def test_a_place_found_by_listing_can_be_opened(memory: Memory, alice: ScopedMemory) -> None:
    await alice.branch("a", "b").remember(SECRET)
    (place,) = await alice.branches()
    assert [event.content for event in await memory.at(place).history()] == [SECRET]


@pytest.mark.parametrize(
    ("field", "path", "owner"),
    [
        ("path[0]", ("",), None),
        ("path[1]", ("a", "x" * 257), None),
        ("path[0]", ("nul\x00",), None),
        ("path", ("a",) * 33, None),
        ("owner", ("a",), ""),
    ],
)
async def test_a_path_that_can_not_be_kept_is_refused(
    alice: ScopedMemory, field: str, path: tuple[str, ...], owner: str | None
) -> None:
    with pytest.raises(InvalidInput) as refused:
        alice.branch(*path, owner=owner)
    assert refused.value.field == field


async def test_no_more_than_a_thousand_places_are_read_at_once(alice: ScopedMemory) -> None:
    with pytest.raises(InvalidInput, match="also"):
        await alice.recall("anything", also=[alice.branch(str(number)) for number in range(1_000)])


async def test_only_a_memory_is_read_together_with_another(alice: ScopedMemory) -> None:
    with pytest.raises(InvalidInput, match=r"also\[0\].*ScopedMemory"):
        await alice.recall("anything", also=[alice.records])  # type: ignore[list-item]
    with pytest.raises(InvalidInput, match=r"also\[0\].*ScopedMemory"):
        await alice.records.find(also=[alice.records])  # type: ignore[list-item]


def test_a_branch_is_no_root() -> None:
    branch = Branch(Scope.user("acme", "alice"), ("a",))
    with pytest.raises(InvalidInput, match="root"):
        Branch(branch.scope)
