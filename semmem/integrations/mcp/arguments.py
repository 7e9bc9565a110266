"""Arguments as hosts and models really send them: null and "" for what is left out, numbers and objects as text.

Each type below reads one kind of value, shows a schema that every host understands, and raises InvalidInput with the
argument's name, its limit and the fix.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from semmem import InvalidInput, Scope
from semmem.domain.checks import MAX_CONTENT_BYTES, MAX_DEPTH, check_text

BLANK = {"", "null", "none", "undefined"}
ROLES = {
    "user": "user",
    "human": "user",
    "customer": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "agent": "assistant",
    "model": "assistant",
}
PROPOSED = 1_000  # the largest number that a refusal proposes: a larger one may be beyond what there is
YES, NO = {"true", "yes", "1"}, {"false", "no", "0"}

# What hosts add to calls for purposes of their own. Cursor sends `random_string` where a tool takes no arguments.
HOSTS_OWN = {
    "args",
    "dummy",
    "explanation",
    "kwargs",
    "noargs",
    "placeholder",
    "randomstring",
    "reason",
    "requestheartbeat",
    "securityrisk",
    "toolaction",
    "toolsummary",
    "waitforprevioustools",
}
NAMES_TENANT = {"tenant", "tenantid", "org", "orgid", "organization", "organizationid", "accountid", "projectid"}
NAMES_OWNER = {"user", "userid", "username", "owner", "ownerid", "workspace", "workspaceid", "scope", "namespace"}


def is_blank(value: object) -> bool:
    """Returns whether a host means that an optional argument is left out. PHP has one value for [] and {}."""
    return value is None or value in ([], {}) or (isinstance(value, str) and value.strip().lower() in BLANK)


def object_of(arguments: object) -> dict[str, Any]:
    """Returns the arguments of a call, which some hosts leave out or send as JSON in a string. Raises InvalidInput."""
    if is_blank(arguments):
        return {}
    found = _parsed(arguments)
    if not isinstance(found, Mapping):
        raise InvalidInput("arguments", "must be a JSON object", 'pass them by name, such as {"query": "..."}')
    return dict(found)


def known_arguments(tool: str, schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments that the tool takes, without optional ones that are left blank. Raises InvalidInput."""
    known, required = schema["properties"], schema.get("required", [])
    found = {name: value for name, value in given.items() if name in known}
    missing = [name for name in required if found.get(name) is None]
    if missing:
        fix = f"pass it ({known[missing[0]]['description'].rstrip('.')})"
        if unknown := [name for name in given if name not in known]:
            fix += f"; {tool} has no {', '.join(unknown)}"
        raise InvalidInput(missing[0], "is missing", fix)
    return {name: value for name, value in found.items() if name in required or not is_blank(value)}


def ignored_arguments(
    tool: str, schema: Mapping[str, Any], given: Mapping[str, Any], scope: Scope, *, strict: bool
) -> list[str]:
    """Returns the arguments that the tool does not take and that say something all the same, sorted by name.

    Raises InvalidInput for one that names another's memory, and where `strict` for any: a model must not believe that
    it wrote to that memory, or that it narrowed what is deleted.
    """
    unknown = sorted(name for name, value in given.items() if name not in schema["properties"] and not is_blank(value))
    for name in unknown:
        for inner, value in _entries(name, name, given[name]):
            folded = _folded(inner)
            own = scope.tenant if folded in NAMES_TENANT else scope.id
            if folded in NAMES_TENANT | NAMES_OWNER and _said(value) != own:
                fix = "whose memory this is, the server decides"
                raise InvalidInput(inner, f"no argument of {tool}, leave it out", fix)
    named = [name for name in unknown if _folded(name) not in HOSTS_OWN | NAMES_TENANT | NAMES_OWNER]
    if strict and named:
        raise InvalidInput(named[0], f"no argument of {tool}", "leave it out; what is deleted is gone for good")
    return named


def _entries(argument: str, name: str, value: object, levels: int = MAX_DEPTH) -> Iterator[tuple[str, object]]:
    """Yields a value under its name, and all that it holds: other servers take `filters` with a user in them."""
    yield name, value
    found = _parsed(value)
    if isinstance(found, Mapping | list) and not levels:
        raise InvalidInput(argument, f"must be at most {MAX_DEPTH} levels deep", "leave it out")
    if isinstance(found, Mapping):
        for inner, held in found.items():
            yield from _entries(argument, inner, held, levels - 1)
    elif isinstance(found, list):
        for held in found:
            yield from _entries(argument, "", held, levels - 1)


