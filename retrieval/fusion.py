"""Weighted score fusion: several indexes' scores of the same candidates become parts of one sum."""

from collections.abc import Mapping
from uuid import UUID


def fuse(signals: Mapping[str, Mapping[UUID, float]], weights: Mapping[str, float]) -> dict[UUID, dict[str, float]]:
    """Each candidate's weighted part by signal: scores scaled to 0..1 over the candidates, times the signal's weight.
    Scores that are all equal are scaled to 1.

    A candidate that a signal did not find has no part of it. The weight of a signal that is missing, because its store
    was down, is shared out among the others in proportion, so that a full score stays the sum of all weights; a signal
    that found nothing keeps its own. Min-max scaling and convex combination: Bruch et al. 2023, "An Analysis of Fusion
    Functions for Hybrid Retrieval".
    """
    fused: dict[UUID, dict[str, float]] = {}
    present = sum(weights[name] for name in signals)
    grow = sum(weights.values()) / present if present else 0.0
    for name, scores in signals.items():
        low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
        for id, score in scores.items():
            scaled = 1.0 if low == high else (score - low) / (high - low)
            fused.setdefault(id, {})[name] = weights[name] * grow * scaled
    return fused
