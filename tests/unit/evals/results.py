"""Results as `--json` writes them, made of a few asked questions."""

import json
from collections.abc import Sequence
from typing import Any

from semmem.evals.retrieved import Retrieved, Returned, result

SETTINGS = {
    "retriever": "semmem",
    "extractor": "offline",
    "vector_index": "qdrant",
    "limit": 200,
    "conversations": ["c1"],
    "sha256": "5d41",
    "semmem": "0.1.0",
}


def asked(id: str, returned: Sequence[str], evidence: Sequence[str] = ("a",), **given: Any) -> Retrieved:
    """`returned` are the keys of events, best first."""
    about: dict[str, Any] = {
        "conversation": "c1",
        "question": f"Question {id}?",
        "answer": "Porto",
        "category": "single-hop",
        "covered": {"500": "a" in returned, "1000": "a" in returned},
        "stems": {"500": True, "1000": True},
        "milliseconds": 4.0,
    }
    hits = tuple(Returned(keys=(key,), kind="event", score=1 / rank, text=f"text of {key}")
                 for rank, key in enumerate(returned, start=1))  # fmt: skip
    return Retrieved(question_id=id, evidence=tuple(evidence), returned=hits, **about | given)


def made(*answers: Retrieved, about: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    head = {"dataset": "jsonl", "skipped": 0, "partial": False, "embedder": "minilm", "settings": SETTINGS | settings}
    read: dict[str, Any] = json.loads(json.dumps(result(answers, **head | (about or {}))))
    return read
