"""Faults in the log: one line for each, with its cause; the same again is counted, not repeated."""

import logging
from time import monotonic

from semmem.domain.scope import Scope
from semmem.errors import SemmemError

REPEAT_SECONDS = 60.0
KEPT = 1_000


class FaultLog:
    """Warns of a fault at once, and of the same fault once a minute at most, with how often it came meanwhile."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._seen: dict[
            tuple[str, str, str], tuple[float, int]
        ] = {}  # when it was warned of, and how often it came since

    def warn(self, what: str, error: BaseException, scope: Scope | None = None) -> None:
        """Names our own errors' reasons; of any other only its class, for its text may quote content or addresses."""
        cause = f"{type(error).__name__}: {error}" if isinstance(error, SemmemError) else type(error).__name__
        key = (what, cause, scope.digest if scope else "")
        warned_at, count = self._seen.pop(key, (float("-inf"), 0))
        if monotonic() - warned_at < REPEAT_SECONDS:
            self._seen[key] = (warned_at, count + 1)
            return
        again = f" ({count} more times since it was told)" if count else ""
        self._log.warning("%s: %s%s%s", what, cause, f" [scope {scope.digest}]" if scope else "", again)
        self._seen[key] = (monotonic(), 0)
        while len(self._seen) > KEPT:
            del self._seen[next(iter(self._seen))]


class OneLine(logging.Filter):
    """For another package's logger: tracebacks and errors' texts become a class's name, and repeats are left out."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return True
        record.msg = f"{record.msg.partition('%')[0].rstrip(' :')}: {type(error).__name__}"
        record.args, record.exc_info, record.exc_text = (), None, None
        last = self._logged_at.get(record.msg, float("-inf"))
        if monotonic() - last < REPEAT_SECONDS:
            return False
        self._logged_at[record.msg] = monotonic()
        return True
