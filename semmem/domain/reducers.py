"""How a new value of a field of shared state meets the one that stands: the reducer in the field's Annotated."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, get_args

from semmem.domain.checks import check_each, check_id, check_int, check_one_of, check_unit
from semmem.errors import InvalidInput

MAX_ROLES = 50
MAX_PIECES = 10_000  # that a list, a mapping or a set holds at one time

Unseen = Literal["reduce", "refuse"]

_NAMES = ("replace", "latest", "append", "merge", "union", "add", "max", "min", "best")
# A value of these leaves the same behind whether it comes at once or late, or stands back by what it carries.
_CAN_WAIT = ("add", "max", "min", "union", "append", "latest", "best")
_SHAPES = {"append": "items", "merge": "keys", "union": "members"}


@dataclass(frozen=True, slots=True)
class Reducer:
    """`unseen` says what becomes of a write whose writer had not seen another agent's last change of the field.

    It is reduced all the same, or refused with a Conflict. With `keep`, a list that is appended to drops its oldest
    items beyond so many. `readable` and `writable` name the roles of agents that may; without them every agent may.
    """

    name: str
    unseen: Unseen = "reduce"
    keep: int | None = None
    readable: frozenset[str] | None = None
    writable: frozenset[str] | None = None

    def __post_init__(self) -> None:
        check_one_of("name", self.name, _NAMES)
        check_one_of("unseen", self.unseen, get_args(Unseen))
        for right in ("readable", "writable"):
            object.__setattr__(self, right, _checked_roles(right, getattr(self, right)))
        if self.keep is None:
            return
        if self.name != "append":
            raise InvalidInput("keep", f"must not be set for {self.name}", "leave it out, or append to a list")
        check_int("keep", self.keep, 1, MAX_PIECES)

    def __call__(
        self,
        *,
        unseen: Unseen = "reduce",
        keep: int | None = None,
        readable: Collection[str] | None = None,
        writable: Collection[str] | None = None,
    ) -> "Reducer":
        """The same way of reducing, with other settings: `Annotated[str, replace(unseen="refuse")]`."""
        readers, writers = _checked_roles("readable", readable), _checked_roles("writable", writable)
        return Reducer(self.name, unseen, keep, readers, writers)

    @property
    def shape(self) -> str:
        """Whether a field is kept as a single value, as items in order, by keys, or as members of a set."""
        return _SHAPES.get(self.name, "single")

    @property
    def can_wait(self) -> bool:
        """Whether a value may come later than it was told, and neither be lost nor undo what was written meanwhile.

        What replaces, or drops the oldest items of a list, would undo the news; what is refused unseen would be lost.
        """
        return self.name in _CAN_WAIT and self.keep is None and self.unseen == "reduce"


def _checked_roles(right: str, roles: object) -> frozenset[str] | None:
    if roles is None:
        return None
    given = list(roles) if isinstance(roles, set | frozenset) else roles
    names = check_each(right, given, str, least=1, most=MAX_ROLES)
    return frozenset(check_id(f"{right}[{index}]", name) for index, name in enumerate(names))


replace = Reducer("replace")  # the last write stands
latest = Reducer("latest")  # what was seen last in the world stands: by `told_at`, whenever it arrives
append = Reducer("append")  # a list grows at its end
merge = Reducer("merge")  # a mapping takes over the keys that are given
union = Reducer("union")  # a set takes in what it lacks
add = Reducer("add")  # a number goes up, or down
max = Reducer("max")  # the largest number stands
min = Reducer("min")  # the smallest number stands
best = Reducer("best")  # what was told with the most confidence stands; of two equals the later


@dataclass(frozen=True, slots=True)
class Told:
    """A value, and how sure its teller is of it; see `told`."""

    value: Any
    confidence: float

    def __post_init__(self) -> None:
        check_unit("confidence", self.confidence)


def told(value: Any, *, confidence: float) -> Told:
    """A value for `update` with a confidence from 0 to 1, which is 1 where it is not said."""
    return Told(value, confidence)
