import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Question
from semmem.evals.datasets.jsonl import load


def event(key: str | None, content: str, conversation: str = "c1", **fields: Any) -> dict[str, Any]:
    named = {} if key is None else {"key": key}
    return {"type": "event", "conversation": conversation, "content": content, **named, **fields}


def question(text: str, evidence: list[str], **fields: Any) -> dict[str, Any]:
    return {"type": "question", "conversation": "c1", "question": text, "evidence": evidence, **fields}


def written(folder: Path, *records: dict[str, Any] | str) -> Path:
    path = folder / "own.jsonl"
    path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in records))
    return path


def test_events_and_questions_are_gathered_by_conversation(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        question("Where do I live?", ["e2"], answer="Porto", category="home"),
        event("e1", "I lived in Lisbon.", occurred_at="2026-01-01T00:00:00Z", speaker="Ines"),
        "",
        event("e1", "Another one.", conversation="c2"),
        event("e2", "I moved to Porto."),
        question("Which cities?", ["e1", "e2", "e1"], id="both"),
    )
    first, second = load(path)
    assert (first.id, [one.content for one in first.events]) == ("c1", ["I lived in Lisbon.", "I moved to Porto."])
    assert (second.id, [one.key for one in second.events], second.questions) == ("c2", ["e1"], ())
    assert first.events[0].occurred_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert first.events[0].speaker == "Ines"
    assert first.questions == (
        Question(id="q1", question="Where do I live?", answer="Porto", evidence=("e2",), category="home"),
        Question(id="both", question="Which cities?", answer="", evidence=("e1", "e2"), category="question"),
    )


def test_questions_without_evidence_are_left_out_and_counted(tmp_path: Path) -> None:
    bare = {"type": "question", "conversation": "c1", "question": "Why?"}
    [read] = load(written(tmp_path, event("e1", "Hello."), question("What?", []), bare, question("Who?", ["e1"])))
    assert ([one.question for one in read.questions], read.skipped) == (["Who?"], 2)


def test_what_was_never_said_can_be_asked_for(tmp_path: Path) -> None:
    never = question("Which car?", [], answer="None was named.", unanswerable=True)
    [read] = load(written(tmp_path, event("e1", "Hello."), never))
    assert [(one.question, one.answer, one.unanswerable) for one in read.others] == [
        ("Which car?", "None was named.", True)
    ]
    for wrong in (question("Which?", ["e1"], unanswerable=True), question("Which?", [], unanswerable="yes")):
        with pytest.raises(InvalidInput, match="line 2: unanswerable"):
            load(written(tmp_path, event("e1", "Hello."), wrong))


def test_what_can_be_judged_is_asked_in_the_order_of_the_file(tmp_path: Path) -> None:
    asked = [question("Which car?", [], answer="None.", unanswerable=True), question("How many?", ["e1"], answer=2)]
    asked += [question("Why?", ["e1"], answer=None), question("Who?", [], answer="Ines")]
    [read] = load(written(tmp_path, event("e1", "Hello."), *asked))
    assert [(one.question, one.answer) for one in read.judgeable] == [
        ("Which car?", "None."),
        ("How many?", "2"),
        ("Who?", "Ines"),
    ]


def test_events_without_a_key_get_one_each_that_stays(tmp_path: Path) -> None:
    path = written(tmp_path, event(None, "Hello."), event(None, "Hello."), event(None, "Hi."))
    [once], [again] = load(path), load(path)
    assert len({one.key for one in once.events}) == 3
    assert once == again


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("{", "line 2: line: is not JSON"),
        ("[1]", "line 2: line: must be a JSON object"),
        ({"type": "fact", "conversation": "c1"}, "line 2: type: must be event or question"),
        ({"type": "event", "content": "x"}, "line 2: conversation: must be a string"),
        ({"type": "event", "conversation": "c1"}, "line 2: content: is missing"),
        (event("e2", ""), "line 2: content: must not be empty"),
        (event("e2", "x", mood="good"), "line 2: mood: is no field of an event"),
        (event("e2", "x", occurred_at="noon"), "line 2: occurred_at: must be ISO 8601"),
        (event("e1", "x"), "line 2: key: 'e1' stands in this conversation before"),
        (question("", ["e1"]), "line 2: question: must not be empty"),
        (question("Why?", ["e9"]), "line 2: evidence: 'e9' is the key of no event of 'c1'"),
        (question("Why?", ["e1"]) | {"evidence": "e1"}, "line 2: evidence: must be a list"),
        (question("Why?", ["e1"], mood="good"), "line 2: mood: is no field of a question"),
        (question("Why?", ["e1"], id=7), "line 2: id: must be a string"),
        (question("Why?", ["e1"], answer=["a", "b"]), "line 2: answer: must be a text or a number"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, record: dict[str, Any] | str, fault: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        load(written(tmp_path, event("e1", "Hello."), record))
    assert str(raised.value).startswith(fault)


def test_an_id_names_one_question(tmp_path: Path) -> None:
    twice = question("Why?", ["e1"], id="same")
    with pytest.raises(InvalidInput, match="line 3: id: 'same' stands in this conversation before"):
        load(written(tmp_path, event("e1", "Hello."), twice, twice))


def test_a_file_without_events_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no event"):
        load(written(tmp_path, question("Why?", [])))
    with pytest.raises(InvalidInput, match="is not there"):
        load(tmp_path / "none.jsonl")
