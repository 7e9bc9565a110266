"""Corrections beside the worker, and beside each other: nothing is lost, and nothing overturned."""

import asyncio
import re
import threading
from typing import Any

import pytest

from semmem import FactChanged, InvalidInput, ScopedMemory
from semmem.testing import ManualClock, ModelServer, Reply, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener, extract_again
from tests.faults.oracle import drift
from tests.unit.extractors.builders import answer, said_fact, verdicts

pytestmark = pytest.mark.shared

HOMES = [("alice lives in Berlin.", "I live in Berlin"), ("alice's home is Berlin.", "live in Berlin, near the zoo")]


def _models(server: ModelServer) -> dict[str, Any]:
    llm = {"llm_base_url": server.base_url, "llm_api_key": "test", "llm_model": "test"}
    return llm | {"embedding_base_url": server.base_url, "embedding_api_key": "test", "embedding_model": "hashed"}


def _asks_for_verdicts(body: dict[str, Any]) -> bool:
    return "TASK: decide" in body["messages"][1]["content"].split("DATA", 1)[0]


async def test_another_wording_of_the_same_events_brings_nothing_back(opener: Opener) -> None:
    """A model extracts them again, and words and quotes them otherwise."""
    read = iter([*HOMES, ("alice resides near the zoo.", "Berlin, near the zoo")])

    def said(body: dict[str, Any]) -> str:
        if _asks_for_verdicts(body):
            return verdicts((1, "add", None))
        text, quote = next(read)
        return answer(said_fact(text=text, quote=quote, when=None))

    with ModelServer(said) as server:
        async with opener(**_models(server)) as application:
            alice = application.memory.scope(tenant="acme", user="alice")
            event = await alice.remember("I live in Berlin, near the zoo.", session="s1")
            await alice.settled()
            [wrong] = await alice.facts()
            await alice.correct(wrong.id, text="alice lives in Bern.", by="nurse")
            for _ in range(2):
                await extract_again(application, alice, [event.id])
                assert [fact.text for fact in await alice.facts()] == ["alice lives in Bern."]
            assert len(await alice.facts(superseded=True)) == 2
            assert len(server.requests) >= 3


async def test_what_a_model_was_asked_before_a_correction_is_decided_after_it(
    opener: Opener, clock: ManualClock
) -> None:
    """The model has seen the wrong fact, and confirms it while a person corrects it."""
    go_on, asked = threading.Event(), threading.Event()

    def said(body: dict[str, Any]) -> str | Reply:
        if _asks_for_verdicts(body):
            return verdicts((1, "confirm", 1))
        if "Yes, in Berlin" not in body["messages"][1]["content"]:
            return answer(said_fact(text="alice lives in Berlin.", quote="I live in Berlin", when=None))
        asked.set()
        later = said_fact(text="alice lives in Berlin.", quote="I live there. Yes, in Berlin", when=None)
        return Reply(text=answer(later), after=go_on)

    with ModelServer(said) as server:
        async with opener(**_models(server)) as application:
            alice = application.memory.scope(tenant="acme", user="alice")
            await alice.remember("I live in Berlin.", session="s1")
            await alice.settled()
            [wrong] = await alice.facts()
            await alice.remember("I live there. Yes, in Berlin.", session="s2")
            await wait_until(asked.is_set)
            clock.advance(seconds=5)
            await alice.correct(wrong.id, text="alice lives in Bern.", by="nurse")
            go_on.set()
            await alice.settled()
            assert [fact.text for fact in await alice.facts()] == ["alice lives in Bern."]
            assert [len(fact.sources) for fact in await alice.timeline(wrong.id)] == [1, 1]
            assert await drift(application, alice) == set()
            assert not await alice.dead_letters()


async def test_beside_the_worker_nothing_is_lost(application: Application, alice: ScopedMemory) -> None:
    """People correct what was learnt of friends, while more is learnt of them and others."""
    await asyncio.gather(*(alice.remember(f"My friend {n} is called Nick{n}x.") for n in range(20)))
    await alice.settled()
    facts = [fact for fact in await alice.facts() if "Nick" in fact.text]
    assert len(facts) == 20

    async def corrected(number: int) -> None:
        fact = facts[number]
        await alice.remember(f"My neighbour {number} is called Rick{number}x.")
        right = await alice.correct(fact.id, text=fact.text.replace("Nick", "Dick"), by="nurse")
        if number % 2:
            await alice.reject(right.id, by="nurse")

    await asyncio.gather(*(corrected(number) for number in range(20)))
    await alice.settled()
    texts = [fact.text for fact in await alice.facts(limit=1_000)]
    assert sum("Dick" in text for text in texts) == 10
    assert sorted({found for text in texts for found in re.findall(r"Rick(\d+)x", text)}, key=int) == [
        str(number) for number in range(20)
    ]
    assert not any("Nick" in text for text in texts)
    assert await drift(application, alice) == set()


@pytest.mark.parametrize("seen", [None, 1])
async def test_of_two_who_correct_the_same_one_is_told(alice: ScopedMemory, seen: int | None) -> None:
    await alice.remember("I live in Berlin.")
    await alice.settled()
    [fact] = await alice.facts()
    cities = ("Bern", "Basel", "Genf")
    done = await asyncio.gather(
        *(alice.correct(fact.id, text=f"alice lives in {city}.", by=city, version=seen) for city in cities),
        return_exceptions=True,
    )
    refused = [each for each in done if isinstance(each, InvalidInput if seen is None else FactChanged)]
    assert len(refused) == 2
    [holds] = await alice.facts()
    assert holds in done
    assert len(await alice.timeline(fact.id)) == 2


@pytest.mark.parametrize("act", ["correct", "reject", "restore"])
async def test_each_act_makes_stale_what_a_worker_has_read_before(
    application: Application, alice: ScopedMemory, act: str
) -> None:
    """By the scope's epoch: a batch that was read under an earlier one is not written."""

    async def epoch() -> int:
        return (await application.parts.events.states(alice.view(())))[alice.scope].epoch

    await alice.remember("I live in Berlin.", session="s1")
    await alice.settled()
    [wrong] = await alice.facts()
    if act == "restore":
        await alice.reject(wrong.id, by="nurse")
    before = await epoch()
    if act == "correct":
        await alice.correct(wrong.id, text="alice lives in Bern.", by="nurse")
    elif act == "reject":
        await alice.reject(wrong.id, by="nurse")
    else:
        await alice.restore_fact(wrong.id, by="nurse")
    assert await epoch() > before
