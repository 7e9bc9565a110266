import json
from pathlib import Path
from typing import Any

import pytest

from semmem.domain.event import NewEvent
from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation, Question
from semmem.evals.datasets.labels import corrected

EVENTS = tuple(NewEvent(content=f"Turn {key}.", key=key) for key in ("D1:1", "D1:2", "D2:1"))


def conversation(id: str = "conv-30") -> Conversation:
    asked = Question(id="q1", question="Which pet?", answer="A cat", evidence=("D1:1",), category="single-hop")
    bare = Question(id="q2", question="Which car?", answer="A van", evidence=(), category="single-hop")
    return Conversation(id=id, events=EVENTS, questions=(asked,), others=(bare,))


def entry(id: str = "locomo_1_qa0", question: str = "Which pet?", **given: Any) -> dict[str, Any]:
    about = {"question_id": id, "question": question, "golden_answer": "A cat", "error_type": "HALLUCINATION"}
    return about | {"cited_evidence": ["D1:1"], "correct_evidence": ["D2:1"], "correct_answer": "A dog"} | given


def written(folder: Path, *entries: Any) -> Path:
    path = folder / "errors.json"
    path.write_text(json.dumps(list(entries)))
    return path


def test_answers_and_evidence_are_corrected(tmp_path: Path) -> None:
    file = written(tmp_path, entry(), entry("locomo_0_qa0", "Of a conversation that is not here?"))
    [made], count = corrected([conversation()], file)
    assert count == 1
    assert [(each.answer, each.evidence) for each in made.questions] == [("A dog", ("D2:1",))]
    assert made.others == conversation().others


def test_evidence_may_be_found_and_lost(tmp_path: Path) -> None:
    lost = entry(correct_evidence=["D9:9"])
    gained = entry("locomo_1_qa1", "which  CAR?", correct_evidence=["D1:2; D2:01"])
    [made], _ = corrected([conversation()], written(tmp_path, lost, gained))
    assert [(each.id, each.evidence) for each in made.questions] == [("q2", ("D1:2", "D2:1"))]
    assert [each.id for each in made.others] == ["q1"]


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ([entry(question="Which bird?")], "has other words for locomo_1_qa0 than this data"),
        ([entry("locomo_1_qa7")], "corrects locomo_1_qa7, which this data does not ask"),
        ([entry("locomo_5_qa0")], "corrects no question of this data"),
        ([entry(), entry()], "has locomo_1_qa0 twice"),
        ([entry("locomo_77_qa0")], "entry 1 of .* is no correction of LoCoMo"),
        ([entry("beam_1_q1")], "is no correction of LoCoMo"),
        ([{"question_id": "q1", "hypothesis": "Porto"}], "is no correction of LoCoMo"),
        (["text"], "is no correction of LoCoMo"),
        ([], "corrects no question of this data"),
    ],
)
def test_the_labels_of_another_data_set_are_refused(tmp_path: Path, entries: list[Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=f"labels-file: .*{named}.*; (?:pass|get|take)"):
        corrected([conversation()], written(tmp_path, *entries))


def test_a_file_that_is_missing_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be read.*dial481/locomo-audit"):
        corrected([conversation()], tmp_path / "none.json")
