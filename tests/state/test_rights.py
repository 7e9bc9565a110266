"""A field is read and written by the roles that it names, whatever a statement asks for."""

from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any

import pytest

from semmem import (
    ConfigurationError,
    Conflict,
    Forbidden,
    InvalidInput,
    Memory,
    NewEvent,
    ScopedMemory,
    State,
    append,
    replace,
)
from semmem.wiring.bootstrap import Application
from tests.contract.adversarial import IDS

pytestmark = pytest.mark.shared

SECRET = "heliotrope"


class Payroll(State):
    title: str = ""
    salaries: Annotated[list[str], append(readable={"hr"}, writable={"hr", "boss"})]
    report: Annotated[str, replace(unseen="refuse", writable={"writer"})] = ""
    note: Annotated[str, replace(readable={"hr", "writer"})] = "none yet"


@pytest.fixture
def payroll(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="payroll", state=Payroll)


@pytest.fixture
async def hr(payroll: ScopedMemory) -> ScopedMemory:
    """After one of them has told everything."""
    hr = payroll.agent("ann", role="hr")
    await hr.update(salaries=[SECRET], note=SECRET, title="open")
    await payroll.agent("bob", role="writer").update(report="open")
    return hr


async def test_an_agent_keeps_its_role_in_a_branch(payroll: ScopedMemory) -> None:
    await payroll.agent("ann", role="hr").branch("july").status("busy", ttl=timedelta(minutes=5))
    assert [(each.agent, each.role) for each in await payroll.branch("july").roster()] == [("ann", "hr")]


class PayrollLater(State, version=2):
    """Without the fields that some may not read."""

    title: str = ""
    stage: str = ""


async def test_the_past_of_a_field_that_was_dropped_is_no_agents_to_read(
    memory: Memory, payroll: ScopedMemory, hr: ScopedMemory
) -> None:
    before = await payroll.state()
    await memory.at(payroll.place, state=PayrollLater).update(stage="closed")
    untyped = memory.at(payroll.place)
    for role in ("writer", "boss", "hr"):
        past = await untyped.agent("x", role=role).state(at=before.position)
        assert SECRET not in str(past.values)
    assert (await untyped.state(at=before.position))["salaries"] == [SECRET]  # the application may read everything
    past = await payroll.agent("ann", role="hr").state(at=before.position)
    assert past.values.keys() == {"title"}, "a default stands for what is not shown"


async def test_who_writes_what_they_may_not_read_meets_no_conflict(payroll: ScopedMemory, hr: ScopedMemory) -> None:
    boss = payroll.agent("eve", role="boss")
    assert (await boss.update(lambda state: {"salaries": ["x"]})).written == ("salaries",)
    assert (await boss.update(salaries=["y"], expected=await boss.state())).written == ("salaries",)
    assert "salaries" not in (await boss.state()).values


async def test_an_agent_sees_what_its_role_may_read(payroll: ScopedMemory, hr: ScopedMemory) -> None:
    seen = {
        role: (await payroll.agent("x", role=role).state()).values.keys() for role in ("hr", "writer", "boss", None)
    }
    assert seen == {
        "hr": {"title", "salaries", "report", "note"},
        "writer": {"title", "report", "note"},
        "boss": {"title", "report"},
        None: {"title", "report"},
    }
    assert (await payroll.state()).values.keys() == seen["hr"]  # the application itself
    before = await payroll.checkpoint()
    boss = payroll.agent("cyd", role="boss")
    for at in (None, before, before.position):
        snapshot = await boss.state(at=at)
        assert SECRET not in repr(snapshot)
    with pytest.raises(Forbidden) as refused:
        await boss.state(fields=["title", "salaries"])
    error = refused.value
    assert (error.agent, error.role, error.field, error.action) == ("cyd", "boss", "salaries", "read")


async def test_an_agent_writes_what_its_role_may(payroll: ScopedMemory, hr: ScopedMemory) -> None:
    boss = payroll.agent("cyd", role="boss")
    await boss.update(salaries=["more"])  # which it may not read
    assert (await hr.state())["salaries"] == [SECRET, "more"]
    for agent, changes in ((boss, {"report": "x"}), (hr, {"report": "x"}), (payroll.agent("x"), {"salaries": ["x"]})):
        with pytest.raises(Forbidden, match="write"):
            await agent.update(title="not written", **changes)
    assert (await payroll.state())["title"] == "open"
    await payroll.update(report="The application may.", seen=99)


