"""Whether what was found answers at all: by this, scores are comparable from question to question.

The signals say which passage answers best, and are scaled over each question's own pool: of a memory that knows nothing
of what is asked, something is the best too. What is measured here is absolute.
"""

from math import exp, log

import numpy as np

from semmem.retrieval.pool import Pool

# Chosen on questions with and without an answer; docs/retrieval.md says which, and how well they are told apart.
ENOUGH = 1.31  # of `met` and `near` together, where as much speaks for an answer as against one, among USUAL passages
USUAL = 300
CHANCE = 0.11  # by how much more for each e-fold of passages, of which some are near to any question by chance
SLOPE = 12.0

BEST = 3  # passages whose mean stands for the best found, where there are so many times FEW
FEW = 10  # of a few passages one alone may answer, and the mean would be of what has nothing to do with it


def confidence(pool: Pool) -> float:
    """The chance that the memory answers, from 0 to 1; 1 where there are no token states to tell it by, since each
    model's cosines have their own range."""
    if not pool.by_token or pool.dense is None:
        return 1.0
    enough = ENOUGH + CHANCE * log(len(pool.passages) / USUAL)
    return 1 / (1 + exp(SLOPE * (enough - met(pool) - near(pool))))


def met(pool: Pool) -> float:
    """How near each word asked comes to some word of the pool; the rarer it is the more it counts, most if unknown."""
    assert pool.closeness is not None
    assert pool.weights is not None
    return float(pool.closeness.max(axis=0) @ pool.weights / pool.weights.sum())


def near(pool: Pool) -> float:
    """The cosine of the question with the nearest passages."""
    assert pool.dense is not None
    best = min(BEST, max(1, len(pool.dense) // FEW))
    return float(np.sort(pool.dense)[-best:].mean())
