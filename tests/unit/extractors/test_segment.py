import pytest

from semmem.consolidation import WINDOW
from semmem.extraction import BatchLimits
from semmem.extractors.llm import LlmExtractor
from semmem.extractors.offline import OfflineExtractor
from semmem.extractors.segment import next_batch
from semmem.ports import Extractor
from tests.unit.extractors.builders import WordCounter, event

COUNTER = WordCounter()
LIMITS = BatchLimits(tokens=1_750, events=80)


def words(count: int) -> str:
    return "word " * count


def test_small_sessions_share_a_batch() -> None:
    events = [event("one", session="a"), event("two", session="b")]
    assert next_batch(events, COUNTER, LIMITS) == events


def test_the_cut_falls_between_sessions_where_it_can() -> None:
    half = words(LIMITS.tokens // 2 - 20)
    events = [event(half, session="a"), event(words(20), session="b"), event(half + half, session="b")]
    assert next_batch(events, COUNTER, LIMITS) == events[:1]


def test_a_session_larger_than_a_batch_is_cut_inside() -> None:
    events = [event(words(LIMITS.tokens // 3), session="a") for _ in range(5)]
    assert next_batch(events, COUNTER, LIMITS) == events[:2]


def test_a_session_that_fits_to_the_last_event_is_whole() -> None:
    events = [event(words(LIMITS.tokens - 10), session="a"), event(words(LIMITS.tokens), session="b")]
    assert next_batch(events, COUNTER, LIMITS) == events[:1]


def test_an_event_larger_than_a_batch_is_a_batch_of_its_own() -> None:
    events = [event(words(LIMITS.tokens * 3)), event("next")]
    assert next_batch(events, COUNTER, LIMITS) == events[:1]


def test_batches_use_every_event_once_and_in_order() -> None:
    events = [event(words(i % 90 * 5), session=f"s{i // 30}") for i in range(400)]
    left, taken = list(events), []
    while left:
        batch = next_batch(left, COUNTER, LIMITS)
        assert 1 <= len(batch) <= LIMITS.events
        taken += batch
        left = left[len(batch) :]
    assert taken == events


@pytest.mark.parametrize("extractor", [LlmExtractor, OfflineExtractor])
def test_more_is_looked_at_than_an_extractor_takes(extractor: type[Extractor]) -> None:
    """Or the end of what was looked at would pass for the end of a session."""
    assert extractor.limits.events < WINDOW


def test_nothing_pending_is_an_empty_batch() -> None:
    assert next_batch([], COUNTER, LIMITS) == []
