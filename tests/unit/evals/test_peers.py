from typing import Any

import pytest

from semmem.evals.peers import DEV, beside


def result(**other: Any) -> dict[str, Any]:
    settings = {"questions": None, "conversations": sorted(DEV)}
    return {"dataset": "locomo", "partial": False, "settings": settings} | other


def test_peers_stand_beside_the_same_questions() -> None:
    shown = beside(result())
    assert shown["peers"]["mem0 2.2.1, infer=False"]["R@10"] == 0.666
    assert "dev half" in shown["peers_note"]


@pytest.mark.parametrize(
    "other",
    [
        {"partial": True},
        {"dataset": "jsonl"},
        {"settings": {"questions": 5, "conversations": sorted(DEV)}},
        {"settings": {"questions": None, "conversations": ["conv-26"]}},
    ],
)
def test_peers_do_not_stand_beside_other_questions(other: dict[str, Any]) -> None:
    assert beside(result(**other)) == result(**other)
