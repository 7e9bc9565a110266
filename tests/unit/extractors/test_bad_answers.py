"""However bad an answer is: drafts that hold, dead letters, or one BadAnswer; never a fact that the model made up."""

import json
from uuid import uuid4

import pytest

from semmem.domain.event import Event
from semmem.domain.extraction import Extraction
from semmem.errors import BadAnswer
from semmem.extractors.llm import LlmExtractor
from tests.unit.extractors.builders import ScriptedChat, WordCounter, answer, event, said_fact

VALID = answer(said_fact(), summaries=[{"session": 1, "text": "A move to Berlin {in May}."}])
CUT = [VALID[:end] for end in range(len(VALID))]
WRAPPED = [
    f"{before}{body}{after}"
    for body in (VALID, VALID.replace("}]", "},]"), VALID[:-1], VALID.replace('"', "'"), json.dumps(VALID))
    for before in ("", "```json\n", "Here {it} is: ", "<think>{}</think>", "\ufeff")
    for after in ("", "\n```", "\nHope {this} helps", "}", VALID)
]
WRONG_VALUES: list[object] = [None, "", "x", 0, -1, 1.5, True, [], {}, ["x"], {"a": 1}, 10**40, "9" * 10_000, "\x00"]
WRONG_TYPES = [answer(said_fact(**{field: value})) for field in said_fact() for value in WRONG_VALUES]
INVENTED = [
    answer(said_fact(**{name: str(uuid4())}))
    for name in ("id", "tenant", "scope", "trust", "event_id", "fact_id", "user", "workspace", "supersedes")
] + [answer(said_fact(source=number)) for number in (2, 77, 10_000, 10**9)]
NUMBERS = [
    VALID.replace("0.9", token) for token in ("NaN", "-Infinity", "1e999", "0x1", "1_0", "01", "9" * 6_000, "--1", ".9")
]
SHAPES = [
    "",
    " ",
    "null",
    "true",
    "[]",
    "[[]]",
    "{}",
    "{" * 9_999,
    "[" * 9_999,
    '{"facts":{}}',
    '{"facts":[[]],"summaries":[]}',
]
ANSWERS = CUT + WRAPPED + WRONG_TYPES + INVENTED + NUMBERS + SHAPES


async def outcome(text: str, events: list[Event], finish_reason: str = "stop") -> Extraction | BadAnswer:
    try:
        return await LlmExtractor(ScriptedChat((text, finish_reason)), WordCounter()).extract(events, {})
    except BadAnswer as error:
        return error


def check(result: Extraction | BadAnswer, events: list[Event]) -> None:
    if isinstance(result, BadAnswer):
        return
    ids = {told.id for told in events}
    assert {source.event_id for found in result.drafts for source in found.sources} <= ids
    assert set(result.failed or {}) <= ids
    for found in result.drafts:
        assert all(source.quote in events[0].content for source in found.sources)
        assert 0 <= found.confidence <= 1
        assert 0 <= found.importance <= 1


def test_there_are_at_least_two_hundred_of_them() -> None:
    assert len(set(ANSWERS)) >= 200


async def test_every_bad_answer_gives_drafts_that_hold_or_one_typed_refusal() -> None:
    events = [event("I moved to Berlin in May.")]
    for text in ANSWERS:
        for finish_reason in ("stop", "length"):
            check(await outcome(text, events, finish_reason), events)


async def test_no_cut_of_a_valid_answer_passes_for_less() -> None:
    events = [event("I moved to Berlin in May.")]
    for text in CUT:
        result = await outcome(text, events)
        assert isinstance(result, BadAnswer) or result.failed, text


@pytest.mark.parametrize("text", [*WRONG_TYPES, *INVENTED])
async def test_a_wrong_value_gives_a_draft_only_where_it_changes_nothing_of_what_was_said(text: str) -> None:
    events = [event("I moved to Berlin in May.")]
    result = await outcome(text, events)
    (said,) = json.loads(text)["facts"]
    for found in result.drafts if isinstance(result, Extraction) else ():
        assert said["source"] == 1
        assert (found.subject, found.text) == (said["subject"], said["text"])
        assert said["quote"] in events[0].content


@pytest.mark.parametrize("text", INVENTED[:9])
async def test_a_field_that_is_not_in_the_schema_says_nothing(text: str) -> None:
    told = event("I moved to Berlin in May.")
    result = await outcome(text, [told])
    assert isinstance(result, Extraction)
    (found,) = result.drafts
    assert (found.trust, found.sources[0].event_id) == (told.role, told.id)


async def test_the_whole_batch_is_accounted_for() -> None:
    events = [event("I moved to Berlin in May."), event("I have a dog.")]
    for text in (*SHAPES, *CUT[::10]):
        result = await outcome(text, events)
        assert isinstance(result, BadAnswer) or set(result.failed or {}) == {told.id for told in events}
