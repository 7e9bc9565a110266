"""All passages that may answer a question, side by side, as arrays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from semmem.domain.scope import Scope
from semmem.ports import Passage
from semmem.retrieval.cues import Cue
from semmem.retrieval.late import Asked, similarities

REACH = 3  # neighbours on each side
HERE = REACH  # the column of the passage itself
FACTS = 4  # of those that rest on one turn; more say the same

Scores = Mapping[UUID, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One row per passage. `dense` is the cosine of the whole vector: the lowest found, where it was not found.

    `neighbours` is (n, 2 * REACH + 1): rows before, the passage, rows after; -1 for none.

    `facts` is (n, FACTS): rows of facts that rest on the passage; -1 for none.

    `closeness` is (n, question's tokens) and `weights` what each token counts. Where there are no token states, the
    cosine of the whole vector stands for them as the only column; without an embedder both are None. `by_token` says
    that they are of token states.
    """

    question: str
    now: datetime
    passages: Sequence[Passage]
    neighbours: NDArray[np.int64]
    facts: NDArray[np.int64]
    cues: NDArray[np.int64]
    lexical: NDArray[np.float32]
    dense: NDArray[np.float32] | None
    closeness: NDArray[np.float32] | None
    weights: NDArray[np.float32] | None
    by_token: bool

    def before(self, ids: Iterable[UUID]) -> dict[UUID, Passage]:
        """The turns before these passages, where they have any."""
        rows = {passage.id: row for row, passage in enumerate(self.passages)}
        previous = {id: self.neighbours[rows[id], HERE - 1] for id in ids}
        return {id: self.passages[row] for id, row in previous.items() if row >= 0}

    def has(self, cue: Cue) -> NDArray[np.float32]:
        return (self.cues & int(cue) > 0).astype(np.float32)


def pooled(
    question: str,
    now: datetime,
    passages: Sequence[Passage],
    *,
    dense: Scores | None,
    lexical: Scores,
    asked: Asked | None,
) -> Pool:
    """`dense` is None where the embedder was down; `asked` where it hands out no token states."""
    near = None if dense is None else _column(passages, dense, min(dense.values(), default=0.0))
    packed = [passage.states for passage in passages if passage.states is not None]
    closeness, weights = (None, None) if near is None else (near[:, None], np.ones(1, np.float32))
    by_token = asked is not None and bool(packed) and len(packed) == len(passages)
    if asked and by_token:
        closeness, weights = similarities(packed, asked), asked.weights
    return Pool(
        question=question,
        now=now,
        passages=passages,
        neighbours=_neighbours(passages),
        facts=_facts(passages),
        cues=np.array([passage.cues for passage in passages], np.int64),
        lexical=_column(passages, lexical, 0.0),
        dense=near,
        closeness=closeness,
        weights=weights,
        by_token=by_token,
    )


def _column(passages: Sequence[Passage], scores: Scores, missing: float) -> NDArray[np.float32]:
    return np.array([scores.get(passage.id, missing) for passage in passages], np.float32)


def _neighbours(passages: Sequence[Passage]) -> NDArray[np.int64]:
    """Short turns of the same session, by their places."""
    reach = np.arange(-REACH, REACH + 1)
    found = np.full((len(passages), len(reach)), -1, np.int64)
    found[:, HERE] = np.arange(len(passages))
    in_line = [row for row, passage in enumerate(passages) if passage.place is not None and not passage.long]
    if not in_line:
        return found
    # Their places on one line, on which sessions follow each other out of each other's REACH.
    numbers: dict[tuple[Scope, str | None], int] = {}
    turns = [passages[row] for row in in_line]
    sessions = np.array([numbers.setdefault((turn.scope, turn.session), len(numbers)) for turn in turns], np.int64)
    places = np.array([turn.place for turn in turns], np.int64)
    spots = sessions * (places.max(initial=0) + REACH + 1) + places
    rows = np.array(in_line, np.int64)
    order = np.argsort(spots)
    wanted = spots[:, None] + reach
    near = order[np.searchsorted(spots, wanted, sorter=order).clip(max=len(rows) - 1)]
    found[rows] = np.where(spots[near] == wanted, rows[near], -1)
    return found


def _facts(passages: Sequence[Passage]) -> NDArray[np.int64]:
    rows = {passage.id: row for row, passage in enumerate(passages)}
    drawn: dict[int, list[int]] = {}
    for row, passage in enumerate(passages):
        for source in passage.sources:
            if source in rows:
                drawn.setdefault(rows[source], []).append(row)
    found = np.full((len(passages), FACTS), -1, np.int64)
    for row, facts in drawn.items():
        found[row, : len(facts)] = facts[:FACTS]
    return found
