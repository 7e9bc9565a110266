"""What ports.LexicalIndex promises, on Postgres: BM25 and rarity by the view's own statistics."""

from collections.abc import Sequence
from math import log

import pytest

from semmem import Memory, ScopedMemory
from semmem.domain.hit import Filter
from semmem.domain.scope import View
from semmem.ports import Found
from semmem.retrieval.analysis import terms
from semmem.stores.postgres.pgvector import LexicalIndex
from semmem.wiring.bootstrap import Application

pytestmark = pytest.mark.shared

# Questions, of which no fact is made: what is indexed is what is said.
SAID = ["Is the tea warm?", "Is the tea from India?", "Is the coffee warm?", "Is there cake?"]


@pytest.fixture
def index(application: Application) -> LexicalIndex:
    return LexicalIndex(application.stores.postgres, application.stores.pgvector.index_name)


@pytest.fixture
async def ana(memory: Memory, tenant: str) -> ScopedMemory:
    return await talking(memory.scope(tenant=tenant, user="alice"), SAID)


async def talking(memory: ScopedMemory, said: Sequence[str]) -> ScopedMemory:
    for text in said:
        await memory.remember(text, session="s1", speaker="Ana", role="assistant")
    await memory.settled()
    assert not await memory.facts()
    return memory


async def found(
    index: LexicalIndex, words: str, *memories: ScopedMemory, limit: int = 10, session: str | None = None
) -> Found:
    view = View.of(*(memory.scope for memory in memories))
    return await index.search(view, terms(words), limit, Filter(session=session))


async def texts(found: Found, memory: ScopedMemory) -> list[str]:
    said = {event.id: event.content for event in await memory.history()}
    return [said[candidate.id] for candidate in found.candidates]


async def test_the_best_come_first_for_any_of_the_terms(index: LexicalIndex, ana: ScopedMemory) -> None:
    answer = await found(index, "warm tea", ana)
    assert (await texts(answer, ana))[0] == SAID[0]
    assert set(await texts(answer, ana)) == set(SAID[:3])
    scores = [candidate.score for candidate in answer.candidates]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    assert len((await found(index, "warm tea", ana, limit=1)).candidates) == 1


async def test_some_ids_alone_are_sought_and_terms_are_as_rare_as_before(
    index: LexicalIndex, ana: ScopedMemory, strangers: list[ScopedMemory]
) -> None:
    whole = await found(index, "warm tea", ana)
    view, [best, *rest] = View.of(ana.scope), [candidate.id for candidate in whole.candidates]
    for among, limit in ((rest, 10), (rest, 1), ([], 10)):
        some = await index.search(view, terms("warm tea"), limit, Filter(), among)
        assert [candidate.id for candidate in some.candidates] == (rest if among else [])[:limit]
        assert some.rarity == whole.rarity
    foreign = await index.search(View.of(strangers[0].scope), terms("warm tea"), 10, Filter(), [best])
    assert not foreign.candidates


async def test_rarity_is_each_terms_idf_in_the_view(index: LexicalIndex, ana: ScopedMemory) -> None:
    rarity = (await found(index, "tea, cake or unicorns, Ana? Tea!", ana)).rarity
    in_how_many = {"tea": 2, "cake": 1, "unicorn": 0, "ana": 4}
    assert rarity == pytest.approx({term: log((4 + 1) / (count + 0.5)) for term, count in in_how_many.items()})
    assert min(rarity.values()) > 0


async def test_a_rarer_term_counts_as_much_more_as_it_is_rarer(index: LexicalIndex, ana: ScopedMemory) -> None:
    answer = await found(index, "tea coffee", ana)
    coffee, tea, _ = [candidate.score for candidate in answer.candidates]  # three texts of the same length
    assert (await texts(answer, ana))[0] == SAID[2]
    assert coffee / tea == pytest.approx(answer.rarity["coffe"] / answer.rarity["tea"])


async def test_no_other_scope_changes_what_is_rare(
    index: LexicalIndex, ana: ScopedMemory, memory: Memory, tenant: str
) -> None:
    before = await found(index, "tea cake", ana)
    bob = await talking(memory.scope(tenant=tenant, user="bob"), ["Is this cake?", "Is that cake?", "More cake?"])
    await talking(memory.scope(tenant=f"other-{tenant}", user="alice"), ["Is this cake?", "Is that cake?"])

    assert await found(index, "tea cake", ana) == before
    both = await found(index, "tea cake", ana, bob)
    assert both.rarity == pytest.approx({"tea": log(8 / 2.5), "cake": log(8 / 4.5)})
    assert len(both.candidates) == 6


async def test_a_filter_narrows_the_candidates_and_not_the_statistics(index: LexicalIndex, ana: ScopedMemory) -> None:
    await ana.remember("Is the tea gone?", session="s2", speaker="Ana", role="assistant")
    await ana.settled()
    everywhere, narrowed = await found(index, "tea", ana), await found(index, "tea", ana, session="s2")
    assert await texts(narrowed, ana) == ["Is the tea gone?"]
    assert narrowed.rarity == everywhere.rarity
    assert narrowed.candidates[0] in everywhere.candidates


async def test_no_terms_find_nothing(index: LexicalIndex, ana: ScopedMemory) -> None:
    assert await found(index, "What is it?", ana) == Found()


async def test_what_nobody_said_is_rare_and_finds_nothing(index: LexicalIndex, ana: ScopedMemory) -> None:
    answer = await found(index, "unicorn", ana)
    assert answer.candidates == ()
    assert answer.rarity == pytest.approx({"unicorn": log(5 / 0.5)})


async def test_what_was_forgotten_is_no_longer_counted(index: LexicalIndex, ana: ScopedMemory) -> None:
    newest = (await ana.history())[0]
    await ana.forget(event=newest.id)
    rarity = (await found(index, "tea cake", ana)).rarity
    assert rarity == pytest.approx({"tea": log(4 / 2.5), "cake": log(4 / 0.5)})


async def test_an_empty_memory_answers(index: LexicalIndex, memory: Memory, tenant: str) -> None:
    nobody = memory.scope(tenant=tenant, user="nobody")
    answer = await found(index, "tea", nobody)
    assert answer.candidates == ()
    assert answer.rarity == pytest.approx({"tea": log(1 / 0.5)})
