import pytest

from semmem.domain.extraction import BatchLimits
from semmem.engine.consolidation import WINDOW
from semmem.extractors.llm import BATCH_TOKENS, LlmExtractor
from semmem.extractors.offline import OfflineExtractor
from semmem.extractors.segment import halves, next_batch
from semmem.ports import Extractor
from tests.unit.extractors.builders import ScriptedChat, WordCounter, event

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


@pytest.mark.parametrize("extractor", [LlmExtractor(ScriptedChat(), WordCounter()), OfflineExtractor()])
def test_more_is_looked_at_than_an_extractor_takes(extractor: Extractor) -> None:
    """Or the end of what was looked at would pass for the end of a session."""
    assert extractor.limits.events < WINDOW


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One is.\n\nTwo is. Three.", "One is.\n\n"),
        ("one two\nthree four", "one two\n"),
        ("It rains. It pours.", "It rains. "),
        ("下雨了。很大。", "下雨了。"),
        ("one two three four", "one two "),
        ("x" * 10, "x" * 5),
        ("x. " + "y" * 40, "x. " + "y" * 18),
    ],
)
def test_a_text_is_cut_near_its_middle_where_something_ends(text: str, first: str) -> None:
    assert halves(text)[0] == first
    assert "".join(halves(text)) == text


def test_in_a_small_window_a_batch_leaves_room_for_the_answer() -> None:
    small = LlmExtractor(ScriptedChat(), WordCounter(), context_tokens=3_000)
    large = LlmExtractor(ScriptedChat(), WordCounter(), context_tokens=128_000)
    assert small.limits.tokens < large.limits.tokens == BATCH_TOKENS


def test_nothing_pending_is_an_empty_batch() -> None:
    assert next_batch([], COUNTER, LIMITS) == []
