"""The short form of `make storm`."""

from pathlib import Path

import pytest

from tests.storm.__main__ import summary
from tests.storm.plan import Sizes, steps
from tests.storm.storm import Storm

SHORT = Sizes(events=300, tenants=10, producers=2, workers=3, seed=2, events_a_tick=3)


def test_a_seed_says_the_same_again_and_another_seed_something_else() -> None:
    first, again, other = (list(steps(Sizes(events=200, seed=seed), 1)) for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.soak
async def test_nothing_is_lost_or_doubled_in_a_storm(tmp_path: Path) -> None:
    outcome = await Storm(SHORT, tmp_path, lambda *_: None).run()
    assert outcome.findings.clean, summary(outcome, SHORT, 0)
    assert len(outcome.journal.kept) + len(outcome.journal.gone) == SHORT.events
    assert outcome.faults.total() > outcome.faults["worker"] > 0
