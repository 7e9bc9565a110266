"""Questions: one answer wins, the wait outlives the process, and who comes too late or was not asked is told."""

import asyncio
import json
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from semmem import AgentMemory, InvalidInput, Memory, NotFound, Question, QuestionClosed, ScopedMemory, StoreUnavailable
from semmem.stores.postgres.questions import QuestionStore
from semmem.testing import ManualClock
from tests.applications import Opener
from tests.fleet.asking import HOUR, asked, until_asked

pytestmark = pytest.mark.shared

SECONDS = 60  # for what should take a moment, on a machine that is busy
YES_NO = ("yes", "no")


@pytest.fixture
async def launch(memory: Memory, tenant: str) -> ScopedMemory:
    launch = memory.scope(tenant=tenant, workspace="launch")
    await launch.begin("Enter Vietnam?", roster={"r1": "researcher", "a1": "analyst", "a2": "analyst"})
    return launch


@pytest.fixture
def me(launch: ScopedMemory) -> AgentMemory:
    return launch.agent("r1")


async def test_an_agent_waits_for_the_choice(launch: ScopedMemory, me: AgentMemory, clock: ManualClock) -> None:
    waiting = asyncio.create_task(me.ask("Send it?", YES_NO, within=HOUR))
    question = await until_asked(launch, "Send it?")
    assert (question.agent, question.of, question.options, question.open) == ("r1", "human", YES_NO, True)
    assert question.until == clock.now + HOUR
    await launch.agent("a1").remember("Something else happens meanwhile.")
    await asyncio.sleep(0.1)
    assert not waiting.done()
    answered = await launch.answer(question.id, "no")
    async with asyncio.timeout(SECONDS):
        assert await waiting == "no"
    assert (answered.choice, answered.answered_by, answered.open) == ("no", None, False)
    assert await launch.questions() == []
    assert [each.choice for each in await launch.questions(answered=True)] == ["no"]
    entries = [entry for entry in await launch.entries() if question.id in entry.ids]
    assert [(entry.kind, entry.agent, entry.subject) for entry in entries] == [
        ("question", "r1", "Send it?"),
        ("answer", None, "no"),
    ]


async def test_another_process_answers(launch: ScopedMemory, me: AgentMemory, opener: Opener) -> None:
    waiting = asyncio.create_task(me.ask("Send it?", YES_NO, within=HOUR))
    question = await until_asked(launch, "Send it?")
    async with opener(worker=False, redis_url=None) as other:
        await other.memory.at(launch.place).answer(question.id, "yes")
        async with asyncio.timeout(SECONDS):
            assert await waiting == "yes"


async def test_one_answer_wins(launch: ScopedMemory, me: AgentMemory) -> None:
    for number in range(5):
        question = await asked(me, launch, f"Send {number}?", tuple("abcdefgh"))
        given = await asyncio.gather(
            *(launch.answer(question.id, choice) for choice in question.options), return_exceptions=True
        )
        (won,) = [each.choice for each in given if not isinstance(each, BaseException)]
        lost = [each for each in given if isinstance(each, QuestionClosed)]
        assert len(lost) == 7
        assert {(error.choice, error.by) for error in lost} == {(won, None)}
        assert await me.ask(f"Send {number}?", tuple("abcdefgh"), within=HOUR) == won


@pytest.mark.parametrize("key", [None, "send"])
async def test_the_wait_outlives_the_process(
    launch: ScopedMemory, me: AgentMemory, opener: Opener, key: str | None
) -> None:
    question = await asked(me, launch, "Send it?", YES_NO, key=key)
    async with opener(worker=False) as restarted:
        again = restarted.memory.at(launch.place).agent("r1")
        waiting = asyncio.create_task(again.ask("Send it?", YES_NO, within=HOUR, key=key))
        await asyncio.sleep(0.2)
        assert [each.id for each in await launch.questions()] == [question.id]
        await launch.answer(question.id, "yes")
        async with asyncio.timeout(SECONDS):
            assert await waiting == "yes"


async def test_a_process_that_was_killed_asks_again_and_is_told(launch: ScopedMemory, urls: dict[str, Any]) -> None:
    killed = await _asker(urls)
    question = await until_asked(launch, "Send it?")
    killed.kill()
    await killed.wait()
    waits = await _asker(urls)
    await launch.answer(question.id, "no")
    async with asyncio.timeout(SECONDS):
        output, _ = await waits.communicate()
    assert (output.decode().strip(), waits.returncode) == ("no", 0)
    assert [each.id for each in await launch.questions(answered=True)] == [question.id]


