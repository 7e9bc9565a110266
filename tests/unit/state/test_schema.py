"""A class of state: what it may declare, and which values its fields take."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, field_validator

import semmem
from semmem import InvalidInput, Reducer, State, StateMismatch, add, append, best, latest, merge, replace, told, union
from semmem.domain.schema import MAX_FIELDS, declaration_of, new_values

METACLASS: Any = type(State)  # makes classes whose fields a test chooses


class Place(BaseModel):
    city: str


def shout(word: str) -> str:
    return word.upper()


class Trip(State, version=3):
    notes: Annotated[list[str], append]
    hotels: Annotated[dict[str, Place], merge]
    guests: Annotated[frozenset[str], union]
    budget: Annotated[float, add] = 0.5
    days: Annotated[int, semmem.max] = 0
    mood: Annotated[Literal["glad", "sad"] | None, best] = None
    seen_at: Annotated[datetime | None, latest] = None
    anything: Any = None
    loud: Annotated[str, AfterValidator(shout), replace(unseen="refuse")] = "QUIET"
    first: Annotated[int, Field(ge=1), semmem.min]


def _brought(**changes: Any) -> Any:
    (new,) = new_values(declaration_of(Trip), changes)
    return new.value


def test_a_declaration_names_version_reducers_and_defaults() -> None:
    declaration = declaration_of(Trip)
    assert declaration.version == 3
    reducers = {name: field.reducer.name for name, field in declaration.fields.items()}
    assert reducers == {
        "notes": "append",
        "hotels": "merge",
        "guests": "union",
        "budget": "add",
        "days": "max",
        "mood": "best",
        "seen_at": "latest",
        "anything": "replace",
        "loud": "replace",
        "first": "min",
    }
    assert {name for name, field in declaration.fields.items() if not field.has_default} == {"first"}
    assert declaration.fields["loud"].reducer.unseen == "refuse"


@pytest.mark.parametrize(
    ("changes", "stored"),
    [
        ({"notes": ["a", "b"]}, ["a", "b"]),
        ({"hotels": {"May": Place(city="Oslo")}}, {"May": {"city": "Oslo"}}),
        ({"hotels": {"May": {"city": "Oslo"}}}, {"May": {"city": "Oslo"}}),
        ({"guests": {"Ana"}}, ["Ana"]),
        ({"guests": ["Ana"]}, ["Ana"]),
        ({"budget": 2}, 2.0),
        ({"mood": None}, None),
        ({"seen_at": datetime(2026, 5, 1, tzinfo=UTC)}, "2026-05-01T00:00:00Z"),
        ({"seen_at": "2026-05-01T00:00:00Z"}, "2026-05-01T00:00:00Z"),
        ({"anything": {"a": [1, None, True]}}, {"a": [1, None, True]}),
        ({"loud": "hey"}, "HEY"),
    ],
)
def test_a_value_of_the_type_is_taken_as_json(changes: dict[str, Any], stored: Any) -> None:
    assert _brought(**changes) == stored


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nothing": 1}, "nothing"),
        ({"notes": "a"}, "notes"),
        ({"notes": ["a", 3]}, "notes[1]"),
        ({"notes": ["x"] * 1_001}, "notes"),
        ({"notes": ["x" * 70_000]}, "notes[0]"),
        ({"notes": ["a\x00"]}, "notes[0]"),
        ({"notes": ["\ud800"]}, "notes[0]"),
        ({"hotels": {"": Place(city="Oslo")}}, "hotels.key"),
        ({"hotels": {"May": {"city": 3}}}, "hotels"),
        ({"budget": math.nan}, "budget"),
        ({"budget": math.inf}, "budget"),
        ({"budget": 1e19}, "budget"),
        ({"budget": "2"}, "budget"),
        ({"days": True}, "days"),
        ({"days": 2.0}, "days"),
        ({"days": 10**18 + 1}, "days"),
        ({"mood": "so-so"}, "mood"),
        ({"anything": object()}, "anything"),
        ({"anything": {"a": math.nan}}, "anything"),
        ({"anything": "x" * 65_536}, "anything"),
        ({"first": 0}, "first"),
    ],
)
def test_another_value_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _brought(**changes)
    assert refused.value.field == field


def test_an_update_has_a_size() -> None:
    with pytest.raises(InvalidInput, match="at most 1000 items"):
        new_values(declaration_of(Trip), {"notes": ["x"] * 600, "guests": {str(number) for number in range(600)}})
    with pytest.raises(InvalidInput, match="bytes"):
        new_values(declaration_of(Trip), {"notes": ["x" * 60_000] * 80})


def test_a_value_may_be_told_with_a_confidence() -> None:
    (new,) = new_values(declaration_of(Trip), {"mood": told("glad", confidence=0.25)})
    assert (new.value, new.confidence) == ("glad", 0.25)
    for wrong in (1.1, -0.1, math.nan, True, "1"):
        with pytest.raises(InvalidInput, match="confidence"):
            told("glad", confidence=wrong)  # type: ignore[arg-type]


def test_what_is_stored_is_read_as_its_type() -> None:
    fields = declaration_of(Trip).fields
    assert fields["hotels"].read({"May": {"city": "Oslo"}}) == {"May": Place(city="Oslo")}
    assert fields["guests"].read(["Ana", "Bo"]) == frozenset({"Ana", "Bo"})
    assert fields["budget"].read(3) == 3.0
    with pytest.raises(StateMismatch, match="days"):
        fields["days"].read("three")


def _declare(annotation: Any, default: Any = ..., name: str = "field") -> Callable[[], object]:
    body: dict[str, Any] = {"__annotations__": {name: annotation}, "__module__": __name__}
    if default is not ...:
        body[name] = default
    return lambda: METACLASS("Bad", (State,), body)


@pytest.mark.parametrize(
    "declare",
    [
        _declare(Annotated[str, append]),
        _declare(Annotated[set[str], append]),
        _declare(Annotated[list[str], union]),
        _declare(Annotated[dict[int, str], merge]),
        _declare(Annotated[list[str], merge]),
        _declare(Annotated[str, add]),
        _declare(Annotated[bool, add]),
        _declare(Annotated[int | None, semmem.max]),
        _declare(Annotated[str, semmem.min]),
        _declare(Annotated[str, replace, best]),
        _declare(Annotated[list[str], append] | None),
        _declare(list[Annotated[str, replace]]),
        _declare(Annotated[list[str], append], ["a"]),
        _declare(Annotated[list[str], append], Field(default_factory=lambda: ["a"])),
        _declare(Annotated[int, add, Field(ge=0)], 0),
        _declare(Annotated[list[str], append, Field(max_length=3)], []),
        _declare(str, Field(default_factory=str)),
        _declare(str, 3),
        _declare(float, math.nan),
        _declare(Callable[[], None]),
        _declare("Later"),
        _declare(str, "", name="seen"),
    ],
)
def test_a_class_that_cannot_be_kept_is_refused_where_it_is_written(declare: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput):
        declare()


def test_a_class_has_no_validators_of_its_own_and_no_more_fields_than_fit() -> None:
    with pytest.raises(InvalidInput, match="validators"):

        class Checked(State):
            word: str = ""

            @field_validator("word")
            @classmethod
            def check(cls, value: str) -> str:
                return value

    body = {"__annotations__": {f"field_{number}": int for number in range(MAX_FIELDS + 1)}, "__module__": __name__}
    with pytest.raises(InvalidInput, match="100 fields"):
        METACLASS("Wide", (State,), body)


@pytest.mark.parametrize("version", [0, -1, True, "1", 2**31])
def test_a_version_is_a_whole_number(version: Any) -> None:
    with pytest.raises(InvalidInput, match="version"):
        METACLASS("Bad", (State,), {"__module__": __name__}, version=version)


@pytest.mark.parametrize("other", [State, BaseModel, Trip.model_construct(), "Trip", None, object])
def test_only_a_class_below_state_declares_one(other: Any) -> None:
    with pytest.raises(InvalidInput, match="class below"):
        declaration_of(other)


def test_a_digest_changes_with_what_is_kept_and_not_with_words() -> None:
    def digest(annotation: Any, default: Any = ...) -> str:
        made: Any = _declare(annotation, default)()
        return declaration_of(made).fields["field"].digest

    plain = digest(Annotated[list[str], append])
    assert plain == digest(Annotated[list[str], append], []) == digest(Annotated[list[str], append], Field(title="T"))
    others = {
        digest(Annotated[list[int], append]),
        digest(Annotated[list[str], append(keep=5)]),
        digest(Annotated[list[str], append(unseen="refuse")]),
        digest(list[str]),
        digest(int, 3),
        digest(int, 4),
        digest(Annotated[int, add], 4),
    }
    assert len(others | {plain}) == 8


@pytest.mark.parametrize(
    "make",
    [
        lambda: Reducer("sum"),
        lambda: replace(unseen="ignore"),  # type: ignore[arg-type]
        lambda: append(keep=0),
        lambda: append(keep=10_001),
        lambda: append(keep=True),
        lambda: union(keep=5),
    ],
)
def test_a_reducer_has_settings_that_fit_it(make: Callable[[], Reducer]) -> None:
    with pytest.raises(InvalidInput):
        make()
