"""Loads named statements from the .sql files beside this module, as procrastinate does."""

import re
from functools import cache
from importlib.resources import files

_HEADER = re.compile(r"^-- (\w+): .+$", re.MULTILINE)


@cache
def statements(file: str) -> dict[str, str]:
    """Statements by name; each starts with a line `-- name: its reason`."""
    parts = _HEADER.split((files("semmem.stores.postgres") / file).read_text(encoding="utf-8"))
    return {name: statement.strip().removesuffix(";") for name, statement in zip(parts[1::2], parts[2::2], strict=True)}
