"""Where a test run puts its files."""

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 * 2**30  # bytes: what the servers and folders of a whole run have held at most, twice


def keep_files_in_memory() -> None:
    """Lets pytest make its folders in memory, where that is large enough: servers write some 10 MB for each test."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
