"""Paths of branches as the command line writes them."""

from collections.abc import Sequence
from urllib.parse import unquote

from semmem.errors import InvalidInput


def path_of(field: str, text: str | None) -> tuple[str, ...]:
    """Returns the segments of a path such as a/b. Raises InvalidInput for an empty one."""
    segments = tuple(unquote(segment) for segment in text.split("/")) if text is not None else ()
    if not all(segments):
        raise InvalidInput(field, "must have no empty segment", "write it like projects/apollo")
    return segments


def path_text(path: Sequence[str]) -> str:
    """As --branch takes it."""
    return "/".join(segment.replace("%", "%25").replace("/", "%2F") for segment in path)
