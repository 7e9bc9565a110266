"""Counts tokens of o200k_base by tiktoken. The table comes along, so that no network is needed to fill a budget."""

import lzma
import os
import re
import threading
from importlib.resources import files

import tiktoken

from semmem.runtime import forking

TOKENS = 199_998
# How o200k_base cuts a text before it merges bytes, as tiktoken has it; a test compares the two.
PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)

_lock = threading.Lock()
_made: list["ExactCounter"] = []

# tiktoken's regex engine overflows its stack, and panics, somewhere above 500,000 white-space characters in a row.
_TOO_MUCH_SPACE = re.compile(r"\s{50000}")


class ExactCounter:
    """Counts with tiktoken; special tokens in the text count as the ordinary text they are."""

    exact = True

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        self._encoding = encoding

    def count(self, text: str) -> int:
        """Of a text that tiktoken cannot read its UTF-8 bytes, of which no token has less than one."""
        if _TOO_MUCH_SPACE.search(text):
            return len(text.encode("utf-8", "surrogatepass"))
        return len(self._encoding.encode(text, disallowed_special=()))


def load_counter() -> ExactCounter:
    """The process's counter, made on first use: that takes most of a second, so await it in a thread."""
    with _lock, forking.undivided():
        if not _made:
            encoding = tiktoken.Encoding("o200k_base", pat_str=PATTERN, mergeable_ranks=_ranks(), special_tokens={})
            _made.append(ExactCounter(encoding))
        return _made[0]


def _ranks() -> dict[bytes, int]:
    """As scripts/token_table.py packed it: the lengths of all tokens in the order of their ranks, then the tokens."""
    table = lzma.decompress(files("semmem.models").joinpath("data", "o200k_base.xz").read_bytes())
    ranks: dict[bytes, int] = {}
    start = TOKENS
    for rank, length in enumerate(table[:TOKENS]):
        ranks[table[start : start + length]] = rank
        start += length
    return ranks


def _after_fork() -> None:
    """The lock may have been held by a thread that a forked child does not have."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
