"""Corrected evidence and answers for LoCoMo's questions, in the format of dial481/locomo-audit."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation, Question
from semmem.evals.datasets.locomo import keys_of

SOURCE = "errors.json of github.com/dial481/locomo-audit, CC BY-NC 4.0"
FIELD = "labels-file"
# The audit numbers conversations by their place in the published file, and their questions from 0.
CONVERSATIONS = tuple(f"conv-{number}" for number in (26, 30, 41, 42, 43, 44, 47, 48, 49, 50))

_ID = re.compile(r"locomo_(\d+)_qa(\d+)")
_OTHER = "pass the file that corrects this data set"


def corrected(conversations: Sequence[Conversation], path: Path) -> tuple[list[Conversation], int]:
    """Returns the conversations with their questions' evidence and answers as the file has them, and how many it has.

    A question is known by its number and its words. Raises InvalidInput for a file that is missing, of another shape or
    of another data set.
    """
    known = {conversation.id for conversation in conversations}
    corrections: dict[tuple[str, str], Mapping[str, Any]] = {}
    for conversation, question, entry in _read(path):
        if conversation in known and corrections.setdefault((conversation, question), entry) is not entry:
            raise InvalidInput(FIELD, f"{path} has {entry['question_id']} twice", "take one of the two out")
    if not corrections:
        raise InvalidInput(FIELD, f"{path} corrects no question of this data", _OTHER)
    made = [_corrected(conversation, corrections, path) for conversation in conversations]
    count = len(corrections)
    if corrections := {name: entry for name, entry in corrections.items() if name not in _asked(conversations)}:
        named = next(iter(corrections.values()))["question_id"]
        raise InvalidInput(FIELD, f"{path} corrects {named}, which this data does not ask", _OTHER)
    return made, count


def _read(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yields the ids of the conversation and of the question that each entry is about, and the entry."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(FIELD, f"{path} cannot be read ({error})", f"get {SOURCE}") from error
    for place, entry in enumerate(raw if isinstance(raw, list) else [raw]):
        try:
            match = _ID.fullmatch(entry["question_id"])
            if not match or not all(isinstance(key, str) for key in entry["correct_evidence"]):
                raise ValueError("question_id or correct_evidence")
            conversation, question = CONVERSATIONS[int(match[1])], f"q{int(match[2]) + 1}"
            str(entry["question"]), str(entry["correct_answer"])
        except (LookupError, TypeError, ValueError) as error:
            limit = f"entry {place + 1} of {path} is no correction of LoCoMo ({type(error).__name__}: {error})"
            raise InvalidInput(FIELD, limit, f"get {SOURCE}") from error
        yield conversation, question, entry


def _asked(conversations: Sequence[Conversation]) -> set[tuple[str, str]]:
    return {(each.id, question.id) for each in conversations for question in (*each.questions, *each.others)}


def _corrected(
    conversation: Conversation, corrections: Mapping[tuple[str, str], Mapping[str, Any]], path: Path
) -> Conversation:
    known = {str(event.key) for event in conversation.events}
    questions: list[Question] = []
    for question in (*conversation.questions, *conversation.others):
        entry = corrections.get((conversation.id, question.id))
        if entry is None:
            questions.append(question)
        elif _words(entry["question"]) != _words(question.question):
            limit = f"{path} has other words for {entry['question_id']} than this data"
            raise InvalidInput(FIELD, limit, _OTHER)
        else:
            evidence = keys_of(entry["correct_evidence"], known)
            questions.append(replace(question, answer=str(entry["correct_answer"]), evidence=evidence))
    return replace(
        conversation,
        questions=tuple(question for question in questions if question.evidence),
        others=tuple(question for question in questions if not question.evidence),
    )


def _words(text: str) -> list[str]:
    return text.casefold().split()
