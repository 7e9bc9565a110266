"""How often a promise is tried: a few times in each run, and as often as docs/fleet.md says with SEMMEM_TEST_FULL=1."""

import os


def times(short: int, full: int) -> int:
    return full if os.environ.get("SEMMEM_TEST_FULL") else short
