"""Decides what becomes of a draft, as far as pure code can."""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from semmem.extraction import Decision, Question
from semmem.extractors.slots import changes_something, gives_up, slot
from semmem.extractors.words import content_stems, words
from semmem.fact import Draft, Fact, Validity

# A stored fact is worth holding against a draft from this cosine on. With MiniLM two addresses of one person have .5 to
# .7; looking wide costs nothing, since a model is asked only about what is nearer or fills the same slot.
CANDIDATE_COSINE = 0.4
MAX_CANDIDATES = 8  # for each draft, its own subject first
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
        if replaces(draft, fact):
            return superseding(question, fact)
        if cosine >= CONFIRM_COSINE and _same_stems(draft, fact):
            return Decision(verdict="confirm", draft=draft, target=fact)
    return Decision(verdict="add", draft=draft)


def superseding(question: Question, fact: Fact) -> Decision:
    """The draft in place of `fact`; a draft that is older than the fact is added as history that ended with it."""
    draft = question.draft
    since, start = fact.validity.start or fact.said_at, draft.validity.start or question.said_at
    if start is None or since <= start:
        return Decision(verdict="supersede", draft=draft, target=fact)
    return Decision(verdict="add", draft=replace(draft, validity=replace(draft.validity, end=since)))


def same(one: Statement, other: Statement) -> bool:
    """The same words about the same subject, and no other time: "I ran yesterday" of two days is two statements."""
    return _key(one) == _key(other) and _times_agree(one.validity, other.validity)


def related(draft: Statement, fact: Statement) -> bool:
    """True where both give a value for one attribute that its subject has once."""
    named = slot(draft.subject, draft.text)
    return named is not None and _same_subject(draft, fact) and named == slot(fact.subject, fact.text)


def replaces(draft: Draft, fact: Statement) -> bool:
    """True where the draft says what holds in place of the fact."""
    if draft.validity.end or not _same_subject(draft, fact):
        return False
    return related(draft, fact) or gives_up(draft.text, fact.text)


def outdates(draft: Draft, line: str) -> bool:
    """True where the draft replaces what a summary's line says of its subject."""
    named = slot(draft.subject, draft.text)
    return (named is not None and named == slot(draft.subject, line)) or gives_up(draft.text, line)


def merged(drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """The drafts with the same statement joined into one that has the sources of all, in order of first appearance."""
    alike: dict[Hashable, list[int]] = {}
    kept: list[Draft] = []
    for draft in drafts:
        positions = alike.setdefault(_key(draft), [])
        match = next((i for i in positions if _times_agree(kept[i].validity, draft.validity)), None)
        if match is None:
            positions.append(len(kept))
            kept.append(draft)
        else:
            kept[match] = _joined(kept[match], draft)
    return tuple(kept)


def ended(drafts: Sequence[Draft], said: Mapping[UUID, datetime]) -> tuple[Draft, ...]:
    """The drafts of one batch, where a later one that replaces an earlier one closes that one's validity.

    `said` has the world time of each source event: from then on an undated draft holds.
    """
    closed = list(drafts)
    for later, draft in enumerate(drafts):
        if not changes_something(draft.subject, draft.text):
            continue
        since = draft.validity.start or max(said[source.event_id] for source in draft.sources)
        for earlier in range(later):
            if closed[earlier].validity.end is None and replaces(draft, closed[earlier]):
                closed[earlier] = _closed(closed[earlier], since)
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


def _closed(draft: Draft, end: datetime) -> Draft:
    """The draft, over at `end`; untouched if it began later than that."""
    validity = draft.validity
    if validity.start and validity.start > end:
        return draft
    return replace(draft, validity=replace(validity, end=end))


def _current(question: Question) -> list[tuple[Fact, float]]:
    pairs = zip(question.candidates, question.cosines, strict=True)
    return [(fact, cosine) for fact, cosine in pairs if fact.current]


def _joined(one: Draft, other: Draft) -> Draft:
    sources = tuple(dict.fromkeys((*one.sources, *other.sources)))
    best = max((one, other), key=lambda draft: draft.confidence)
    return replace(best, sources=sources, importance=max(one.importance, other.importance))


def _key(statement: Statement) -> tuple[str, str]:
    return " ".join(words(statement.subject)), " ".join(words(_RESOLVED_DATE.sub("", statement.text)))


def _same_subject(one: Statement, other: Statement) -> bool:
    return words(one.subject) == words(other.subject)


def _same_stems(one: Statement, other: Statement) -> bool:
    stems = content_stems(_RESOLVED_DATE.sub("", one.text)), content_stems(_RESOLVED_DATE.sub("", other.text))
    return _same_subject(one, other) and stems[0] == stems[1] and _times_agree(one.validity, other.validity)


def _times_agree(one: Validity, other: Validity) -> bool:
    """Open agrees with any time."""
    return one.start is None or other.start is None or one.start == other.start
