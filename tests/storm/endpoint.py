"""The storm's model server: one fact an event, and an answer for each kind of poison that some endpoint gives."""

import json
import re
from typing import Any

from semmem.testing import Reply, Vectors, hashed_words, texts_of
from tests.storm.plan import OVERSIZED_BYTES

EVENT = re.compile(r"^\[(\d+)\] [^:]*: (.*)$", re.MULTILINE)
DRAFT = re.compile(r"^D(\d+) ", re.MULTILINE)
OWNED = re.compile(r"I own a (\w+) lamp")
TOO_LARGE = Reply(status=400, error={"message": "maximum context length is 4096 tokens, reduce the length"})


def answer(body: dict[str, Any]) -> str | Reply:
    """A chat endpoint's: each draft is added, so that what is extracted twice is found twice."""
    asked = body["messages"][1]["content"]
    if "garbage" in asked:
        return Reply(text="Here you are: {", usage=False)
    if "refused" in asked:
        return Reply(status=400, error={"message": "blocked by the content filter", "code": "content_filter"})
    if len(asked) > OVERSIZED_BYTES * 3 // 4:
        return TOO_LARGE
    if asked.startswith("TASK: decide"):
        said = [{"draft": int(number), "verdict": "add", "candidate": None} for number in DRAFT.findall(asked)]
        return Reply(text=json.dumps({"verdicts": said}), usage=False)
    facts = [_fact(int(number), owned[1]) for number, text in EVENT.findall(asked) if (owned := OWNED.search(text))]
    return Reply(text=json.dumps({"facts": facts, "summaries": []}), usage=False)


def embed(body: dict[str, Any]) -> Vectors | Reply:
    """An embeddings endpoint's, which a poisoned text makes fail as Ollama does."""
    if any("unembeddable" in text for text in texts_of(body)):
        return Reply(status=500, error={"message": "unsupported value: NaN"})
    return hashed_words(body)


def _fact(source: int, word: str) -> dict[str, Any]:
    return {
        "subject": "ann",
        "text": f"ann owns the lamp {word}.",
        "category": "other",
        "confidence": 0.9,
        "importance": 0.5,
        "quote": f"I own a {word} lamp",
        "source": source,
        "when": None,
    }
