"""A return to an earlier value is news, and whose word it is decides whether it takes another's place."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from semmem import NewEvent, ScopedMemory
from semmem.domain.event import Role
from semmem.testing import ModelServer
from tests.applications import Opener

START = datetime(2022, 6, 1, tzinfo=UTC)
STEPS = [timedelta(), timedelta(seconds=1), timedelta(days=1), timedelta(days=400)]
BERLIN, MUNICH = "I live in Berlin.", "I live in Munich."


def verdict_of_a_model(body: dict[str, Any]) -> str:
    """Draws one fact of each line, and lets each take the place of what it is shown."""
    lines = body["messages"][1]["content"].split("\n")
    if lines[0] == "TASK: decide":
        drafts = [line for line in lines if line[:1] == "D" and line[1:2].isdigit()]
        verdicts = [
            {"draft": number, "verdict": "supersede", "candidate": int(draft.split("[F")[1].split("]")[0].split()[0])}
            for number, draft in enumerate(drafts, start=1)
        ]
        return json.dumps({"verdicts": verdicts})
    said = [line.split(": ", 1)[1] for line in lines if line.startswith("[")]
    facts = [_fact(number, text) for number, text in enumerate(said, start=1)]
    return json.dumps({"facts": facts, "summaries": []})


def _fact(number: int, quote: str) -> dict[str, Any]:
    told = quote.replace("I live", "alice lives")
    scored = {"category": "profile", "confidence": 0.9, "importance": 0.8}
    return {"subject": "alice", "text": told, "quote": quote, "source": number, "when": None} | scored


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer(answer=verdict_of_a_model) as server:
        yield server


@pytest.fixture(params=["rules", "model"])
def extractor(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param == "rules":
        return {}
    model: ModelServer = request.getfixturevalue("model")
    return with_model(model)


def with_model(model: ModelServer) -> dict[str, Any]:
    return {"llm_base_url": model.base_url, "llm_model": "recorded", "llm_api_key": "key"}


async def homes(alice: ScopedMemory) -> list[str]:
    return [fact.text for fact in await alice.facts() if "live" in fact.text]


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_a_return_to_an_earlier_value_is_learnt(
    opener: Opener, extractor: dict[str, Any], step: timedelta
) -> None:
    async with opener(**extractor) as app:
        alice = app.memory.scope(tenant="acme", user="alice")
        for number, text in enumerate((BERLIN, MUNICH, BERLIN, MUNICH)):
            await alice.remember(text, occurred_at=START + number * step)
            await alice.settled()
        assert await homes(alice) == ["alice lives in Munich."]
        assert len(await alice.facts(superseded=True)) == 4


async def test_a_return_within_one_batch_is_learnt(opener: Opener, extractor: dict[str, Any]) -> None:
    async with opener(**extractor, extract_after=60) as app:
        alice = app.memory.scope(tenant="acme", user="alice")
        said = [NewEvent(content=text, occurred_at=START) for text in (BERLIN, MUNICH, BERLIN)]
        await alice.remember_many(said)
        await alice.settled()
        assert await homes(alice) == ["alice lives in Berlin."]


async def test_a_return_within_one_event_is_learnt(alice: ScopedMemory) -> None:
    await alice.remember(f"{BERLIN} {MUNICH} {BERLIN}")
    await alice.settled()
    assert await homes(alice) == ["alice lives in Berlin."]


async def test_what_came_late_or_again_brings_nothing_back(opener: Opener, extractor: dict[str, Any]) -> None:
    async with opener(**extractor) as app:
        alice = app.memory.scope(tenant="acme", user="alice")
        for text, day in ((BERLIN, 1), (MUNICH, 30), (BERLIN, 1), (BERLIN, 10), (BERLIN, -5)):
            await alice.remember(text, occurred_at=START + timedelta(days=day))
            await alice.settled()
        assert await homes(alice) == ["alice lives in Munich."]


@pytest.mark.parametrize("role", ["tool", "assistant"])
async def test_no_verdict_lets_others_take_the_place_of_what_the_user_said(
    opener: Opener, model: ModelServer, role: Role
) -> None:
    async with opener(**with_model(model)) as app:
        alice = app.memory.scope(tenant="acme", user="alice")
        await alice.remember(BERLIN, occurred_at=START)
        await alice.settled()
        await alice.remember(MUNICH, role=role, speaker="alice", occurred_at=START + timedelta(days=1))
        await alice.settled()
        facts = {fact.text: (fact.trust, fact.current) for fact in await alice.facts(superseded=True)}
        assert facts == {
            "alice lives in Berlin.": ("user", True),
            "alice lives in Munich.": (role, True),
        }
        await alice.remember("I live in Rome.", occurred_at=START + timedelta(days=2))
        await alice.settled()
        assert "alice lives in Rome." in await homes(alice)


async def test_what_a_user_pasted_weighs_no_more_than_what_a_tool_said(opener: Opener, model: ModelServer) -> None:
    async with opener(**with_model(model)) as app:
        alice = app.memory.scope(tenant="acme", user="alice")
        await alice.remember(BERLIN, occurred_at=START)
        await alice.settled()
        await alice.remember(f"> {MUNICH}", occurred_at=START + timedelta(days=1))
        await alice.settled()
        facts = await alice.facts(superseded=True)
        assert {fact.text: (fact.trust, fact.current) for fact in facts if "Berlin" in fact.text} == {
            "alice lives in Berlin.": ("user", True)
        }


async def test_what_the_user_confirms_is_trusted_as_the_user(opener: Opener, model: ModelServer) -> None:
    async with opener(**with_model(model)) as app:
        alice = app.memory.scope(tenant="acme", user="alice")
        for text, role in ((BERLIN, "tool"), (BERLIN, "user"), (MUNICH, "tool")):
            await alice.remember(text, role=role, speaker="alice")  # type: ignore[arg-type]
            await alice.settled()
        facts = {fact.text: (fact.trust, fact.current) for fact in await alice.facts(superseded=True)}
        assert facts["alice lives in Berlin."] == ("user", True)


@pytest.mark.parametrize("redis", ["present", "absent"])
async def test_the_asked_session_is_shown_however_much_others_talk(opener: Opener, redis: str) -> None:
    given = {} if redis == "present" else {"redis_url": None}
    async with opener(**given) as app:
        alice = app.memory.scope(tenant="acme", user="alice")
        await alice.remember_many([NewEvent(content=f"Mine {n}.", session="mine") for n in range(30)])
        for start in range(0, 1_000, 250):
            others = [NewEvent(content=f"Other {start + n}.", session=f"o{n % 7}") for n in range(250)]
            await alice.remember_many(others)
        context = await alice.context("anything", budget=600, session="mine", tiers=["recent"])
        shown = [item.text for item in context.tier("recent") if item.session == "mine"]
        assert shown[-3:] == ["Mine 27.", "Mine 28.", "Mine 29."]
        again = await alice.context("anything", budget=600, session="mine", tiers=["recent"])
        assert again.text == context.text


async def test_a_return_within_one_batch_to_what_was_known_is_learnt_also_in_another_language(
    opener: Opener, model: ModelServer
) -> None:
    """Where no rule sees that the drafts take each other's place, and only the model does."""
    at_home, away = "Ich wohne in Berlin.", "Ich wohne in München."
    async with opener(**with_model(model), extract_after=60) as app:
        alice = app.memory.scope(tenant="acme", user="alice")
        await alice.remember(at_home, occurred_at=START)
        await alice.settled()
        later = [(away, START + timedelta(days=1)), (at_home, START + timedelta(days=2))]
        await alice.remember_many([NewEvent(content=text, occurred_at=when) for text, when in later])
        await alice.settled()
        assert [fact.text for fact in await alice.facts()] == [at_home]
        [between] = [fact for fact in await alice.facts(superseded=True) if fact.text == away]
        assert between.validity.end == later[1][1]
