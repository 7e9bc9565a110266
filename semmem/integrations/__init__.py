"""semmem as the memory of agent frameworks and of MCP hosts; each needs an extra of its own name."""

from importlib.util import find_spec

from semmem import MissingExtra


def require(extra: str, purpose: str) -> None:
    """Raises MissingExtra, with the line to install it; an extra has the name of the package it brings."""
    if find_spec(extra) is None:
        raise MissingExtra(extra, purpose)
