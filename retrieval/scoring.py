"""What a candidate is worth: relevance, recency, importance; and whether it holds at the time asked for."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from math import fsum
from uuid import UUID

from semmem.domain.event import Event
from semmem.domain.fact import Fact, events_of
from semmem.domain.hit import Hit
from semmem.retrieval.analysis import normalised
from semmem.retrieval.pieces import is_long

# They settle near ties and never outweigh relevance, which has the rest of a score of at most 1.
RECENCY = 0.03
IMPORTANCE = 0.03
RELEVANCE = 1 - RECENCY - IMPORTANCE

# What an event loses whose facts were all superseded: enough to stand below what replaced them, if that is as relevant.
OUTDATED = 0.2

HALF_LIFE = timedelta(days=30)

_NOTHING: Mapping[str, float] = {}


def rank(
    items: Sequence[Event | Fact],
    relevance: Mapping[UUID, Mapping[str, float]],
    now: datetime,
    outdated: Container[UUID] = (),
) -> list[Hit]:
    """Hits, best first; ties go to the newer, then to the lower id.

    `relevance` has each item's parts, of a sum of at most 1; `outdated` are events that only superseded facts rest on.
    """
    hits = [_hit(item, relevance.get(item.id, _NOTHING), now, item.id in outdated) for item in items]
    return sorted(hits, key=lambda hit: (-hit.score, -hit.said_at.timestamp(), hit.id))


def holds(item: Event | Fact, as_of: datetime | None, now: datetime) -> bool:
    """Whether it is part of the answer: a version of a fact that is current and has not ended by `now`, or with `as_of`
    one that held in the world then; an event that had occurred by then.

    A version holds from its validity's start up to, not including, its end. Without a start it holds from when it was
    said, unless it was over by then; without an end it still holds. What has yet to begin, a plan, is part of the
    present, and so is what was over already when it was said: it tells of the past, and is as true now. `as_of` is
    world time, seen with all that we know now, so it does not matter when a version was recorded: a superseded one
    ended when what replaced it began, and one that a person took back never held.
    """
    if item.kind == "event":
        return as_of is None or item.said_at <= as_of
    if item.ended:
        return False
    start, end = item.validity.start, item.validity.end
    if as_of is None:
        return item.current and (end is None or now < end or end <= item.said_at)
    if start is None and (end is None or end > item.said_at):
        start = item.said_at
    return (start is None or start <= as_of) and (end is None or as_of < end)


def _hit(item: Event | Fact, relevance: Mapping[str, float], now: datetime, outdated: bool) -> Hit:
    # 1 for now and later, half of it after each HALF_LIFE.
    freshness = float(0.5 ** (max(now - item.said_at, timedelta()) / HALF_LIFE))
    signals = {
        **{name: RELEVANCE * part for name, part in relevance.items()},
        "recency": RECENCY * freshness,
        "importance": IMPORTANCE * item.importance,
    }
    if outdated:
        signals["outdated"] = -min(OUTDATED, fsum(signals.values()))
    return Hit(item=item, score=min(1.0, max(0.0, fsum(signals.values()))), signals=signals)


def distinct(hits: Sequence[Hit]) -> list[Hit]:
    """Each statement once: an event is dropped where a fact says the same, or the same voice did."""
    stated = {normalised(hit.text) for hit in hits if hit.kind == "fact"}
    return _once([hit for hit in hits if hit.kind == "fact" or normalised(hit.text) not in stated])


def turns_first(hits: Sequence[Hit]) -> list[Hit]:
    """Each statement once, in the words it was said in: a fact gives way to the turns it rests on.

    Facts that rest on a long text, or on turns that were not found, stay; so do those that somebody put right.
    """
    turns = {hit.id for hit in hits if hit.kind == "event" and not is_long(hit.text)}
    return _once([hit for hit in hits if not _gives_way(hit.item, turns)])


def _gives_way(item: Event | Fact, turns: set[UUID]) -> bool:
    return isinstance(item, Fact) and not item.in_own_words and not turns.isdisjoint(events_of(item))


def _once(hits: Sequence[Hit]) -> list[Hit]:
    seen: set[tuple[str | None, str]] = set()
    kept = []
    for hit in hits:
        said = (hit.item.voice if hit.kind == "event" else None, normalised(hit.text))
        if said not in seen:
            seen.add(said)
            kept.append(hit)
    return kept
