"""What an embedder answers: vectors, token states, and which texts have none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

HARMLESS = "hello"  # a text that no embedder refuses, unless it refuses everything


@dataclass(frozen=True, slots=True)
class TokenStates:
    """A text's vector for every token: `states` is (len(tokens), dimensions), rows L2-normalised."""

    tokens: tuple[str, ...]
    states: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a text has no vector: a word for metrics, and a sentence that quotes nothing of the text."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors in the order of the texts, (n, dimensions) float32, rows L2-normalised.

    `tokens` has an entry per text where the model computes token states on the way, else it is None. `refused` are the
    texts, by their place, that the model has no vector for and never will; their rows are zeros. `truncated` are those
    of which it read the beginning alone.
    """

    vectors: NDArray[np.float32]
    tokens: tuple[TokenStates, ...] | None = None
    refused: Mapping[int, Refused] = field(default_factory=dict)
    truncated: frozenset[int] = frozenset()

    def of(self, rows: Sequence[int]) -> "Embeddings":
        """Those of these texts alone, in this order."""
        tokens = None if self.tokens is None else tuple(self.tokens[row] for row in rows)
        refused = {place: self.refused[row] for place, row in enumerate(rows) if row in self.refused}
        truncated = frozenset(place for place, row in enumerate(rows) if row in self.truncated)
        return Embeddings(self.vectors[list(rows)], tokens, refused, truncated)
