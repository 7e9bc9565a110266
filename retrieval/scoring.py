"""What a candidate is worth: relevance, recency, importance; and whether it holds at the time asked for."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from math import fsum
from uuid import UUID

from semmem.event import Event
from semmem.fact import Fact
from semmem.hit import Hit
from semmem.retrieval.analysis import normalised

# The four sum to 1, so that a score lies in 0..1. Recency and importance settle near ties and never outweigh relevance.
DENSE = 0.45
LEXICAL = 0.45
RECENCY = 0.04
IMPORTANCE = 0.06

# What an event loses whose facts were all superseded: enough to stand below what replaced them, if that is as relevant.
OUTDATED = 0.2

HALF_LIFE = timedelta(days=30)

_NOTHING: Mapping[str, float] = {}


def rank(
    items: Sequence[Event | Fact],
    relevance: Mapping[UUID, Mapping[str, float]],
    now: datetime,
    limit: int,
    outdated: Container[UUID] = (),
) -> list[Hit]:
    """At most `limit` hits, best first; ties go to the newer, then to the lower id.

    `relevance` is what `fuse` gave, and `outdated` are events that only superseded facts rest on. A statement appears
    once: as a fact rather than as an event, else by its best hit.
    """
    hits = [_hit(item, relevance.get(item.id, _NOTHING), now, item.id in outdated) for item in items]
    return _distinct(sorted(hits, key=_order))[:limit]


def holds(fact: Fact, as_of: datetime | None, now: datetime) -> bool:
    """Whether a version is part of the answer: the current ones that have not ended by `now`, or with `as_of` those
    that held in the world then.

    A version holds from its validity's start up to, not including, its end; an open side has no bound. What has yet to
    begin, a plan, is part of the present. `as_of` is world time, seen with all that we know now, so it does not matter
    when a version was recorded: a superseded one ended when what replaced it began.
    """
    start, end = fact.validity.start, fact.validity.end
    if as_of is None:
        return fact.current and (end is None or now < end)
    return (start is None or start <= as_of) and (end is None or as_of < end)


def _hit(item: Event | Fact, relevance: Mapping[str, float], now: datetime, outdated: bool) -> Hit:
    signals = {
        **relevance,
        "recency": RECENCY * _freshness(_said_at(item), now),
        "importance": IMPORTANCE * item.importance,
    }
    if outdated:
        signals["outdated"] = -min(OUTDATED, fsum(signals.values()))
    return Hit(item=item, score=min(1.0, max(0.0, fsum(signals.values()))), signals=signals)


def _said_at(item: Event | Fact) -> datetime:
    return item.said_at if isinstance(item, Fact) else item.occurred_at


def _freshness(at: datetime, now: datetime) -> float:
    """1 for now and later, half of it after each HALF_LIFE."""
    return float(0.5 ** (max(now - at, timedelta()) / HALF_LIFE))


def _order(hit: Hit) -> tuple[float, float, UUID]:
    return -hit.score, -_said_at(hit.item).timestamp(), hit.id


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    """Each statement once: an event is dropped where a fact says the same, or the same voice did."""
    stated = {normalised(hit.text) for hit in hits if isinstance(hit.item, Fact)}
    seen: set[tuple[str | None, str]] = set()
    kept = []
    for hit in hits:
        text = normalised(hit.text)
        voice = hit.item.voice if isinstance(hit.item, Event) else None
        if (voice, text) in seen or (voice is not None and text in stated):
            continue
        seen.add((voice, text))
        kept.append(hit)
    return kept
