from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from semmem.domain.event import Event, NewEvent
from semmem.domain.extraction import Usage
from semmem.domain.fact import Fact, Source, Validity
from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation, Observation, Question, beginning
from semmem.evals.datasets.recorded import Recorded
from semmem.evals.extraction import Extracted, measured, run
from semmem.evals.fact_checks import (
    duplicates,
    has_wrong_subject,
    is_grounded,
    is_junk,
    is_undated,
    is_wrongly_dated,
    keeps_relative_time,
)
from semmem.testing import ModelServer, Reply
from semmem.wiring.settings import load_settings
from tests.applications import FAST
from tests.unit.extractors.builders import SAID, event, fact

SPEAKERS = ("Ann", "Ben")


def told(text: str, *said: tuple[Event, str], subject: str = "Ann", start: datetime | None = None) -> Fact:
    """A fact that rests on these quotes of these events."""
    sources = tuple(Source(event_id=of.id, quote=quote) for of, quote in said)
    return replace(fact(text, subject, Validity(start=start)), sources=sources)


def judged(check: Callable[..., bool], text: str, content: str, **fields: Any) -> bool:
    """What a check of a fact and its events says of a fact that quotes all of one event, which Ann said."""
    of = event(content, speaker="Ann")
    given = {"speakers": SPEAKERS} if check is has_wrong_subject else {}
    return check(told(text, (of, content), **fields), {of.id: of}, **given)


def test_a_quote_that_stands_in_its_event_is_grounded() -> None:
    one, other = event("I moved to Porto."), event("It's sunny here.")
    events = {one.id: one, other.id: other}
    assert is_grounded(told("x", (one, "moved to  porto"), (other, "It\u2019s sunny")), events)
    assert not is_grounded(told("x", (one, "moved to Porto"), (other, "moved to Porto")), events)
    assert not is_grounded(told("x", (event("I moved to Porto."), "moved to Porto")), events)


@pytest.mark.parametrize(
    ("text", "quote", "junk"),
    [
        ("Ann moved to Porto.", "I moved to Porto", False),
        ("Ann is.", "I am", True),
        ("Did Ann move?", "Did I move", True),
        ("Ann is grateful to Ben.", "Thanks!", True),
    ],
)
def test_junk_says_nothing_asks_or_rests_on_small_talk(text: str, quote: str, junk: bool) -> None:
    assert is_junk(told(text, (event(quote), quote))) is junk


@pytest.mark.parametrize(
    ("subject", "text", "content", "wrong"),
    [
        ("Ann", "Ann moved to Porto.", "I moved to Porto.", False),
        ("Ben", "Ben moved to Porto.", "I moved to Porto.", True),
        ("Ben", "Ben moved to Porto.", "Ben moved to Porto.", False),
        ("Eva", "Eva is Ann's sister.", "My sister Eva is here.", False),
        ("Ann", "Ben's boat is blue.", "His boat is blue.", True),
        ("Ann", "Ben gave Ann a boat.", "He gave me a boat.", False),
        ("the boat", "I sold it.", "It is sold.", True),
        ("the boat", 'Ann said of the boat: "I sold it."', "The boat is sold.", False),
    ],
)
def test_a_subject_is_wrong_where_somebody_else_is_spoken_of(
    subject: str, text: str, content: str, wrong: bool
) -> None:
    assert judged(has_wrong_subject, text, content, subject=subject) is wrong


def test_a_fact_is_undated_where_its_quote_names_a_time() -> None:
    yesterday = SAID.replace(hour=0, minute=0) - timedelta(days=1)
    assert judged(is_undated, "Ann swam.", "I swam yesterday.")
    assert not judged(is_undated, "Ann swam.", "I swam yesterday.", start=yesterday)
    assert not judged(is_undated, "Ann swims.", "I like to swim.")
    assert not judged(is_undated, "Ann's birthday is in May.", "My birthday is on 5 May 2023.")


def test_a_fact_is_wrongly_dated_where_no_such_time_was_named() -> None:
    yesterday = SAID.replace(hour=0, minute=0) - timedelta(days=1)
    assert not judged(is_wrongly_dated, "Ann swam.", "I swam yesterday.", start=yesterday)
    assert not judged(is_wrongly_dated, "Ann swam.", "I swam yesterday.", start=SAID)
    assert judged(is_wrongly_dated, "Ann swam.", "I swam yesterday.", start=yesterday - timedelta(days=1))
    assert not judged(is_wrongly_dated, "Ann swam.", "I swam.", start=yesterday)
    assert not judged(is_wrongly_dated, "Ann swam.", "I swam yesterday.")


