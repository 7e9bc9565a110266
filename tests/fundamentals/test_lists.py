"""Every list can be read to its end, page by page, while more comes in: `before` where the newest comes first."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from semmem import Branch, InvalidInput, NewEvent, NotFound, Scope, ScopedMemory
from semmem.stores.postgres.ledger import add_dead_letter
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application

pytestmark = pytest.mark.shared

T = TypeVar("T")
PAGE = 4


async def _all(page: Callable[[Any], Awaitable[Sequence[T]]], cursor: Callable[[T], Any]) -> list[T]:
    """The pages put together."""
    found: list[T] = []
    while part := await page(cursor(found[-1]) if found else None):
        assert len(part) <= PAGE
        found += part
    return found


async def _facts(alice: ScopedMemory, **narrowed: Any) -> list[str]:
    found = await _all(lambda before: alice.facts(before=before, limit=PAGE, **narrowed), lambda fact: fact.id)
    return [fact.text for fact in found]


async def test_all_facts_are_listed_and_none_twice(alice: ScopedMemory, clock: ManualClock) -> None:
    for batch in range(3):  # the facts of a batch were recorded at one moment
        said = [NewEvent(content=f"I own book number {batch}{n}.", session="s") for n in range(7)]
        await alice.remember_many(said)
        await alice.settled()
        clock.advance(minutes=1)

    listed = await _facts(alice)

    assert len(listed) == len(set(listed)) == 21
    assert [text.split()[-1][0] for text in listed] == ["2"] * 7 + ["1"] * 7 + ["0"] * 7
    assert listed == [fact.text for fact in await alice.facts()]


async def test_a_page_keeps_its_place_while_more_is_learnt(alice: ScopedMemory, clock: ManualClock) -> None:
    await alice.remember_many([NewEvent(content=f"I own lamp number {n}.") for n in range(6)])
    await alice.settled()
    first = await alice.facts(limit=3)
    clock.advance(minutes=1)
    await alice.remember("I own a kayak.")
    await alice.settled()

    second = await alice.facts(limit=3, before=first[-1].id)

    assert len({fact.text for fact in [*first, *second]}) == 6
    assert await alice.facts(limit=3, before=second[-1].id) == []


async def test_filters_hold_on_every_page(alice: ScopedMemory, clock: ManualClock) -> None:
    towns = ("Bonn", "Rome", "Oslo", "Riga", "Bern", "Lima")
    for n, town in enumerate(towns):
        await alice.remember(f"I moved to {town}.", session=f"s{n}")
        await alice.remember(f"I like tea number {n}.", session=f"s{n}")
        await alice.settled()
        clock.advance(days=1)

    assert len(await _facts(alice, category="preference")) == 6
    assert await _facts(alice, category="profile") == ["alice moved to Lima."]
    moves = await _facts(alice, category="profile", superseded=True)
    assert moves == [f"alice moved to {town}." for town in reversed(towns)]


async def test_summaries_are_all_listed_the_scopes_own_first(alice: ScopedMemory) -> None:
    await alice.remember_many([NewEvent(content=f"I own lamp number {n}.", session=f"s{n}") for n in range(13)])
    await alice.settled()

    found = await _all(lambda before: alice.summaries(before=before, limit=PAGE), lambda summary: summary.id)

    assert [summary.session for summary in found] == [None, *(f"s{n}" for n in range(12, -1, -1))]
    assert all(summary.events for summary in found)


async def test_history_goes_on_below_a_seq(alice: ScopedMemory) -> None:
    await alice.remember_many([NewEvent(content=f"Note {n}.") for n in range(9)])
    found = await _all(lambda before: alice.history(before=before, limit=PAGE), lambda event: event.seq)
    assert [event.content for event in found] == [f"Note {n}." for n in range(8, -1, -1)]


async def test_dead_letters_are_all_listed(alice: ScopedMemory, application: Application, clock: ManualClock) -> None:
    await alice.remember("Hello there.")
    for n in range(9):
        at = clock.now + timedelta(minutes=n // 3)
        async with application.stores.postgres.transaction(alice.scope, at) as tx:
            await add_dead_letter(tx, "draft", "ungrounded", f"draft {n}", [uuid4()])

    found = await _all(lambda before: alice.dead_letters(before=before, limit=PAGE), lambda letter: letter.id)

    began = clock.now
    assert [(letter.recorded_at - began).seconds // 60 for letter in found] == [2, 2, 2, 1, 1, 1, 0, 0, 0]
    assert len({letter.detail for letter in found}) == 9


async def test_receipts_are_all_listed(alice: ScopedMemory, clock: ManualClock) -> None:
    made = []
    for n in range(6):
        ack = await alice.remember(f"Note {n}.")
        made.append((await alice.forget(event=ack.id)).id)
        clock.advance(minutes=n % 2)

    found = await _all(lambda before: alice.receipts(before=before, limit=PAGE), lambda receipt: receipt.id)

    assert {receipt.id for receipt in found} == set(made)
    assert len(found) == 6
    assert all(receipt.counts["events"] == 1 for receipt in found)


async def test_branches_are_listed_from_a_place_on(alice: ScopedMemory) -> None:
    await alice.remember("Kept at the root.")
    for path, owner in (
        (("a",), None),
        (("a",), "me"),
        (("a", "b"), None),
        (("ab",), None),
        (("a-b",), "x"),
        (("z",), ""),
    ):
        await alice.branch(*path, owner=owner or None).remember("Kept.")
    every = await alice.branches()

    found = await _all(lambda after: alice.branches(after=after, limit=PAGE), lambda place: place)

    assert found == every
    assert len(every) == 7
    assert await alice.branch("a").branches(after=every[1], limit=1) == [every[2]]


async def test_records_keep_their_place_while_others_come_and_go(alice: ScopedMemory) -> None:
    branch = alice.branch("b")
    for n in range(5):
        await alice.records.put(f"k{n}", {})
        await branch.records.put(f"k{n}", {})
    first = await alice.records.find(also=[branch], limit=PAGE)
    await alice.records.delete(["k0"])
    await alice.records.put("k9", {})

    rest = await _all(
        lambda after: alice.records.find(also=[branch], after=after or first[-1], limit=PAGE), lambda record: record
    )

    assert [record.key for record in [*first, *rest]] == [
        "k0", "k0", "k1", "k1", "k2", "k2", "k3", "k3", "k4", "k4", "k9",
    ]  # fmt: skip


def _by_id(alice: ScopedMemory) -> tuple[Callable[..., Awaitable[Sequence[object]]], ...]:
    """The lists whose cursor is an id."""
    return (alice.facts, alice.summaries, alice.dead_letters, alice.receipts)


async def test_a_list_does_not_seem_to_end_where_its_cursor_is_gone(alice: ScopedMemory, memory: Any) -> None:
    ack = await alice.remember("I own a kayak.")
    await alice.settled()
    (fact,) = await alice.facts()
    record = await alice.records.put("k", {})
    stranger = memory.scope(tenant="globex", user="alice")
    with pytest.raises(NotFound, match="before"):
        await stranger.facts(before=fact.id)
    await alice.forget(event=ack.id)
    await alice.records.delete(["k"])

    for page in _by_id(alice):
        with pytest.raises(NotFound, match="before"):
            await page(before=fact.id)
    with pytest.raises(NotFound, match="after"):
        await alice.records.find(after=record)


@pytest.mark.parametrize("limit", [0, 1_001, -1, True, "10", 2.5])
async def test_a_limit_names_its_bounds(alice: ScopedMemory, limit: Any) -> None:
    lists = (alice.facts, alice.history, alice.summaries, alice.dead_letters, alice.receipts, alice.branches)
    for page in (*lists, alice.records.find):
        with pytest.raises(InvalidInput, match=r"limit: must be a whole number from 1 to 1000"):
            await page(limit=limit)


async def test_a_cursor_of_another_kind_is_refused(alice: ScopedMemory) -> None:
    for page in _by_id(alice):
        with pytest.raises(InvalidInput, match="before"):
            await page(before=7)
    other = Branch(Scope.user(alice.scope.tenant, "bob"), ("a",))
    for after in (other, "a", 7):
        with pytest.raises(InvalidInput, match="after"):
            await alice.branches(after=after)  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match="after"):
            await alice.records.find(after=after)  # type: ignore[arg-type]
