"""Refuses drafts that are no facts: orders to the agent, empty statements, questions, echoes of the prompt."""

import json
import re
from functools import cache

from semmem.domain.fact import Draft
from semmem.extractors.ground import normalised
from semmem.extractors.prompt import instructions
from semmem.extractors.words import content_stems

_ORDER = re.compile(
    r"\b(?:ignore|disregard|override|forget|bypass)\b.{0,40}\b(?:instruction|prompt|rule|guideline|guardrail"
    r"|safety)s?\b|\byou (?:must|should|will|shall) (?:always|never|now)\b|\b(?:the |this )?(?:agent|assistant|model"
    r"|ai|chatbot|system) (?:must|should|shall|has to|needs to) (?:always|never|ignore|obey|not)\b"
    r"|\bfrom now on,? you\b|\b(?:system|developer) (?:prompt|message)\b|\bact as (?:an?|the) (?:ai|assistant|admin"
    r"|system|unrestricted)\b|\bdo not tell the (?:user|customer)\b|\byou are now (?:an?|the|in)\b|</?(?:system"
    r"|instructions?)>",
    re.IGNORECASE,
)


def refusal(draft: Draft) -> str | None:
    """Why the draft must not become a fact: "instruction", "question", "empty", "prompt_example"; None where it may."""
    if is_order(draft.text) or is_order(draft.subject):
        return "instruction"
    if draft.text.rstrip().endswith(("?", "？", "؟")):  # noqa: RUF001
        return "question"
    if not content_stems(draft.text) - content_stems(draft.subject):
        return "empty"
    if normalised(draft.text) in _examples():
        return "prompt_example"
    return None


def is_order(text: str) -> bool:
    """True for text that tells the agent how to behave instead of saying something."""
    return bool(_ORDER.search(text))


@cache
def _examples() -> frozenset[str]:
    """The statements that the prompt itself gives as examples."""
    answers = (json.loads(line) for line in instructions().splitlines() if line.startswith('{"facts"'))
    return frozenset(normalised(fact["text"]) for answer in answers for fact in answer["facts"])
