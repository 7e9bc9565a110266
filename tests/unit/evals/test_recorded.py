import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from semmem.domain.event import Event, NewEvent
from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation, Observation
from semmem.evals.datasets.recorded import Recorded
from semmem.extractors.answers.schema import Answer, Verdicts
from semmem.extractors.prompt import Message, decide_messages, extract_messages
from tests.unit.extractors.builders import draft, event, fact

MAY = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


def told(key: str, content: str, *, speaker: str = "Ann", days: int = 0) -> NewEvent:
    at = MAY + timedelta(days=days)
    return NewEvent(content=content, speaker=speaker, session=f"session_{days}", occurred_at=at, key=key)


def conversation(id: str, events: Sequence[NewEvent], *observations: tuple[str, tuple[str, ...]]) -> Conversation:
    said = tuple(Observation(speaker="Ann", text=text, keys=keys) for text, keys in observations)
    return Conversation(id=id, events=tuple(events), questions=(), observations=said)


def stored(told: NewEvent) -> Event:
    assert told.occurred_at is not None
    return event(told.content, speaker=told.speaker, session=told.session, at=told.occurred_at)


def body(messages: Sequence[Message]) -> dict[str, Any]:
    return {"model": "recorded", "messages": list(messages)}


def extracted(recorded: Recorded, events: Sequence[NewEvent]) -> Answer:
    """The answer to the product's own prompt, read as strictly as the product does."""
    return Answer.model_validate_json(recorded(body(extract_messages([stored(one) for one in events], {}))))


PUPPY = conversation(
    "conv-1",
    [told("D1:1", "I adopted a puppy."), told("D1:2", "He is called\nPixel!"), told("D2:1", "Hi!", days=1)],
    ("Ann has a puppy called Pixel.", ("D1:1", "D1:2")),
    ("Ann says hi.", ("D2:1",)),
)


def test_an_observation_is_told_at_the_last_turn_shown_that_it_rests_on() -> None:
    [fact] = extracted(Recorded([PUPPY]), PUPPY.events[:2]).facts
    assert (fact.subject, fact.text) == ("Ann", "Ann has a puppy called Pixel.")
    assert (fact.source, fact.quote) == (2, "He is called Pixel!")


def test_a_turn_that_is_shown_later_tells_it_again() -> None:
    recorded = Recorded([PUPPY])
    texts = [[fact.text for fact in extracted(recorded, [event]).facts] for event in PUPPY.events]
    assert texts == [["Ann has a puppy called Pixel."]] * 2 + [["Ann says hi."]]


def test_summaries_are_given_for_the_scope_and_each_session_shown() -> None:
    answer = extracted(Recorded([PUPPY]), PUPPY.events)
    assert [summary.session for summary in answer.summaries] == [0, 1, 2]
    assert answer.summaries[0].text == "Ann has a puppy called Pixel. Ann says hi."


def test_conversations_with_the_same_keys_and_words_are_told_apart_by_time() -> None:
    other = conversation("conv-2", [told("D1:1", "Hi!", days=7)], ("Ann came back.", ("D1:1",)))
    recorded = Recorded([PUPPY, other])
    assert [fact.text for fact in extracted(recorded, other.events).facts] == ["Ann came back."]
    assert [fact.text for fact in extracted(recorded, PUPPY.events[2:]).facts] == ["Ann says hi."]


def test_a_turn_of_no_conversation_gives_nothing() -> None:
    assert extracted(Recorded([PUPPY]), [told("D9:9", "I adopted a puppy.", days=3)]).facts == []


def test_the_same_statement_is_confirmed_and_another_is_added() -> None:
    known = [fact("Ann has a puppy.", "Ann"), fact("Ann has a boat.", "Ann")]
    drafts = [draft("Ann has a boat.", "Ann"), draft("Ann has a car.", "Ann"), draft("Ann has a puppy.", "Ann")]
    messages = decide_messages(drafts, known, [[0, 1], [0, 1], [1]])
    decided = Verdicts.model_validate_json(Recorded([PUPPY])(body(messages))).verdicts
    # The last is known too, but was not offered as a candidate.
    assert [(one.verdict, one.candidate) for one in decided] == [("confirm", 2), ("add", None), ("add", None)]


def test_an_answer_is_json() -> None:
    messages = [{"role": "system", "content": "x"}, {"role": "user", "content": "TASK: extract\nDATA"}]
    assert json.loads(Recorded([PUPPY])(body(messages))) == {"facts": [], "summaries": []}


def test_data_without_observations_is_refused() -> None:
    with pytest.raises(InvalidInput, match="recorded needs observations"):
        Recorded([conversation("1", [told("1", "Hi!")])])
