"""Named statements with named parameters, from the .sql files beside this module.

Postgres takes parameters by number: each `:name` becomes `$1`, `$2` and so on once, when its file is loaded.
"""

import re
from collections.abc import Mapping
from copy import copy
from functools import cache
from importlib.resources import files
from typing import Any

from semmem.postgres.scripts import named_parts

_REASON = re.compile(r"\A\s*(--[^\n]*\n)*")  # where it takes more than the header's line
# What may hold a colon that begins no parameter is found first, and left as it is: texts, quoted names, bodies of
# functions, comments, casts. The bounds of a slice, as in `path[1:size]`, follow a word or a bracket.
_PARAMETER = re.compile(
    r"""\b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | (\$\w*\$).*?\1 | --[^\n]* | /\*.*?\*/ | ::
    | (?<![\w)\]]):(?P<name>[a-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)


class Statement:
    """A statement, and the order in which Postgres takes its parameters."""

    __slots__ = ("_known", "name", "parameters", "text")

    def __init__(self, name: str, text: str) -> None:
        numbers: dict[str, str] = {}

        def numbered(found: re.Match[str]) -> str:
            parameter = found["name"]
            return numbers.setdefault(parameter, f"${len(numbers) + 1}") if parameter else found[0]

        self.name, self.text = name, _PARAMETER.sub(numbered, text)
        self.parameters, self._known = tuple(numbers), frozenset(numbers)

    def arguments(self, filled: Mapping[str, Any], given: Mapping[str, Any]) -> list[Any]:
        """Values in the order of the parameters: those `given`, and the rest of those that the unit of work `filled`.

        Raises TypeError where one is missing, unknown, or given besides.
        """
        if not given.keys() <= self._known:
            raise TypeError(f"the statement {self.name} has no parameter {min(given.keys() - self._known)}")
        if not given.keys().isdisjoint(filled):
            raise TypeError(f"the statement {self.name} has {min(given.keys() & filled)} from its unit of work")
        try:
            return [given[name] if name in given else filled[name] for name in self.parameters]
        except KeyError as missing:
            raise TypeError(f"the statement {self.name} lacks its parameter {missing.args[0]}") from None

    def formatted(self, **literals: object) -> "Statement":
        """With literals for its `{fields}`, where Postgres takes no parameter."""
        made = copy(self)
        made.text = self.text.format(**literals)
        return made


@cache
def statements(file: str) -> dict[str, Statement]:
    """The statements of a file by name; each starts with a line `-- name: its reason`.

    The server's logs show `/* file.name */` before each, so that a slow one is found in its file.
    """
    named = named_parts((files("semmem.stores.postgres") / file).read_text(encoding="utf-8"))
    stem = file.removesuffix(".sql")
    return {
        name: Statement(f"{stem}.{name}", f"/* {stem}.{name} */ {_REASON.sub('', text).strip().removesuffix(';')}")
        for name, text in named.items()
    }
