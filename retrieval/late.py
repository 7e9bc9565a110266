"""Late interaction: every word of a question against every word of a memory (ColBERT; Khattab and Zaharia 2020).

The embedder computes a state for every token and would throw it away after pooling. Kept at four bits a number, as a
multiple of the text's largest one, a turn's states take some 1.4 KB.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from semmem.domain.embeddings import TokenStates
from semmem.domain.unicode import unaccented
from semmem.retrieval.analysis import terms
from semmem.runtime.blas import one_thread

LEVELS = 7  # on each side of zero, so that two numbers fill a byte
_HEADER = struct.Struct("<fHH")  # scale, dimensions, number of pieces; then each piece's length


def pack(pieces: Sequence[NDArray[np.float32]]) -> bytes:
    """A text's token states, (tokens, dimensions) for each of its pieces; dimensions are even and equal."""
    states = np.concatenate(pieces)
    scale = max(float(np.abs(states).max()) / LEVELS, float(np.finfo(np.float32).tiny))
    levels = (np.rint(states / scale) + LEVELS).astype(np.uint8)
    lengths = np.array([len(piece) for piece in pieces], "<u2")
    header = _HEADER.pack(scale, states.shape[1], len(pieces))
    return b"".join((header, lengths.tobytes(), ((levels[:, ::2] << 4) | levels[:, 1::2]).tobytes()))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's token states, (tokens, dimensions), and what each token weighs; at least one weighs something."""

    states: NDArray[np.float32]
    weights: NDArray[np.float32]


def asked(tokens: TokenStates, rarity: Mapping[str, float]) -> Asked | None:
    """A token weighs as much as its word is rare in the view: the root of its idf; stop words weigh nothing.

    None where no word weighs anything.
    """
    as_written = _as_tokens_write(rarity)
    words: list[list[str]] = []
    for token in tokens.tokens:
        if token.startswith("##") and words:  # `##s` continues the word before it
            words[-1].append(token)
        else:
            words.append([token])
    weights: list[float] = []
    for word in words:
        # It weighs as its rarest term does; a rest such as the `s` of "Ana's" is none of the question's terms.
        written = "".join(token.removeprefix("##") for token in word)
        weight = sqrt(max((as_written.get(term, 0.0) for term in terms(written)), default=0.0))
        weights += [weight] * len(word)
    kept = np.flatnonzero(weights)
    return Asked(tokens.states[kept], np.array(weights, np.float32)[kept]) if len(kept) else None


def _as_tokens_write(rarity: Mapping[str, float]) -> dict[str, float]:
    """By terms without accents, and by what stands between their apostrophes: Müller, O'Brien."""
    found: dict[str, float] = {}
    for term, weight in rarity.items():
        plain = unaccented(term)
        for part in {term, plain, *(part for part in plain.split("'") if len(part) > 1)}:
            found[part] = max(weight, found.get(part, 0.0))
    return found


def similarities(packed: Sequence[bytes], asked: Asked) -> NDArray[np.float32]:
    """(texts, question's tokens): the cosine of each token with the nearest in the text's best piece."""
    heads = [_HEADER.unpack_from(text) for text in packed]
    counts = np.array([count for _, _, count in heads])
    starts = [_HEADER.size + 2 * count for _, _, count in heads]
    pairs = list(zip(packed, starts, strict=True))
    lengths = np.frombuffer(b"".join(text[_HEADER.size : start] for text, start in pairs), "<u2")
    codes = np.frombuffer(b"".join(text[start:] for text, start in pairs), np.uint8).reshape(-1, heads[0][1] // 2)
    scales = np.repeat(np.array([scale for scale, _, _ in heads], np.float32), counts)
    ends = np.cumsum(lengths, dtype=np.int64)
    pieces: NDArray[np.float32] = np.maximum.reduceat(_dots(codes, asked.states), ends - lengths, axis=0)
    return _best(pieces * scales[:, None], asked.weights, counts)


def _dots(codes: NDArray[np.uint8], states: NDArray[np.float32]) -> NDArray[np.float32]:
    """(tokens, question's tokens), without putting the two numbers of a byte side by side first."""
    high, low = states[:, ::2].T, states[:, 1::2].T
    with one_thread():
        dots: NDArray[np.float32] = (codes >> 4).astype(np.float32) @ high + (codes & 15).astype(np.float32) @ low
    dots -= LEVELS * states.sum(axis=1)
    return dots


def _best(pieces: NDArray[np.float32], weights: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each text's piece with the highest weighted sum; a long text is judged by its best short piece."""
    if len(pieces) == len(counts):
        return pieces
    owners = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((pieces @ weights, owners))
    last_of_owner = np.cumsum(counts) - 1
    return pieces[order[last_of_owner]]
