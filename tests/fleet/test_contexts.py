"""What an agent's context shows: others' news, not too much of them, and not its own words as news."""

from typing import Annotated, Any

import pytest

from semmem import AgentMemory, Context, Forbidden, InvalidInput, Memory, NewEvent, ScopedMemory, State, replace
from tests.state.launch import Launch

pytestmark = pytest.mark.shared


@pytest.fixture
def launch(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, workspace="launch")


@pytest.fixture
def me(launch: ScopedMemory) -> AgentMemory:
    return launch.agent("r1")


def _recent(context: Context) -> set[str]:
    return {item.text for item in context.tier("recent")}


async def _shown(place: ScopedMemory, **given: Any) -> set[str]:
    return _recent(await place.context("What happened?", budget=20_000, tiers=["recent"], **given))


async def test_its_own_words_of_elsewhere_are_no_news(launch: ScopedMemory, me: AgentMemory) -> None:
    await me.remember("mine", session="s1")
    await me.remember("what a user said to me", session="s1", role="user")
    await launch.agent("a1").remember("another's", session="s2")
    await launch.remember("nobody's")
    assert await _shown(me) == {"what a user said to me", "another's", "nobody's"}
    assert await _shown(me, session="s2") == {"what a user said to me", "another's", "nobody's"}
    assert await _shown(me, session="s1") == {"mine", "what a user said to me", "another's", "nobody's"}
    assert "mine" in await _shown(launch)


async def test_its_own_words_of_the_conversation_at_hand_stay_however_long_it_is(me: AgentMemory) -> None:
    for number in range(35):
        await me.remember(f"asked {number}", session="s1", role="user")
        await me.remember(f"answered {number}", session="s1")
        await me.remember(f"elsewhere {number}", session="s2")
    shown = await _shown(me, session="s1")
    assert {f"answered {number}" for number in range(24, 35)} <= shown
    assert not any(text.startswith("elsewhere") for text in shown)
    assert "asked 20" not in shown  # whose answer is not shown


async def test_who_talks_much_does_not_lose_sight_of_the_others(launch: ScopedMemory, me: AgentMemory) -> None:
    await launch.agent("a1").remember("another's")
    await me.remember_many([NewEvent(content=f"mine {number}", role="assistant") for number in range(60)])
    assert await _shown(me) == {"another's"}
    await me.remember_many([NewEvent(content=f"here {n}", role="assistant", session="s1") for n in range(60)])
    shown = await _shown(me, session="s1")
    assert {"another's", "here 59"} <= shown


async def test_so_many_events_of_others_are_shown(launch: ScopedMemory, me: AgentMemory) -> None:
    await launch.remember("nobody's")
    await launch.agent("a1").remember_many([NewEvent(content=f"news {n}", role="assistant") for n in range(40)])
    assert await _shown(me) == {"nobody's", *(f"news {n}" for n in range(10, 40))}
    assert await _shown(me, others=2) == {"nobody's", "news 38", "news 39"}
    assert await _shown(me, others=0) == {"nobody's"}
    assert await _shown(launch, others=1) == {"nobody's", "news 39"}
    assert len(await _shown(launch)) == 41


async def test_what_weighs_little_is_left_out(launch: ScopedMemory, me: AgentMemory) -> None:
    other = launch.agent("a1")
    await other.remember("The market of Vietnam is 4.2 bn USD.", importance=0.8)
    for number in range(60):
        await other.remember(f"Vietnam: page {number} is read.", importance=0.1)
    assert await _shown(me, min_importance=0.5) == {"The market of Vietnam is 4.2 bn USD."}
    await launch.settled(facts=False)
    found = await me.context("Vietnam", budget=4_000, min_importance=0.5, tiers=["retrieved"])
    events = [item.text for item in found.items if item.kind == "event"]
    assert events == ["The market of Vietnam is 4.2 bn USD."]


async def test_the_state_stands_in_it_newest_first(
    memory: Memory, launch: ScopedMemory, me: AgentMemory, tenant: str
) -> None:
    shared = memory.at(launch.place, state=Launch)
    assert (await me.context("Vietnam", budget=2_000)).tier("state") == ()
    await shared.agent("a1").update(findings=["market 4.2 bn", "5 rivals"], title="Vietnam")
    await shared.update(title="Enter Vietnam?")
    await memory.scope(tenant=tenant, workspace="launch2", state=Launch).update(title="another place's")
    context = await me.context("Vietnam", budget=2_000)
    assert [item.text for item in context.tier("state")] == [
        "title: Enter Vietnam?",
        'findings, by a1: ["market 4.2 bn", "5 rivals"]',
    ]
    assert "# state" in context.text
    assert (await me.context("Vietnam", budget=2_000, tiers=["recent"])).tier("state") == ()


class Salaries(State):
    title: str = ""
    band: Annotated[str, replace(readable={"hr"}, writable={"hr"})] = ""


async def test_it_shows_what_the_roster_lets_an_agent_read(memory: Memory, launch: ScopedMemory) -> None:
    await launch.begin("Hire an analyst", roster={"h1": "hr", "r1": "researcher"}, state=Salaries)
    await launch.agent("h1").update(band="B4", title="Analyst")
    shown = {
        name: {item.text for item in (await place.context("Analyst", budget=2_000)).tier("state")}
        for name, place in (("all", launch), ("h1", launch.agent("h1")), ("r1", launch.agent("r1")))
    }
    assert shown["r1"] == {"title, by h1: Analyst"}
    assert shown["h1"] == shown["all"] == {"title, by h1: Analyst", "band, by h1: B4"}
    with pytest.raises(Forbidden):
        await launch.agent("r1").update(band="B9")
    with pytest.raises(Forbidden):
        await launch.agent("r1").state(fields={"band"})


async def test_a_large_field_leaves_room(memory: Memory, launch: ScopedMemory, me: AgentMemory) -> None:
    shared = memory.at(launch.place, state=Launch)
    await shared.update(report="Nobody reads this. " * 500 + "Vietnam grows by 6 %.", title="One")
    context = await me.context("How fast does Vietnam grow?", budget=1_000, tiers=["state"])
    (report,) = [item for item in context.tier("state") if item.text.startswith("report: ")]
    assert report.text.endswith("[…] Vietnam grows by 6 %.")
    assert (report.whole, context.tokens <= 1_000) == (False, True)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"others": -1}, "others"),
        ({"others": True}, "others"),
        ({"others": 1_001}, "others"),
        ({"min_importance": 1.1}, "min_importance"),
        ({"min_importance": None}, "min_importance"),
    ],
)
async def test_guardrails_have_limits(me: AgentMemory, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{field}: "):
        await me.context("What happened?", budget=500, **given)
