"""Checks that a quote stands in its source, and gives it back as it stands there."""

import re
import unicodedata
from itertools import pairwise

from semmem.domain.unicode import MOST_MARKS
from semmem.language.reading import Reading, find, read

_SAME = str.maketrans(
    {"‘": "'", "’": "'", "‛": "'", "′": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}  # noqa: RUF001
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))  # noqa: RUF001 (the look-alikes are the point)
_ELLIPSIS = re.compile(r"(?<!\s)\s*(?:[\[(]\s*(?:…|\.\.\.)\s*[\])]|…|\.\.\.+)\s*")
# Who speaks, in front of what they say: "Ines: ", "[7] **Ines** (user): ".
_NAME = re.compile(
    r"\s*(?:\[\d{1,4}\]\s*)?[*_]{0,3}([^\W\d_][\w .'-]{0,60}?)[*_]{0,3}(?:\s*\(\w{1,20}\))?[*_]{0,3}"
    r"(?::[*_]{0,3}\s+|：)"  # noqa: RUF001
)
_LINE_NUMBER = re.compile(r"\s*\[\d{1,4}\]\s+(?=[^\W\d])")
_NO = (
    "not no never nor nobody nothing none without hardly nicht kein keine nie pas jamais rien non nunca não mai niet"
    " geen inte не нет ни 不 没 沒 未 无 لا ليس नहीं לא"
)
_NEGATIONS = frozenset(_NO.split())
# What makes a statement another one: of the past, of a condition, of a wish.
_HEDGING = (
    "used stopped quit if unless might may could would should wish wished hope hoped almost nearly instead except"
    " former formerly refuse refused failed deny denied avoid doubt pretended"
)
_HEDGES = frozenset(_HEDGING.split())
# Who else may be spoken of in a gap that no marks set off.
_SOMEBODY = "my your his her its our their he she they we you who whose mein meine mon ma mes mi su sua seu"
_OTHERS = frozenset(_SOMEBODY.split())
# A number goes on here, or its unit or its sign stands here; "C" is not "C++".
_GOES_ON = re.compile(r"(?<=\d)(?:[.,:/-]\d|\s?[%‰°]|[$€£¥₹])|(?<=\w)[+#]")
_WENT_BEFORE = re.compile(r"(?:\d[.,:/-]|(?:^|[\s(])-|[$€£¥₹#])$")
# Negations that deny nothing of what comes behind them.
_NO_NEGATION = re.compile(
    r"\b(?:can(?:'t|not) wait|(?:don't|do not|won't|never) (?:forget|mind|worry)|no (?:doubt|wonder|longer only)"
    r"|(?:not|n't) (?:only|just|merely))\b"
)
_WORD = re.compile(r"\w+(?:'\w+)?")
MAX_PARTS = 4
_IGNORED = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")


def ground(quote: str, source: str) -> str | None:
    """The words of `source` that `quote` repeats, else None.

    Case, spacing, Unicode form and the shapes of quotes and dashes do not matter, nor does what people do not
    see or read over (semmem.language.reading). Ellipses may join up to MAX_PARTS parts that stand in this order;
    they come back joined by them. What an ellipsis leaves out may hold no negation, and a part of
    another sentence has to be more than a word of it.
    """
    text, offsets = _normalised(source)
    whole = _find(quote, text)
    if whole:
        first, end = whole
        return source[offsets[first][0] : offsets[end - 1][1]]
    read_source = read(source)
    for wanted in dict.fromkeys((quote, _without_name(quote))):
        spans = _parts([part for part in _ELLIPSIS.split(wanted) if part], read_source)
        if spans:
            words = read_source.words
            return " … ".join(source[words[first].start : words[last].end] for first, last in spans)
    return None


def negates(text: str) -> bool:
    """Whether it holds a word that turns a statement into its opposite."""
    said = _NO_NEGATION.sub(" ", normalised(text))
    return any(word in _NEGATIONS or word.endswith("n't") for word in _WORD.findall(said))


def _without_name(quote: str) -> str:
    """The quote without who speaks, or the number of its line; "No: " names nobody."""
    quote = _LINE_NUMBER.sub("", quote, count=1) if _LINE_NUMBER.match(quote) else quote
    led = _NAME.match(quote)
    return quote[led.end() :] if led and _NEGATIONS.isdisjoint(led[1].casefold().split()) else quote


def _parts(parts: list[str], source: Reading) -> list[tuple[int, int]] | None:
    """Where the parts of a quote stand, each after the one before; None where one does not, or a gap counts."""
    if not 1 <= len(parts) <= MAX_PARTS:
        return None
    spans: list[tuple[int, int]] = []
    for part in parts:
        span = find(read(part), source, spans[-1][1] + 1 if spans else 0)
        if span is None or (spans and not _may_skip(source, spans[-1][1] + 1, span)):
            return None
        spans.append(span)
    return spans


def _may_skip(source: Reading, first: int, part: tuple[int, int]) -> bool:
    """Whether the words from `first` to a part may be left out: a sentence, or what changes nothing of this one."""
    end = part[0]
    ends = [number for number in source.ends if first - 1 <= number < end]
    if ends:
        return max(ends) == end - 1 and part[1] - part[0] >= 2
    left_out = {word.text for word in source.words[first:end]}
    set_off = {first - 1, end - 1} <= source.breaks
    return left_out.isdisjoint(_NEGATIONS | _HEDGES) and (set_off or left_out.isdisjoint(_OTHERS))


def normalised(text: str) -> str:
    """NFKC, case folded, quotes and dashes alike, runs of white space as one space."""
    if text.isascii():  # the same, without an offset for every character
        return " ".join(text.casefold().translate(_SAME).split())
    return _normalised(text)[0].strip()


def _find(part: str, text: str) -> tuple[int, int] | None:
    """Where `part` first stands as whole words; part of a word does not count."""
    wanted = normalised(part)
    if not any(character.isalnum() for character in wanted):
        return None
    start = text.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not (_inside_word(text, start) or _inside_word(text, end) or _cuts_off(text, start, end)):
            return start, end
        start = text.find(wanted, start + 1)
    return None


def _cuts_off(text: str, start: int, end: int) -> bool:
    """Whether a part of a number, or of a name such as C++, is left out at either end."""
    began = text[start].isdigit() and _WENT_BEFORE.search(text, max(0, start - 3), start)
    return bool(began or _GOES_ON.match(text, end))


def _inside_word(text: str, position: int) -> bool:
    """Only letters of scripts that put spaces between words tell; ASCII stands for them."""
    around = text[max(position - 1, 0) : position + 1] if position else ""
    return len(around) == 2 and around.isascii() and around.isalnum()


def _normalised(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The normalised text, and for each of its characters the stretch of `text` that it comes from."""
    # A character goes with the combining marks that follow it, so that composed and decomposed forms meet.
    starts: list[int] = []
    for at, character in enumerate(text):
        if not starts or at - starts[-1] > MOST_MARKS or not unicodedata.combining(character):
            starts.append(at)
    characters: list[str] = []
    offsets: list[tuple[int, int]] = []
    for start, end in pairwise([*starts, len(text)]):
        for character in unicodedata.normalize("NFKC", text[start:end]).casefold().translate(_SAME).translate(_DASHES):
            character = " " if character.isspace() else character
            if character in _IGNORED or (character == " " and characters[-1:] in ([" "], [])):
                continue
            characters.append(character)
            offsets.append((start, end))
    return "".join(characters), offsets
