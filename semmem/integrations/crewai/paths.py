"""CrewAI's scope paths, such as /crew/support/agent/writer, and the places of semmem that they name. No I/O."""

import re
from urllib.parse import quote, unquote

from semmem import Branch, InvalidInput, Scope

SCHEME = "semmem://"

_KINDS = ("user", "workspace")
_FORM = "must be like semmem://TENANT/user/ID or semmem://TENANT/workspace/ID"
_NOT_PLAIN = re.compile(r"%(?![0-9A-Fa-f]{2})|[?#\s]")


def segments(path: str | None) -> tuple[str, ...]:
    """`/a/b`, `a/b` and `/a//b/` are ("a", "b"); None, "" and "/" are the root. Raises InvalidInput for no string."""
    if path is None:
        return ()
    if not isinstance(path, str):
        raise InvalidInput("scope", f"must be a path such as /project/alpha, not {type(path).__name__}", "pass a str")
    return tuple(segment for segment in path.split("/") if segment)


def path_of(names: tuple[str, ...]) -> str:
    return "/" + "/".join(names)


def joined(*paths: str | None) -> str:
    """Joins the paths, one below the other; each segment is a name, also `.` and `..`."""
    return path_of(tuple(segment for path in paths for segment in segments(path)))


def place_of(root: Branch, path: str | None, *, private: bool = False, source: str | None = None) -> Branch:
    """Returns where a record of this path lives. Raises InvalidInput for what is no id, or too many segments."""
    return root.below(*segments(path), owner=owner_of(source) if private else None)


def owner_of(source: str | None) -> str:
    """Names whom the private records of a source belong to; without a source nobody, who never asks."""
    return "nobody" if source is None else f"source {source}"


def readable(place: Branch, source: str | None, include_private: bool) -> bool:
    """Returns whether a recall that names this source may look there."""
    return place.owner is None or include_private or (source is not None and place.owner == owner_of(source))


def url_of(scope: Scope) -> str:
    return SCHEME + "/".join(quote(part, safe="") for part in (scope.tenant, scope.kind, scope.id))


def scope_of(url: str) -> Scope:
    """Returns the user or workspace that a storage URL names. Raises InvalidInput."""
    parts = url.removeprefix(SCHEME).split("/")
    if not url.startswith(SCHEME) or len(parts) != 3 or parts[1] not in _KINDS or _NOT_PLAIN.search(url):
        raise InvalidInput("storage", _FORM, "percent-encode each part with urllib.parse.quote(part, safe='')")
    try:
        tenant, kind, id = (unquote(part, errors="strict") for part in parts)
    except UnicodeDecodeError:
        raise InvalidInput("storage", _FORM, "percent-encode the parts as UTF-8") from None
    return Scope.user(tenant, id) if kind == "user" else Scope.workspace(tenant, id)
