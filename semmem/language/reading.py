"""A text as people read it: its words with their places, without markup, invisible characters and punctuation.

By this a quote is found that a model copied as it reads and not as it was typed. Words, numbers and negations have to
stand in their order without a gap; where a mark stands between two of them, the quote must show one as well.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from semmem.domain.unicode import MOST_MARKS, unaccented
from semmem.language.variants import TRADITIONAL

_MARKUP = re.compile(
    r"(?P<bullet>^[ \t]*(?:[-+*•]|>{1,9})[ \t])|(?P<tag></?[A-Za-z](?![a-z]{0,9}://)[^<>]{0,500}>)"
    r"|(?P<link>\]\([^()\s]{0,2000}(?: \"[^\"\n]{0,200}\")?\)|(?<=\w)\]\[[^\[\]\n]{0,60}\]|!(?=\[))"
    r"|(?P<bold>(?<=[^\W\d_])\*{1,3}(?=['\u2019]?[^\W\d_]))"  # within a word
    r"|(?P<entity>&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,8});)",
    re.MULTILINE,
)
_NUMBER = r"(?:(?<![\w.,])[-−])?\d+(?:[.,:/]\d+)*"  # noqa: RUF001 - a minus belongs to its number
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_DOTTED = r"(?<![^\W\d_])[^\W\d_](?:\.[^\W\d_])+\.?(?![^\W_])"  # a.m., U.S.
_TOKEN = re.compile(rf"{_NUMBER}|{_DOTTED}|[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+(?:'[^\W\d_{_UNSPACED}]+)*|\d+|[^\w\s]")
_APOSTROPHES = str.maketrans(dict.fromkeys("‘’‛′`´", "'"))  # noqa: RUF001
_HARD = frozenset(".!?。！？؟।۔…")  # noqa: RUF001
_PAUSES = frozenset(",;:，、；：،؛–—")  # noqa: RUF001
_MEANT = frozenset("%$€£¥₹+&@#°=<>")
_UNITS, _SIGNS = frozenset("%‰°+#$€£¥₹"), frozenset("$€£¥₹")
_TITLES = "dr mr mrs ms prof st ave blvd rd jr sr vs approx dept inc ltd mt ft jan feb apr aug sept oct nov dec"
_ABBREVIATED = frozenset(_TITLES.split())
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_BRANDS = frozenset("™®")
_SKIN = range(0x1F3FB, 0x1F400)
_VERBS = ("do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "could", "should", "would")
_SHORT = {
    **{f"{who}'s": (who, "is") for who in ("it", "he", "she", "that", "there", "here", "what", "who", "where", "how")},
    **{
        f"{verb}t": (full, "not")
        for verb, full in (("can'", "can"), ("canno", "can"), ("won'", "will"), ("shan'", "shall"))
    },
    "i'm": ("i", "am"),
    # As they are typed on a phone.
    "im": ("i", "am"),
    "ive": ("i", "have"),
    "cant": ("can", "not"),
    "wont": ("will", "not"),
    **{f"{verb}nt": (verb, "not") for verb in _VERBS},
}
_ENDINGS = {"n't": "not", "'re": "are", "'ve": "have", "'ll": "will"}
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_DOUBLED = re.compile(r"(.)\1")
MIN_MENDED = 7  # letters; "diner" and "dinner" are two words
MIN_WORDS = 4


@dataclass(frozen=True, slots=True)
class Word:
    text: str  # folded
    start: int
    end: int
    name: bool  # it begins with a capital, and no sentence
    capital_i: bool  # which may stand for a dotless one


@dataclass(frozen=True, slots=True)
class Reading:
    """Words, and the places of those that something stands behind: a mark (`breaks`), the end of a sentence (`ends`), a
    hyphen between spaces, which is a copyist's dash (`hyphens`), or a hyphen between two numbers (`joined`)."""

    words: tuple[Word, ...]
    breaks: frozenset[int]
    ends: frozenset[int]
    hyphens: frozenset[int]
    joined: frozenset[int]

    def texts(self, fold: Callable[[Word], str]) -> str:
        return "".join(f"\0{fold(word)}" for word in self.words) + "\0"


def read(text: str) -> Reading:
    shown, offsets = _shown(text)
    words: list[Word] = []
    breaks, ends, hyphens, joined = set(), set(), set(), set()
    for match in _TOKEN.finditer(shown):
        token = match.group()
        if not (token[0].isalnum() or len(token) > 1 or token in _MEANT or unicodedata.category(token[0]) == "So"):
            if token == "." and words and words[-1].text in _ABBREVIATED:
                continue
            if token in _PAUSES or token in _HARD:
                breaks.add(len(words) - 1)
            if token in _HARD:
                ends.add(len(words) - 1)
            around = shown[match.start() - 1 : match.start()] + shown[match.end() : match.end() + 1]
            if token == "-" and around == "  ":
                hyphens.add(len(words) - 1)
            if token == "-" and len(around) == 2 and around.isdigit():
                joined.add(len(words) - 1)
            continue
        place = offsets[match.start()][0], offsets[match.end() - 1][1]
        name = token[0].isupper() and bool(words) and len(words) - 1 not in ends
        words += [Word(folded, *place, name, "I" in token) for folded in _spelled_out(token)]
    return Reading(tuple(words), frozenset(breaks), frozenset(ends), frozenset(hyphens), frozenset(joined))