async def test_a_restore_changes_what_its_role_may_write(payroll: ScopedMemory, hr: ScopedMemory) -> None:
    before = await payroll.checkpoint()
    await hr.update(title="changed")
    writer = payroll.agent("bob", role="writer")
    assert (await writer.restore(before)).written == ("title",)
    await hr.update(title="changed", salaries=["more"])
    with pytest.raises(Forbidden, match="salaries"):
        await writer.restore(before)
    assert (await payroll.state())["title"] == "changed"
    assert (await hr.restore(before)).written == ("salaries", "title")


async def test_a_conflict_and_a_function_show_nothing_that_may_not_be_read(
    payroll: ScopedMemory, hr: ScopedMemory
) -> None:
    await hr.update(salaries=[SECRET])
    boss = payroll.agent("cyd", role="boss")
    with pytest.raises(Conflict) as refused:
        await boss.update(expected={"salaries": 1}, salaries=["x"])
    assert SECRET not in repr(refused.value.value)
    await boss.update(lambda state: {"title": str(sorted(state.values))})
    assert (await payroll.state())["title"] == "['report', 'title']"


async def test_a_delivery_is_settled_within_its_rights(payroll: ScopedMemory, hr: ScopedMemory) -> None:
    await payroll.remember("Invoice 1.", event_type="invoice")
    group = payroll.agent("cyd", role="boss").group("billing", event_types={"invoice"}, start="first")
    async with group.deliveries(consumer="b-1") as inbox:
        delivery = await anext(inbox)
        with pytest.raises(Forbidden):
            await delivery.settle(remember=[NewEvent(content="Paid.")], update={"report": "x"})
        await delivery.settle(update={"salaries": ["bonus"]})
    assert len(await payroll.history()) == 1


READS, WRITES = {"hr"}, {"hr", "boss"}
INSERT = """
    insert into semmem.state
    select tenant, scope_kind, scope_id, 'salaries', 'x', 99, null, 'items', '1', 1, null, told_at, recorded_at
    from semmem.state where field = 'title' limit 1"""


@pytest.mark.parametrize("role", ["hr", "boss", "writer", ""])
async def test_no_statement_reaches_further(
    application: Application, payroll: ScopedMemory, hr: ScopedMemory, tenant: str, role: str
) -> None:
    """Without any `where`, as if a statement of ours had forgotten it."""

    async def run(statement: str) -> list[Any]:
        """What it answers, in a transaction that is given up."""
        answer: list[Any] = []
        with suppress(Undone):
            async with application.stores.postgres.transaction(payroll.scope) as tx:
                act_as = "select semmem.act_as($1, 'workspace', 'payroll', $2, true)"
                await tx.connection.execute(act_as, tenant, role)
                answer = [row["field"] for row in await tx.connection.fetch(statement)]
                raise Undone
        return answer

    reads, writes = role in READS, role in WRITES
    assert ("salaries" in await run("select field from semmem.state")) == reads
    assert ("salaries" in await run("select (s).field from (select s from semmem.state s) x")) == reads
    removed = await run("delete from semmem.state returning field")
    assert ("salaries" in removed, "report" in removed) == (reads and writes, role == "writer")
    end = "update semmem.state set to_position = 99 {} returning field"
    assert ("salaries" in await run(end.format("where field in ('salaries', 'note', 'title')"))) == (reads and writes)
    if role != "writer":
        with pytest.raises(ConfigurationError):
            await run(end.format(""))  # the report is the writer's
    if writes:
        await run(INSERT)
    else:
        with pytest.raises(ConfigurationError):
            await run(INSERT)


class Undone(Exception):
    """Ends a transaction of these tests without a commit."""


async def test_roles_are_compared_byte_for_byte(payroll: ScopedMemory, hr: ScopedMemory) -> None:
    for role in (*IDS, "HR", "hr ", " hr", "hr,boss", '{"hr"}', "h", "hrr", "hr%", "h_"):
        if role == "hr":
            continue
        try:
            agent = payroll.agent("x", role=role)
        except InvalidInput:
            continue
        assert SECRET not in repr((await agent.state())["title"])
        assert "salaries" not in (await agent.state()).values
        with pytest.raises(Forbidden):
            await agent.update(salaries=["x"])


@pytest.mark.parametrize("roles", [set(), [], "hr", {3}, {""}, 3, ["x"] * 51])
def test_rights_name_roles(roles: Any) -> None:
    with pytest.raises(InvalidInput):
        replace(readable=roles)
    with pytest.raises(InvalidInput):
        append(writable=roles)
