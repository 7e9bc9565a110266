"""How often a promise is tried: a few times in each run, and as often as docs/fleet.md says with SEMMEM_TEST_FULL=1."""

import os

import pytest

FULL = bool(os.environ.get("SEMMEM_TEST_FULL"))
whole_count = pytest.mark.skipif(not FULL, reason="takes long: `make fleet` tries the whole counts")


def times(short: int, full: int) -> int:
    return full if FULL else short
