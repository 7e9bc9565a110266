"""A fault before each dependency, met by each verb: the answer, what it names as degraded, and how soon it comes.

After each fault the memory recovers by itself: everything acknowledged is found, nothing is doubled, nothing degraded,
every receipt complete, and the worker draws facts of what is said next. `make faults` prints what was measured.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.expected import differs
from tests.faults.matrix import DEPENDENCIES, FAULTS, VERBS, Bench, Episode, open_bench

pytestmark = pytest.mark.soak

UNIT = 1.5  # seconds: the deadline that is configured here
# The whole list and the time of each answer, which depends on the machine, are for `make faults`.
TRIED = ("black hole", "drop", "garbage")


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
    assert differs(episode, verb) == ""


def test_all_is_well_after_a_fault(episode: Episode) -> None:
    assert episode.recovery.answer == "well"
