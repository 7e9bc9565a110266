"""Each kind of job has what finds its work: one that lacks it would be done once, and never again."""

import pytest

from semmem.stores.postgres.jobs import ENTRYPOINTS, Entrypoint
from semmem.stores.postgres.sql import statements


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_a_kind_of_job_is_looked_for_when_it_ends_and_when_it_was_lost(kind: Entrypoint) -> None:
    found = statements("jobs.sql")
    assert f"has_{kind}_work" in found
    assert f"select '{kind}'" in found["sweep"].text
