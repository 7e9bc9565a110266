"""Decides what becomes of a draft, as far as pure code can."""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from semmem.domain.extraction import Decision, Question
from semmem.domain.fact import TRUST, Draft, Fact, Superseded, Validity
from semmem.extractors.rules.clauses import RESOLVED_DATE
from semmem.extractors.rules.meaning import meaning
from semmem.extractors.rules.standing import (
    Standing,
    Statement,
    outlasts,
    outweighs,
    replaces,
    reschedules,
    same_subject,
)
from semmem.extractors.words import content_stems, words

# A stored fact is worth holding against a draft from this cosine on. With MiniLM two addresses of one person have .5 to
# .7; looking wide costs nothing, since a model is asked only about what is nearer or fills the same slot.
CANDIDATE_COSINE = 0.4
MAX_CANDIDATES = 8  # for each draft, its own subject first
CONFIRM_COSINE = 0.95
BACKSTORY = timedelta(days=365)  # what was over so long before a fact was said is what led up to it, and no news

_NEGATION = re.compile(r"\b(?:no|not|never|nor|cannot|without)\b|n['’]t\b", re.IGNORECASE)  # noqa: RUF001


def settle(question: Question) -> Decision | None:
    """A decision that needs no judgement, or None.

    The same statement again is confirmed; one that was superseded is ignored when it is replayed or was said before,
    and news when it was said again since. Without candidates it is added.
    """
    for fact in sorted(question.candidates, key=lambda fact: not fact.current):
        if same(question.draft, fact):
            if fact.current:
                return Decision(verdict="confirm", draft=question.draft, target=fact)
            if _is_replay(question, fact):
                return Decision(verdict="ignore", draft=question.draft, target=fact)
    if question.draft.superseded or not any(fact.current for fact in question.candidates):
        return Decision(verdict="add", draft=question.draft)
    return None


def _is_replay(question: Question, fact: Fact) -> bool:
    """Whether the draft tells no more than the fact did: of the same events, or before something took its place.

    What a person took back was wrong whoever had said it until then.
    """
    known = {source.event_id for source in fact.sources}
    said, end = question.said_at, fact.validity.end
    if said and fact.ended and fact.superseded_at and said <= fact.superseded_at:
        return True
    if said is None or said < fact.said_at or known.issuperset(source.event_id for source in question.draft.sources):
        return True
    return said == fact.said_at and (end is None or said < end)


def judge(question: Question) -> Decision:
    """A decision by rules alone, for when no model is there: `settle`, then supersede where the rules are certain.

    A draft may stand between facts that were said before and after it: it takes the place of the last one before, and
    the first one after takes its own. When no rule applies the draft is added.
    """
    if settled := settle(question):
        return settled
    draft = question.draft
    rivals = [fact for fact, _ in _current(question) if replaces(draft, fact) or replaces(fact, draft)]
    ahead = question.said_at is not None and _is_ahead(draft.validity, question.said_at)
    before = [fact for fact in rivals if _is_news(question, fact) and replaces(draft, fact)]
    if ahead and not any(reschedules(draft, fact) for fact in before):
        until = tuple(fact for fact, _ in _current(question) if outlasts(draft, fact) and _is_news(question, fact))
        return Decision(verdict="add", draft=draft, until=until)
    after = [fact for fact in rivals if not _is_news(question, fact) and replaces(fact, draft)]
    if after:
        first = min(after, key=_since)
        draft = _as_history(draft, first, _since(first))
    if before:
        last = max(before, key=_since)
        return Decision(
            verdict="supersede", draft=draft, target=last, also=tuple(fact for fact in before if fact is not last)
        )
    if after:
        return Decision(verdict="add", draft=draft)
    for fact, cosine in _current(question):
        if cosine >= CONFIRM_COSINE and _same_stems(draft, fact):
            return Decision(verdict="confirm", draft=draft, target=fact)
    return Decision(verdict="add", draft=draft)


def superseding(question: Question, fact: Fact) -> Decision:
    """The draft in place of `fact`, as a model says; overturned where the code can say why.

    A draft about what is over is added beside the fact, and so is one that is trusted less; one about what is yet to
    come too, and the fact holds until then. One that is older than the fact is added as its history.
    """
    draft, said = question.draft, question.said_at
    if not outweighs(draft, fact):
        return Decision(verdict="add", draft=draft)
    if said and draft.validity.end and draft.validity.end <= said:
        return Decision(verdict="add", draft=draft)
    if said and _is_ahead(draft.validity, said):
        return Decision(verdict="add", draft=draft, until=(fact,) if _is_news(question, fact) else ())
    if _is_news(question, fact):
        return Decision(verdict="supersede", draft=draft, target=fact)
    return Decision(verdict="add", draft=_as_history(draft, fact, _since(fact)))


