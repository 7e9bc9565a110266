"""Days and months are those that the verb means: said on Wednesday, 6 May 2026."""

from datetime import UTC, datetime

import pytest

from semmem.language.spans import spans

SAID = datetime(2026, 5, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("I moved to Berlin this Monday.", "2026-05-04"),
        ("My exam is this Wednesday.", "2026-05-06"),
        ("I have to be in Paris on Monday.", "2026-05-11"),
        ("See you on Friday, Dr. Lee.", "2026-05-08"),
        ("The dentist called me on Monday.", "2026-05-04"),
        ("I met Anna on Wednesday.", "2026-04-29"),
        ("I graduate in June.", "2026-06-01"),
        ("My lease runs out in June.", "2026-06-01"),
        ("I was born in August.", "2025-08-01"),
        ("I'm due in August.", "2026-08-01"),
        ("I'm moving next March.", "2027-03-01"),
    ],
)
def test_a_time_is_told_by_its_verb(text: str, start: str) -> None:
    [found] = spans(text, SAID)
    assert f"{found.start:%Y-%m-%d}" == start


@pytest.mark.parametrize(
    "text", ["I saw the doctor this Friday.", "I moved to 2010 Main Street.", "I raised it from 1900 to 2000 euros."]
)
def test_what_cannot_be_a_time_is_none(text: str) -> None:
    assert spans(text, SAID) == []
