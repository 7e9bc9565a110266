"""How well a question's evidence was brought back. Turns are named by their events' keys, the best first, each once."""

from collections.abc import Collection, Iterable, Sequence
from math import ceil, log2

from semmem.retrieval.analysis import terms


def source_turns(hits: Iterable[Sequence[str]]) -> list[str]:
    """Returns the turns that hits rest on: a hit's own in their order, where no hit before it had them."""
    return list(dict.fromkeys(key for keys in hits for key in keys))


def recall(evidence: Collection[str], turns: Sequence[str], k: int) -> float:
    """Returns the share of the evidence among the first k turns."""
    return len(set(evidence).intersection(turns[:k])) / len(evidence)


def ndcg(evidence: Collection[str], turns: Sequence[str], k: int) -> float:
    """Computes normalised discounted cumulative gain with a gain of 1 for evidence (Järvelin and Kekäläinen 2002)."""
    gained = sum(1 / log2(rank + 1) for rank, turn in enumerate(turns[:k], start=1) if turn in evidence)
    best = sum(1 / log2(rank + 1) for rank in range(1, min(len(evidence), k) + 1))
    return gained / best


def reciprocal_rank(evidence: Collection[str], turns: Sequence[str]) -> float:
    """Returns one over the rank of the first turn of the evidence; 0 where none was brought back."""
    return next((1 / rank for rank, turn in enumerate(turns, start=1) if turn in evidence), 0.0)


def stands_above(newer: Collection[str], older: Collection[str], turns: Sequence[str]) -> bool:
    """Returns whether the first turn of the two statements is one of the newer; False where neither came back."""
    first = next((turn for turn in turns if turn in newer or turn in older), None)
    return first in newer and first not in older


def covered(evidence: Collection[str], whole: Collection[str]) -> bool:
    """Returns whether every turn of the evidence stands whole in a context."""
    return set(evidence).issubset(whole)


def words_kept(answer: str, text: str) -> bool:
    """Returns whether every word of the answer, by its stem, stands in the text."""
    return set(terms(answer)).issubset(terms(text))


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the smallest value that at least this share of the values does not exceed (nearest rank)."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
