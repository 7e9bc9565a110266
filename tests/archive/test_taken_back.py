"""What was forgotten or taken back before an export, or is brought back by an older one."""

import asyncpg
import pytest

from semmem import ScopedMemory
from semmem.testing import ManualClock
from semmem.wiring.bootstrap import Application
from tests.applications import Opener
from tests.archive.test_round_trip import exported

pytestmark = pytest.mark.shared


async def _summaries(memory: ScopedMemory) -> dict[str | None, set[str]]:
    return {summary.session: set(summary.text.splitlines()) for summary in await memory.summaries()}


async def _forget_event(memory: ScopedMemory, words: str) -> None:
    [event] = [event for event in await memory.history() if words in event.content]
    await memory.forget(event=event.id)


async def test_a_wrong_fact_is_not_learnt_again_after_an_import(
    alice: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    await alice.remember("I drive a red Volvo.", session="s1")
    await alice.settled()
    await alice.forget(fact=(await alice.facts())[0].id, keep_events=True)
    await alice.settled()
    lines, other = await exported(alice), elsewhere.memory.scope(tenant=tenant.replace("acme", "globex"), user="bob")
    assert (await other.import_(lines)).stored == {"event": 1, "retraction": 1}
    assert (await other.import_(lines)).known == {"event": 1, "retraction": 1}
    assert (await exported(other))[1:] == lines[1:]

    connection = await asyncpg.connect(elsewhere.settings.postgres_url)
    await connection.execute("update semmem.events set consolidated_at = null where tenant = $1", other.scope.tenant)
    await connection.close()
    await other.remember("I own a kayak.", session="s1")
    await other.settled()

    assert [fact.text for fact in await other.facts(superseded=True)] == ["bob owns a kayak."]
    assert await _summaries(other) == {None: {"bob owns a kayak."}, "s1": {"bob owns a kayak."}}


async def test_an_older_export_does_not_bring_back_what_was_taken_back_since(
    alice: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    await alice.remember("I drive a red Volvo.", session="s1")
    await alice.remember("I own a kayak.", session="s2")
    await alice.settled()
    lines, other = await exported(alice), elsewhere.memory.scope(tenant=tenant, user="alice")
    await other.import_(lines)
    for memory in (alice, other):
        [wrong] = [fact for fact in await memory.facts() if "Volvo" in fact.text]
        await memory.forget(fact=wrong.id, keep_events=True)
        imported = await memory.import_(lines)
        assert "1 of kind fact were left out" in str(imported.warnings)
        await memory.settled()
        assert [fact.text for fact in await memory.facts(superseded=True)] == ["alice owns a kayak."]


async def test_nothing_is_extracted_before_what_was_taken_back_is_known(
    opener: Opener, elsewhere: Application, postgres_url: str
) -> None:
    async with opener() as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("I drive a red Volvo.", session="s1")
        await alice.settled()
        await alice.forget(fact=(await alice.facts())[0].id, keep_events=True)
        await alice.settled()
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("update semmem.events set consolidated_at = null")
    await connection.close()
    async with opener(worker=False) as application:
        lines = await exported(application.memory.scope(tenant="acme", user="alice"))
    other = elsewhere.memory.scope(tenant="acme", user="alice")

    with pytest.raises(KeyboardInterrupt):
        await other.import_(lines, progress=_interrupted)
    await other.settled()
    assert len(await other.history()) == 1
    assert await other.facts(superseded=True) == []

    assert (await other.import_(lines)).known == {"event": 1, "retraction": 1}


def _interrupted(done: int, total: int) -> None:
    raise KeyboardInterrupt


async def test_a_fact_that_was_only_confirmed_is_drawn_anew_there_too(
    alice: ScopedMemory, elsewhere: Application, clock: ManualClock, tenant: str
) -> None:
    for words in ("I have a red bicycle.", "I have the red bicycle."):
        await alice.remember(words)
        await alice.settled()
        clock.advance(days=1)
    other = elsewhere.memory.scope(tenant=tenant, user="alice")
    await other.import_(await exported(alice))
    await other.settled()

    await _forget_event(other, "a red bicycle")
    await other.settled()

    assert [("the red bicycle" in fact.text, len(fact.sources)) for fact in await other.facts()] == [(True, 1)]


async def test_a_summary_that_is_being_made_again_is_made_where_it_arrives(
    opener: Opener, elsewhere: Application
) -> None:
    async with opener() as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        for words in ("I live in Berlin.", "I drive a red Volvo."):
            await alice.remember(words, session="s1")
        await alice.settled()
    async with opener(worker=False) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await _forget_event(alice, "Volvo")
        lines = await exported(alice)
    other = elsewhere.memory.scope(tenant="acme", user="alice")
    await other.import_(lines)
    await other.settled()
    assert await _summaries(other) == {None: {"alice lives in Berlin."}, "s1": {"alice lives in Berlin."}}


async def test_an_older_export_brings_back_what_was_forgotten_and_its_place_in_the_summaries(
    alice: ScopedMemory,
) -> None:
    for words in ("I live in Berlin.", "I drive a red Volvo."):
        await alice.remember(words, session="s1")
    await alice.settled()
    before, lines = await _summaries(alice), await exported(alice)
    await _forget_event(alice, "Volvo")
    await alice.settled()
    assert await _summaries(alice) != before

    await alice.import_(lines)
    await alice.settled()
    assert await _summaries(alice) == before
    await alice.import_(lines)
    await alice.settled()
    assert await _summaries(alice) == before


async def test_two_memories_that_meet_have_one_summary_of_both(
    alice: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    await alice.remember("I live in Berlin.", session="s1")
    await alice.settled()
    other = elsewhere.memory.scope(tenant=tenant, user="alice")
    await other.remember("I drive a red Volvo.", session="s1")
    await other.settled()

    imported = await other.import_(await exported(alice))
    await other.settled()

    told = {"alice lives in Berlin.", "alice drives a red Volvo."}
    assert await _summaries(other) == {None: told, "s1": told}
    assert not any("left out" in warning for warning in imported.warnings)
