"""What a scope's state may hold: the fields of a class, each with its type and its reducer."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    PydanticSchemaGenerationError,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
)
from pydantic.fields import FieldInfo

from semmem.domain.checks import MAX_VALUE_BYTES, check_id, check_int, check_json_value
from semmem.domain.reducers import MAX_PIECES, Reducer, Told, replace
from semmem.errors import InvalidInput, SemmemError, StateMismatch

MAX_FIELDS = 100
MAX_VERSION = 2**31 - 1
MAX_PIECES_A_CALL = 1_000
MAX_CALL_BYTES = 4 * 1024 * 1024
MAX_NUMBER = 10**18  # that a field of add, max or min holds, either way of 0

# What `update` says of a change as a whole, and what a class does.
RESERVED = frozenset({"fn", "expected", "seen", "lock", "told_at", "timeout", "upgrade"})
_COMPARED = ("add", "max", "min")
_IN_PARTS = ("add", "append", "merge", "union")  # an update brings a part of the value, not the value
_CONTAINERS = {"items": (list,), "keys": (dict,), "members": (set, frozenset)}
_FITTING = {"append": "list[...]", "merge": "dict[str, ...]", "union": "set[...] or frozenset[...]"}
_NAN_STAYS = ConfigDict(ser_json_inf_nan="constants")  # until it is refused; pydantic would make null of it
_SPOKEN = ("title", "description", "examples", "deprecated")  # of a JSON schema: they change no value's type


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a State. `digest` tells two declarations of it apart."""

    name: str
    reducer: Reducer
    type: TypeAdapter[Any]
    default: Any  # as JSON; None where there is none
    has_default: bool
    digest: str

    def given(self, value: Any) -> Any:
        """A caller's value, or what it adds to the value, as JSON. Raises InvalidInput."""
        plain = self._checked(_plain(self.name, self.type, value), MAX_PIECES_A_CALL)
        if self.reducer.name in _COMPARED and not -MAX_NUMBER <= plain <= MAX_NUMBER:
            raise InvalidInput(self.name, f"must lie between {-MAX_NUMBER} and {MAX_NUMBER}", "count in a larger unit")
        return plain

    def whole(self, value: Any) -> Any:
        """All that the field holds, as JSON. Raises InvalidInput."""
        return self._checked(_plain(self.name, self.type, value), MAX_PIECES)

    def _checked(self, plain: Any, most: int) -> Any:
        """Each part that is kept by itself has a limit of its own."""
        name = self.name
        if self.reducer.shape == "single":
            return check_json_value(name, plain, MAX_VALUE_BYTES)
        if len(plain) > most:
            raise InvalidInput(name, f"must bring at most {most} at once", "split the call")
        if self.reducer.shape == "keys":
            for key, value in plain.items():
                check_id(f"{name}.key", key)
                check_json_value(f"{name}[{key:.100}]", value, MAX_VALUE_BYTES)
        else:
            for index, item in enumerate(plain):
                check_json_value(f"{name}[{index}]", item, MAX_VALUE_BYTES)
        return plain

    def is_readable(self, role: str | None) -> bool:
        """For an agent of this role; the application itself, which has none, may read everything."""
        return role is None or self.reducer.readable is None or role in self.reducer.readable

    def is_writable(self, role: str | None) -> bool:
        """By an agent of this role; the application itself, which has none, may write everything."""
        return role is None or self.reducer.writable is None or role in self.reducer.writable

    def read(self, stored: Any) -> Any:
        """A stored value as its type. Raises StateMismatch where it is none."""
        try:
            return self.type.validate_json(json.dumps(stored), strict=True)
        except ValidationError:
            raise StateMismatch(
                self.name,
                "holds a value of another type than is declared here",
                "use the class of the process that wrote it, or declare a higher version",
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """All fields of a State class, by name."""

    version: int
    fields: Mapping[str, Field]
    upgrade: Callable[[dict[str, Any], int], Mapping[str, Any]]

    def upgraded(self, values: Mapping[str, Any], version: int) -> dict[str, Any]:
        """What an earlier version's values are in this one, as JSON. Raises StateMismatch where they do not fit."""
        try:
            made = self.upgrade(dict(values), version)
        except SemmemError:
            raise
        except Exception as error:  # the caller's own code
            told = f"fails on the values of version {version} ({type(error).__name__})"
            raise StateMismatch("upgrade", told, "let it take fields that were never told") from error
        if not isinstance(made, Mapping):
            raise StateMismatch("upgrade", f"must answer with a mapping, not {type(made).__name__}", "return a dict")
        try:
            kept = {name: value for name, value in values.items() if name in self.fields} | dict(made)
            return {name: self.field(name).whole(value) for name, value in kept.items()}
        except InvalidInput as error:
            fix = f"let the class have an upgrade that makes values of this version of those of version {version}"
            raise StateMismatch(error.field, error.limit, fix) from error

    def field(self, name: object) -> Field:
        if not isinstance(name, str) or name not in self.fields:
            shown = name if isinstance(name, str) else type(name).__name__
            raise InvalidInput(f"{shown:.100}", "is no field of this state", f"use {', '.join(self.fields) or 'none'}")
        return self.fields[name]


class State(BaseModel):
    """The base of a class that declares a scope's state; a field without a reducer is replaced.

    class Launch(semmem.State, version=1):
        findings: Annotated[list[str], semmem.append]
        calls_left: Annotated[int, semmem.add] = 100

    Raises InvalidInput for a reducer that does not fit its field's type.
    """

    _declaration: ClassVar[Declaration]

    def __init_subclass__(cls, *, version: int = 1, **settings: Any) -> None:
        super().__init_subclass__(**settings)

    @classmethod
    def __pydantic_init_subclass__(cls, *, version: int = 1, **settings: Any) -> None:
        super().__pydantic_init_subclass__(**settings)
        check_int("version", version, 1, MAX_VERSION)
        if not cls.__pydantic_complete__:
            raise InvalidInput(cls.__name__, "names a type that is not defined yet", "define it before this class")
        own = cls.__pydantic_decorators__
        if own.field_validators or own.model_validators or own.field_serializers or own.model_serializers:
            raise InvalidInput(
                cls.__name__,
                "must have no validators or serializers of its own",
                "put them into the field's type, with pydantic.AfterValidator",
            )
        if len(cls.model_fields) > MAX_FIELDS:
            raise InvalidInput(cls.__name__, f"must have at most {MAX_FIELDS} fields", "merge some into one mapping")
        fields = {name: _field(name, info) for name, info in cls.model_fields.items()}
        cls._declaration = Declaration(version=version, fields=fields, upgrade=cls.upgrade)

    @classmethod
    def upgrade(cls, values: dict[str, Any], version: int) -> Mapping[str, Any]:
        """Makes values of this version of those that an earlier one has left, as JSON; a class may have its own.

        Fields that it leaves out keep what they hold, where the new version has them.
        """
        return {}


def declaration_of(state: object) -> Declaration:
    """Raises InvalidInput for what is no class below State."""
    if not isinstance(state, type) or not issubclass(state, State) or state is State:
        raise InvalidInput("state", "must be a class below semmem.State", "pass the class, not one of its objects")
    return state._declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class NewValue:
    """What an update brings for a field: JSON, and how sure its teller is."""

    field: Field
    value: Any
    confidence: float


def new_values(declaration: Declaration, changes: Mapping[str, Any]) -> tuple[NewValue, ...]:
    """The changes of one update, checked. Raises InvalidInput."""
    made, pieces, size = [], 0, 0
    for name, given in changes.items():
        field = declaration.field(name)
        value, confidence = (given.value, given.confidence) if isinstance(given, Told) else (given, 1.0)
        new = NewValue(field=field, value=field.given(value), confidence=confidence)
        pieces += 1 if field.reducer.shape == "single" else len(new.value)
        size += len(json.dumps(new.value))
        made.append(new)
    if pieces > MAX_PIECES_A_CALL:
        raise InvalidInput("changes", f"must have at most {MAX_PIECES_A_CALL} items, keys or members", "split the call")
    if size > MAX_CALL_BYTES:
        raise InvalidInput("changes", f"must be at most {MAX_CALL_BYTES} bytes as JSON", "split the call")
    return tuple(made)


def _field(name: str, info: FieldInfo) -> Field:
    if name in RESERVED:
        raise InvalidInput(name, "is a word of semmem's own", "give the field another name")
    reducers = [each for each in info.metadata if isinstance(each, Reducer)]
    constraints = [each for each in info.metadata if not isinstance(each, Reducer)]
    if len(reducers) > 1 or _holds_reducer(info.annotation):
        raise InvalidInput(name, "must have one reducer, around its whole type", "write Annotated[the type, reducer]")
    reducer = reducers[0] if reducers else replace
    _check_fit(name, reducer, info.annotation)
    if constraints and reducer.name in _IN_PARTS:
        raise InvalidInput(
            name, f"must have no constraint beside {reducer.name}, which takes parts", "constrain the parts' own type"
        )
    adapter = _adapter(name, info.annotation, constraints)
    default = _default(name, info, reducer, adapter)
    return Field(
        name=name,
        reducer=reducer,
        type=adapter,
        default=default,
        has_default=reducer.shape != "single" or not info.is_required(),
        digest=_digest(name, reducer, adapter, default),
    )


def _holds_reducer(annotation: Any) -> bool:
    """Whether one hides within the type, where nothing would look for it."""
    hidden = isinstance(annotation, Reducer)
    return hidden or any(map(_holds_reducer, [*get_args(annotation), *getattr(annotation, "__metadata__", ())]))


def _check_fit(name: str, reducer: Reducer, annotation: Any) -> None:
    container = get_origin(annotation) or annotation
    if reducer.name in _COMPARED and container not in (int, float):
        raise InvalidInput(name, f"must be an int or a float for {reducer.name}", "declare it so, or use replace")
    if reducer.shape == "single":
        return
    string_keys = reducer.shape != "keys" or get_args(annotation)[:1] in ((), (str,))
    if container not in _CONTAINERS[reducer.shape] or not string_keys:
        raise InvalidInput(
            name, f"must be {_FITTING[reducer.name]} for {reducer.name}", "declare it so, or use replace"
        )


def _adapter(name: str, annotation: Any, constraints: list[Any]) -> TypeAdapter[Any]:
    kept: Any = Annotated[(annotation, *constraints)] if constraints else annotation
    try:
        try:
            adapter: TypeAdapter[Any] = TypeAdapter(kept, config=_NAN_STAYS)
        except PydanticUserError as error:
            if error.code != "type-adapter-config-unused":
                raise
            adapter = TypeAdapter(kept)  # a model has settings of its own
        adapter.json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise InvalidInput(name, "has a type that is not written as JSON", "use types that pydantic knows") from error
    return adapter


def _default(name: str, info: FieldInfo, reducer: Reducer, adapter: TypeAdapter[Any]) -> Any:
    """As JSON. What is kept in pieces begins with none."""
    factory = info.default_factory
    if reducer.shape != "single":
        said = None if factory or info.is_required() else info.default
        if factory not in (None, list, dict, set, frozenset) or said:
            raise InvalidInput(name, f"must begin empty for {reducer.name}", "leave the default out, and update it")
        return {} if reducer.shape == "keys" else []
    if factory is not None:
        raise InvalidInput(name, "must have no default_factory", "write the default itself")
    if info.is_required():
        return None
    return check_json_value(name, _plain(name, adapter, info.default), MAX_VALUE_BYTES)


def _digest(name: str, reducer: Reducer, adapter: TypeAdapter[Any], default: Any) -> str:
    rights = [sorted(roles) if roles else None for roles in (reducer.readable, reducer.writable)]
    kept = [name, reducer.name, reducer.unseen, reducer.keep, *rights, _unspoken(adapter.json_schema()), default]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _unspoken(schema: Any) -> Any:
    """A JSON schema without its words: a docstring that is mended is no other type."""
    if isinstance(schema, list):
        return [_unspoken(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):  # whose keys are names
            kept[key] = {name: _unspoken(inner) for name, inner in value.items()}
        elif key not in _SPOKEN:
            kept[key] = _unspoken(value)
    return kept


def _plain(name: str, adapter: TypeAdapter[Any], value: Any) -> Any:
    """A value of the type as JSON; values that are written as JSON already are known as such."""
    try:
        try:
            known = adapter.validate_python(value, strict=True)
        except ValidationError as error:
            known = _from_json(adapter, value, error)
        return adapter.dump_python(known, mode="json", warnings=False)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = "".join(f"[{step}]" for step in first["loc"] if isinstance(step, int))
        limit = first["msg"][:1].lower() + first["msg"][1:]
        raise InvalidInput(f"{name}{place}", limit, "pass a value of the type that is declared") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidInput(name, "must be plain JSON without lone surrogates", "convert its values") from error


def _from_json(adapter: TypeAdapter[Any], value: Any, first: ValidationError) -> Any:
    try:
        written = json.dumps(list(value) if isinstance(value, set | frozenset) else value)
    except (TypeError, ValueError, RecursionError):
        raise first from None
    return adapter.validate_json(written, strict=True)
