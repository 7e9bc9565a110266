"""Passages side by side, as ranking sees them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from semmem.ports import Passage
from semmem.retrieval.late import Asked
from semmem.retrieval.pool import Pool, Scores, pooled
from tests.unit.retrieval.memories import ALICE, MAY


def passage(**given: Any) -> Passage:
    """An event without place in session s1, said by Alice, unless told otherwise."""
    plain = Passage(
        id=uuid4(),
        kind="event",
        scope=ALICE,
        session="s1",
        place=None,
        voice="Alice",
        told=False,
        at=MAY,
        long=False,
        cues=0,
        states=None,
    )
    return plain._replace(**given)


def turns(count: int, **given: Any) -> list[Passage]:
    """So many in a row, from place 1 on."""
    return [passage(place=place, **given) for place in range(1, count + 1)]


def pool_of(
    passages: Sequence[Passage],
    *,
    question: str = "?",
    now: datetime = MAY,
    dense: Scores | None = None,
    lexical: Scores | None = None,
    asked: Asked | None = None,
) -> Pool:
    return pooled(question, now, passages, dense=dense, lexical=lexical or {}, asked=asked)
