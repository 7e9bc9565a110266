"""All passages that may answer a question, side by side, as arrays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from semmem.ports import Passage
from semmem.retrieval.cues import Cue
from semmem.retrieval.late import Asked, similarities
from semmem.scope import Scope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    cosine of the whole vector stands for them as the only column; without an embedder both are None.
    """

    question: str
    now: datetime
    passages: Sequence[Passage]
    neighbours: "NDArray[np.int64]"
    facts: "NDArray[np.int64]"
    lexical: "NDArray[np.float32]"
    dense: "NDArray[np.float32] | None"
    closeness: "NDArray[np.float32] | None"
    weights: "NDArray[np.float32] | None"

    def has(self, cue: Cue) -> "NDArray[np.float32]":
        import numpy as np

        held = np.array([passage.cues for passage in self.passages], np.int64)
        return (held & int(cue) > 0).astype(np.float32)


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
    closeness, weights = _closeness(passages, near, asked)
    return Pool(
        question=question,
        now=now,
        passages=passages,
        neighbours=_neighbours(passages),
        facts=_facts(passages),
        lexical=_column(passages, lexical, 0.0),
        dense=near,
        closeness=closeness,
        weights=weights,
    )


def _closeness(
    passages: Sequence[Passage], near: "NDArray[np.float32] | None", asked: Asked | None
) -> "tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]":
    import numpy as np

    packed = [passage.states for passage in passages if passage.states is not None]
    if asked is not None and packed and len(packed) == len(passages):
        return similarities(packed, asked), asked.weights
    return (None, None) if near is None else (near[:, None], np.ones(1, np.float32))


def _column(passages: Sequence[Passage], scores: Scores, missing: float) -> "NDArray[np.float32]":
    import numpy as np

    return np.array([scores.get(passage.id, missing) for passage in passages], np.float32)


def _neighbours(passages: Sequence[Passage]) -> "NDArray[np.int64]":
    """Short turns of the same session, by their places."""
    import numpy as np

    found = np.full((len(passages), 2 * REACH + 1), -1, np.int64)
    found[:, HERE] = np.arange(len(passages))
    for session in _sessions(passages):
        places, rows = np.array(list(session)), np.array(list(session.values()))
        at = places - places.min() + REACH
        line = np.full(at.max() + REACH + 1, -1, np.int64)
        line[at] = rows
        found[rows] = line[at[:, None] + np.arange(-REACH, REACH + 1)]
    return found


def _facts(passages: Sequence[Passage]) -> "NDArray[np.int64]":
    import numpy as np

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


def _sessions(passages: Sequence[Passage]) -> Iterable[dict[int, int]]:
    """For each session the rows of its short turns by their places."""
    sessions: dict[tuple[Scope, str | None], dict[int, int]] = {}
    for row, passage in enumerate(passages):
        if passage.place is not None and not passage.long:
            sessions.setdefault((passage.scope, passage.session), {})[passage.place] = row
    return sessions.values()
