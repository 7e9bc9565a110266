"""Health says how a place does: its log, its state, who met in it, its groups, and what waits."""

from datetime import timedelta

import pytest

from semmem import Conflict, Installation, InvalidInput, ScopedMemory
from semmem.memory.memory import Memory
from semmem.stores.postgres.groups import ATTEMPTS
from semmem.stores.postgres.sql import Statement
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.state.launch import Launch
from tests.state.test_rights import Payroll


@pytest.fixture
def launch(memory: Memory) -> ScopedMemory:
    return memory.scope(tenant="acme", workspace="launch", state=Launch)


async def test_a_place_that_was_never_written_to_is_well(launch: ScopedMemory) -> None:
    found = await launch.health()
    assert (found.head, found.floor, found.bytes, found.tokens, found.share) == (0, 0, 0, 0, 0.0)
    assert (found.fields, found.groups, found.checkpoint, found.oldest_lease) == ({}, {}, None, None)
    assert found.warnings == ()


async def test_the_log_the_state_and_its_last_checkpoint(launch: ScopedMemory, clock: ManualClock) -> None:
    await launch.update(title="One", findings=["a", "b"])
    made = await launch.checkpoint("before")
    clock.advance(minutes=5)
    found = await launch.health()
    assert found.head == made.position
    assert (found.fields["title"].pieces, found.fields["findings"].pieces) == (1, 2)
    assert found.bytes == len('"One"') + len('"a"') + len('"b"')
    assert (found.checkpoint, found.checkpoint_age) == (made, timedelta(minutes=5))
    assert found.scope == launch.scope


async def test_conflicts_and_refusals_are_counted_for_each_field(launch: ScopedMemory) -> None:
    ann, bob = launch.agent("ann"), launch.agent("bob")
    await ann.update(title="One", report="draft")
    await bob.update(title="Two")  # it had not seen One
    for _ in range(2):
        with pytest.raises(Conflict):
            await bob.update(report="mine")
    with pytest.raises(Conflict):
        await ann.update(expected={"title": 1}, title="Three")
    fields = (await launch.health()).fields
    assert (fields["title"].conflicts, fields["title"].refusals) == (1, 1)
    assert (fields["report"].conflicts, fields["report"].refusals) == (0, 2)

    await launch.forget(everything=True)
    assert (await launch.health()).fields == {}


async def test_a_state_that_outgrows_a_context_is_told_of_before_it_does(launch: ScopedMemory) -> None:
    await launch.update(title=" ".join(["launch"] * 80))
    assert (await launch.health()).warnings == ()
    found = await launch.health(budget=1_000)
    assert found.share == pytest.approx(found.tokens / 100)
    assert 0.7 <= found.share < 1
    [warning] = found.warnings
    assert "of its room in a context of 1,000 tokens" in warning
    await launch.update(findings=["x" * 60_000] * 5)  # its tokens are estimated
    assert (await launch.health()).tokens > 60_000


async def test_an_agent_is_told_of_the_fields_that_it_may_read(memory: Memory) -> None:
    place = memory.scope(tenant="acme", workspace="payroll", state=Payroll)
    await place.update(title="open", salaries=["4,000"], note="to be raised")
    assert set((await place.health()).fields) == {"title", "salaries", "note"}
    found = await place.agent("w1", role="writer").health()
    assert set(found.fields) == {"title", "note"}
    assert found.bytes == len('"open"') + len('"to be raised"')


async def test_groups_their_leases_and_dead_letters(opener: Opener) -> None:
    async with opener(worker=False) as application:
        place = application.memory.scope(tenant="acme", workspace="launch")
        group = place.group("billing", start="first")
        for _ in range(3):
            await place.remember("an invoice", event_type="invoice")
        async with group.deliveries(consumer="b-1") as inbox:
            await anext(inbox)
            found = await place.health()
            assert (found.groups["billing"].behind, found.groups["billing"].leased) == (2, 1)
            assert found.oldest_lease is not None
        await _lose(application, ATTEMPTS)
        async with group.deliveries(consumer="b-1") as inbox:
            await anext(inbox)
        found = await place.health()
    assert found.groups["billing"].dead == 1
    assert any("the group billing has 1 dead letters" in warning for warning in found.warnings)
    assert any("no worker lives" in warning for warning in found.warnings)


async def _lose(application: Application, attempts: int) -> None:
    """As if the delivery had been handed out so often."""
    place = application.memory.scope(tenant="acme", workspace="launch")
    async with application.stores.postgres.transaction(place.scope) as tx:
        await tx.execute(Statement("lose", "update semmem.deliveries set attempts = :attempts"), attempts=attempts)


async def test_the_installation_counts_what_waits_in_all_tenants(opener: Opener) -> None:
    async with opener(worker=False) as application:
        for tenant in ("acme", "globex"):
            await application.memory.scope(tenant=tenant, user="alice").remember("I like tea.")
        found = await application.memory.health()
    assert isinstance(found, Installation)
    assert (found.workers, found.unindexed, found.unextracted) == (0, 2, 2)


@pytest.mark.parametrize("budget", [0, 10, "many", True])
async def test_a_budget_that_no_context_takes_is_refused(launch: ScopedMemory, budget: int) -> None:
    with pytest.raises(InvalidInput, match="budget"):
        await launch.health(budget=budget)
