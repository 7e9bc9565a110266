"""A batch is committed once, and only as long as what it rests on stands (P2, P7)."""

import threading
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from semmem.domain.embeddings import Embeddings
from semmem.domain.extraction import Decision, Extraction, Quarantined
from semmem.domain.fact import Draft, Source, Validity
from semmem.engine.writing import Batch, FactWriter, StaleDecision
from semmem.memory.scoped import ScopedMemory
from semmem.testing import ManualClock, ModelServer, Reply, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.unit.extractors.builders import answer, said_fact

LONG = 300  # seconds until a job that failed is tried again


@pytest.fixture
async def idle(opener: Opener) -> AsyncIterator[Application]:
    """An application whose worker does not run, so that the test is the only one who writes facts."""
    async with opener(worker=False) as application:
        yield application


async def _batch(application: Application, alice: ScopedMemory) -> Batch:
    """What a model made of alice's only event: one fact, and one draft that was refused."""
    (event,) = await alice.history()
    draft = Draft(
        subject="alice",
        text="alice is allergic to peanuts.",
        category="profile",
        confidence=0.9,
        importance=0.8,
        validity=Validity(),
        sources=(Source(event_id=event.id, quote="allergic to peanuts"),),
        trust="user",
    )
    refused = Quarantined(reason="ungrounded", event_ids=(event.id,), text="alice likes peanuts.")
    embeddings: Embeddings = await application.models.embedder.embed([draft.text])
    return Batch(
        scope=alice.scope,
        epoch=0,
        passed=[event],
        extraction=Extraction(drafts=(draft,), quarantined=(refused,)),
        decisions=(Decision(verdict="add", draft=draft),),
        embeddings=embeddings,
    )


async def _said_again(alice: ScopedMemory, batch: Batch, decision: Decision) -> Batch:
    """The batch of an event that says once more what the one before said, and what is decided of it."""
    event = await alice.event((await alice.remember("I am still allergic to peanuts.")).id)
    draft = replace(decision.draft, sources=(Source(event_id=event.id, quote="allergic to peanuts"),))
    decisions = (replace(decision, draft=draft),)
    return replace(batch, passed=[event], extraction=Extraction(drafts=(draft,)), decisions=decisions)


def _writer(application: Application, clock: ManualClock) -> FactWriter:
    index_name = application.stores.pgvector.index_name
    return FactWriter(application.stores.postgres, clock, index_name=index_name, mirrored=True)


async def test_a_batch_that_two_workers_finish_is_written_once(idle: Application, clock: ManualClock) -> None:
    alice = idle.memory.scope(tenant="acme", user="alice")
    await alice.remember("I am allergic to peanuts.")
    batch = await _batch(idle, alice)

    await _writer(idle, clock).write(batch)
    await _writer(idle, clock).write(batch)

    assert len(await alice.facts()) == 1
    assert len(await alice.dead_letters()) == 1


async def test_what_is_superseded_by_a_fact_that_is_there_already_is_retired_all_the_same(
    idle: Application, clock: ManualClock
) -> None:
    alice = idle.memory.scope(tenant="acme", user="alice")
    await alice.remember("I am allergic to peanuts.")
    batch = await _batch(idle, alice)
    (known,) = batch.decisions
    wrong = replace(known.draft, text="alice eats peanuts.")
    decided = (known, replace(known, draft=wrong))
    embeddings = await idle.models.embedder.embed([each.draft.text for each in decided])
    await _writer(idle, clock).write(replace(batch, decisions=decided, embeddings=embeddings))
    (eats,) = [fact for fact in await alice.facts() if "eats" in fact.text]

    later = await _said_again(alice, batch, replace(known, verdict="supersede", target=eats))
    done = await _writer(idle, clock).write(later)

    assert done == {"added": 0, "confirmed": 1, "superseded": 1}
    assert [fact.text for fact in await alice.facts()] == ["alice is allergic to peanuts."]


async def test_a_fact_weighs_no_more_than_whoever_is_left_to_make_its_statement(
    idle: Application, clock: ManualClock
) -> None:
    alice = idle.memory.scope(tenant="acme", user="alice")
    await alice.remember("Alice is allergic to peanuts.", role="assistant")
    batch = await _batch(idle, alice)
    said = replace(batch.decisions[0].draft, trust="assistant")
    await _writer(idle, clock).write(replace(batch, decisions=(Decision(verdict="add", draft=said),)))
    (fact,) = await alice.facts()
    confirming = Decision(verdict="confirm", draft=replace(said, trust="user"), target=fact)
    later = await _said_again(alice, batch, confirming)
    await _writer(idle, clock).write(later)
    assert [each.trust for each in await alice.facts()] == ["user"]

    await alice.forget(event=later.passed[0].id)

    assert [each.trust for each in await alice.facts()] == ["assistant"]


async def test_a_batch_whose_event_was_forgotten_meanwhile_is_not_written(
    idle: Application, clock: ManualClock
) -> None:
    alice = idle.memory.scope(tenant="acme", user="alice")
    await alice.remember("I am allergic to peanuts.")
    batch = await _batch(idle, alice)
    await alice.forget(everything=True)

    with pytest.raises(StaleDecision):
        await _writer(idle, clock).write(batch)

    assert await alice.facts() == []
    assert await alice.dead_letters() == []


async def test_what_is_forgotten_while_a_model_reads_is_no_fault_of_the_model(opener: Opener) -> None:
    go_on = threading.Event()
    heard = answer(said_fact(subject="alice", text="alice is allergic to nuts.", quote="I am allergic to nuts"))
    with ModelServer(lambda body: Reply(text=heard, after=go_on)) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "test", "llm_model": "test"}
        async with opener(**model, backoff=LONG) as application:
            alice = application.memory.scope(tenant="acme", user="alice")
            gone = await alice.remember("My door code is 4711.")
            await alice.remember("I am allergic to nuts.")
            await wait_until(lambda: server.requests)
            await alice.forget(event=gone.id)
            go_on.set()
            await alice.settled()
            assert [fact.text for fact in await alice.facts()] == ["alice is allergic to nuts."]
            assert (await alice.context("Hello", budget=500)).degraded == frozenset()