def test_the_past_does_not_begin_after_it_was_told() -> None:
    assert judged(is_wrongly_dated, "Ann swam.", "I swam years ago.", start=SAID + timedelta(days=1))
    assert not judged(is_wrongly_dated, "Ann will swim.", "I will swim.", start=SAID + timedelta(days=1))


def test_words_that_mean_nothing_later_need_a_date_behind_them() -> None:
    assert keeps_relative_time(fact("Ann swam yesterday."))
    assert not keeps_relative_time(fact("Ann swam yesterday (8 June 2023)."))
    assert not keeps_relative_time(fact("Ann swam on 8 June 2023."))
    assert not keeps_relative_time(fact("Ann swims."))


def test_duplicates_are_current_facts_in_the_same_words() -> None:
    same = [fact("Ann has a boat.", "Ann"), fact("ann has a  boat", "Ann"), fact("Ann has a boat.", "ANN")]
    other = [fact("Ann has a car.", "Ann"), fact("Ann has a boat.", "Ben")]
    dated = fact("Ann has a boat.", "Ann", Validity(start=SAID))
    over = fact("Ann has a boat.", "Ann", superseded_at=SAID)
    assert duplicates([*same, *other, dated, over]) == 2


def extracted(
    facts: Sequence[Fact],
    events: Mapping[str, Event],
    questions: Sequence[Question] = (),
    usage: Usage | None = None,
    refused: Mapping[str, int] | None = None,
    id: str = "c1",
) -> Extracted:
    return Extracted(
        conversation=Conversation(id=id, events=(), questions=tuple(questions)),
        events={each.id: each for each in events.values()},
        keys={each.id: [key] for key, each in events.items()},
        facts=tuple(facts),
        refused=refused or {},
        failed=0,
        usage=usage or Usage(),
        depth=usage.calls if usage else 0,
        complete=True,
    )


def asked(*evidence: str, category: str = "x", **fields: Any) -> Question:
    return Question(id=str(uuid4()), question="?", answer="", evidence=evidence, category=category, **fields)


def versions(old: Fact, new: Fact) -> list[Fact]:
    """The two as one thread, in which the second replaced the first."""
    return [replace(old, superseded_at=SAID), replace(new, thread=old.thread, version=2)]


E1, E2, E3 = (event(f"I own {thing}.", speaker="Ann") for thing in ("a boat", "a car", "a bike"))
EVENTS = {"e1": E1, "e2": E2, "e3": E3}
BOAT, CAR, BIKE = (
    told(f"Ann owns {thing}.", (of, f"I own {thing}")) for of, thing in ((E1, "a boat"), (E2, "a car"), (E3, "a bike"))
)


def test_evidence_is_covered_by_a_fact_that_rests_on_it() -> None:
    questions = [asked("e1"), asked("e1", "e3"), asked("e2", category="adversarial")]
    metrics = measured([extracted([BOAT], EVENTS, questions)])["metrics"]
    assert (metrics["evidence_covered"], metrics["questions_covered"]) == (0.5, 0.5)


def test_a_share_of_nothing_is_none() -> None:
    metrics = measured([extracted([], {})])["metrics"]
    assert metrics["grounded"] is metrics["evidence_covered"] is metrics["calls_per_100_turns"] is None


def test_merges_and_supersedes_are_counted() -> None:
    both = told("Ann owns things.", (E1, "I own a boat"), (E2, "I own a car"), (E2, "own a car"))
    result = measured([extracted([both, *versions(BOAT, CAR)], EVENTS)])
    metrics = result["metrics"]
    assert (metrics["facts"], metrics["merges"], metrics["supersedes"]) == (3, 1, 1)
    assert result["superseded"] == [{"subject": "Ann", "before": "Ann owns a boat.", "after": "Ann owns a car."}]


@pytest.mark.parametrize(
    ("facts", "decided"),
    [
        (versions(BOAT, CAR), "updates_right"),
        (versions(CAR, BOAT), "updates_wrong"),
        ([BOAT, CAR], "updates_missed"),
        ([BOAT, BIKE], None),
    ],
)
def test_an_update_is_judged_where_both_statements_left_a_fact(facts: list[Fact], decided: str | None) -> None:
    update = asked("e1", "e2", original=("e1",), updated=("e2",))
    metrics = measured([extracted(facts, EVENTS, [update])])["metrics"]
    counted = {name: metrics[name] for name in ("updates_right", "updates_wrong", "updates_missed")}
    assert counted == dict.fromkeys(counted, 0) | ({decided: 1} if decided else {})


