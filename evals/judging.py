"""What a reader and a judge are told, and what a judge's words mean: yes, no, or neither."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from semmem.errors import InvalidInput, SemmemError
from semmem.evals.datasets.dataset import Question

DEFAULT, UNANSWERABLE, RUBRIC = "default", "unanswerable", "rubric"
SLOTS = ("context", "date", "question", "answer", "response", "rubric")

_SLOT = re.compile(r"\{(" + "|".join(SLOTS) + r")\}")
_THOUGHTS = re.compile(r"(?<!\s)\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_OBJECT = re.compile(r"\{[^{}]*\}")
_LABELS = ("label", "verdict", "judgment", "judgement", "correct", "is_correct", "answer")
_VERDICTS: Mapping[str, bool] = {
    **dict.fromkeys(("yes", "correct", "right", "true"), True),
    **dict.fromkeys(("no", "wrong", "incorrect", "false"), False),
}
_OPENING = re.compile(r"(yes|no)\b\s*(?:[.,:!](?!\s*\d)|-\s|—|–|$)", re.IGNORECASE)  # noqa: RUF001
# What a verdict stands behind; behind another word a judge repeats what the answer should be.
_NAMED = re.compile(r"(?:(?:final|my|the) )?(?:verdict|judge?ment|label|result|(?:is[_ ])?correct)\W*", re.IGNORECASE)

_AROUND = " \t*_`'\".!#>-"

Prompts = Mapping[str, str]


class UnclearVerdict(SemmemError):
    """A judge that answers neither yes nor no can judge nothing."""


def reader_prompt(path: Path | None) -> str:
    """Returns the reader's prompt, the bundled one unless a file is named.

    Raises InvalidInput for a file that cannot be read, or has no place for the context and the question.
    """
    text = _text(path, "--reader-prompt") if path else files("semmem.evals").joinpath("prompts/reader.md").read_text()
    return _with_slots("--reader-prompt", path, text, ("context",), ("question",))


def judge_prompts(path: Path | None) -> dict[str, str]:
    """Returns the judge's prompts by name: the bundled ones, those of a folder's *.md, or a file's for all questions.

    Raises InvalidInput for what cannot be read, or has no place for the response and what it is judged by.
    """
    if path is None:
        bundled = files("semmem.evals").joinpath("prompts/judge").iterdir()
        texts = {each.name.removesuffix(".md"): each.read_text(encoding="utf-8") for each in bundled}
    elif path.is_dir():
        texts = {file.stem: _text(file, "--judge-prompt") for file in sorted(path.glob("*.md"))}
    else:
        texts = {DEFAULT: _text(path, "--judge-prompt")}
    if DEFAULT not in texts:
        raise InvalidInput(
            "--judge-prompt", f"{path} holds no {DEFAULT}.md", "write the prompt for all other questions"
        )
    for text in texts.values():
        _with_slots("--judge-prompt", path, text, ("response",), ("answer", "rubric"))
    return dict(sorted(texts.items()))


def _text(path: Path, field: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInput(field, f"{path} cannot be read ({error})", "name a text file in UTF-8") from error


def _with_slots(field: str, path: Path | None, text: str, *wanted: tuple[str, ...]) -> str:
    """Returns the text, which must have a place for one of each group of slots."""
    held = set(_SLOT.findall(text))
    for names in wanted:
        if held.isdisjoint(names):
            slots = " or ".join(f"{{{name}}}" for name in names)
            raise InvalidInput(field, f"{path} has no place for {slots}", "write it where that belongs")
    return text


def chosen_prompt(prompts: Prompts, question: Question) -> str:
    """Returns the name of the prompt for a question: its category's own, else by how it can be judged."""
    if question.category in prompts:
        return question.category
    if question.rubric and RUBRIC in prompts:
        return RUBRIC
    return UNANSWERABLE if question.unanswerable and UNANSWERABLE in prompts else DEFAULT


def filled(prompt: str, **values: str) -> str:
    """Returns the prompt with each slot's value in its place; other braces, and slots within values, stay."""
    return _SLOT.sub(lambda match: values.get(match[1], match[0]), prompt)


def without_thoughts(text: str) -> str:
    return _THOUGHTS.sub("", text).strip()


def read_verdict(text: str) -> bool | None:
    """Returns what a judge decided; None where it says neither yes nor no, or both.

    A verdict is a word for itself, in the first line or the last; "yes" or "no" at the beginning of a sentence; or the
    label of a JSON object.
    """
    said = without_thoughts(text)
    if labelled := _labelled(said):
        return labelled[0] if len(set(labelled)) == 1 else None
    lines = [line for line in said.splitlines() if line.strip()]
    found = {_word(line) for line in (lines[:1] + lines[-1:])} - {None}
    if opening := _OPENING.match(said.lstrip("*_` ")):
        found.add(_VERDICTS[opening[1].casefold()])
    return found.pop() if len(found) == 1 else None


def _word(line: str) -> bool | None:
    """Returns the verdict that stands alone in a line, or alone behind its name and a colon."""
    name, _, said = line.rpartition(":")
    if name and not _NAMED.fullmatch(name.strip(_AROUND)):
        return None
    return _VERDICTS.get(said.strip(_AROUND).casefold())


def _labelled(text: str) -> list[bool]:
    found: list[bool] = []
    for match in _OBJECT.finditer(text):
        try:
            said: dict[str, Any] = json.loads(match[0])
        except ValueError:
            continue
        values = (str(said[name]).strip().casefold() for name in _LABELS if name in said)
        found += [_VERDICTS[value] for value in values if value in _VERDICTS]
    return found
