"""A fault before each dependency, met by each verb: the answer, what it names as degraded, and how soon it comes.

After each fault the memory recovers by itself: everything acknowledged is found, nothing is doubled, nothing degraded,
every receipt complete, and the worker draws facts of what is said next. `make faults` prints what was measured.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.faults.matrix import DEPENDENCIES, FAULTS, MANY, VERBS, Bench, Episode, open_bench

UNIT = 1.5  # seconds: the deadline that is configured here
# The whole list and the time of each answer, which depends on the machine, are for `make faults`.
TRIED = ("black hole", "drop", "garbage")


@dataclass(frozen=True, slots=True)
class Expected:
    answers: frozenset[str]
    degraded: frozenset[str] = frozenset()


def _found(*degraded: str) -> Expected:
    return Expected(frozenset({"found"}), frozenset(degraded))


DONE = Expected(frozenset({"done"}))
NO_READ = Expected(frozenset({"StoreUnavailable(postgres)", "TimedOut(postgres)"}))
NO_WRITE = Expected(NO_READ.answers | {"Unconfirmed(postgres)"})

EXPECTED: dict[str, dict[str, Expected]] = {
    "postgres": {
        "remember": NO_WRITE,
        "recall": NO_READ,
        "context": NO_READ,
        "forget": NO_WRITE,
        "worker": NO_WRITE,
    },
    "redis": {
        "remember": DONE,
        "recall": _found(),
        "context": _found("redis"),
        "forget": DONE,
        "worker": _found(),
    },
    "qdrant": {
        "remember": DONE,
        "recall": _found("qdrant"),
        "context": _found("qdrant"),
        "forget": DONE,
        "worker": _found("qdrant"),
    },
    "chat": {
        "remember": DONE,
        "recall": _found(),
        "context": _found("llm"),
        "forget": DONE,
        "worker": _found("llm"),
    },
    "embedder": {
        "remember": DONE,
        "recall": _found("embedder"),
        "context": _found("embedder"),
        "forget": DONE,
        "worker": _found("embedder"),
    },
}


@pytest_asyncio.fixture(scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path_factory.mktemp("matrix"), UNIT) as bench:
        yield bench


@pytest_asyncio.fixture(
    scope="module",
    params=[(dependency, fault) for dependency in DEPENDENCIES for fault in TRIED],
    ids=lambda pair: f"{pair[0]}-{pair[1]}",
)
async def episode(bench: Bench, request: pytest.FixtureRequest) -> Episode:
    dependency, fault = request.param
    return await bench.episode(dependency, fault, FAULTS[fault])


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_meets_a_fault(episode: Episode, verb: str) -> None:
    cell, expected = episode.cells[verb], EXPECTED[episode.dependency][verb]
    well = DONE if expected.answers & NO_READ.answers and verb in ("remember", "forget") else _found()
    if episode.fault == "drop":  # new connections work: who is the first pays for what is found dead, if anybody
        assert cell.answer in expected.answers | well.answers
        assert cell.degraded <= expected.degraded
    elif (episode.dependency, verb) == ("chat", "context"):  # named once extraction has failed
        assert cell.answer == "found"
        assert cell.degraded <= expected.degraded
    else:
        assert cell.answer in expected.answers
        assert cell.degraded == expected.degraded
    assert cell.took < MANY


def test_all_is_well_after_a_fault(episode: Episode) -> None:
    assert episode.recovery.answer == "well"
