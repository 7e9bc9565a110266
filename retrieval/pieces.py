"""Cuts long texts into short pieces, since a whole page is near to everything."""

import re

LONG = 100  # words; a text up to here is one piece, and may be read together with its neighbours
PIECE = 30  # words
MOST = 32  # pieces; what lies behind them is found by its words alone

_BREAK = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")  # noqa: RUF001


def is_long(text: str) -> bool:
    return len(text.split()) > LONG


def sentences(text: str) -> list[str]:
    """Whole sentences and lines, without the space around them."""
    return [part for sentence in _BREAK.split(text) if (part := sentence.strip())]


def pieces(text: str) -> list[str]:
    """Runs of about PIECE words, cut at the ends of sentences and lines where there are any; at most MOST."""
    found: list[list[str]] = [[]]
    for sentence in sentences(text):
        words = sentence.split()
        if found[-1] and len(found[-1]) + len(words) > PIECE:
            found.append([])
        found[-1] += words
        while len(found[-1]) > PIECE:
            found.append(found[-1][PIECE:])
            found[-2] = found[-2][:PIECE]
    return [" ".join(words) for words in found if words][:MOST]
