"""Counting tokens: exactly, by tiktoken, or by an upper bound where its table cannot be had."""

import logging
import os
import re
import threading
from collections.abc import Callable

import tiktoken

from semmem.errors import ConfigurationError
from semmem.models.token_bound import byte_bound, o200k_bound
from semmem.ports import TokenCounter
from semmem.runtime import forking

TABLE_TIMEOUT = 4.0  # seconds, once per process

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_counters: dict[str, TokenCounter] = {}

# tiktoken's regex engine overflows its stack, and panics, somewhere above 500,000 white-space characters in a row.
_TOO_MUCH_SPACE = re.compile(r"\s{50000}")


class ExactCounter:
    """Counts with tiktoken; special tokens in the text count as the ordinary text they are."""

    exact = True

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        self._encoding = encoding

    def count(self, text: str) -> int:
        if _TOO_MUCH_SPACE.search(text):
            return byte_bound(text)
        return len(self._encoding.encode(text, disallowed_special=()))


class BoundCounter:
    """Counts an upper bound of the tokens."""

    exact = False

    def __init__(self, bound: Callable[[str], int]) -> None:
        self.count = bound


def load_counter(encoding: str = "o200k_base") -> TokenCounter:
    """Returns the process's counter for a tiktoken encoding, made on first use.

    tiktoken downloads the encoding's table unless it is cached, so the first call blocks for up to TABLE_TIMEOUT
    seconds: await it in a thread. Without the table the counter is an upper bound, and one warning says so.
    Raises ConfigurationError for an encoding tiktoken does not know.
    """
    with _lock, forking.undivided():  # tiktoken has a lock of its own
        if encoding in _counters:
            return _counters[encoding]
        known = tiktoken.list_encoding_names()
        if encoding not in known:
            raise ConfigurationError(f"encoding: {encoding!r} is not known to tiktoken; use one of {', '.join(known)}")
        counter: TokenCounter
        table = _table(encoding)
        if table is not None:
            counter = ExactCounter(table)
        else:
            counter = BoundCounter(o200k_bound if encoding == "o200k_base" else byte_bound)
            _log.warning(
                "tiktoken's table of %s cannot be had: tokens are counted by an upper bound. "
                "Set TIKTOKEN_CACHE_DIR to a folder that holds the table, or allow its download once.",
                encoding,
            )
        _counters[encoding] = counter
        return counter


def _table(name: str) -> tiktoken.Encoding | None:
    """tiktoken downloads without a timeout, hence the daemon thread, which is left behind when time is up."""
    loaded: list[tiktoken.Encoding] = []

    def load() -> None:
        try:
            loaded.append(tiktoken.get_encoding(name))
        except (OSError, ValueError) as error:  # no network, an unwritable cache, or a table with a wrong hash
            _log.debug("no table of %s: %s", name, type(error).__name__)

    thread = threading.Thread(target=load, name="tiktoken-table", daemon=True)
    thread.start()
    thread.join(TABLE_TIMEOUT)
    return loaded[0] if loaded else None


def _after_fork() -> None:
    """The lock may have been held by a thread that a forked child does not have."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
