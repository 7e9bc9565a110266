"""What must hold of a place, compared with the model: at any moment, and once nothing waits."""

from collections import Counter

from semmem.domain.fact import Fact
from semmem.memory.scoped import ScopedMemory
from tests.faults.oracle import drift
from tests.machine.model import Expected, words_in
from tests.machine.world import World


async def check_answer(memory: ScopedMemory, expected: Expected, query: str) -> None:
    """No word of another place or of a forgotten event, whoever asks for it."""
    hits = await memory.recall(query, limit=50)
    context = await memory.context(query, budget=4_000)
    for name, said in (("recall", repr(hits)), ("context", repr(context))):
        assert words_in(said) <= expected.words, f"{name} says {words_in(said) - expected.words}"


async def check_now(memory: ScopedMemory, expected: Expected) -> None:
    """Whatever waits: each acknowledged event once and in order, no other, and nothing drawn from what is gone."""
    history = [(event.id, event.key, event.content) for event in await memory.history(limit=1_000)]
    assert history[::-1] == [(said.id, said.key, said.content) for said in expected.events]
    recent = await memory.context("anything", budget=4_000, tiers=("recent",))
    assert words_in(recent.text) == expected.words, "what was said can be read at once, and nothing else"
    facts, summaries = await memory.facts(superseded=True, limit=1_000), await memory.summaries()
    assert words_in(repr(facts)) <= expected.words
    assert words_in(repr(summaries)) <= expected.words
    assert _sources(facts) <= {said.id for said in expected.events}


async def check_settled(world: World, memory: ScopedMemory, expected: Expected) -> None:
    """Every event has its facts, each once; the last move is where they live; all stores agree, and say so."""
    facts = await memory.facts(superseded=True, limit=1_000)
    assert _sources(facts) == {said.id for said in expected.events}
    current = [fact.text for fact in facts if fact.current]
    assert [text for text, number in Counter(current).items() if number > 1] == []
    homes = set().union(*(words_in(text) for text in current if " moved to " in text))
    assert homes == ({expected.home} if expected.home else set())
    assert await drift(world.application, memory) == set()
    assert all(receipt.complete for receipt in await memory.receipts())
    assert await memory.dead_letters() == []
    if expected.events:
        newest = expected.events[-1]
        recall = await memory.recall(newest.content, limit=100)
        same = {said.id for said in expected.events if said.content == newest.content}
        assert same & {hit.id for hit in recall}, "what was said again is shown once"
        assert recall.degraded == frozenset()


def _sources(facts: list[Fact]) -> set[object]:
    return {source.event_id for fact in facts for source in fact.sources}
