"""The signals by which a passage is judged; docs/retrieval.md has what each is worth.

Each takes the pool and gives a number from 0 to 1 per passage, or None where it cannot take part. Their sum, weighted,
is a passage's relevance. WEIGHTS are the same for every data set; semmem.evals.weights chose them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import get_args
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from semmem.domain.event import Role
from semmem.ports import Passage
from semmem.retrieval.cues import Cue
from semmem.retrieval.pool import HERE, Pool
from semmem.retrieval.question import (
    asks_for_count,
    asks_for_name,
    asks_for_title,
    asks_when,
    date_fit,
    subject,
    times,
)

Signal = Callable[[Pool], NDArray[np.float32] | None]

WEIGHTS: Mapping[str, float] = {
    "turn": 0.10,
    "window": 0.20,
    "whole": 0.04,
    "words": 0.08,
    "speaker": 0.08,
    "date": 0.20,
    "when": 0.10,
    "name": 0.10,
    "title": 0.08,
    "count": 0.05,
    "reply": 0.03,
    "told": 0.20,
    "verbatim": 0.20,
}

# What a word's match counts in a turn before or after, by distance.
NEAR = (0.8, 0.85, 0.9, 1.0, 0.9, 0.85, 0.8)
NEAR_WORDS = (0.3, 0.4, 0.5, 1.0, 0.5, 0.4, 0.3)
PREVIOUS = 0.9

# What a word's match counts in a fact that rests on the turn: it names whom and when the turn only points at.
DRAWN, DRAWN_WORDS = 0.95, 0.7

ROLES = frozenset(get_args(Role))  # no names


def turn(pool: Pool) -> NDArray[np.float32] | None:
    """Late interaction with the turn, the facts that rest on it, and the one before it, which often asks for it."""
    return _late(pool, [0.0] * (HERE - 1) + [PREVIOUS, 1.0] + [0.0] * HERE, DRAWN)


def window(pool: Pool) -> NDArray[np.float32] | None:
    """Late interaction with a stretch of talk: each word of the question may be met in another turn of it."""
    return _late(pool, NEAR)


def whole(pool: Pool) -> NDArray[np.float32] | None:
    """The cosine of the whole vector: what a long message as a whole is about."""
    return None if pool.dense is None else _scaled(pool.dense)


def words(pool: Pool) -> NDArray[np.float32]:
    """BM25 of the turn or of a fact that rests on it, and some of its neighbours'."""
    drawn = np.where(pool.facts >= 0, pool.lexical[pool.facts], 0).max(axis=1)
    own = np.maximum(pool.lexical, np.float32(DRAWN_WORDS) * drawn)
    scores = np.where(pool.neighbours >= 0, own[pool.neighbours], 0)
    return _scaled(scores @ np.array(NEAR_WORDS, np.float32))


def speaker(pool: Pool) -> NDArray[np.float32]:
    """Said by, or about, the person whom the question is about."""
    voices = {passage.voice for passage in pool.passages} - ROLES
    wanted = subject(pool.question, voices) if len(voices) > 1 else None
    if wanted is None:
        return np.zeros(len(pool.passages), np.float32)
    same = {voice: voice.casefold() == wanted.casefold() for voice in voices}
    return np.array([same.get(passage.voice, False) for passage in pool.passages], np.float32)


def date(pool: Pool) -> NDArray[np.float32]:
    """Said about the time that the question names."""
    named = times(pool.question, pool.now)
    if not named:
        return np.zeros(len(pool.passages), np.float32)
    fits = [max(date_fit(time, passage.at) for time in named) for passage in pool.passages]
    return np.array(fits, np.float32)


def when(pool: Pool) -> NDArray[np.float32]:
    """It says when, and the question asks."""
    return pool.has(Cue.TIME) * asks_when(pool.question)


def name(pool: Pool) -> NDArray[np.float32]:
    """It names somebody or something, and the question asks for a name."""
    return pool.has(Cue.NAME) * asks_for_name(pool.question)


def title(pool: Pool) -> NDArray[np.float32]:
    """It quotes a title, and the question asks for a work."""
    return pool.has(Cue.TITLE) * asks_for_title(pool.question)


def count(pool: Pool) -> NDArray[np.float32]:
    """It gives a number, and the question asks how many."""
    return pool.has(Cue.COUNT) * asks_for_count(pool.question)


def reply(pool: Pool) -> NDArray[np.float32]:
    """It follows a question."""
    before = pool.neighbours[:, HERE - 1]
    return np.where(before >= 0, pool.has(Cue.ASKS)[before], 0).astype(np.float32)


def told(pool: Pool) -> NDArray[np.float32]:
    """The user said it: assistants repeat, explain and guess."""
    return np.array([passage.told for passage in pool.passages], np.float32)


def verbatim(pool: Pool) -> NDArray[np.float32]:
    """In the words that it was said in: a fact drawn from it is shorter, matches sooner, and says less."""
    said = np.array([passage.kind == "event" for passage in pool.passages], np.float32)
    return np.maximum(said, pool.has(Cue.OWN))


SIGNALS: Mapping[str, Signal] = {
    signal.__name__: signal
    for signal in (turn, window, whole, words, speaker, date, when, name, title, count, reply, told, verbatim)
}


class Judged(Mapping[UUID, Mapping[str, float]]):
    """Each passage's weighted part by signal, by its id; read for the few that become hits."""

    def __init__(self, passages: Sequence[Passage], parts: Mapping[str, NDArray[np.float32]]) -> None:
        self._rows = {passage.id: row for row, passage in enumerate(passages)}
        self._parts = parts
        table = np.array(list(parts.values()), np.float64).reshape(len(parts), len(passages))
        self._sums: list[float] = table.sum(axis=0).tolist()

    def __getitem__(self, id: UUID) -> Mapping[str, float]:
        row = self._rows[id]
        return {name: float(values[row]) for name, values in self._parts.items()}

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def relevance(self, id: UUID) -> float:
        """The sum of its parts, at most 1."""
        return self._sums[self._rows[id]]


def judged(pool: Pool) -> Judged:
    """A full score is 1, whichever signals can take part."""
    if not pool.passages:
        return Judged((), {})
    found = {name: values for name, signal in SIGNALS.items() if (values := signal(pool)) is not None}
    total = sum(WEIGHTS[name] for name in found)
    return Judged(pool.passages, {name: values * (WEIGHTS[name] / total) for name, values in found.items()})


def _late(pool: Pool, near: list[float] | tuple[float, ...], drawn: float = 0.0) -> NDArray[np.float32] | None:
    """MaxSim over a turn, its neighbours weighted by distance, and its facts: the best match of each word asked."""
    if pool.closeness is None or pool.weights is None:
        return None
    beside = [(pool.neighbours[:, column], factor) for column, factor in enumerate(near) if column != HERE]
    beside += [(rows, drawn) for rows in pool.facts.T]
    best = pool.closeness
    for rows, factor in beside:
        if factor:
            there = (rows >= 0)[:, None]
            best = np.maximum(best, np.where(there, pool.closeness[rows] * np.float32(factor), best))
    return _scaled(best @ pool.weights)


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lowest to 0, the highest to 1 (min-max; Bruch et al. 2023); all to 0 where they are equal."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