async def _asker(urls: dict[str, Any]) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "tests.fleet.asker", json.dumps(urls))
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


@pytest.mark.parametrize("key", [None, "send"])
async def test_an_answer_that_was_given_meanwhile_is_received(
    launch: ScopedMemory, me: AgentMemory, key: str | None
) -> None:
    question = await asked(me, launch, "Send it?", YES_NO, key=key)
    await launch.answer(question.id, "yes")
    assert await me.ask("Send it?", YES_NO, within=HOUR, key=key) == "yes"
    if key:  # it is asked once
        assert await me.ask("Send it?", YES_NO, within=HOUR, key=key) == "yes"
        with pytest.raises(InvalidInput, match=r"^key: "):
            await me.ask("Send it?", ("yes", "no", "later"), within=HOUR, key=key)
    else:  # what was answered is asked anew
        assert (await asked(me, launch, "Send it?", YES_NO)).id != question.id


async def test_a_wait_that_is_over_leaves_the_question(launch: ScopedMemory, me: AgentMemory) -> None:
    question = await asked(me, launch, "Send it?", YES_NO)
    assert await me.ask("Send it?", YES_NO, within=HOUR, wait=0.05) is None
    assert [each.id for each in await launch.questions()] == [question.id]
    await launch.answer(question.id, "yes")
    assert await me.ask("Send it?", YES_NO, within=HOUR, wait=SECONDS) == "yes"