def _is_news(question: Question, fact: Fact) -> bool:
    """Whether the draft came after the fact, whatever period it names: "I moved last month" is news of what was so
    this morning. It is history where it was said before, or where what it tells was over long before. What was said
    before a person's correction is news only of a time after that."""
    draft, said = question.draft, question.said_at
    if said is None:
        return True
    if said < fact.said_at and _is_a_persons(fact):
        return _is_ahead(draft.validity, fact.said_at)
    if said < fact.said_at:
        return draft.validity.start is not None and draft.validity.start >= _since(fact) and fact.validity.end is None
    over = _over(draft.validity)
    if over is None:
        return True
    dated = fact.validity.start is not None and fact.validity.start != fact.said_at
    return over > fact.validity.start if dated and fact.validity.start else over > fact.said_at - BACKSTORY


def _is_a_persons(fact: Fact) -> bool:
    """Whether a person said that it holds, and so for what was said until then."""
    return fact.made is not None and fact.made.kind in ("corrected", "restored")


def _over(validity: Validity) -> datetime | None:
    """When the period is over in which something began."""
    if validity.start is None:
        return None
    lasts = {"year": 366, "month": 31, "day": 1}.get(validity.precision or "instant", 0)
    try:
        return validity.start + timedelta(days=lasts)
    except OverflowError:
        return validity.start


def _is_ahead(validity: Validity, said: datetime) -> bool:
    return validity.start is not None and validity.start > said


def _since(fact: Fact) -> datetime:
    return fact.validity.start or fact.said_at


def _as_history(draft: Draft, successor: Statement, end: datetime) -> Draft:
    """The draft as what held until `end`, when its successor took its place."""
    start, said_to = draft.validity.start, draft.validity.end
    if draft.superseded:
        said_to = draft.superseded.said_to
    ends = replace(draft.validity, end=max(start, end) if start else end)
    superseded = Superseded(subject=successor.subject, text=successor.text, said_to=said_to)
    return replace(draft, validity=ends, superseded=superseded)


def same(one: Statement, other: Statement) -> bool:
    """The same words about the same subject, and no other time: "I ran yesterday" of two days is two statements."""
    return _key(one) == _key(other) and times_agree(one.validity, other.validity)


