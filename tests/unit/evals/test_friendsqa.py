import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Question
from semmem.evals.datasets.friendsqa import FIRST_DAY, load


def scene(title: str, qas: list[dict[str, Any]]) -> dict[str, Any]:
    lines = [
        {"uid": 0, "speakers": ["Ross Geller"], "utterance": "Breathe ."},
        {"uid": 1, "speakers": ["#NOTE#"], "utterance": " "},
        {"uid": 2, "speakers": ["Ross Geller", "Susan Bunch"], "utterance": "Jamie ."},
    ]
    return {"title": title, "paragraphs": [{"utterances:": lines, "qas": qas}]}


def question(id: str, *lines: int | None) -> dict[str, Any]:
    answers = [{"answer_text": f"answer {line}", "utterance_id": line} for line in lines]
    return {"id": id, "question": "What is his name ?", "answers": answers}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "friendsqa.json"
    scenes = [
        scene("s02_e01_c01", [question("q3", 0)]),
        scene("s01_e02_c01", [question("q2", 2, 0, 2)]),
        scene("s01_e01_c01", [question("q1", 0), question("none", 1), question("odd", None)]),
    ]
    path.write_text(json.dumps({"data": scenes}))
    return path


def test_a_season_is_a_conversation_and_a_scene_a_session(file: Path) -> None:
    first, second = load(file)
    assert [first.id, second.id] == ["s01", "s02"]
    assert [event.key for event in first.events] == [
        *("s01_e01_c01:0", "s01_e01_c01:2"),
        *("s01_e02_c01:0", "s01_e02_c01:2"),
    ]
    assert [event.session for event in first.events] == ["s01_e01_c01"] * 2 + ["s01_e02_c01"] * 2
    assert first.events[1].speaker == "Ross Geller, Susan Bunch"
    assert first.events[3].occurred_at == FIRST_DAY + timedelta(days=1, minutes=2)


def test_evidence_are_the_lines_of_the_answers(file: Path) -> None:
    first = load(file)[0]
    assert [(each.id, each.evidence) for each in first.questions] == [
        ("q1", ("s01_e01_c01:0",)),
        ("q2", ("s01_e02_c01:0", "s01_e02_c01:2")),
    ]
    assert first.skipped == 2
    assert first.questions[0] == Question(
        id="q1", question="What is his name ?", answer="answer 0", evidence=("s01_e01_c01:0",), category="what"
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"data": [{"title": "s01"}]}'])
def test_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "friendsqa.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="is not FriendsQA"):
        load(path)
    with pytest.raises(InvalidInput, match="emorynlp/FriendsQA, Apache-2"):
        load(tmp_path)
