"""What is told again with dates is dated; what happened on two days is two facts."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from semmem import Fact, Memory, NewEvent, ScopedMemory, Validity
from semmem.testing import ModelServer
from semmem.wiring.bootstrap import Application
from tests.faults.oracle import drift

pytestmark = pytest.mark.shared

MONDAY = datetime(2024, 3, 4, 9, tzinfo=UTC)
# What a model makes of each sentence: the same words as before, for it puts the time into a field of its own.
TOLD = {
    "I work at Siemens.": ("Ines works at Siemens.", None),
    "I work at Siemens since 2019.": ("Ines works at Siemens.", "since 2019"),
    "I work at Siemens until June.": ("Ines works at Siemens.", "until June"),
    "I had a migraine on 4 January 2024.": ("Ines had a migraine.", "on 4 January 2024"),
    "I had a migraine on 8 February 2024.": ("Ines had a migraine.", "on 8 February 2024"),
}


def _answer(body: dict[str, Any]) -> str:
    lines = body["messages"][1]["content"].split("\n")
    if lines[0] == "TASK: decide":
        drafts = [line for line in lines if line[:1] == "D" and line[1:2].isdigit()]
        verdicts = [{"draft": number, "verdict": "add", "candidate": None} for number in range(1, len(drafts) + 1)]
        return json.dumps({"verdicts": verdicts})
    scored = {"category": "event", "confidence": 0.9, "importance": 0.8}
    said = [line.split(": ", 1)[1] for line in lines if line.startswith("[")]
    facts = [
        {"subject": "Ines", "text": TOLD[quote][0], "quote": quote, "source": number, "when": TOLD[quote][1]} | scored
        for number, quote in enumerate(said, start=1)
    ]
    return json.dumps({"facts": facts, "summaries": []})


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer(answer=_answer) as server:
        yield server


@pytest.fixture(scope="module")
def opened_with(model: ModelServer) -> dict[str, Any]:
    return {"llm_base_url": model.base_url, "llm_model": "recorded", "llm_api_key": "key"}


@pytest.fixture
def ines(memory: Memory, tenant: str) -> ScopedMemory:
    return memory.scope(tenant=tenant, user="ines")


async def _told(ines: ScopedMemory, *said: str) -> list[Fact]:
    for text in said:
        await ines.remember(text, speaker="Ines", occurred_at=MONDAY)
        await ines.settled()
    return await ines.facts()


async def test_a_statement_takes_the_dates_that_come_later(ines: ScopedMemory, application: Application) -> None:
    [fact] = await _told(ines, "I work at Siemens.", "I work at Siemens since 2019.", "I work at Siemens until June.")
    began, ends = datetime(2019, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
    assert (fact.validity, len(fact.sources)) == (Validity(start=began, end=ends, precision="year"), 3)
    assert await drift(application, ines) == set()


@pytest.mark.parametrize("then", [(), ("I work at Siemens.",)], ids=["said before", "and after"])
async def test_dates_go_with_whoever_said_them(ines: ScopedMemory, then: tuple[str, ...]) -> None:
    [fact] = await _told(ines, "I work at Siemens.", "I work at Siemens since 2019.", *then)
    [dated] = [source.event_id for source in fact.sources if "2019" in source.quote]
    await ines.forget(event=dated)
    await ines.settled()
    [left] = await ines.facts()
    assert (left.text, left.validity) == (fact.text, Validity())


async def test_a_statement_stays_dated_without_whoever_left_the_dates_open(ines: ScopedMemory) -> None:
    [fact] = await _told(ines, "I work at Siemens.", "I work at Siemens since 2019.")
    [undated] = [source.event_id for source in fact.sources if "2019" not in source.quote]
    await ines.forget(event=undated)
    await ines.settled()
    [left] = await ines.facts()
    assert (left.id, left.validity) == (fact.id, fact.validity)


async def test_dates_of_one_batch_go_with_whoever_said_them(ines: ScopedMemory) -> None:
    said = [NewEvent(content=text, speaker="Ines") for text in ("I work at Siemens.", "I work at Siemens since 2019.")]
    _, dated = await ines.remember_many(said)
    await ines.settled()
    [fact] = await ines.facts()
    assert fact.validity.start
    await ines.forget(event=dated.id)
    await ines.settled()
    [left] = await ines.facts()
    assert (left.text, left.validity) == (fact.text, Validity())


async def test_dates_that_a_person_took_away_do_not_come_back(ines: ScopedMemory) -> None:
    [fact] = await _told(ines, "I work at Siemens since 2019.")
    await ines.correct(fact.id, validity=Validity(), by="ines")
    [left] = await _told(ines, "I work at Siemens since 2019.")
    assert left.validity == Validity()


async def test_the_same_thing_on_two_days_is_two_facts(ines: ScopedMemory) -> None:
    first, second = "I had a migraine on 4 January 2024.", "I had a migraine on 8 February 2024."
    facts = {fact.text: fact for fact in await _told(ines, first, second, second)}
    one, other = facts["Ines had a migraine."], facts["Ines had a migraine (8 February 2024)."]
    assert (len(facts), len(one.sources), len(other.sources)) == (2, 1, 2)
    assert one.validity.start == datetime(2024, 1, 4, tzinfo=UTC)
    assert other.validity.start == datetime(2024, 2, 8, tzinfo=UTC)
