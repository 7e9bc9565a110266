"""Where a number or a date may have changed, the newest statement of it comes first."""

import re
from collections.abc import Sequence
from uuid import UUID

from semmem.domain.hit import Hit
from semmem.language.words import NUMBERS, ORDINALS, TIMES, either
from semmem.retrieval.analysis import terms
from semmem.retrieval.question import asks_for_present_measure

CONTENDERS = 10  # so many of the best statements; a fact and the event it rests on are one
LOOKED_AT = 2 * CONTENDERS  # hits, among which they are sought
MARGIN = 0.25  # of score below the best, at most
SHARE = 0.2  # of the question's words that stand in one sentence with a number, and two where any sentence has two

_NUMBER = re.compile(rf"\d|\b(?:{either(NUMBERS, ORDINALS, TIMES)}|dozen)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+|, (?=and |but |which |so )")


def newest_first(hits: Sequence[Hit], question: str) -> list[Hit]:
    """Puts the hits that state such a measure in the order of time, newest first, in the places that they hold.

    Old and new statements of a number are as relevant as each other, and only the newer one is right.
    """
    wanted = frozenset(terms(question))
    if not hits or not wanted or not asks_for_present_measure(question):
        return list(hits)
    shared = {at: _shared(hits[at].text, wanted) for at in _contenders(hits)}
    fewest = max(SHARE * len(wanted), min(2, max(shared.values())))
    places = [at for at, count in shared.items() if count >= fewest]
    by_time = sorted((hits[at] for at in places), key=lambda hit: hit.said_at, reverse=True)
    ordered = list(hits)
    for at, hit in zip(places, by_time, strict=True):
        if hit.score != hits[at].score:
            hit = hit.moved(hits[at].score, "newest")
        ordered[at] = hit
    return ordered


def _contenders(hits: Sequence[Hit]) -> list[int]:
    """The places of those that may be the newest statement."""
    least, said = hits[0].score - MARGIN, set[UUID]()
    places: list[int] = []
    for at, hit in enumerate(hits[:LOOKED_AT]):
        said.add(hit.sources[0].event_id if hit.sources else hit.id)
        if hit.score < least or len(said) > CONTENDERS:
            break
        places.append(at)
    return places


def _shared(text: str, wanted: frozenset[str]) -> int:
    """How many of the words stand in one sentence with a number, in the one that has most."""
    numbers = (sentence for sentence in _SENTENCE.split(text) if _NUMBER.search(sentence))
    return max((len(wanted.intersection(terms(sentence))) for sentence in numbers), default=0)
