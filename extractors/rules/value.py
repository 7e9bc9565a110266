"""What holds of a person and what is over: a value of an attribute of which there is one at a time, or its end."""

from dataclasses import dataclass

from semmem.language.places import TOWN

Stems = frozenset[str]
YES, NO = frozenset({"yes"}), frozenset({"no"})


@dataclass(frozen=True, slots=True)
class Value:
    """What an attribute is now: ("home", {"munich"})."""

    attribute: str
    value: Stems
    extent: int = TOWN  # of a home: a street, a town, a part of a country or more; other values have no other
    moved: bool = False  # it names the town, and that it is another than before
    tentative: bool = False  # may stand beside another value, unless the later one says that it is new
    beside: bool = False  # a second job takes no other's place
    renewed: bool = False

    @property
    def handle(self) -> str:
        return f"value {' '.join(sorted(self.value))}"

    def replaces(self, other: "Value") -> bool:
        """The same attribute has another value; one that only says it more or less exactly is the same."""
        if self.attribute != other.attribute or self.beside or other.beside:
            return False
        if self.value <= other.value or other.value <= self.value:
            return False
        if (self.tentative or other.tentative) and not self.renewed:
            return False
        if self.extent == other.extent:
            return True
        return self.moved and other.extent <= max(self.extent, TOWN)  # who moved to Austin may be in Texas still


NOTHING: Stems = frozenset()
_TRAITS = (
    *("does", "is", "has", "has several", "time", "partner", "with", "theirs", "missing"),
    *("statement", "state", "plan", "duty"),
)


@dataclass(frozen=True, slots=True)
class Over:
    """What holds no more: a trait of a kind, or an attribute's value. Without stems, whatever there is of it."""

    kind: str
    stems: Stems = NOTHING
    verbs: Stems = NOTHING  # of a habit that is named by its object alone: what may be done with it

    @property
    def handles(self) -> tuple[str, ...]:
        """By each of these an earlier statement that it ends is found."""
        if self.kind == "any value":
            return (f"value {' '.join(sorted(self.stems))}",)
        if self.kind in _TRAITS and self.stems:
            return tuple(f"{self.kind} {stem}" for stem in self.stems)
        return (self.kind,)

    def ends(self, *values: Value) -> bool:
        if self.kind == "any value":
            return any(self.stems == value.value for value in values)
        same = (value for value in values if value.attribute == self.kind)
        return any(not self.stems or self.stems <= value.value or value.value <= self.stems for value in same)
