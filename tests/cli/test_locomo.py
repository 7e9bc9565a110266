import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.datasets import Observation, Question, chosen, locomo
from tests.cli.command import Command


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
            {"question": "How many?", "answer": 1, "evidence": ["D2:1", "D99:1"], "category": 4},
            {"question": "What misleads?", "adversarial_answer": "x", "evidence": ["D10:1"], "category": 5},
            {"question": "No evidence", "answer": "x", "evidence": ["D"], "category": 3},
        ],
        "observation": {"session_2_observation": {"Ann": [["Ann has a puppy.", "D2:1"], ["Both.", ["D2:1", "D2:2"]]]}},
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "locomo.json"
    path.write_text(json.dumps([conversation("conv-1"), conversation("conv-2")]))
    return path


def test_turns_come_in_order_with_their_speaker_time_and_id(file: Path) -> None:
    events = locomo(file)[0].events
    assert [event.key for event in events] == ["D2:1", "D2:2", "D10:1"]
    assert [event.speaker for event in events] == ["Ann", "Ben", "Ben"]
    assert [event.session for event in events] == ["session_2", "session_2", "session_10"]
    assert events[0].occurred_at == datetime(2022, 5, 8, 13, 56, tzinfo=UTC)
    assert events[1].content == "Look at this! [shares a picture: a boat on a lake]"
    assert events[2].metadata == {"dia_id": "D10:1"}


def test_questions_keep_the_evidence_that_exists(file: Path) -> None:
    assert locomo(file)[0].questions == (
        Question(question="Which pet?", answer="Pixel", evidence=("D2:1", "D2:2"), category=1),
        Question(question="How many?", answer="1", evidence=("D2:1",), category=4),
        Question(question="What misleads?", answer="", evidence=("D10:1",), category=5),
    )


def test_observations_name_the_turns_they_rest_on(file: Path) -> None:
    assert locomo(file)[0].observations == (
        Observation(speaker="Ann", text="Ann has a puppy.", dia_ids=("D2:1",)),
        Observation(speaker="Ann", text="Both.", dia_ids=("D2:1", "D2:2")),
    )


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"sample_id": "x"}]'])
def test_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(InvalidInput, match="is not LoCoMo"):
        chosen(locomo(tmp_path / "other.json"), ["conv-1"])


def test_each_conversation_becomes_a_workspace(semmem: Command, tenant: str, file: Path) -> None:
    take = ("import", str(file), "--format", "locomo", "--tenant", tenant, "--conversations", "conv-2", "--json")
    assert semmem(*take).json == {"accepted": 3, "duplicate": 0, "refused": 0}
    assert semmem(*take).json == {"accepted": 0, "duplicate": 3, "refused": 0}
    workspace = semmem.within("--tenant", tenant, "--workspace", "conv-2")
    best = workspace("recall", "Who sold a boat?", "--json").json["hits"][0]
    assert best["text"].startswith("I sold my boat") or "sold" in best["text"]
    assert semmem.within("--tenant", tenant, "--workspace", "conv-1")("history", "--json").json == []


def test_a_conversation_that_is_not_there_is_named(semmem: Command, tenant: str, file: Path) -> None:
    answer = semmem("import", str(file), "--format", "locomo", "--tenant", tenant, "--conversations", "conv-9")
    assert answer.code == 2
    assert "choose from conv-1, conv-2" in answer.err
