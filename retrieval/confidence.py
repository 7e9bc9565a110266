"""Whether what was found answers at all: by this, scores are comparable from question to question.

The signals say which passage answers best, and are scaled over each question's own pool: of a memory that knows nothing
of what is asked, something is the best too. What is measured here is absolute.
"""

from collections.abc import Mapping, Sequence
from math import exp

import numpy as np

from semmem.retrieval.pool import Pool
from semmem.retrieval.question import subject
from semmem.retrieval.signals import ROLES

# By logistic regression on answerable and unanswerable questions; docs/retrieval.md says which, and how well they do.
WEIGHTS: Mapping[str, float] = {"met": 10.0, "near": 5.0, "whole": 2.0, "known": 1.0, "voice": 2.0}
LEAST = 12.0  # of their weighted sum, where as much speaks for an answer as against one
STEEP = 2.0

BEST = 3  # passages whose mean stands for the best found


def confidence(pool: Pool, terms: Sequence[str], rarity: Mapping[str, float]) -> float:
    """From 0 to 1; 1 where there are no token states to tell it by, for each model's cosines have a range of their own.

    `terms` are the question's, `rarity` has those that the view knows.
    """
    if not pool.by_token:
        return 1.0
    found = evidence(pool, terms, rarity)
    return 1 / (1 + exp(STEEP * (LEAST - sum(WEIGHTS[name] * value for name, value in found.items()))))


def evidence(pool: Pool, terms: Sequence[str], rarity: Mapping[str, float]) -> dict[str, float]:
    """What speaks for an answer, each from 0 to about 1.

    `met`: how near each word asked is to any word found; `near`: how near all of them are to one passage; `whole`: the
    cosine; `known`: the share of the question's words that the view has; `voice`: it names one who speaks.
    """
    assert pool.closeness is not None
    assert pool.weights is not None
    assert pool.dense is not None
    share = pool.weights / pool.weights.sum()
    asked = set(terms)
    voices = {passage.voice for passage in pool.passages} - ROLES
    return {
        "met": float(pool.closeness.max(axis=0) @ share),
        "near": float(np.sort(pool.closeness @ share)[-BEST:].mean()),
        "whole": float(np.sort(pool.dense)[-BEST:].mean()),
        "known": len(asked & rarity.keys()) / max(1, len(asked)),
        "voice": float(subject(pool.question, voices) is not None),
    }
