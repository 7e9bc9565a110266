"""What semmem.testing gives to users' tests: a clock that stands still, and waiting that says what it waited for."""

from datetime import timedelta

import pytest

from semmem.testing import ManualClock, wait_until


def test_a_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock()
    began = clock()
    assert clock() == began
    assert began.utcoffset() == timedelta()
    clock.advance(days=1, minutes=5)
    assert clock() - began == timedelta(days=1, minutes=5)


async def test_waiting_ends_with_the_condition_synchronous_or_not() -> None:
    asked: list[int] = []

    async def third() -> bool:
        asked.append(1)
        return len(asked) == 3

    await wait_until(third)
    await wait_until(lambda: len(asked) == 3, timeout=0)
    assert len(asked) == 3


async def test_waiting_in_vain_names_the_condition_and_its_last_answer() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: .*lambda: \[\].*; last answer \[\]"):
        await wait_until(lambda: [], timeout=0.05)
