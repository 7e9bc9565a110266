"""The drill's truths: what each way of sharing loses, and that the same seed tells the same story."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from semmem.evals.drill import Outcome, drawn, opened, pictured, run
from semmem.evals.drill_desks import TRIES, Listing, Stores
from semmem.evals.drill_plan import Chances, Delivery, Payment, Work, payments
from tests.counts import times

# All that can go wrong does so often, so that a few payments show it.
OFTEN = Chances(overlap=0.6, redelivered=0.3, stalled=0.2, noticed=0.5)
SEED = 7
COUNT = times(12, 200)


@pytest_asyncio.fixture(scope="module")
async def stores(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stores]:
    async with opened(tmp_path_factory.mktemp("drill")) as stores:
        yield stores


@pytest_asyncio.fixture(scope="module")
async def outcomes(stores: Stores) -> dict[str, Outcome]:
    planned = payments(COUNT, SEED, OFTEN)
    return {desk.name: await run(desk, planned, stores.time) for desk in stores.desks()}


def test_nothing_shared_loses_notes_and_pays_twice(outcomes: dict[str, Outcome]) -> None:
    alone = outcomes["nothing shared"]
    assert alone.overwritten > 0.3
    assert alone.paid_twice > 0.2
    assert alone.fetches == 0


def test_as_printed_one_update_of_each_payment_is_let_through(outcomes: dict[str, Outcome]) -> None:
    printed = outcomes["Redis, as printed"]
    assert printed.given_up * printed.notes == printed.notes - printed.payments
    assert printed.refused == TRIES * (printed.notes - printed.payments)
    assert printed.paid_twice > 0.2


def test_mended_what_remains_is_who_stood_still(outcomes: dict[str, Outcome]) -> None:
    planned = payments(COUNT, SEED, OFTEN)
    stalled = [payment for payment in planned if any(each.stands_still for each in payment.deliveries)]
    mended = outcomes["Redis, mended"]
    assert (mended.overwritten, mended.unpaid, mended.released) == (0, 0, 0)
    assert mended.paid_twice == len(stalled) / len(planned) > 0
    assert mended.refused > 0


def test_expected_overwrites_nothing_and_pays_once_and_is_refused_at_times(outcomes: dict[str, Outcome]) -> None:
    compared = outcomes["semmem, expected"]
    assert (compared.overwritten, compared.paid_twice, compared.unpaid) == (0, 0, 0)
    assert compared.refused > 0
    assert compared.fetches > 1


def test_with_reducers_and_a_group_nothing_is_left_for_a_human(outcomes: dict[str, Outcome]) -> None:
    reduced = outcomes["semmem, reducers"]
    assert (reduced.overwritten, reduced.paid_twice, reduced.unpaid, reduced.given_up) == (0, 0, 0, 0)
    assert reduced.interventions == 0
    assert reduced.fetches == 1
    assert reduced.refused > 0  # who stood still with a delivery


async def test_of_ten_updates_by_one_writer_the_first_is_let_through_as_printed(stores: Stores) -> None:
    works = tuple(Work(agent="risk", note=f"n{n}", begins=30.0 * n, takes=1.0) for n in range(10))
    order = Delivery(agent="clerk", kind="first", begins=0.0, takes=1.0)
    planned = [Payment(id="ten", amount=1, works=works, deliveries=(order,), noticed=True)]
    desk = Listing(stores.redis, stores.time)
    outcome = await run(desk, planned, stores.time)
    assert (outcome.given_up, (await desk.record(planned[0])).notes) == (0.9, ("n0",))


async def test_a_release_deletes_the_next_holder_s_lock_as_printed(stores: Stores) -> None:
    slow = Delivery(agent="clerk", kind="first", begins=0.0, takes=1.0, stands_still=50.0)
    late = Delivery(agent="risk", kind="lapsed", begins=31.0, takes=29.0)
    planned = [Payment(id="lock", amount=1, works=(), deliveries=(slow, late), noticed=True)]
    desk = Listing(stores.redis, stores.time)
    for delivery in planned[0].deliveries:
        stores.time.start(desk.pay(planned[0], delivery), delivery.begins)
    await stores.time.run()
    assert desk.released == 1
    assert (await desk.record(planned[0])).paid == 2


async def test_the_same_seed_tells_the_same_story(stores: Stores, outcomes: dict[str, Outcome]) -> None:
    assert payments(COUNT, SEED, OFTEN) == payments(COUNT + 5, SEED, OFTEN)[:COUNT]
    assert payments(COUNT, SEED, OFTEN) != payments(COUNT, SEED + 1, OFTEN)
    await stores.redis.flushall()
    [again] = [desk for desk in stores.desks() if desk.name == "Redis, mended"]
    assert await run(again, payments(COUNT, SEED, OFTEN), stores.time) == outcomes["Redis, mended"]


def test_the_table_names_the_constants_and_the_plot_stands_alone(outcomes: dict[str, Outcome], tmp_path: Path) -> None:
    from rich.console import Console

    console = Console(width=80, record=True, file=(tmp_path / "out").open("w"))
    console.print(pictured(list(outcomes.values()), SEED, OFTEN))
    shown = console.export_text()
    assert "overlap 0.6, redelivered 0.3, stalled 0.2, noticed 0.5" in " ".join(shown.split())
    assert "nothing here is about speed" in shown
    assert "…" not in shown
    svg = drawn(outcomes.values())
    assert svg.startswith("<svg ")
    assert "--accent" in svg
    assert all(way in svg for way in outcomes)
