import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Observation, Question, chosen
from semmem.evals.datasets.locomo import load


def conversation(id: str) -> dict[str, Any]:
    """In LoCoMo's schema, with the quirks of its evidence."""
    return {
        "sample_id": id,
        "conversation": {
            "speaker_a": "Ann",
            "speaker_b": "Ben",
            "session_10_date_time": "11:01 am on 17 December, 2022",
            "session_10": [{"speaker": "Ben", "dia_id": "D10:1", "text": "I sold my boat yesterday."}],
            "session_2_date_time": "1:56 pm on 8 May, 2022",
            "session_2": [
                {"speaker": "Ann", "dia_id": "D2:1", "text": "I adopted a puppy called Pixel."},
                {"speaker": "Ben", "dia_id": "D2:2", "text": "Look at this!", "blip_caption": "a boat on a lake"},
            ],
            "session_11_date_time": "1:00 pm on 1 January, 2023",
        },
        "qa": [
            {"question": "Which pet?", "answer": "Pixel", "evidence": ["D2:1; D2:02", "D:2:1"], "category": 1},
            {"question": "No evidence", "answer": "x", "evidence": ["D"], "category": 3},
            {"question": "How many?", "answer": 1, "evidence": ["D2:1", "D99:1"], "category": 4},
            {"question": "What misleads?", "adversarial_answer": "x", "evidence": ["D10:1"], "category": 5},
        ],
        "observation": {"session_2_observation": {"Ann": [["Ann has a puppy.", "D2:1"], ["Both.", ["D2:1", "D2:2"]]]}},
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "locomo.json"
    path.write_text(json.dumps([conversation("conv-1"), conversation("conv-2")]))
    return path


def test_turns_come_in_order_with_their_speaker_time_and_id(file: Path) -> None:
    events = load(file)[0].events
    assert [event.key for event in events] == ["D2:1", "D2:2", "D10:1"]
    assert [event.speaker for event in events] == ["Ann", "Ben", "Ben"]
    assert [event.session for event in events] == ["session_2", "session_2", "session_10"]
    assert events[0].occurred_at == datetime(2022, 5, 8, 13, 56, tzinfo=UTC)
    assert events[1].content == "Look at this! [shares a picture: a boat on a lake]"
    assert events[2].metadata == {"dia_id": "D10:1"}


def test_questions_keep_the_evidence_that_exists_and_those_without_are_counted(file: Path) -> None:
    read = load(file)[0]
    assert read.questions == (
        Question(id="q1", question="Which pet?", answer="Pixel", evidence=("D2:1", "D2:2"), category="multi-hop"),
        Question(id="q3", question="How many?", answer="1", evidence=("D2:1",), category="single-hop"),
        Question(id="q4", question="What misleads?", answer="", evidence=("D10:1",), category="adversarial"),
    )
    assert read.skipped == 1


def test_observations_name_the_turns_they_rest_on(file: Path) -> None:
    assert load(file)[0].observations == (
        Observation(speaker="Ann", text="Ann has a puppy.", keys=("D2:1",)),
        Observation(speaker="Ann", text="Both.", keys=("D2:1", "D2:2")),
    )


def test_conversations_are_chosen_by_id(file: Path) -> None:
    both = load(file)
    assert [one.id for one in chosen(both, ["conv-2"])] == ["conv-2"]
    assert chosen(both, []) == both
    with pytest.raises(InvalidInput, match="'conv-9' is not in the data; choose from conv-1, conv-2"):
        chosen(both, ["conv-9"])


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"sample_id": "x"}]'])
def test_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(InvalidInput, match="is not LoCoMo"):
        load(tmp_path / "other.json")


def test_a_missing_file_says_where_to_get_it_and_its_licence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"is not there.*snap-research/locomo, CC BY-NC"):
        load(tmp_path / "none.json")
