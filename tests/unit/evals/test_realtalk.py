import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Question
from semmem.evals.datasets.realtalk import load


def turn(id: str, text: str, **given: Any) -> dict[str, Any]:
    return {"clean_text": text, "speaker": "Ann", "date_time": "06.01.2024, 16:43:00", "dia_id": id} | given


CHAT = {
    "name": {"speaker_1": "Ann", "speaker_2": "Ben"},
    "session_10": [turn("D10:1", "I sold my boat.", date_time="31.12.2024, 23:59:59")],
    "session_2": [
        turn("D2:1", "I adopted a puppy. "),
        turn("D2:2", "", img_file=["a.jpg"], speaker="Ben"),
        turn("D2:3", "Look!", blip_caption="a boat on a lake"),
    ],
    "session_2_date_time": "06.01.2024",
    "events_session_2": {},
    "qa": [
        {"question": "Which pet?", "answer": "a puppy", "evidence": ["D2:1; D2:3", "D2:1"], "category": 1},
        {"question": "When?", "answer": 2024, "evidence": ["D99:1"], "category": 2},
        {"question": "Why?", "evidence": None, "category": 3},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Chat_10_A_B", "Chat_2_Annabelle_Eve"):
        (tmp_path / f"{name}.json").write_text(json.dumps(CHAT))
    return tmp_path


def test_a_folder_and_a_file_are_read(folder: Path) -> None:
    assert [each.id for each in load(folder)] == ["Chat_2", "Chat_10"]
    assert [each.id for each in load(folder / "Chat_10_A_B.json")] == ["Chat_10"]


def test_messages_come_in_order_with_speaker_time_and_pictures(folder: Path) -> None:
    events = load(folder)[0].events
    assert [(event.key, event.content) for event in events] == [
        ("D2:1", "I adopted a puppy."),
        ("D2:2", "[shares a picture]"),
        ("D2:3", "Look! [shares a picture: a boat on a lake]"),
        ("D10:1", "I sold my boat."),
    ]
    assert [event.speaker for event in events] == ["Ann", "Ben", "Ann", "Ann"]
    assert events[0].session == "session_2"
    assert events[3].occurred_at == datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_questions_keep_the_evidence_that_exists(folder: Path) -> None:
    read = load(folder)[0]
    assert read.questions == (
        Question(id="q1", question="Which pet?", answer="a puppy", evidence=("D2:1", "D2:3"), category="multi-hop"),
    )
    assert read.skipped == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"qa": [{}]}', '{"qa": 1, "session_1": [{"dia_id": "D1:1"}]}'])
def test_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "Chat_1.json").write_text(text)
    with pytest.raises(InvalidInput, match="no chat of REALTALK"):
        load(tmp_path)


def test_an_empty_folder_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="danny911kr/REALTALK"):
        load(tmp_path)
