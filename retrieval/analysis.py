"""Lexical analysis: the terms by which BM25 indexes a text and a question."""

import re
import unicodedata
from functools import lru_cache

from snowballstemmer import stemmer

MAX_TERM_BYTES = 64

# English words that carry no meaning of their own, wh-words, auxiliaries and pronouns among them; "may" is a month.
_ENGLISH = """
a about above after again against all also am an and any are aren't as at be because been before being below
between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either
else ever few for from further had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers
herself him himself his how how's however i i'd i'll i'm i've if in into is isn't it it'd it'll it's its itself
just let's many me might mightn't more most much must mustn't my myself neither no nor not now of off on once only
or other ought our ours ourselves out over own same shall shan't she she'd she'll she's should shouldn't so some
such than that that'd that'll that's the their theirs them themselves then there there's these they they'd they'll
they're they've this those through to too under until up us very was wasn't we we'd we'll we're we've were weren't
what what's when when's where where's whether which while who who's whom whose why why's will with won't would
wouldn't yet you you'd you'll you're you've your yours yourself yourselves
"""
STOP_WORDS = frozenset(_ENGLISH.split())

# Thai, Lao, Tibetan, Burmese and Khmer; kana, Han, Hangul: cut into pairs, as words there are not set apart by spaces
# (Hangul words are, but end in particles).
_UNSPACED = (
    "\u0e00-\u0eff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
# Marks that belong to the letter before them, which `\w` leaves out: Latin, Hebrew, Arabic and Indic ones.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff\u200c\u200d"
_LETTERS = rf"[^\W_{_UNSPACED}]+(?:[{_MARKS}]+[^\W_{_UNSPACED}]*)*"
_WORD = re.compile(rf"(?P<pairs>[{_UNSPACED}]+)|{_LETTERS}(?:'{_LETTERS})*")
_LATIN = re.compile("[a-zß-öø-ɏ']+")
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")  # noqa: RUF001
_FULL_STOPS = ".!?。！？ "  # noqa: RUF001


def terms(text: str) -> list[str]:
    """The text's terms in order, repetitions kept, each at most MAX_TERM_BYTES in UTF-8.

    Latin words lose their English endings (Snowball; Porter 2001), other scripts stay as they are, and runs of a script
    without spaces become overlapping pairs of characters. Numbers stay; STOP_WORDS go.
    """
    found: list[str] = []
    for match in _WORD.finditer(_folded(text)):
        word = match[0]
        if match["pairs"]:
            found += _pairs(word)
        elif word not in STOP_WORDS:
            found.append(_term(word))
    return found


def normalised(text: str) -> str:
    """What two texts share if they say the same in the same words: case, spacing and the last full stop set aside."""
    words = " ".join(_folded(text).split())
    return words.rstrip(_FULL_STOPS) or words


def _folded(text: str) -> str:
    """Once more NFKC after casefold, which may leave letters and marks apart (Unicode, section 3.13)."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_APOSTROPHES)


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(max(1, len(run) - 1))]


@lru_cache(maxsize=1 << 16)
def _term(word: str) -> str:
    # A stemmer of its own for each call: it keeps the word it works on, so threads could not share one.
    stem = stemmer("english").stemWord(word) if _LATIN.fullmatch(word) else word
    return stem.encode()[:MAX_TERM_BYTES].decode(errors="ignore")
