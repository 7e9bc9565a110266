"""A cross-encoder, or a chat model, has its say in the order of the best hits; it is one voice of two."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from uuid import UUID

from semmem.domain.event import Event
from semmem.domain.extraction import Usage
from semmem.domain.hit import Hit
from semmem.errors import BadAnswer, ModelError
from semmem.ports import Reranker, Scores
from semmem.runtime.deadline import rest

log = logging.getLogger(__name__)

RERANK_SECONDS = 5.0  # for all hits together; the order that they have answers if it takes longer


@dataclass(frozen=True, slots=True)
class Reranked:
    """Hits in their new order, what was degraded, and what the reranker cost."""

    hits: list[Hit]
    degraded: frozenset[str] = frozenset()
    usage: Usage = field(default_factory=Usage)


async def reranked(
    hits: Sequence[Hit], before: Mapping[UUID, Event], query: str, reranker: Reranker, seconds: float
) -> Reranked:
    """Fuses the reranker's order with the one that the hits have; where it fails, that one stays.

    `before` are the turns before those of the hits, by the hits' ids. The scores stay with the places, for those of a
    cross-encoder know no lowest and no highest.
    """
    if not hits:
        return Reranked([])
    try:
        scores = await _scores(reranker, query, [shown(hit, before.get(hit.id)) for hit in hits], seconds)
    except ModelError as error:
        log.warning("%s: %d hits keep their order", error, len(hits))
        return Reranked(list(hits), frozenset({"reranker"}))
    if scores.usage.calls:
        spent = (scores.usage.prompt_tokens, scores.usage.completion_tokens, scores.usage.calls)
        log.info("reranked %d hits: %d + %d tokens in %d calls", len(hits), *spent)
    ordered = [hits[place] for place in fused(scores.of_texts)]
    moved = [hit.moved(place.score, "rerank") for hit, place in zip(ordered, hits, strict=True)]
    return Reranked(moved, usage=scores.usage)


def shown(hit: Hit, before: Event | None) -> str:
    """What a reranker reads: who said it and when, below the turn that it may answer, if both are short."""
    when = f"[{hit.said_at:%Y-%m-%d}]"
    if hit.kind == "fact":
        return f"{when} {hit.text}"
    said = f"{when} {hit.item.voice}: {hit.text}"
    return said if before is None else f"{before.voice}: {before.text}\n{said}"


def fused(scores: Sequence[float]) -> list[int]:
    """Places of hits in their fused order: each is worth 1/its rank in the order it has, and 1/its rank by the scores.

    So the best of either order is among the first two, and none of the first three of either falls out of the first
    ten, whatever the other says. Ties go to the order that is.
    """
    by_score = sorted(range(len(scores)), key=lambda place: -scores[place])
    ranks = {place: rank for rank, place in enumerate(by_score, start=1)}
    return sorted(ranks, key=lambda place: (-(1 / (place + 1) + 1 / ranks[place]), place))


async def _scores(reranker: Reranker, query: str, texts: list[str], seconds: float) -> Scores:
    """Raises ModelError without the reranker's own message, which may quote what it was sent."""
    try:
        async with asyncio.timeout(rest(seconds)):
            answer = await reranker.score(query, texts)
    except (ModelError, TimeoutError) as error:
        raise ModelError(f"the reranker failed with {type(error).__name__}") from error
    given = answer if isinstance(answer, Scores) else Scores(answer)
    try:
        numbers = tuple(float(score) for score in given.of_texts)
    except (TypeError, ValueError):
        raise BadAnswer("type", "the reranker's scores are no list of numbers") from None
    if len(numbers) != len(texts):
        raise BadAnswer("count", f"the reranker gave {len(numbers)} scores for {len(texts)} texts")
    if any(map(isnan, numbers)):
        raise BadAnswer("nan", "a score of the reranker is NaN")
    return Scores(numbers, given.usage)
