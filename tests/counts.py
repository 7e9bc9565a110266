"""How often a promise is tried, and in how many ways: a few in each run, and all with SEMMEM_TEST_FULL=1."""

import os
from typing import Any

import pytest

FULL = bool(os.environ.get("SEMMEM_TEST_FULL"))
whole_count = pytest.mark.skipif(not FULL, reason="takes long: `make full` tries it")


def further(*values: object) -> list[Any]:
    """More ways into what the others try too, each of which starts processes."""
    return [pytest.param(value, marks=whole_count) for value in values]


def times(short: int, full: int) -> int:
    return full if FULL else short
