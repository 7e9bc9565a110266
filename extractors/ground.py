"""Checks that a quote stands in its source, and gives it back as it stands there."""

import re
import unicodedata
from itertools import pairwise

_SAME = str.maketrans(
    {"‘": "'", "’": "'", "‛": "'", "′": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}  # noqa: RUF001
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))  # noqa: RUF001 (the look-alikes are the point)
_ELLIPSIS = re.compile(r"\s*(?:…|\[?\.\.\.\]?)\s*")
_IGNORED = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")


def ground(quote: str, source: str) -> str | None:
    """The words of `source` that `quote` repeats, else None.

    Case, spacing, Unicode form and the shapes of quotes and dashes do not matter. An ellipsis may join two parts that
    stand in this order; they come back joined by one.
    """
    text, offsets = _normalised(source)
    whole = _find(quote, text, 0)
    if whole:
        return _span(source, offsets, whole)
    parts = [part for part in _ELLIPSIS.split(quote) if part]
    if not 1 <= len(parts) <= 2:
        return None
    spans: list[tuple[int, int]] = []
    for part in parts:
        span = _find(part, text, spans[-1][1] if spans else 0)
        if span is None:
            return None
        spans.append(span)
    return " … ".join(_span(source, offsets, span) for span in spans)


def normalised(text: str) -> str:
    """NFKC, case folded, quotes and dashes alike, runs of white space as one space."""
    if text.isascii():  # the same, without an offset for every character
        return " ".join(text.casefold().translate(_SAME).split())
    return _normalised(text)[0].strip()


def _find(part: str, text: str, start: int) -> tuple[int, int] | None:
    """Where `part` stands as whole words at or after `start`; part of a word does not count."""
    wanted = normalised(part)
    if not any(character.isalnum() for character in wanted):
        return None
    while (start := text.find(wanted, start)) >= 0:
        end = start + len(wanted)
        if not (_inside_word(text, start) or _inside_word(text, end)):
            return start, end
        start += 1
    return None


def _inside_word(text: str, position: int) -> bool:
    """Only letters of scripts that put spaces between words tell; ASCII stands for them."""
    around = text[max(position - 1, 0) : position + 1] if position else ""
    return len(around) == 2 and around.isascii() and around.isalnum()


def _span(source: str, offsets: list[tuple[int, int]], span: tuple[int, int]) -> str:
    return source[offsets[span[0]][0] : offsets[span[1] - 1][1]]


def _normalised(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The normalised text, and for each of its characters the stretch of `text` that it comes from."""
    characters: list[str] = []
    offsets: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        for character in unicodedata.normalize("NFKC", text[start:end]).casefold().translate(_SAME).translate(_DASHES):
            character = " " if character.isspace() else character
            if character in _IGNORED or (character == " " and characters[-1:] in ([" "], [])):
                continue
            characters.append(character)
            offsets.append((start, end))
    return "".join(characters), offsets


def _clusters(text: str) -> list[tuple[int, int]]:
    """A character with the combining marks that follow it, so that composed and decomposed forms meet."""
    starts = [i for i, character in enumerate(text) if i == 0 or not unicodedata.combining(character)]
    return list(pairwise([*starts, len(text)]))
