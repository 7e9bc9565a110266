"""One value of an attribute of which a person has one at a time."""

from dataclasses import dataclass

Stems = frozenset[str]
YES, NO = frozenset({"yes"}), frozenset({"no"})


@dataclass(frozen=True, slots=True)
class Value:
    """What an attribute is now: ("home", {"munich"})."""

    attribute: str
    value: Stems
    street: bool = False  # a home as exact as a street, where others name a town
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
        return self.street == other.street or self.moved
