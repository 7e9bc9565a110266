"""Whatever breaks the extraction of a batch, and with whatever error, the event that does goes to the dead letters."""

from typing import Any

import pytest

from semmem import NewEvent, ScopedMemory
from semmem.domain.checks import MAX_CONTENT_BYTES, MAX_ID_BYTES
from semmem.domain.fact import MAX_FACT_BYTES
from semmem.extractors.offline import OfflineExtractor
from tests.applications import Opener

LONG = "I moved to " + "\U0001d539\U0001d522\U0001d52f" * 120 + " yesterday and last week and last month and today."
ERRORS: list[Exception] = [ValueError("heliotrope"), TypeError(), RecursionError(), OverflowError(), KeyError("k")]


@pytest.mark.parametrize("speaker", ["x" * MAX_ID_BYTES, "é" * (MAX_ID_BYTES // 2), "I " * (MAX_ID_BYTES // 2), None])
async def test_a_long_name_and_a_long_sentence_make_a_fact_that_fits(alice: ScopedMemory, speaker: str | None) -> None:
    for content in (LONG, "I saw I was what I am and I went, I met, I made, I took. " * 40, "yesterday " * 3_000):
        await alice.remember(content[: MAX_CONTENT_BYTES // 4], speaker=speaker)
    await alice.settled()
    facts = await alice.facts()
    assert facts
    assert all(len(fact.text.encode()) <= MAX_FACT_BYTES for fact in facts)
    assert await alice.dead_letters() == []


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["extract", "decide"])
async def test_the_event_that_breaks_is_buried_and_its_neighbours_are_learnt(
    opener: Opener, monkeypatch: pytest.MonkeyPatch, error: Exception, where: str
) -> None:
    kept = getattr(OfflineExtractor, where)

    async def broken(self: OfflineExtractor, said: Any, *rest: Any) -> Any:
        """Breaks on what holds the word, as a rule that nobody tried on it might."""
        if "heliotrope" in repr(said):
            raise error
        return await kept(self, said, *rest)

    monkeypatch.setattr(OfflineExtractor, where, broken)
    said = [f"I own {number} books about {word}." for number, word in enumerate(["tea", "heliotrope", "mint", "sage"])]
    async with opener(attempts=3) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        acks = await alice.remember_many([NewEvent(content=text) for text in said])
        await alice.settled()
        [letter] = await alice.dead_letters()
        assert (letter.event_ids, letter.reason) == ((acks[1].id,), "broken")
        assert type(error).__name__ in letter.detail
        assert "heliotrope" not in letter.detail
        assert {fact.sources[0].event_id for fact in await alice.facts()} == {ack.id for ack in acks} - {acks[1].id}

        await alice.remember("I live in Berlin.")  # the scope goes on learning
        await alice.settled()
        assert any("Berlin" in fact.text for fact in await alice.facts())

        monkeypatch.setattr(OfflineExtractor, where, kept)
        assert await alice.replay() == 1
        await alice.settled()
        assert any("heliotrope" in fact.text for fact in await alice.facts())
