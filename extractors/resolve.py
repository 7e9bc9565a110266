"""Decides what becomes of a draft, as far as pure code can."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from semmem.extractors.slots import gives_up, slot
from semmem.extractors.words import content_stems, words
from semmem.fact import Draft, Fact, Validity
from semmem.ports import Decision, Question

# A stored fact is worth holding against a draft from this cosine on; with MiniLM, "my address is A" and "I moved to B"
# have .68, "I prefer calls" and "email me instead" .63, two unrelated facts on one person below .5.
CANDIDATE_COSINE = 0.6
MAX_CANDIDATES = 8
CONFIRM_COSINE = 0.95

_RESOLVED_DATE = re.compile(r" \((?:week of |weekend of )?(?:\d{1,2} )?(?:[A-Z][a-z]+ )?\d{4}(?: \d\d:\d\d)?\)")


class Statement(Protocol):
    """What a draft and a stored fact have in common."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def validity(self) -> Validity: ...


def settle(question: Question) -> Decision | None:
    """A decision that needs no judgement, or None.

    The same statement again is confirmed, or ignored if it was superseded since; without candidates it is added.
    """
    for fact in sorted(question.candidates, key=lambda fact: not fact.current):
        if same(question.draft, fact):
            return Decision(verdict="confirm" if fact.current else "ignore", draft=question.draft, target=fact)
    if not any(fact.current for fact in question.candidates):
        return Decision(verdict="add", draft=question.draft)
    return None


def judge(question: Question) -> Decision:
    """A decision by rules alone, for when no model is there: `settle`, then supersede by slot or by what is given up.

    When no rule applies the draft is added.
    """
    if settled := settle(question):
        return settled
    draft = question.draft
    for fact, cosine in _current(question):
        if _replaces(draft, fact):
            return Decision(verdict="supersede", draft=draft, target=fact)
        if cosine >= CONFIRM_COSINE and _same_stems(draft, fact):
            return Decision(verdict="confirm", draft=draft, target=fact)
    return Decision(verdict="add", draft=draft)


def same(one: Statement, other: Statement) -> bool:
    """The same words about the same subject, and no other time: "I ran yesterday" of two days is two statements."""
    return _key(one) == _key(other) and _times_agree(one.validity, other.validity)


def related(draft: Statement, fact: Statement) -> bool:
    """True where both give a value for one attribute that its subject has once."""
    named = slot(draft.subject, draft.text)
    return named is not None and _same_subject(draft, fact) and named == slot(fact.subject, fact.text)


def merged(drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """The drafts with the same statement joined into one that has the sources of all, in order of first appearance."""
    kept: list[Draft] = []
    for draft in drafts:
        position = next((i for i, other in enumerate(kept) if same(draft, other)), None)
        if position is None:
            kept.append(draft)
        else:
            kept[position] = _joined(kept[position], draft)
    return tuple(kept)


def ended(drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """The drafts of one batch, where a later one that replaces an earlier one and is dated closes its validity."""
    closed = list(drafts)
    for later, draft in enumerate(drafts):
        for earlier in range(later):
            start = draft.validity.start
            if start and closed[earlier].validity.end is None and _replaces(draft, closed[earlier]):
                closed[earlier] = replace(closed[earlier], validity=_until(closed[earlier].validity, draft.validity))
    return tuple(closed)


def one_successor(decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions, such that no fact is superseded twice: the last draft takes its place, the others are added."""
    last = {decision.target.id: i for i, decision in enumerate(decisions) if decision.target and _supersedes(decision)}
    return [
        replace(decision, verdict="add", target=None)
        if decision.target and _supersedes(decision) and last[decision.target.id] != i
        else decision
        for i, decision in enumerate(decisions)
    ]


def _supersedes(decision: Decision) -> bool:
    return decision.verdict == "supersede"


def older(draft: Statement, fact: Statement) -> bool:
    """True where both are dated and the draft speaks of an earlier time, so that it cannot replace the fact."""
    return bool(draft.validity.start and fact.validity.start and draft.validity.start < fact.validity.start)


def _replaces(draft: Draft, fact: Statement) -> bool:
    if not _same_subject(draft, fact) or older(draft, fact) or draft.validity.end:
        return False
    return related(draft, fact) or gives_up(draft.text, fact.text)


def _until(validity: Validity, successor: Validity) -> Validity:
    start, end = validity.start, successor.start
    return Validity(start=start, end=max(start, end) if start and end else end, precision=successor.precision)


def _current(question: Question) -> list[tuple[Fact, float]]:
    pairs = zip(question.candidates, question.cosines, strict=True)
    return [(fact, cosine) for fact, cosine in pairs if fact.current]


def _joined(one: Draft, other: Draft) -> Draft:
    sources = tuple(dict.fromkeys((*one.sources, *other.sources)))
    best = max((one, other), key=lambda draft: draft.confidence)
    return replace(best, sources=sources, importance=max(one.importance, other.importance))


def _key(statement: Statement) -> tuple[list[str], list[str]]:
    return words(statement.subject), words(_RESOLVED_DATE.sub("", statement.text))


def _same_subject(one: Statement, other: Statement) -> bool:
    return words(one.subject) == words(other.subject)


def _same_stems(one: Statement, other: Statement) -> bool:
    stems = content_stems(_RESOLVED_DATE.sub("", one.text)), content_stems(_RESOLVED_DATE.sub("", other.text))
    return _same_subject(one, other) and stems[0] == stems[1] and _times_agree(one.validity, other.validity)


def _times_agree(one: Validity, other: Validity) -> bool:
    """Open agrees with any time."""
    return one.start is None or other.start is None or one.start == other.start
