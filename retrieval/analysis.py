"""Lexical analysis: the terms by which BM25 indexes a text and a question."""

import re
from functools import lru_cache

from semmem.domain.unicode import normalized
from semmem.language.stems import stem
from semmem.retrieval.languages import STOP_CHARACTERS, STOP_WORDS, latin_languages, script_language

MAX_TERM_BYTES = 64
_LONGEST = 2 * MAX_TERM_BYTES  # characters of a word that are looked at: a term never shows more

# The stop words that go whatever language a text is in.
_ALWAYS = frozenset[str]().union(*(STOP_WORDS[name] for name in ("english", "russian", "greek", "arabic", "hindi")))

# Thai, Lao, Tibetan, Burmese and Khmer; kana, Han, Hangul: cut into pairs, as words there are not set apart by spaces
# (Hangul words are, but end in particles).
_FIRST_UNSPACED = "\u0e00"
_UNSPACED = (
    "\u0e00-\u0eff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORDLIKE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")
# Marks that belong to the letter before them, which `\w` leaves out: Latin, Hebrew, Arabic and Indic ones.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff\u200c\u200d"
_LETTERS = rf"[^\W_{_UNSPACED}]+(?:[{_MARKS}]+[^\W_{_UNSPACED}]*)*"
_WORD = re.compile(rf"[{_UNSPACED}]+|{_LETTERS}(?:'{_LETTERS})*")
_RUN = re.compile(f"[{_UNSPACED}]+")
_LATIN = re.compile("[a-zß-öø-ɏ']+")
# What Arabic writes together with the word after it: and, by, like, the (light10; Larkey et al. 2007). The words for
# father and mother begin like "and the".
_ARABIC_PREFIX = re.compile("^(?:[وف](?!الد))?(?:[بك]?ال|لل)(?=.{2})")
# What French and Italian write together with the word after it: `l'école`, `dell'acqua`.
_ELIDED = re.compile("^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|all|dall|dell|nell|sull|un|quest|quell)'(?=.)")
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")  # noqa: RUF001
_FULL_STOPS = ".!?。！？ "  # noqa: RUF001


def terms(text: str) -> list[str]:
    """Returns the text's terms in order, repetitions kept, each of at most MAX_TERM_BYTES; stop words are left out.

    Words lose their endings (Snowball; Porter 2001); Cyrillic, Greek, Arabic and Devanagari ones by their script alone.
    A Latin word always gives its English stem; in a text whose stop words are another language's, that language's stem
    too, where it differs. So a word meets itself even where a question is too short to show its language, or is of
    another language than the text. Runs of a script without spaces give overlapping pairs of characters, Han and Hangul
    also single ones, which are words there as often (Nie et al. 2000).
    """
    words = _WORD.findall(_folded(text))
    languages = latin_languages(words)
    dropped = _ALWAYS.union(*(STOP_WORDS[name] for name in languages)) if languages else _ALWAYS
    found: list[str] = []
    for word in words:
        if word in dropped:
            continue
        if word[0] < _FIRST_UNSPACED or not _RUN.match(word):
            found += _stems(word[:_LONGEST], languages)
            continue
        # One character is a run too; of a longer one those go first that are words by themselves.
        single = [character for character in word if _WORDLIKE.match(character)] if len(word) > 1 else []
        pairs = [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        found += [term for term in single + pairs if not STOP_CHARACTERS.issuperset(term)]
    return found


def normalised(text: str) -> str:
    """Returns what texts share that say the same in the same words: case, spacing and a last full stop are dropped."""
    words = " ".join(_folded(text).split())
    return words.rstrip(_FULL_STOPS) or words


def _folded(text: str) -> str:
    """Folds case and width; after casefold NFKC comes once more, for marks that it leaves apart (Unicode, 3.13)."""
    if text.isascii():
        return text.lower()  # all that the rest would do, and recall does it by the hundred
    composed = normalized("NFKC", text).replace("İ", "I")  # else casefold leaves the dot as a mark
    folded = composed.casefold()
    return normalized("NFKC", folded).translate(_APOSTROPHES)


@lru_cache(maxsize=1 << 16)
def _stems(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    if _LATIN.fullmatch(word):
        stems = [_stem(word, "english"), *(_stem(_ELIDED.sub("", word), name) for name in languages)]
    else:
        name = script_language(word)
        stems = [_stem(word, name) if name else word]
    return tuple(dict.fromkeys(each.encode()[:MAX_TERM_BYTES].decode(errors="ignore") for each in stems))


def _stem(word: str, language: str) -> str:
    return stem(_ARABIC_PREFIX.sub("", word) if language == "arabic" else word, language)
