"""From a model's raw answer to the schema: what is right of it is kept, and what is not is told by place and rule."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from semmem.errors import BadAnswer
from semmem.extractors.answers.loading import MAX_ANSWER_CHARS, load
from semmem.extractors.answers.schema import MAX_FACTS, Answer, SaidFact, SaidSummary, SaidVerdict, Verdicts
from semmem.extractors.answers.tidy import tidy_fact, tidy_summary, tidy_verdict

Said = TypeVar("Said", bound=BaseModel)

_OPENED = re.compile(r'"facts"\s*:\s*\[')
_FACT = re.compile(r"[\s,]*\{")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Fault:
    """A fact or summary that was left out: why, and the line it names, if it names one."""

    detail: str
    source: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer to `TASK: extract`, as far as it is right."""

    answer: Answer
    faults: tuple[Fault, ...] = ()


def parse_answer(text: str) -> Reading:
    """BadAnswer where nothing can be read, or none of the facts is right: "no facts" has to be said outright."""
    value = load(text, Answer.KEY)
    said = _list(value, Answer.KEY)
    if not said and (value.get("error") or value.get("errors")):
        raise BadAnswer("schema", "the answer speaks of an error")
    facts, faults = _each(said, Answer.KEY, tidy_fact, SaidFact)
    if faults and not facts:
        raise BadAnswer("schema", "; ".join(fault.detail for fault in faults[:3]))
    summaries, refused = _each(_summaries(value.get("summaries")), "summaries", tidy_summary, SaidSummary)
    return Reading(Answer(facts=facts, summaries=summaries), (*faults, *refused))


def parse_beginning(text: str) -> Reading | None:
    """What a truncated answer says before it breaks off, or goes round in circles as small models do.

    None where that is nothing, or where its lines do not come in their order: then it may have passed over some.
    """
    right, faults = _each(_facts_before_break(text[:MAX_ANSWER_CHARS]), Answer.KEY, tidy_fact, SaidFact)
    lines = [fact.source for fact in right]
    if not right or lines != sorted(lines):
        return None
    return Reading(Answer(facts=right, summaries=[]), tuple(faults))


def _facts_before_break(text: str) -> list[Any]:
    """The whole facts at the beginning of a list, up to the first that stands there already."""
    opened = _OPENED.search(text)
    position, facts, seen = opened.end() if opened else len(text), list[Any](), set[str]()
    while len(facts) < MAX_FACTS and (begun := _FACT.match(text, position)):
        start = begun.end() - 1
        try:
            fact, position = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        written = text[start:position]
        if written in seen:
            break
        seen.add(written)
        facts.append(fact)
    return facts


def parse_verdicts(text: str) -> list[SaidVerdict]:
    """The verdicts by the number of their draft. BadAnswer where any is wrong."""
    said = _numbered(load(text, Verdicts.KEY))
    verdicts, faults = _each(said, Verdicts.KEY, tidy_verdict, SaidVerdict)
    if faults:
        raise BadAnswer("schema", "; ".join(fault.detail for fault in faults[:3]))
    return sorted(verdicts, key=lambda verdict: verdict.draft)


def _numbered(value: Mapping[str, Any]) -> list[Any]:
    """The verdicts, each with its draft: named by it, or none of them numbered and so in its order."""
    said = value.get(Verdicts.KEY)
    if isinstance(said, Mapping) and "verdict" not in said:
        return [_of_draft(number, verdict) for number, verdict in said.items()]
    verdicts = _list(value, Verdicts.KEY)
    if any(isinstance(verdict, Mapping) and "draft" in verdict for verdict in verdicts):
        return verdicts
    return [_of_draft(number, verdict) for number, verdict in enumerate(verdicts, start=1)]


def _of_draft(number: int | str, said: Any) -> dict[str, Any]:
    return {"draft": number, **(said if isinstance(said, Mapping) else {"verdict": said})}


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    """The list, where members that are named or numbered, or one alone, stand in its place too."""
    said = value.get(key)
    if isinstance(said, Mapping):
        said = list(said.values()) if said and all(isinstance(one, Mapping) for one in said.values()) else [said]
    if not isinstance(said, list):
        raise BadAnswer("schema", f"{key}: no list")
    if len(said) > MAX_FACTS:
        raise BadAnswer("schema", f"{key}: more than {MAX_FACTS}")
    return said


def _summaries(said: Any) -> list[Any]:
    """Left out or null is none; texts by the number of their session are as good as a list."""
    if isinstance(said, Mapping) and "text" in said:
        return [said]
    if isinstance(said, Mapping):
        return [{"session": session, "text": text} for session, text in said.items()]
    return said if isinstance(said, list) else []


def _each(said: list[Any], place: str, tidy: Callable[[Any], Any], shape: type[Said]) -> tuple[list[Said], list[Fault]]:
    right: list[Said] = []
    faults: list[Fault] = []
    for position, item in enumerate(said):
        tidied = tidy(item)
        try:
            right.append(shape.model_validate(tidied))
        except ValidationError as error:
            source = tidied.get("source") if isinstance(tidied, Mapping) else None
            number = source if isinstance(source, int) and not isinstance(source, bool) and source > 0 else None
            faults.append(Fault(_explain(error, f"{place}.{position}"), number))
    return right, faults


def _explain(error: ValidationError, place: str) -> str:
    """The first three faults by place and rule; never a value, which would be content."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    told = [
        (".".join([place, *map(str, fault["loc"])]), fault["msg"].removeprefix("Value error, ")) for fault in faults
    ]
    return "; ".join(f"{where}: {rule[:1].lower()}{rule[1:]}" for where, rule in told)
