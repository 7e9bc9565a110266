import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from semmem.domain.checks import MAX_CONTENT_BYTES
from semmem.errors import InvalidInput
from semmem.evals.datasets.beam import load

MAY = datetime(2024, 5, 2, tzinfo=UTC)


def message(id: int, content: str, role: str = "user", **fields: str) -> dict[str, Any]:
    return {"id": id, "role": role, "content": content, **fields}


def chat() -> list[dict[str, Any]]:
    """In BEAM's schema: two batches, the first dated by its first message, the second by itself."""
    one = [message(0, "I plan my garden. ->-> 1,1", time_anchor="May-02-2024"), message(1, "Nice!", "assistant")]
    two = [message(2, "Six beds (so far ->-> 1,N/A)"), message(3, "Good ->-> 1,2", "assistant")]
    three = [message(4, "Now it is eight beds."), message(5, "Eight!", "assistant", time_anchor="June-10-2024")]
    return [
        {"batch_number": 1, "time_anchor": None, "turns": [one, two]},
        {"batch_number": 2, "time_anchor": "June-09-2024", "turns": [three]},
    ]


def probing() -> dict[str, Any]:
    return {
        "abstention": [{"question": "Which car?", "ideal_response": "unknown", "rubric": ["says it is unknown"]}],
        "knowledge_update": [
            {
                "question": "How many beds?",
                "answer": 8,
                "source_chat_ids": {"original_info": [2], "updated_info": [4, 99]},
            }
        ],
        "contradiction_resolution": [
            {
                "question": "Do I garden?",
                "ideal_answer": "It is not clear.",
                "source_chat_ids": {"first_statement": [0], "second_statement": [4]},
            }
        ],
        "event_ordering": [
            {"question": "In which order?", "answer": "beds", "source_chat_ids": [0, [2, 4], 2]},
            {"question": "And then?", "answer": "beds", "source_chat_ids": []},
        ],
        "instruction_following": [{"question": "Help me", "expected_compliance": "short", "source_chat_ids": [0]}],
    }


def write(folder: Path, id: str, messages: Any = None, questions: Any = None) -> None:
    (folder / id).mkdir()
    (folder / id / "chat.json").write_text(json.dumps(chat() if messages is None else messages))
    (folder / id / "probing_questions.json").write_text(json.dumps(probing() if questions is None else questions))


def test_chats_are_ordered_by_number(tmp_path: Path) -> None:
    for id in ("10", "9", "1"):
        write(tmp_path, id)
    assert [one.id for one in load(tmp_path)] == ["1", "9", "10"]


def test_messages_keep_their_role_and_lose_their_place_in_the_plan(tmp_path: Path) -> None:
    write(tmp_path, "1")
    events = load(tmp_path)[0].events
    assert [event.key for event in events] == ["0", "1", "2", "3", "4", "5"]
    assert [event.role for event in events] == ["user", "assistant"] * 3
    assert [event.session for event in events] == ["batch_1"] * 4 + ["batch_2"] * 2
    assert [event.content for event in events[:4]] == ["I plan my garden.", "Nice!", "Six beds (so far)", "Good"]


def test_messages_of_a_day_are_seconds_apart(tmp_path: Path) -> None:
    write(tmp_path, "1")
    times = [event.occurred_at for event in load(tmp_path)[0].events]
    assert times[:4] == [MAY + timedelta(seconds=number) for number in range(4)]
    assert times[4:] == [datetime(2024, 6, 9, tzinfo=UTC), datetime(2024, 6, 10, tzinfo=UTC)]


def test_a_second_batch_of_the_same_day_goes_on(tmp_path: Path) -> None:
    batches = [{**batch, "time_anchor": "May-02-2024"} for batch in chat()]
    batches[1]["turns"] = [[message(4, "Eight beds.")]]
    write(tmp_path, "1", batches)
    assert load(tmp_path)[0].events[4].occurred_at == MAY + timedelta(seconds=4)


def test_evidence_is_read_from_every_form(tmp_path: Path) -> None:
    write(tmp_path, "1")
    read = load(tmp_path)[0]
    assert {question.id: question.evidence for question in read.questions} == {
        "knowledge_update-1": ("2", "4"),
        "contradiction_resolution-1": ("0", "4"),
        "event_ordering-1": ("0", "2", "4"),
        "instruction_following-1": ("0",),
    }
    assert read.skipped == 2


def test_only_a_knowledge_update_has_an_outdated_and_a_newest_statement(tmp_path: Path) -> None:
    write(tmp_path, "1")
    update, contradiction, *others = load(tmp_path)[0].questions
    assert (update.original, update.updated, update.answer) == (("2",), ("4",), "8")
    assert (contradiction.original, contradiction.updated) == ((), ())
    assert [question.answer for question in (contradiction, *others)] == ["It is not clear.", "beds", ""]


def test_a_message_is_cut_to_what_an_event_may_hold(tmp_path: Path) -> None:
    batches = chat()
    batches[0]["turns"][0][1]["content"] = "a" + "é" * MAX_CONTENT_BYTES
    write(tmp_path, "1", batches)
    assert len(load(tmp_path)[0].events[1].content.encode()) == MAX_CONTENT_BYTES - 1


@pytest.mark.parametrize("messages", [[{}], [1], [{"turns": []}], [{"batch_number": 1, "turns": [[message(1, "x")]]}]])
def test_another_shape_is_refused(tmp_path: Path, messages: Any) -> None:
    write(tmp_path, "1", messages)
    with pytest.raises(InvalidInput, match="is not a chat of BEAM"):
        load(tmp_path)


def test_a_chat_without_questions_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "1")
    (tmp_path / "1" / "probing_questions.json").unlink()
    with pytest.raises(InvalidInput, match="is not a chat of BEAM"):
        load(tmp_path)


def test_a_folder_without_chats_says_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"holds no N/chat.json.*mohammadtavakoli78/BEAM"):
        load(tmp_path)


def test_questions_about_what_was_never_said_are_kept_apart(tmp_path: Path) -> None:
    write(tmp_path, "1")
    [conversation] = load(tmp_path)
    assert conversation.unanswerable == ("Which car?",)
    assert [question.id for question in conversation.others] == ["abstention-1", "event_ordering-2"]
    assert [question.rubric for question in conversation.others] == [("says it is unknown",), ()]
    assert all(question.category != "abstention" for question in conversation.questions)