@pytest.mark.usefixtures("own_application")
async def test_a_wait_that_is_over_before_the_question_is_asked_leaves_it_too(
    launch: ScopedMemory, me: AgentMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = QuestionStore.ask

    async def slow(store: QuestionStore, *given: Any) -> Question:
        await asyncio.sleep(0.2)
        return await ask(store, *given)

    monkeypatch.setattr(QuestionStore, "ask", slow)
    assert await me.ask("Send it?", YES_NO, within=HOUR, wait=0.05) is None
    assert [each.question for each in await launch.questions()] == ["Send it?"]


@pytest.mark.usefixtures("own_application")
async def test_what_could_not_be_asked_is_no_question_that_stays(
    me: AgentMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuestionStore, "ask", lambda *given: asyncio.sleep(SECONDS))
    with pytest.raises(StoreUnavailable):
        await me.ask("Send it?", YES_NO, within=HOUR, wait=0.05, timeout=0.3)


@pytest.mark.parametrize("key", [None, "send"])
@pytest.mark.usefixtures("own_application")
async def test_a_question_without_an_answer_is_over(
    launch: ScopedMemory, me: AgentMemory, clock: ManualClock, key: str | None
) -> None:
    waiting = asyncio.create_task(me.ask("Send it?", YES_NO, within=HOUR, key=key))
    question = await until_asked(launch, "Send it?")
    clock.advance(hours=1)
    with pytest.raises(QuestionClosed) as over:
        async with asyncio.timeout(SECONDS):
            await waiting
    assert (over.value.question, over.value.choice) == (question.id, None)
    with pytest.raises(QuestionClosed):
        await launch.answer(question.id, "yes")
    clock.advance(hours=-1)  # what is over stays so, whatever another clock says
    with pytest.raises(QuestionClosed):
        await launch.answer(question.id, "yes")
    assert [each.over for each in await launch.questions(answered=True)] == [True]
    anew = await asked(me, launch, "Send it?", YES_NO, key=key)
    assert anew.id != question.id
    await launch.answer(anew.id, "yes")
    assert await me.ask("Send it?", YES_NO, within=HOUR, key=key) == "yes"


async def test_a_question_that_ended_with_the_work_is_asked_anew_under_its_key(
    launch: ScopedMemory, me: AgentMemory
) -> None:
    first = await asked(me, launch, "Send it?", YES_NO, key="send")
    await launch.end("given up")
    with pytest.raises(NotFound):
        await me.ask("Send it?", YES_NO, within=HOUR, key="send")
    await launch.begin("Enter Laos?")
    with pytest.raises(InvalidInput, match=r"^key: "):
        await me.ask("Send them?", YES_NO, within=HOUR, key="send")
    anew = await asked(me, launch, "Send it?", YES_NO, key="send")
    assert [(each.id, each.over) for each in await launch.questions(answered=True)] == [
        (anew.id, False),
        (first.id, True),
    ]


async def test_the_end_of_the_work_ends_the_wait(launch: ScopedMemory, me: AgentMemory) -> None:
    waiting = asyncio.create_task(me.ask("Send it?", YES_NO, within=HOUR))
    await until_asked(launch, "Send it?")
    await launch.end("given up")
    with pytest.raises(QuestionClosed):
        async with asyncio.timeout(SECONDS):
            await waiting


async def test_a_forgotten_question_ends_the_wait_and_leaves_nothing(
    launch: ScopedMemory, me: AgentMemory, owner: asyncpg.Connection
) -> None:
    waiting = asyncio.create_task(me.ask("Is heliotrope right?", ("heliotrope", "no"), within=HOUR))
    gone = await until_asked(launch, "Is heliotrope right?")
    answered = await asked(me, launch, "And heliotrope?", ("heliotrope",))
    await launch.answer(answered.id, "heliotrope")
    other = await asked(launch.agent("a1"), launch, "Send it?", YES_NO, of="r1")
    await me.answer(other.id, "yes")
    await launch.forget(agent="r1")
    (told,) = [entry for entry in await launch.entries() if entry.kind == "forgotten"]
    assert set(told.ids) == {gone.id, answered.id}
    with pytest.raises(NotFound):
        async with asyncio.timeout(SECONDS):
            await waiting
    for table in ("questions", "entries"):
        rows = [row["t"] for row in await owner.fetch(f"select t::text as t from semmem.{table} t")]  # noqa: S608
        assert [row for row in rows if "heliotrope" in row] == []
    (left,) = await launch.questions(answered=True)
    assert (left.id, left.choice, left.answered_by) == (other.id, "yes", None)


async def test_who_was_not_asked_does_not_answer(launch: ScopedMemory, me: AgentMemory) -> None:
    a1, a2 = launch.agent("a1"), launch.agent("a2")
    of_human = await asked(me, launch, "Send it?", YES_NO)
    of_agent = await asked(me, launch, "Read it?", YES_NO, of="a1")
    of_role = await asked(me, launch, "Check it?", YES_NO, of="analyst")
    for agent, question in ((a1, of_human), (me, of_human), (a2, of_agent), (me, of_role)):
        with pytest.raises(InvalidInput, match=r"^question_id: "):
            await agent.answer(question.id, "yes")
    assert [each.id for each in await launch.questions(of="analyst")] == [of_role.id]
    assert (await a1.answer(of_agent.id, "yes")).answered_by == "a1"
    assert (await a2.answer(of_role.id, "no")).answered_by == "a2"
    assert (await launch.answer(of_human.id, "yes")).answered_by is None
    with pytest.raises(QuestionClosed) as refused:
        await a1.answer(of_role.id, "yes")
    assert (refused.value.choice, refused.value.by) == ("no", "a2")


async def test_questions_are_listed_in_pages(launch: ScopedMemory, me: AgentMemory) -> None:
    made = [await asked(me, launch, f"Send {number}?", YES_NO) for number in range(3)]
    newest, middle = await launch.questions(limit=2)
    assert [newest.id, middle.id] == [made[2].id, made[1].id]
    assert [each.id for each in await launch.questions(before=middle.position)] == [made[0].id]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"question": ""}, "question"),
        ({"question": "x" * 4_097}, "question"),
        ({"options": "yes"}, "options"),
        ({"options": ()}, "options"),
        ({"options": ("yes", "yes")}, "options"),
        ({"options": ("yes", "")}, r"options\[1\]"),
        ({"options": tuple(map(str, range(21)))}, "options"),
        ({"of": "nobody"}, "of"),
        ({"of": ""}, "of"),
        ({"within": timedelta()}, "within"),
        ({"within": timedelta(days=31)}, "within"),
        ({"within": 60}, "within"),
        ({"key": ""}, "key"),
        ({"wait": -1}, "wait"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    launch: ScopedMemory, me: AgentMemory, given: dict[str, Any], field: str
) -> None:
    right: dict[str, Any] = {"question": "Send it?", "options": YES_NO, "within": HOUR}
    with pytest.raises(InvalidInput, match=rf"^{field}: "):
        async with asyncio.timeout(SECONDS):
            await me.ask(**(right | given))
    assert await launch.questions() == []


async def test_what_is_no_answer_is_refused(launch: ScopedMemory, me: AgentMemory) -> None:
    question = await asked(me, launch, "Send it?", YES_NO)
    for id, choice, field in (
        (question.id, "maybe", "choice"),
        (question.id, "", "choice"),
        ("q1", "yes", "question_id"),
    ):
        with pytest.raises(InvalidInput, match=rf"^{field}: "):
            await launch.answer(id, choice)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await launch.answer(UUID(int=uuid4().int), "yes")
    assert len(await launch.questions()) == 1
