"""Whether what was found answers at all: by this, scores are comparable from question to question.

The signals say which passage answers best, and are scaled over each question's own pool: of a memory that knows nothing
of what is asked, something is the best too. What is measured here is absolute.
"""

from collections.abc import Mapping
from math import exp, log

import numpy as np

from semmem.retrieval.pool import Pool

# By logistic regression on questions with and without an answer; docs/retrieval.md says which, and how well they do.
WEIGHTS: Mapping[str, float] = {"met": 8.4, "whole": 16.0}
LEAST = 15.9  # of their weighted sum, where as much speaks for an answer as against one, in a pool of USUAL passages
USUAL = 300
CHANCE = 1.3  # by how much more for each e-fold of passages, of which some are near to any question by chance

BEST = 3  # passages whose mean stands for the best found


def confidence(pool: Pool) -> float:
    """From 0 to 1; 1 where there are no token states to tell it by, as each model's cosines have their own range."""
    if not pool.by_token or pool.dense is None:
        return 1.0
    found = sum(WEIGHTS[name] * value for name, value in evidence(pool).items())
    least = LEAST + CHANCE * log(len(pool.passages) / USUAL)
    return 1 / (1 + exp(least - found))


def evidence(pool: Pool) -> Mapping[str, float]:
    """What speaks for an answer, each from 0 to about 1.

    `met`: how near each word asked comes to some word found, the rarer the word the more it counts, and most where the
    memory does not know it; `whole`: the cosine of the best with the question.
    """
    assert pool.closeness is not None
    assert pool.weights is not None
    assert pool.dense is not None
    return {
        "met": float(pool.closeness.max(axis=0) @ pool.weights / pool.weights.sum()),
        "whole": float(np.sort(pool.dense)[-BEST:].mean()),
    }
