"""A user's own cross-encoder decides the order of the best hits."""

import asyncio
import logging
from collections.abc import Sequence
from math import isnan

from semmem.domain.hit import Hit
from semmem.errors import BadAnswer, ModelError
from semmem.ports import Reranker
from semmem.runtime.deadline import rest

log = logging.getLogger(__name__)

RERANK_SECONDS = 5.0  # for all hits together; the order that they have answers if it takes longer


async def reranked(hits: Sequence[Hit], query: str, reranker: Reranker | None) -> tuple[list[Hit], frozenset[str]]:
    """The hits in the reranker's order, and what was degraded: where it fails, the order stays.

    The scores stay with the places, for those of a cross-encoder know no lowest and no highest.
    """
    if reranker is None or not hits:
        return list(hits), frozenset()
    try:
        scores = await _scores(reranker, query, [hit.text for hit in hits])
    except ModelError as error:
        log.warning("%s: %d hits keep their order", error, len(hits))
        return list(hits), frozenset({"reranker"})
    ordered = [hit for _, hit in sorted(zip(scores, hits, strict=True), key=lambda scored: -scored[0])]
    return [hit.moved(place.score, "rerank") for hit, place in zip(ordered, hits, strict=True)], frozenset()


async def _scores(reranker: Reranker, query: str, texts: list[str]) -> list[float]:
    """Raises ModelError without the reranker's own message, which may quote what it was sent."""
    try:
        async with asyncio.timeout(rest(RERANK_SECONDS)):
            answer = await reranker.score(query, texts)
    except (ModelError, TimeoutError) as error:
        raise ModelError(f"the reranker failed with {type(error).__name__}") from error
    try:
        scores = [float(score) for score in answer]
    except (TypeError, ValueError):
        raise BadAnswer("type", "the reranker's scores are no list of numbers") from None
    if len(scores) != len(texts):
        raise BadAnswer("count", f"the reranker gave {len(scores)} scores for {len(texts)} texts")
    if any(map(isnan, scores)):
        raise BadAnswer("nan", "a score of the reranker is NaN")
    return scores
