"""The text of a value, which a search finds its item by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from langgraph.store.base import get_text_at_path

from semmem import InvalidInput
from semmem.domain.checks import MAX_CONTENT_BYTES, check_text
from semmem.domain.unicode import is_visible

Index = Literal[False] | list[str] | None

WHOLE = "$"
CARRIERS = frozenset({"content", "data", "memory", "message", "text", "value"})  # names that add nothing to their text
MAX_PATH_BYTES = 1_024


def check_paths(field: str, paths: object) -> None:
    """Checks paths as langgraph writes them, such as "title" or "notes[*].text"."""
    if not isinstance(paths, list | tuple):
        raise InvalidInput(field, "must be a list of paths", "pass ['text'], for example")
    for path in paths:
        check_text(field, path, MAX_PATH_BYTES)


def searchable_text(value: Mapping[str, Any], index: Index, fields: Sequence[str]) -> str | None:
    """Returns the texts at these paths, one a line; None where there are none.

    `index` is a PutOp's: None stands for `fields`, False for nothing. The path "$" is every string in the value, named
    by its field, so that {"home_city": "Berlin"} answers where somebody lives. Raises InvalidInput above what an event
    holds.
    """
    if index is False:
        return None
    paths = fields if index is None else index
    check_paths("index", paths)
    texts: list[str] = []
    for path in paths:
        texts += _named("", value) if path == WHOLE else get_text_at_path(value, path)
    text = "\n".join(one for one in texts if is_visible(one))
    if len(text.encode(errors="surrogatepass")) > MAX_CONTENT_BYTES:
        limit = f"must choose at most {MAX_CONTENT_BYTES} bytes of text"
        raise InvalidInput("index", limit, "name fewer fields, or split the value into several items")
    return text or None


def _named(field: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield value if field in CARRIERS else f"{field.replace('_', ' ')}: {value}"
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _named(name, one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _named(field, one)
