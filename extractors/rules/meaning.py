"""What a statement says of its subject that another statement can take back, as far as rules are certain of it.

Values are attributes of which there is one at a time, traits are standing statements, and what is over ends either.
English only; what is not known here is added beside the old, never in its place.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from semmem.extractors.rules.attributes import values_of
from semmem.extractors.rules.clauses import clauses
from semmem.extractors.rules.endings import endings_of
from semmem.extractors.rules.finished import dropped
from semmem.extractors.rules.plain import done
from semmem.extractors.rules.relatives import relatives_do, relatives_ended
from semmem.extractors.rules.traits import Trait, planned_of, traits_of
from semmem.extractors.rules.value import Over, Value


@dataclass(frozen=True, slots=True)
class Meaning:
    values: tuple[Value, ...] = ()
    over: tuple[Over, ...] = ()
    traits: tuple[Trait, ...] = ()

    @property
    def changes(self) -> bool:
        """It may take the place of another statement."""
        return bool(self.values or self.over)

    @property
    def handles(self) -> frozenset[str]:
        """By what a later statement finds this one."""
        names = {value.attribute for value in self.values} | {value.handle for value in self.values}
        return frozenset(names.union(*(trait.handles for trait in self.traits)))


@lru_cache(maxsize=8_192)
def meaning(subject: str, text: str) -> Meaning:
    values: list[Value] = []
    over: list[Over] = []
    traits: list[Trait] = []
    for clause in clauses(subject, text):
        if clause.void:
            continue
        traits += planned_of(clause)
        if (clause.doubted or clause.coming) and not clause.supposed:
            over += dropped(clause)
        if clause.doubted or clause.coming:
            continue
        over += endings_of(clause)
        over += relatives_ended(clause)
        if not clause.past:
            values += values_of(clause)
            traits += traits_of(clause)
            traits += relatives_do(clause)
    return Meaning(tuple(values), tuple(over), tuple(traits))


@lru_cache(maxsize=8_192)
def planned(subject: str, text: str) -> Meaning:
    """What will be so where a plan that the statement tells of comes true; nothing of what is doubted or denied."""
    values: list[Value] = []
    over: list[Over] = []
    for clause in clauses(subject, text):
        unsure = clause.doubted or clause.negated or clause.besides or clause.passing or clause.void
        come = None if unsure else done(clause.text)
        if come:
            then = replace(clause, text=come, coming=False)
            values += values_of(then)
            over += endings_of(then)
    return Meaning(tuple(values), tuple(over))


def supersedes(new: Meaning, old: Meaning) -> bool:
    """True where what the new statement says leaves no room for the old one."""
    return any(value.replaces(other) for value in new.values for other in old.values) or any(
        over.ends(*old.values) or any(trait.ended_by(over) for trait in old.traits) for over in new.over
    )


def shared_attribute(one: Meaning, other: Meaning) -> bool:
    """True where both give a value for one attribute, be it the same value."""
    return not {value.attribute for value in one.values}.isdisjoint(value.attribute for value in other.values)
