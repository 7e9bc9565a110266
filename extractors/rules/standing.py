"""Which statement takes the place of which, by rules, and how those are found without a look at each."""

from collections.abc import Iterable
from typing import Protocol

from semmem.domain.event import Role
from semmem.domain.fact import TRUST, Draft, Fact, Validity
from semmem.extractors.rules.attributes import APPOINTED
from semmem.extractors.rules.meaning import Meaning, meaning, planned, shared_attribute, supersedes
from semmem.extractors.words import words

MOST_COMPARED = 1_000  # of a scope's newest facts, among which the rules look for what a draft changes
MOST_STANDING = 64  # meanings of one batch that give one attribute values beside each other


class Statement(Protocol):
    """What a draft and a stored fact have in common."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def validity(self) -> Validity: ...
    @property
    def trust(self) -> Role: ...


def related(draft: Statement, fact: Statement) -> bool:
    """True where one may take the place of the other: they are about one attribute that their subject has once."""
    if not same_subject(draft, fact):
        return False
    new, old = meaning(draft.subject, draft.text), meaning(fact.subject, fact.text)
    return shared_attribute(new, old) or supersedes(new, old)


def replaces(draft: Statement, fact: Statement) -> bool:
    """True where the draft says what holds in place of the fact, or that it holds no more."""
    if draft.validity.end or not same_subject(draft, fact) or not outweighs(draft, fact):
        return False
    return supersedes(meaning(draft.subject, draft.text), meaning(fact.subject, fact.text))


def reschedules(draft: Statement, fact: Statement) -> bool:
    """True where the fact names a time at which something takes place no more, which is news before that time comes."""
    said = meaning(draft.subject, draft.text)
    reset = any(over.kind == APPOINTED.strip() for over in said.over)
    return (reset or any(each.attribute.startswith(APPOINTED) for each in said.values)) and replaces(draft, fact)


def outlasts(draft: Statement, fact: Statement) -> bool:
    """True where the fact holds only until what the draft plans, on a day that it names."""
    if draft.validity.start is None or draft.validity.end or not same_subject(draft, fact):
        return False
    coming = planned(draft.subject, draft.text)
    return outweighs(draft, fact) and supersedes(coming, meaning(fact.subject, fact.text))


def outweighs(draft: Statement, fact: Statement) -> bool:
    """Whether the draft comes from one whose word weighs as much: what a tool says ends nothing that the user said."""
    return TRUST.index(draft.trust) >= TRUST.index(fact.trust)


def changes_something(draft: Statement) -> bool:
    """True where the statement may take the place of another."""
    if draft.validity.end is not None:
        return False
    return meaning(draft.subject, draft.text).changes or plans_something(draft)


def says_of_them(draft: Statement) -> bool:
    """True where rules know what the statement says of its subject, so that it may change others or they it."""
    said = meaning(draft.subject, draft.text)
    return bool(said.handles) or changes_something(draft)


def plans_something(draft: Statement) -> bool:
    """True where the statement may end another on the day that it names."""
    return draft.validity.start is not None and planned(draft.subject, draft.text).changes


class Standing:
    """Statements in the order in which they were made, found by what may replace them without a look at each.

    Those of one meaning are looked at together, and of what a draft does not replace only the newest: so that even of
    thousands about one attribute, each costs the same.
    """

    def __init__(self) -> None:
        self._statements: dict[int, Statement] = {}
        self._by_handle: dict[tuple[str, str], dict[tuple[Meaning, Role], dict[int, None]]] = {}

    def add(self, position: int, statement: Statement) -> None:
        self._statements[position] = statement
        said = meaning(statement.subject, statement.text)
        for handle in said.handles:
            alike = self._by_handle.setdefault((_subject(statement), handle), {})
            alike.setdefault((said, statement.trust), {})[position] = None

    def drop(self, position: int) -> None:
        statement = self._statements.pop(position)
        said = meaning(statement.subject, statement.text)
        for handle in said.handles:
            alike = self._by_handle[_subject(statement), handle]
            del alike[said, statement.trust][position]
            if not alike[said, statement.trust]:
                del alike[said, statement.trust]

    def replaced_by(self, draft: Statement) -> list[int]:
        """The positions of what the draft replaces.

        It looks from the newest back, until MOST_STANDING meanings were seen that stand beside the new one.
        """
        if not changes_something(draft):
            return []
        return self._taken_by(draft, meaning(draft.subject, draft.text))

    def outlasted_by(self, draft: Statement) -> list[int]:
        """The positions of what holds only until what the draft plans."""
        return self._taken_by(draft, planned(draft.subject, draft.text)) if plans_something(draft) else []

    def _taken_by(self, draft: Statement, new: Meaning) -> list[int]:
        subject = _subject(draft)
        found: set[int] = set()
        for handles in [(value.attribute,) for value in new.values] + [over.handles for over in new.over]:
            earlier = min((self._by_handle.get((subject, handle), {}) for handle in handles), key=len)
            beside = 0
            for (old, whose), positions in reversed(earlier.items()):
                if TRUST.index(draft.trust) >= TRUST.index(whose) and supersedes(new, old):
                    found.update(positions)
                    continue
                beside += 1
                if beside == MOST_STANDING:
                    break
        return sorted(found)


class Rivals:
    """Facts, found by what a statement may change of them or they of it: it need not be near them in its words.

    `facts` are the newest first; of those that share an attribute, MOST_STANDING are looked at.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_handle: dict[tuple[str, str], list[Fact]] = {}
        for fact in facts:
            said = meaning(fact.subject, fact.text)
            for handle in said.handles.union(over.handles[0] for over in said.over):
                self._by_handle.setdefault((_subject(fact), handle), []).append(fact)

    def of(self, draft: Draft) -> list[Fact]:
        """Those that the draft replaces, now or once its plan comes true, or that replace it."""
        said, coming, subject = (
            meaning(draft.subject, draft.text),
            planned(draft.subject, draft.text),
            _subject(draft),
        )
        buckets = [self._by_handle.get((subject, handle), []) for handle in said.handles | coming.handles]
        for over in said.over + coming.over:
            buckets.append(min((self._by_handle.get((subject, handle), []) for handle in over.handles), key=len))
        near = {fact.id: fact for bucket in buckets for fact in bucket[:MOST_STANDING]}
        return [fact for fact in near.values() if _are_rivals(draft, fact)]


def _are_rivals(draft: Draft, fact: Fact) -> bool:
    return replaces(draft, fact) or replaces(fact, draft) or outlasts(draft, fact)


def _subject(statement: Statement) -> str:
    return " ".join(words(statement.subject))


def same_subject(one: Statement, other: Statement) -> bool:
    return words(one.subject) == words(other.subject)
