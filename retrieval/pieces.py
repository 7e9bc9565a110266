"""Cuts long texts into short pieces, since a whole page is near to everything."""

from itertools import pairwise

from semmem.language.sentences import sentence_ends

LONG = 100  # words, as `size` counts them; a text up to here is one piece, and may be read together with its neighbours
PIECE = 30  # words
MOST = 32  # pieces; what lies behind them is found by its words alone

BYTES_A_WORD = 10  # at most: what scripts without spaces, and words without end, are counted by


def size(text: str) -> int:
    """In words."""
    return max(len(text.split()), len(text.encode()) // BYTES_A_WORD)


def is_long(text: str) -> bool:
    return size(text) > LONG


def sentences(text: str) -> list[str]:
    """Whole sentences and lines, without the space around them."""
    return [part for start, end in pairwise([0, *sentence_ends(text)]) if (part := text[start:end].strip())]


def pieces(text: str) -> list[str]:
    """Runs of about PIECE words, cut at the ends of sentences and lines where there are any."""
    parts: list[str] = []
    for sentence in sentences(text):
        words = sentence.split()
        parts += [" ".join(words[at : at + PIECE]) for at in range(0, len(words), PIECE)]
    found: list[list[str]] = []
    left = 0
    for part in parts:
        if size(part) > left:
            found.append([])
            left = PIECE
        found[-1].append(part)
        left -= size(part)
    return [" ".join(piece) for piece in found]