def find(part: Reading, source: Reading, after: int = 0) -> tuple[int, int] | None:
    """The first and the last word of `source`, from the word `after` on, between which `part` stands; else None."""
    if not part.words or not any(word.text[0].isalnum() for word in part.words):
        return None
    unfolded = part.texts(_strict), source.texts(_strict)
    for fold in (_strict, _either_i, _plain_name, _german_name, _mended):
        if fold is _mended and len(part.words) < MIN_WORDS:
            continue
        wanted, whole = part.texts(fold), source.texts(fold)
        if fold is not _strict and (wanted, whole) == unfolded:
            continue  # it was looked for already
        for first in _places(wanted, whole):
            if first >= after and _fits(part, source, first, fold):
                return first, first + len(part.words) - 1
    return None


def _places(wanted: str, whole: str) -> Iterator[int]:
    """The numbers of the words at which the wanted ones begin."""
    first, counted, at = 0, 0, whole.find(wanted)
    while at >= 0:
        first += whole.count("\0", counted, at)
        yield first
        counted, at = at, whole.find(wanted, at + 1)


def _fits(part: Reading, source: Reading, first: int, fold: Callable[[Word], str]) -> bool:
    """Whether no mark is passed over, nothing is cut off a number, and no more is mended than may be."""
    shown = part.breaks | part.hyphens
    for number in range(len(part.words) - 1):
        if first + number in source.breaks and number not in shown:
            return False
    if _cuts(source, first, first + len(part.words) - 1):
        return False
    pairs = zip(part.words, source.words[first : first + len(part.words)], strict=True)
    mended = [(one, other) for one, other in pairs if one.text != other.text]
    if fold is _either_i:
        return all(one.capital_i or other.capital_i for one, other in mended)
    return fold is not _mended or len(mended) <= 1


def _cuts(source: Reading, first: int, last: int) -> bool:
    """Whether a number goes on beyond the words, a sign stands before them, or a unit behind: 3-5, $50, 20 %, C++."""
    words = source.words
    if {first - 1, last} & source.joined:
        return True
    if last + 1 < len(words) and words[last + 1].text in _UNITS:
        gap = words[last + 1].start - words[last].end
        if gap == 0 or (gap == 1 and words[last].text[-1].isdigit() and words[last + 1].text in "%‰°"):
            return True
    return first > 0 and words[first - 1].text in _SIGNS and words[first - 1].end == words[first].start


def _strict(word: Word) -> str:
    return word.text


def _either_i(word: Word) -> str:
    """The dotless i of Turkish as the other one: a capital does not tell which of them it is."""
    return word.text.replace("\u0131", "i")


def _plain_name(word: Word) -> str:
    """A name without its accents: Málaga, Malaga. In other words they tell "hablo" from "habló"."""
    return unaccented(word.text) if word.name else word.text


def _german_name(word: Word) -> str:
    return word.text.translate(_GERMAN) if word.name else word.text


def _mended(word: Word) -> str:
    """A long word with each doubled letter once: alergic, allergic."""
    once = _DOUBLED.sub(r"\1", word.text)
    return once if len(once) >= MIN_MENDED and once.isalpha() and not word.name else word.text


def _shown(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text less what nobody sees, and for each of its characters the stretch that it comes from."""
    characters: list[str] = []
    offsets: list[tuple[int, int]] = []
    position = 0
    for match in [*_MARKUP.finditer(text), None]:
        _show(text, position, match.start() if match else len(text), characters, offsets)
        if match:
            stands_for = ""
            if match["entity"]:
                stands_for = html.unescape(match.group())
            elif match["tag"] or match["bullet"]:
                stands_for = " "
            for character in stands_for:
                characters.append(character)
                offsets.append(match.span())
            position = match.end()
    return "".join(characters), offsets


def _show(text: str, start: int, end: int, characters: list[str], offsets: list[tuple[int, int]]) -> None:
    at = start
    while at < end:
        last = at + 1
        while last < min(end, at + MOST_MARKS) and unicodedata.combining(text[last]):
            last += 1
        known = "" if text[at] in _BRANDS else unicodedata.normalize("NFKC", text[at:last])
        for character in known.translate(_APOSTROPHES):
            if not _is_invisible(character):
                characters.append(_digit(character))
                offsets.append((at, last))
        at = last


def _digit(character: str) -> str:
    """A digit of any script as 0 to 9."""
    return character if character.isascii() else str(unicodedata.decimal(character, character))


def _is_invisible(character: str) -> bool:
    """Marks of direction and joining, variation selectors, skin tones, tatweel, points of Hebrew and Arabic."""
    code = ord(character)
    if code < 0xAD:
        return False
    if code in _SKIN or 0xFE00 <= code <= 0xFE0F or code == 0x640:
        return True
    category = unicodedata.category(character)
    return category == "Cf" or (category == "Mn" and (0x591 <= code <= 0x5C7 or 0x610 <= code <= 0x6ED))


def _spelled_out(token: str) -> Sequence[str]:
    folded = token.casefold().replace("i\u0307", "i").translate(TRADITIONAL)
    if "." in folded and folded[0].isalpha():
        return (folded.replace(".", ""),)
    if _THOUSANDS.fullmatch(folded):
        return (folded.replace(",", ""),)
    if folded in _SHORT:
        return _SHORT[folded]
    for ending, word in _ENDINGS.items():
        if folded.endswith(ending) and len(folded) > len(ending):
            return folded.removesuffix(ending), word
    return (folded,)
