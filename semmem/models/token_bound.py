"""Upper bounds of a text's tokens that need no tokenizer table.

Byte-level BPE (Sennrich et al. 2016; tiktoken) cuts a text into pieces by a regex, then merges the bytes of each
piece until no two neighbouring tokens form a token. So a text never has more tokens than UTF-8 bytes, in any
encoding. `o200k_bound` lowers that by three facts of o200k_base, each asserted against the table by a test:

1. A space followed by one of WORDS is one token. Where no letter, apostrophe or non-ASCII character follows, the
   regex makes exactly that a piece: a space in front of a letter always starts one.
2. Every two lower-case ASCII letters form a token, RARE_PAIRS excepted. A run of m letters without such a pair lies
   in one piece (unless an apostrophe precedes it) and has no two neighbouring tokens of one letter, so at most
   (2m + 1) // 3 tokens start in it.
3. Every one to three ASCII digits are a token, and a run of digits between ASCII characters is cut into threes.
"""

import re
from functools import cache
from importlib.resources import files

# The pairs that are not one token.
RARE_PAIRS = "bq|gk|gq|jv|jz|kq|kz|lq|nq|qf|qg|qj|qk|qv|qz|rj|tq|wq|wz|xg|xj|xk|xq|xv|xw|yq|zj|zq|zv"

_RARE = re.compile(RARE_PAIRS)
_WORD = r" (?P<word>[A-Z]*[a-z]+|[A-Z]+)(?=[\x00-&(-@\[-`{-\x7f]|\Z)"
_LETTERS = r"(?<![A-Za-z'])[A-Z]?(?P<letters>[a-z]{2,}+)"
_DIGITS = r"(?<![^\x00-\x7f])(?<![0-9])(?P<digits>[0-9]{2,}+)(?![^\x00-\x7f])"
_SAVINGS = re.compile(f"{_WORD}|{_LETTERS}|{_DIGITS}")


@cache
def words() -> frozenset[str]:
    """Returns the words that are one token of o200k_base with a space before them."""
    text = files("semmem.models").joinpath("data", "o200k-words.txt").read_text(encoding="ascii")
    return frozenset(text.split())


def byte_bound(text: str) -> int:
    """Counts at least the tokens of `text` in any byte-level encoding."""
    return len(text.encode("utf-8", "surrogatepass"))


def o200k_bound(text: str) -> int:
    """Counts at least the tokens of `text` in o200k_base; about 1.7 times as many in English conversation."""
    saved = 0  # by how much matched characters have fewer tokens than bytes, at least
    for match in _SAVINGS.finditer(text):
        word, letters, digits = match["word"], match["letters"], match["digits"]
        if word in words():
            saved += len(word)
        elif digits:
            saved += len(digits) - (len(digits) + 2) // 3
        else:
            letters = letters or word.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            if letters and not _RARE.search(letters):
                saved += len(letters) - (2 * len(letters) + 1) // 3
    return byte_bound(text) - saved
