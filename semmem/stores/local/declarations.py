"""Classes of state as a local log keeps them: what Postgres has to know of their fields, without the class itself."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from semmem.domain.reducers import Reducer
from semmem.domain.schema import Declaration, Field
from semmem.errors import StateMismatch

_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def written(declaration: Declaration) -> str:
    fields = [_field(each) for each in declaration.fields.values()]
    return json.dumps({"version": declaration.version, "fields": fields}, ensure_ascii=False)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read(text: str) -> Declaration:
    """Declares what the class did, and lets its updates be written; values of an earlier version it cannot upgrade."""
    said = json.loads(text)
    fields = {each["name"]: _read_field(each) for each in said["fields"]}
    return Declaration(version=said["version"], fields=fields, upgrade=_upgrade)


def _field(field: Field) -> dict[str, Any]:
    reducer = field.reducer
    return {
        "name": field.name,
        "reducer": reducer.name,
        "unseen": reducer.unseen,
        "keep": reducer.keep,
        "readable": None if reducer.readable is None else sorted(reducer.readable),
        "writable": None if reducer.writable is None else sorted(reducer.writable),
        "default": field.default,
        "has_default": field.has_default,
        "digest": field.digest,
    }


def _read_field(said: Mapping[str, Any]) -> Field:
    rights = {right: said[right] and frozenset(said[right]) for right in ("readable", "writable")}
    return Field(
        name=said["name"],
        reducer=Reducer(said["reducer"], said["unseen"], said["keep"], **rights),
        type=_ANY,
        default=said["default"],
        has_default=said["has_default"],
        digest=said["digest"],
    )


def _upgrade(values: dict[str, Any], version: int) -> Mapping[str, Any]:
    raise StateMismatch(
        "version",
        f"is {version} there, and what upgrades it went with the process that kept this update",
        "let a process with the class update the state first",
    )
