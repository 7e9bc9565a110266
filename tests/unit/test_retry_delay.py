"""How long a failed job waits for its next try."""

from datetime import timedelta

import pytest

from semmem.engine.worker import MAX_BACKOFF, retry_delay

SECOND = timedelta(seconds=1)


def test_each_try_waits_twice_as_long_up_to_a_limit() -> None:
    assert [retry_delay(SECOND, attempts) / SECOND for attempts in range(10)] == [
        *(1, 2, 4, 8, 16, 32, 64, 128, 256),
        MAX_BACKOFF / SECOND,
    ]


@pytest.mark.parametrize(
    "backoff", [timedelta(), timedelta(microseconds=1), SECOND, 0.9 * MAX_BACKOFF, 2 * MAX_BACKOFF]
)
@pytest.mark.parametrize("attempts", [0, 1, 46, 47, 10_000])
def test_an_outage_of_any_length_is_outlasted(backoff: timedelta, attempts: int) -> None:
    assert min(backoff, MAX_BACKOFF) <= retry_delay(backoff, attempts) <= MAX_BACKOFF
