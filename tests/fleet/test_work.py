"""A place's task: it begins, goes on after a restart, is seen at a glance, and ends, in users' places as well."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from semmem import InvalidInput, Memory, NewEvent, NotFound, QuestionClosed, ScopedMemory, StateMismatch
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.fleet.asking import asked
from tests.state.launch import Launch

pytestmark = pytest.mark.shared

MINUTE = timedelta(minutes=1)
ROSTER = {"r1": "researcher", "a1": "analyst"}
CANARY = "heliotrope"


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch")


async def test_a_task_begins_and_ends_as_entries_of_the_log(launch: ScopedMemory, clock: ManualClock) -> None:
    assert await launch.workspace() is None
    begun = await launch.begin("Enter Vietnam?", roster=ROSTER, state=Launch)
    assert (begun.task, begun.begun_at, begun.lasts, begun.scope) == (
        "Enter Vietnam?",
        clock.now,
        True,
        launch.scope,
    )
    assert [(member.agent, member.role) for member in await launch.roster()] == [
        ("a1", "analyst"),
        ("r1", "researcher"),
    ]
    await launch.agent("r1").update(findings=["market 4.2 bn"])
    clock.advance(minutes=5)
    ended = await launch.agent("a1").end("decided", "Enter Vietnam in May.")
    assert ended is not None
    assert (ended.lasts, ended.status, ended.ended_at) == (False, "decided", clock.now)
    assert await launch.workspace() == ended
    entries = await launch.entries()
    assert [(entry.kind, entry.agent, entry.subject) for entry in entries] == [
        ("declared", None, None),
        ("begun", None, "Enter Vietnam?"),
        ("change", "r1", None),
        ("ended", "a1", "decided"),
        ("event", "a1", None),
    ]
    assert (entries[1].position, entries[4].event and entries[4].event.event_type) == (begun.position, "result")


async def test_after_a_restart_the_task_goes_on(launch: ScopedMemory, opener: Opener) -> None:
    begun = await launch.begin("Enter Vietnam?", roster=ROSTER, state=Launch)
    await launch.agent("r1").status("searching", ttl=MINUTE)
    before = await launch.entries()
    async with opener(worker=False) as restarted:
        again = restarted.memory.at(launch.place)
        assert await again.begin("Enter Vietnam?", roster=ROSTER, state=Launch) == begun
        assert await again.begin("Enter Vietnam?") == begun
        assert await again.entries() == before
        assert [member.status for member in await again.roster()] == [None, "searching"]


async def test_one_task_lasts_at_a_time(launch: ScopedMemory) -> None:
    with pytest.raises(NotFound):
        await launch.end("done")
    await launch.begin("Enter Vietnam?", roster=ROSTER)
    with pytest.raises(InvalidInput, match=r"^task: "):
        await launch.begin("Enter Laos?")
    await launch.end("done")
    with pytest.raises(NotFound):
        await launch.end("done")
    await launch.begin("Enter Laos?")
    assert await launch.roster() == []


async def test_another_roster_takes_the_place_of_the_one_before(launch: ScopedMemory) -> None:
    await launch.begin("Enter Vietnam?", roster=ROSTER)
    await launch.agent("a1").status("waiting", ttl=MINUTE)
    await launch.begin("Enter Vietnam?", roster={"a1": "lead", "w1": "writer"})
    assert [(member.agent, member.role, member.status) for member in await launch.roster()] == [
        ("a1", "lead", "waiting"),
        ("w1", "writer", None),
    ]
    with pytest.raises(InvalidInput, match=r"^agent: "):
        await launch.agent("r1").status("searching", ttl=MINUTE)


async def test_a_state_that_is_declared_otherwise_begins_nothing(memory: Memory, launch: ScopedMemory) -> None:
    class Other(Launch, version=1):
        title: int = 0  # type: ignore[assignment]

    await memory.at(launch.place, state=Launch).update(title="One")
    with pytest.raises(StateMismatch):
        await launch.begin("Enter Vietnam?", state=Other)
    assert await launch.workspace() is None


async def test_a_task_that_is_refused_leaves_the_state_of_the_one_that_lasts(launch: ScopedMemory) -> None:
    class Next(Launch, version=2):
        budget: int = 0

    await launch.begin("Enter Vietnam?", state=Launch)
    with pytest.raises(InvalidInput, match="must be the one that lasts"):
        await launch.begin("Enter Laos?", state=Next)
    assert [entry.kind for entry in await launch.entries()].count("declared") == 1


async def test_a_users_place_is_worked_in_the_same_way(alice: ScopedMemory, strangers: list[ScopedMemory]) -> None:
    await alice.begin("Plan the trip", roster=ROSTER)
    await alice.agent("r1").status("searching", ttl=MINUTE)
    question = await asked(alice.agent("r1"), alice, "Which month?", ("May", "June"))
    assert (await alice.answer(question.id, "May")).choice == "May"
    for other in strangers:
        assert await other.workspace() is None
        assert await other.roster() == []
        assert await other.questions(answered=True) == []
        with pytest.raises(NotFound):
            await other.answer(question.id, "May")


async def test_an_overview_shows_where_everybody_stands(launch: ScopedMemory) -> None:
    empty = await launch.overview()
    assert (empty.workspace, empty.roster, empty.recent, empty.position) == (None, (), (), 0)
    begun = await launch.begin("Enter Vietnam?", roster=ROSTER)
    await launch.agent("r1").result("The market is 4.2 bn USD.")
    await launch.agent("a1").status("reading", ttl=MINUTE)
    question = await asked(launch.agent("a1"), launch, "Send it?", ("yes", "no"))
    seen = await launch.overview(recent=2)
    assert seen.workspace == begun
    assert {member.agent: member.status for member in seen.roster} == {"r1": None, "a1": "reading"}
    assert [each.id for each in seen.questions] == [question.id]
    assert [event.content for event in seen.results] == ["The market is 4.2 bn USD."]
    assert [entry.kind for entry in seen.recent] == ["status", "question"]
    assert (seen.position, seen.summary) == (4, None)


async def test_an_overview_shows_the_last_entries_however_many_were_forgotten(launch: ScopedMemory) -> None:
    kept = [NewEvent(content=f"kept {n}") for n in range(5)]
    await launch.remember_many(kept)
    await launch.remember_many([NewEvent(content=f"spam {n}", agent="spam") for n in range(25)])
    await launch.forget(agent="spam")
    shown = (await launch.overview(5)).recent
    assert [entry.position for entry in shown] == [2, 3, 4, 5, 31]
    assert [entry.kind for entry in shown] == ["event"] * 4 + ["forgotten"]
    assert [entry.event.content for entry in shown if entry.event] == [event.content for event in kept[1:]]


async def test_an_overview_without_an_agents_own_entries_seeks_others_from_further_back(launch: ScopedMemory) -> None:
    for number in range(3):
        await launch.agent("a1").remember(f"news {number}")
    for number in range(5):
        await launch.agent("r1").remember(f"own {number}")
    seen = await launch.agent("r1").overview(2, own=False)
    assert [entry.event and entry.event.content for entry in seen.recent] == ["news 1", "news 2"]
    assert seen.position == 8


async def test_an_overview_without_an_agents_own_entries_does_not_walk_the_whole_log(
    launch: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semmem.stores.postgres.log.LOOKS_BACK", 6)
    for number in range(3):
        await launch.agent("a1").remember(f"news {number}")
    for number in range(5):
        await launch.agent("r1").remember(f"own {number}")
    seen = await launch.agent("r1").overview(2, own=False)
    assert [entry.event and entry.event.content for entry in seen.recent] == ["news 2"]
    assert len((await launch.overview(8)).recent) == 8


async def test_an_overview_tells_the_summary(launch: ScopedMemory) -> None:
    await launch.remember("I am allergic to peanuts.", session="s1")
    await launch.settled()
    assert "peanuts" in ((await launch.overview()).summary or "")


async def test_the_end_of_the_work_is_the_end_of_its_questions(launch: ScopedMemory) -> None:
    await launch.begin("Enter Vietnam?", roster=ROSTER)
    question = await asked(launch.agent("a1"), launch, "Send it?", ("yes", "no"))
    await launch.end("given up")
    assert await launch.questions() == []
    with pytest.raises(QuestionClosed) as refused:
        await launch.answer(question.id, "yes")
    assert (refused.value.question, refused.value.choice) == (question.id, None)


async def test_nothing_of_a_forgotten_work_is_left(
    application: Application, launch: ScopedMemory, owner: asyncpg.Connection
) -> None:
    agent = f"{CANARY}-agent"
    await launch.begin(f"{CANARY}?", roster={agent: f"{CANARY}-role"})
    me = launch.agent(agent)
    await me.status(CANARY, CANARY, ttl=MINUTE)
    question = await asked(me, launch, f"{CANARY}?", (CANARY, "no"), key=CANARY)
    await launch.answer(question.id, CANARY)
    await me.end(CANARY, CANARY)
    await launch.forget(everything=True)
    await launch.settled()
    tables = await owner.fetch(
        "select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'semmem'::regnamespace"
    )
    for table in tables:
        rows = [row["t"] for row in await owner.fetch(f"select t::text as t from {table['name']} t")]  # noqa: S608
        assert [row for row in rows if CANARY in row.lower() or CANARY.encode().hex() in row] == [], table["name"]
    assert (await launch.workspace(), await launch.roster(), await launch.questions(answered=True)) == (None, [], [])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"task": ""}, "task"),
        ({"task": "x" * 4_097}, "task"),
        ({"roster": ["r1"]}, "roster"),
        ({"roster": {"r1": ""}}, r"roster\[r1\]"),
        ({"roster": {"": "writer"}}, "roster.agent"),
        ({"roster": {"r1": "human"}}, r"roster\[r1\]"),
        ({"roster": {"human": "writer"}}, r"roster\[human\]"),
        ({"roster": {f"r{n}": "writer" for n in range(1_001)}}, "roster"),
        ({"state": dict}, "state"),
    ],
)
async def test_what_cannot_begin_is_refused(launch: ScopedMemory, given: dict[str, Any], field: str) -> None:
    right: dict[str, Any] = {"task": "Enter Vietnam?"}
    with pytest.raises(InvalidInput, match=rf"^{field}: "):
        await launch.begin(**(right | given))
    assert await launch.workspace() is None
