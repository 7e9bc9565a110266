"""Reads a data set's one file as it was published."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation


def read(path: Path, name: str, source: str, made: Callable[[Any], list[Conversation]]) -> list[Conversation]:
    """Makes conversations of a file's JSON. Raises InvalidInput for one that is missing, or of another shape."""
    if not path.is_file():
        raise InvalidInput("data", f"{path} is not there, or no file", f"get {name}: {source}")
    try:
        return made(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        limit = f"{path} is not {name} ({type(error).__name__}: {error})"
        raise InvalidInput("data", limit, "pass the file as it was published") from error


def in_list(made: Callable[[Any], Conversation]) -> Callable[[Any], list[Conversation]]:
    """Of a file whose JSON is a list of conversations."""

    def all_of(raw: Any) -> list[Conversation]:
        if not isinstance(raw, list):
            raise TypeError("no list")
        return [made(each) for each in raw]

    return all_of
