"""Named places where a process may be killed, so that tests can prove what survives it."""

import os
import signal

ENVIRONMENT = "SEMMEM_FAILPOINT"

NAMES = (
    "event-committed",
    "job-claimed",
    "model-answered",
    "facts-writing",
    "facts-committed",
    "mirror-writing",
    "mirror-written",
    "mirror-begun",
    "mirror-queued",
    "mirror-marked",
    "forget-writing",
    "forget-committed",
    "cache-followed",
    "mirror-followed",
    "event-kept",
    "change-kept",
    "replay-writing",
    "replay-committed",
    "replay-settled",
    "delivery-taken",
    "delivery-settling",
    "delivery-settled",
)


def reach(name: str) -> None:
    """Kills this process at once if the environment names this place; otherwise does nothing."""
    if os.environ.get(ENVIRONMENT) == name:
        os.kill(os.getpid(), signal.SIGKILL)
