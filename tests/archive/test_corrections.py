"""What people corrected goes along with an export, and is not learnt otherwise where it arrives."""

import json

import pytest

from semmem import NewEvent, ScopedMemory
from semmem.domain.fact import MAX_PINS
from semmem.wiring.bootstrap import Application
from tests.applications import extract_again
from tests.archive.files import sealed
from tests.archive.test_round_trip import exported

pytestmark = pytest.mark.shared

HOME, JOB, PET = "I live in Berlin.", "I work at Siemens.", "I have a cat named Miso."


async def _corrected(alice: ScopedMemory) -> None:
    """A correction, a rejection, one that was undone, and a pin."""
    for text in (HOME, JOB, PET, "I play the cello."):
        await alice.remember(text, session="s1")
    await alice.settled()
    by_word = {
        word: fact
        for word in ("Berlin", "Siemens", "cat", "cello")
        for fact in await alice.facts()
        if word in fact.text
    }
    right = await alice.correct(by_word["Berlin"].id, text="alice lives in Bern.", by="nurse")
    await alice.pin_fact(right.id, by="nurse")
    await alice.reject(by_word["Siemens"].id, by="alice")
    await alice.reject(by_word["cello"].id, by="bob")
    await alice.restore_fact(by_word["cello"].id, by="bob")
    await alice.settled()


async def test_all_of_it_arrives_and_nothing_comes_back(
    alice: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    await _corrected(alice)
    lines, other = await exported(alice), elsewhere.memory.scope(tenant=tenant.replace("acme", "globex"), user="alice")

    imported = await other.import_(lines)
    await other.settled()
    assert (await exported(other))[1:] == lines[1:]
    assert (await other.import_(lines)).stored == {}
    await extract_again(elsewhere, other, [event.id for event in await other.history()])

    assert all("audit rows" in warning for warning in imported.warnings)
    assert {fact.text for fact in await other.facts()} == {
        "alice lives in Bern.",
        "alice has a cat named Miso.",
        "alice plays the cello.",
    }
    [bern] = [fact for fact in await other.facts() if "Bern" in fact.text]
    assert bern.made
    assert bern.pinned
    assert (bern.made.kind, bern.made.by, bern.pinned.by) == ("corrected", "nurse", "nurse")
    assert bern.id in {hit.id for hit in await other.recall("Where does she live?")}


async def test_a_newer_export_carries_what_was_corrected_since(
    alice: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    other = elsewhere.memory.scope(tenant=tenant, user="alice")
    await alice.remember(HOME, session="s1")
    await alice.settled()
    await other.import_(await exported(alice))
    [wrong] = await alice.facts()
    await alice.correct(wrong.id, text="alice lives in Bern.", by="nurse")
    await alice.restore_fact(wrong.id, by="nurse")
    await other.import_(await exported(alice))
    await other.settled()
    assert [fact.id for fact in await other.facts()] == [fact.id for fact in await alice.facts()]
    assert await other.timeline(wrong.id) == await alice.timeline(wrong.id)


async def test_a_person_is_taken_at_their_word_with_notice(
    alice: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    await alice.remember("My flight was moved to Friday.", role="user")
    await alice.settled()
    [fact] = await alice.facts()
    await alice.correct(fact.id, text="alice's flight was moved to Monday.", by="nurse")
    lines = await exported(alice)
    body = [json.loads(line) for line in lines[1:-1]]
    for line in body:
        if line["kind"] == "event":
            line["role"] = "tool"
    other = elsewhere.memory.scope(tenant=tenant, user="alice")

    imported = await other.import_(sealed(lines[0], body))

    assert [(fact.version, fact.trust) for fact in await other.timeline(fact.id)] == [(1, "tool"), (2, "user")]
    assert [warning for warning in imported.warnings if "people corrected them" in warning]


async def test_more_pins_than_a_scope_has_room_for_are_left_out(
    alice: ScopedMemory, elsewhere: Application, tenant: str
) -> None:
    other = elsewhere.memory.scope(tenant=tenant, user="alice")
    for memory, name in ((alice, "Nick"), (other, "Rick")):
        said = [NewEvent(content=f"My friend {n} is called {name}{n}x.") for n in range(MAX_PINS // 2 + 1)]
        await memory.remember_many(said)
        await memory.settled()
        for fact in await memory.facts():
            await memory.pin_fact(fact.id, by="alice")
    imported = await other.import_(await exported(alice))
    pinned = [fact.text for fact in await other.facts(limit=1_000) if fact.pinned]
    assert (len(pinned), sum("Rick" in text for text in pinned)) == (MAX_PINS, MAX_PINS // 2 + 1)
    assert "2 of kind pin were left out: this memory has its own in their place" in imported.warnings