def test_figures_of_several_conversations_are_taken_together() -> None:
    one = extracted([BOAT, CAR], EVENTS, usage=Usage(calls=2, prompt_tokens=300), refused={"question": 2})
    wrong = told("Ben owns a boat.", (E1, "I own a boat"), subject="Ben")
    other = extracted([wrong, BIKE], EVENTS, usage=Usage(calls=1), refused={"question": 1, "empty": 1}, id="c2")
    result = measured([one, other])
    assert result["n"] == 4
    assert result["refused"] == {"question": 3, "empty": 1}
    assert (result["metrics"]["grounded"], result["metrics"]["wrong_subject"]) == (1.0, 0.25)
    assert (result["metrics"]["calls_per_100_turns"], result["metrics"]["prompt_tokens_per_100_turns"]) == (50, 5_000)
    assert result["metrics"]["calls_of_one_batch"] == 2
    assert result["by_conversation"]["c2"]["wrong_subject"] == 0.5
    assert [example["text"] for example in result["examples"]["wrong_subject"]] == ["Ben owns a boat."]


def conversation(id: str) -> Conversation:
    said = ("I adopted a puppy called Pixel.", "I sold my boat yesterday.")
    events = tuple(
        NewEvent(
            content=text, speaker="Ann", session="s1", occurred_at=datetime(2023, 5, day, tzinfo=UTC), key=f"e{day}"
        )
        for day, text in enumerate(said, start=1)
    )
    observations = (Observation(speaker="Ann", text=f"Ann of {id} has a puppy.", keys=("e1",)),)
    return Conversation(id=id, events=events, questions=(asked("e1"), asked("e2")), observations=observations)


async def test_a_run_goes_through_the_product(urls: dict[str, Any]) -> None:
    both, told = [conversation("c1"), conversation("c2")], []
    with ModelServer(answer=Recorded(both)) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "unused", "llm_model": "recorded"}
        result = await run(both, load_settings(**FAST, **urls, **model), lambda *said: told.append(said))
    assert (result["n"], result["partial"]) == (2, False)
    assert (result["metrics"]["grounded"], result["metrics"]["evidence_covered"]) == (1.0, 0.5)
    assert result["metrics"]["calls_of_one_batch"] == 1
    assert list(result["by_conversation"]) == ["c1", "c2"]
    assert ("ingest", "c2", 2, 2) in told


async def test_a_model_that_answers_nonsense_half_way_leaves_a_partial_result(urls: dict[str, Any]) -> None:
    both = [conversation("c1"), conversation("c2")]
    recorded = Recorded(both)

    def answer(body: dict[str, Any]) -> str:
        return recorded(body) if "2023-05-01" in str(body) and len(server.requests) == 1 else "no JSON"

    with ModelServer(answer=answer) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "unused", "llm_model": "recorded"}
        result = await run(both, load_settings(**FAST, **urls, **model, attempts=1), lambda *said: None)
    assert (result["n"], result["partial"]) == (1, True)
    assert result["by_conversation"]["c2"]["events_failed"] == 2


async def test_a_model_that_went_away_leaves_a_partial_result(urls: dict[str, Any]) -> None:
    with ModelServer(answer=lambda body: Reply(status=503)) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "unused", "llm_model": "recorded"}
        settings = load_settings(**FAST, **urls, **model)
        result = await run([conversation("c1"), conversation("c2")], settings, lambda *said: None, patience=0.2)
    assert (result["n"], result["partial"]) == (0, True)
    assert list(result["by_conversation"]) == ["c1"]


async def test_a_run_in_a_folder_of_its_own_goes_on_there(urls: dict[str, Any], tmp_path: Path) -> None:
    both, work = [conversation("c1"), conversation("c2")], tmp_path / "work"
    recorded = Recorded(both)
    with ModelServer(answer=recorded) as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": "unused", "llm_model": "recorded"}
        settings = load_settings(**FAST, **urls, **model)
        server.answer = lambda body: recorded(body) if len(server.requests) == 1 else Reply(status=503)
        first = await run(both, settings, lambda *said: None, work=work, patience=5)
        server.answer = recorded
        again = await run(both, settings, lambda *said: None, work=work)
    assert (first["n"], first["partial"], again["n"], again["partial"]) == (1, True, 2, False)
    assert again["metrics"]["calls_per_100_turns"] == 50  # one call for the two turns of each: none was asked again
    with pytest.raises(InvalidInput, match="unfinished run with conversations"):
        await run(both[:1], settings, lambda *said: None, work=work)


def test_the_beginning_of_a_conversation_has_the_questions_that_it_answers() -> None:
    whole = conversation("c1")
    part = beginning(whole, 1)
    assert [event.key for event in part.events] == ["e1"]
    assert [question.evidence for question in part.questions] == [("e1",)]
    assert beginning(whole, 9) == whole