def merged(drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """The drafts with the same statement joined into one that has the sources of all, in order of first appearance.

    What another took the place of in between is not joined: said again, it is a return to an earlier value.
    """
    groups: list[list[Draft]] = []
    alike: dict[Hashable, dict[datetime | None, int]] = {}  # by statement and start, the group
    standing = Standing()
    for draft in drafts:
        for replaced in standing.replaced_by(draft):
            standing.drop(replaced)
            alike[_key(groups[replaced][0])] = {}
        of_statement = alike.setdefault(_key(draft), {})
        match = _agreeing(of_statement, draft.validity.start)
        if match is None:
            match = len(groups)
            groups.append([draft])
            standing.add(match, draft)
        else:
            groups[match].append(draft)
        of_statement.setdefault(draft.validity.start, match)
    return tuple(map(_joined, groups))


def _agreeing(groups: Mapping[datetime | None, int], start: datetime | None) -> int | None:
    """The first group of a statement that begins when the draft does; open agrees with any time."""
    if start is None:
        return min(groups.values(), default=None)
    return min((groups[each] for each in (start, None) if each in groups), default=None)


def ended(drafts: Sequence[Draft], said: Mapping[UUID, datetime]) -> tuple[Draft, ...]:
    """The drafts of one batch, where one that a later one replaces is history from then on.

    `said` has the world time of each source event: from then on an undated draft holds, and by it one is later.
    """
    closed = list(drafts)
    standing = Standing()
    times = [max(said[source.event_id] for source in draft.sources) for draft in drafts]
    for later in sorted(range(len(drafts)), key=times.__getitem__):
        draft = drafts[later]
        since = min(draft.validity.start or times[later], times[later])
        for earlier in standing.replaced_by(draft):
            closed[earlier] = _as_history(closed[earlier], draft, since)
            standing.drop(earlier)
        if draft.validity.end is None:
            standing.add(later, draft)
    return tuple(closed)


def one_successor(decisions: Sequence[Decision], said: Sequence[datetime | None]) -> list[Decision]:
    """The decisions, such that no fact is superseded twice: the last draft takes its place, the others are added.

    What a later draft says again was not superseded for good: the draft between is history. `said` has each one's time.
    """
    last = {fact.id: i for i, decision in enumerate(decisions) for fact in _retired(decision)}
    again = {
        one.target.id: i
        for i, one in enumerate(decisions)
        if one.verdict == "confirm" and one.target and one.draft.superseded is None
    }
    made: list[Decision] = []
    for i, decision in enumerate(decisions):
        returned = [fact for fact in _retired(decision) if _later(again.get(fact.id, i), i, said)]
        mine = [fact for fact in _retired(decision) if last[fact.id] == i and fact not in returned]
        if decision.verdict != "supersede":
            made.append(decision)
        elif mine:
            made.append(replace(decision, target=mine[0], also=tuple(mine[1:])))
        else:
            draft = decision.draft
            if returned and (end := said[again[returned[0].id]]):
                draft = _as_history(draft, returned[0], end)
            made.append(replace(decision, verdict="add", draft=draft, target=None, also=()))
    return made


def _later(one: int, other: int, said: Sequence[datetime | None]) -> bool:
    """Whether one of two drafts was said after the other; at one time the order of the batch tells."""
    times = said[one], said[other]
    return (times[0], one) > (times[1], other) if times[0] and times[1] else one > other


def _retired(decision: Decision) -> tuple[Fact, ...]:
    if decision.verdict != "supersede" or decision.target is None:
        return ()
    return (decision.target, *decision.also)


def _current(question: Question) -> list[tuple[Fact, float]]:
    pairs = zip(question.candidates, question.cosines, strict=True)
    return [(fact, cosine) for fact, cosine in pairs if fact.current]


def _joined(drafts: Sequence[Draft]) -> Draft:
    """One draft of the same statement, with the dates that the best leaves open and the first of the others has."""
    sources = tuple(dict.fromkeys(source for draft in drafts for source in draft.sources))
    best = max(drafts, key=lambda draft: draft.confidence)
    importance = max(draft.importance for draft in drafts)
    trust = max((draft.trust for draft in drafts), key=TRUST.index)
    began = next((each for each in (best, *drafts) if each.validity.start), best)
    ended = next((each for each in (best, *drafts) if each.validity.end), best)
    start, end = began.validity.start, ended.validity.end
    if not (start and end and end < start):
        precision = began.validity.precision or ended.validity.precision
        dated = {source.event_id for each in (began, ended) if each.validity != Validity() for source in each.sources}
        dated_by = frozenset(dated) if any(each.validity == Validity() for each in drafts) else frozenset()
        best = replace(best, validity=Validity(start=start, end=end, precision=precision), dated_by=dated_by)
    return replace(best, sources=sources, importance=importance, trust=trust)


def _key(statement: Statement) -> tuple[str, str]:
    return " ".join(words(statement.subject)), " ".join(words(RESOLVED_DATE.sub("", statement.text)))


def _same_stems(one: Statement, other: Statement) -> bool:
    texts = RESOLVED_DATE.sub("", one.text), RESOLVED_DATE.sub("", other.text)
    alike = content_stems(texts[0]) == content_stems(texts[1]) and _negations(texts[0]) == _negations(texts[1])
    return alike and same_subject(one, other) and times_agree(one.validity, other.validity)


def reworded(subject: str, text: str, other_subject: str, other_text: str) -> bool:
    """Whether two statements of one text say the same thing of one subject: in the same stems, or as the same value."""
    if words(subject) != words(other_subject):
        return False
    if content_stems(text) == content_stems(other_text) and _negations(text) == _negations(other_text):
        return True
    said, before = (
        {(value.attribute, value.value) for value in meaning(*each).values}
        for each in ((subject, text), (other_subject, other_text))
    )
    return bool(said & before)


def _negations(text: str) -> int:
    return len(_NEGATION.findall(text))


def times_agree(one: Validity, other: Validity) -> bool:
    """Open agrees with any time."""
    return one.start is None or other.start is None or one.start == other.start
