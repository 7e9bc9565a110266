import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Command


def conversation(id: str) -> dict[str, Any]:
    return {
        "sample_id": id,
        "conversation": {
            "session_1_date_time": "1:56 pm on 8 May, 2022",
            "session_1": [
                {"speaker": "Ann", "dia_id": "D1:1", "text": "I adopted a puppy called Pixel."},
                {"speaker": "Ben", "dia_id": "D1:2", "text": "Look at this!", "blip_caption": "a boat on a lake"},
            ],
            "session_2_date_time": "11:01 am on 17 December, 2022",
            "session_2": [{"speaker": "Ben", "dia_id": "D2:1", "text": "I sold my boat yesterday."}],
        },
        "qa": [],
        "observation": {},
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "locomo.json"
    path.write_text(json.dumps([conversation("conv-1"), conversation("conv-2")]))
    return path


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
