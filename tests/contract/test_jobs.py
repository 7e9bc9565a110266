"""Each kind of job has what finds its work: one that lacks it would be done once, and never again."""

import re

import pytest

from semmem.stores.postgres.jobs import ENTRYPOINTS, Entrypoint
from semmem.stores.postgres.sql import statements

TABLE = re.compile(r"from (semmem\.\w+)")


@pytest.mark.parametrize("kind", ENTRYPOINTS)
def test_a_kind_of_job_looks_at_its_end_wherever_the_sweep_looks(kind: Entrypoint) -> None:
    found = statements("jobs.sql")
    selects = found["sweep"].text.split("union ")
    swept = {table for select in selects if f"'{kind}'" in select for table in TABLE.findall(select)}
    assert swept
    assert set(TABLE.findall(found[f"has_{kind}_work"].text)) == swept
