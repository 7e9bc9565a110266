"""Words and stems, for comparing short statements."""

import re
from functools import lru_cache

from semmem.extractors.ground import normalised
from semmem.language.stems import stem

_STOPWORDS = (
    "a an the this that these those it its i i'm i've me my mine you your yours he him his she her hers they them "
    "their we us our ours am is are was were be been being do does did have has had will would can could should "
    "may might must and or but so if as at by for from in into of off on onto out over to up with about than then "
    "too very just really also not no yes oh well s t m re ve ll d said says"
)
STOPWORDS = frozenset(_STOPWORDS.split())
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@lru_cache(maxsize=4_096)
def words(text: str) -> tuple[str, ...]:
    """Its words, normalised; in scripts without spaces a whole run counts as one."""
    return tuple(_WORD.findall(normalised(text)))


@lru_cache(maxsize=4_096)
def content_stems(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning."""
    return frozenset(_stem(word) for word in words(text) if word not in STOPWORDS)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    return stem(word.removesuffix("'s"))
