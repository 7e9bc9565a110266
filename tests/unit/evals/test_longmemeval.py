import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.datasets.longmemeval import load


def turn(role: str, content: str, **given: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **given}


def instance(id: str, **given: Any) -> dict[str, Any]:
    about = {
        "question_id": id,
        "question_type": "knowledge-update",
        "question": "How many bikes do I own?",
        "answer": 3,
        "question_date": "2023/06/01 (Thu) 10:15",
        "haystack_session_ids": ["late", "early"],
        "haystack_dates": ["2023/05/30 (Tue) 23:40", "2023/05/20 (Sat) 02:21"],
        "haystack_sessions": [
            [turn("user", "I bought a third bike.", has_answer=True), turn("assistant", " ")],
            [turn("user", "I own two bikes."), turn("assistant", "Nice.", has_answer=False)],
        ],
        "answer_session_ids": ["late"],
    }
    return about | given


def written(folder: Path, *instances: Any) -> Path:
    path = folder / "longmemeval_oracle.json"
    path.write_text(json.dumps(list(instances)))
    return path


def test_sessions_come_in_the_order_of_their_dates(tmp_path: Path) -> None:
    [read] = load(written(tmp_path, instance("abc")))
    assert [(event.key, event.role, event.session) for event in read.events] == [
        ("2:1", "user", "2:early"),
        ("2:2", "assistant", "2:early"),
        ("1:1", "user", "1:late"),  # an empty turn says nothing
    ]
    assert read.events[0].occurred_at == datetime(2023, 5, 20, 2, 21, tzinfo=UTC)


def test_an_instance_is_one_question_with_the_marked_turns_as_its_evidence(tmp_path: Path) -> None:
    [read] = load(written(tmp_path, instance("abc")))
    [question] = read.questions
    assert (read.id, question.id, question.answer, question.evidence) == ("abc", "abc", "3", ("1:1",))
    assert (question.category, question.unanswerable) == ("knowledge-update", False)
    assert question.asked_at == datetime(2023, 6, 1, 10, 15, tzinfo=UTC)


def test_an_abstention_has_no_evidence_and_a_category_of_its_own(tmp_path: Path) -> None:
    [read] = load(written(tmp_path, instance("abc_abs")))
    assert read.questions == ()
    assert [(each.category, each.unanswerable, each.evidence) for each in read.others] == [("abstention", True, ())]


@pytest.mark.parametrize("other", [{}, instance("x", haystack_dates=["2023/05/20 (Sat) 02:21"]), 1])
def test_another_shape_is_refused(tmp_path: Path, other: Any) -> None:
    with pytest.raises(InvalidInput, match="is not LongMemEval"):
        load(written(tmp_path, other))


def test_a_missing_file_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"is not there.*xiaowu0162/LongMemEval"):
        load(tmp_path / "none.json")