def _said(value: object) -> str | None:
    """Returns a word, a number or a truth value as text; None for what no argument is written as."""
    if isinstance(value, float | str):
        return str(value)
    short = isinstance(value, int) and abs(value) < 2**63  # Python writes no longer ones than 4,300 digits
    return str(value) if short else None


def _folded(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _parsed(value: object) -> object:
    """Returns what a string holds as JSON; any other value as it is."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def _text(value: object, info: ValidationInfo) -> str:
    return check_text(info.field_name or "", value, MAX_CONTENT_BYTES)


def _query(value: object, info: ValidationInfo) -> str:
    """Stripped; blank where the model asks for anything."""
    if isinstance(value, str) and not value.strip():
        return ""
    return check_text(info.field_name or "", value, MAX_CONTENT_BYTES).strip()


def _id(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        raise InvalidInput(info.field_name or "", "must be an id, as text", "take one that a tool showed")
    return value.strip()


def _page(value: object, info: ValidationInfo) -> str:
    """Reads what the page before said, which is a number as text, also where it comes as a number."""
    return _id(str(int(value)) if _is_whole(value) else value, info)  # type: ignore[call-overload]


def _is_whole(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1


def number(low: int, high: int | None) -> BeforeValidator:
    """Reads a whole number in these bounds, both included; no upper bound where `high` is None.

    5, 5.0, "5" and "5.0" are the same number.
    """
    proposed = low if high is None or high > PROPOSED else high

    def read(value: object, info: ValidationInfo) -> int:
        found = _parsed(value)
        if not _is_whole(found) or found < low or (high is not None and found > high):  # type: ignore[operator]
            limit = "must be a whole number " + (f"of at least {low}" if high is None else f"from {low} to {high}")
            raise InvalidInput(info.field_name or "", limit, f"pass {proposed}, say")
        return int(found)  # type: ignore[call-overload,no-any-return]

    return BeforeValidator(read)


def _role(value: object, info: ValidationInfo) -> str:
    role = ROLES.get(value.strip().lower()) if isinstance(value, str) else None
    if role is None:
        raise InvalidInput(info.field_name or "", "must be user or assistant", "pass one of the two, or leave it out")
    return role


def _object(value: object, info: ValidationInfo) -> Any:
    found = _parsed(value)
    if not isinstance(found, Mapping):
        raise InvalidInput(info.field_name or "", "must be a JSON object", 'pass it like {"source": "chat"}')
    return found


def _names(value: object, info: ValidationInfo) -> Any:
    """Reads names in a list, also one that is JSON in a string; a string that is none is one name."""
    found = _parsed(value)
    names = found if isinstance(found, list) else [value]
    if not all(isinstance(name, str) for name in names):
        raise InvalidInput(info.field_name or "", "must be a list of names", 'pass it like ["yes", "no"]')
    return names


def _confirmed(value: object, info: ValidationInfo) -> bool:
    said = (_said(value) or "").strip().lower()
    if said not in YES:
        limit = "must be true" if said in NO else "must be true or false"
        raise InvalidInput(info.field_name or "", limit, "pass true once the user has asked for it; nothing is deleted")
    return True


def _yes_or_no(value: object, info: ValidationInfo) -> bool:
    said = (_said(value) or "").strip().lower()
    if said not in YES | NO:
        raise InvalidInput(info.field_name or "", "must be true or false", "pass one of the two, or leave it out")
    return said in YES


TextArgument = Annotated[str, BeforeValidator(_text)]
QueryArgument = Annotated[str, BeforeValidator(_query)]
IdArgument = Annotated[str, BeforeValidator(_id)]
PageArgument = Annotated[str, BeforeValidator(_page)]
RoleArgument = Annotated[Literal["user", "assistant"], BeforeValidator(_role)]
YesOrNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Confirmation = Annotated[bool, BeforeValidator(_confirmed)]
# Some hosts refuse an object without named fields, and models write JSON as text just as well.
ObjectArgument = Annotated[dict[str, Any], BeforeValidator(_object), WithJsonSchema({"type": "string"})]
NamesArgument = Annotated[
    list[str], BeforeValidator(_names), WithJsonSchema({"type": "array", "items": {"type": "string"}})
]
Limit = Annotated[int, number(1, 100), Field(ge=1, le=100)]
