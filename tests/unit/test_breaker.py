"""A dependency that hangs is waited for once, and then by one probe at a time."""

import asyncio
from dataclasses import dataclass, field

import pytest

from semmem.errors import StoreUnavailable
from semmem.runtime.breaker import FIRST_PAUSE, LONGEST_PAUSE, Breaker, Open
from semmem.testing import wait_until

PATIENCE = 2.0
AWAY = StoreUnavailable("qdrant", "no answer")


@dataclass
class Time:
    """A clock that sleeping moves; `slept` are the pauses."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    asleep: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await self.asleep.wait()
        self.slept.append(seconds)
        self.now += seconds


def is_down(error: BaseException) -> bool:
    return isinstance(error, StoreUnavailable)


def call(
    breaker: Breaker, time: Time, error: BaseException | None = None, took: float = PATIENCE, *, long: bool = False
) -> None:
    """One call that takes so long, and ends with the error."""
    with breaker.guard(long=long):
        time.now += took
        if error:
            raise error


def fail(
    breaker: Breaker, time: Time, error: BaseException = AWAY, took: float = PATIENCE, *, long: bool = False
) -> None:
    with pytest.raises(type(error)):
        call(breaker, time, error, took, long=long)


def of_jobs(time: Time, threshold: int = 1) -> Breaker:
    """One without a probe of its own."""
    return Breaker("llm", is_down, threshold=threshold, patience=PATIENCE, clock=time, sleep=time.sleep)


@pytest.mark.parametrize("error", [AWAY, TimeoutError(), asyncio.CancelledError()])
def test_what_hung_is_not_asked_again_until_the_pause_is_over(error: BaseException) -> None:
    time = Time()
    breaker = of_jobs(time)
    fail(breaker, time, error)

    fail(breaker, time, Open(), took=0)
    time.now += FIRST_PAUSE
    call(breaker, time)
    assert not breaker.open


@pytest.mark.parametrize("error", [AWAY, TimeoutError(), asyncio.CancelledError()])
def test_what_fails_at_once_costs_nobody_anything_and_opens_nothing(error: BaseException) -> None:
    time = Time()
    breaker = of_jobs(time)
    fail(breaker, time, error, took=PATIENCE / 4)
    assert not breaker.open


def test_an_error_that_is_an_answer_opens_nothing_and_closes() -> None:
    time = Time()
    breaker = of_jobs(time, threshold=2)
    fail(breaker, time)
    fail(breaker, time, ValueError("a bad question"))
    fail(breaker, time)
    assert not breaker.open, "the failures were not in a row"


def test_a_job_that_stops_is_no_outage_of_what_it_asked() -> None:
    time = Time()
    breaker = Breaker("llm", is_down, patience=PATIENCE, cancelled=False, clock=time, sleep=time.sleep)
    fail(breaker, time, asyncio.CancelledError())
    assert not breaker.open
    fail(breaker, time, TimeoutError())
    assert breaker.open


def test_as_many_failures_in_a_row_open_it() -> None:
    time = Time()
    breaker = of_jobs(time, threshold=3)
    opened = []
    for _ in range(3):
        fail(breaker, time)
        opened.append(breaker.open)
    assert opened == [False, False, True]


def test_one_call_at_a_time_is_the_probe_and_its_failure_doubles_the_pause() -> None:
    time = Time()
    breaker = of_jobs(time)
    fail(breaker, time)
    pauses = []
    for _ in range(8):
        began = time.now
        while True:
            try:
                with breaker.guard():
                    fail(breaker, time, Open(), took=0)  # a second one, while the probe is under way
                    raise AWAY
            except Open:
                time.now += FIRST_PAUSE / 2
            except StoreUnavailable:
                break
        pauses.append(time.now - began)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


async def test_a_breaker_with_a_probe_finds_it_back_by_itself_and_no_caller_waits() -> None:
    time = Time()
    answers = iter([AWAY, TimeoutError(), ValueError("it answers, if with an error")])
    refused = []

    async def probe() -> None:
        refused.append(_refuses(breaker))
        raise next(answers)

    breaker = Breaker("qdrant", is_down, probe=probe, patience=PATIENCE, clock=time, sleep=time.sleep)
    fail(breaker, time)
    time.now += 100
    fail(breaker, time, Open(), took=0)
    time.now -= 100

    time.asleep.set()
    await wait_until(lambda: not breaker.open)
    assert time.slept == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert refused == [True, True, True], "callers are refused while it is asked"
    call(breaker, time)


async def test_it_is_told_once_when_it_opens_and_once_when_it_closes(caplog: pytest.LogCaptureFixture) -> None:
    time = Time()
    asked: list[None] = []

    async def probe() -> None:
        asked.append(None)
        if len(asked) < 5:
            raise AWAY

    breaker = Breaker("qdrant", is_down, probe=probe, patience=PATIENCE, clock=time, sleep=time.sleep)
    fail(breaker, time)
    for _ in range(10):
        fail(breaker, time, Open(), took=0)
    time.asleep.set()
    await wait_until(lambda: not breaker.open)

    assert [message.partition(" (")[0] for message in caplog.messages] == [
        "qdrant does not answer",
        "qdrant answers again",
    ]
    assert len(asked) == 5


async def test_a_call_that_was_under_way_and_is_answered_ends_the_probing() -> None:
    time = Time()
    asked: list[None] = []

    async def probe() -> None:
        asked.append(None)

    breaker = Breaker("qdrant", is_down, probe=probe, patience=PATIENCE, clock=time, sleep=time.sleep)
    for _ in range(2):
        with breaker.guard():
            fail(breaker, time)
            await asyncio.sleep(0)
        assert not breaker.open
    probing = [task for task in asyncio.all_tasks() if task.get_name() == "semmem-probe-qdrant"]
    assert len(probing) == 1
    time.asleep.set()
    await asyncio.wait(probing)
    assert not asked


@pytest.mark.parametrize(("answer", "opens"), [(AWAY, True), (TimeoutError(), True), (ValueError("an answer"), False)])
async def test_a_long_call_that_is_cancelled_is_judged_by_the_probe(answer: Exception, opens: bool) -> None:
    time = Time()
    asked: list[None] = []

    async def probe() -> None:
        asked.append(None)
        raise answer

    breaker = Breaker("qdrant", is_down, probe=probe, patience=PATIENCE, clock=time, sleep=time.sleep)
    for took in (PATIENCE / 4, PATIENCE):
        fail(breaker, time, asyncio.CancelledError(), took, long=True)
        assert not breaker.open, "it may only have been long"
        assert not asked
    await wait_until(lambda: bool(asked))
    await wait_until(lambda: breaker.open is opens)
    await breaker.aclose()
    assert len(asked) == 1


async def test_closing_ends_the_probing() -> None:
    time = Time()

    async def probe() -> None:
        raise AWAY

    breaker = Breaker("qdrant", is_down, probe=probe, patience=PATIENCE, clock=time, sleep=time.sleep)
    fail(breaker, time)
    await breaker.aclose()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("semmem-probe")]


def _refuses(breaker: Breaker) -> bool:
    try:
        with breaker.guard():
            return False
    except Open:
        return True


def test_a_request_that_takes_half_of_its_time_is_silent_until_it_ends() -> None:
    time = Time()
    breaker = of_jobs(time)
    with breaker.guard():
        for _ in range(3):  # a call that takes long, but gets its answers
            with breaker.request():
                time.now += PATIENCE / 2
                assert not breaker.silent
        with breaker.request():
            time.now += 0.6 * PATIENCE
            assert breaker.silent
            assert not breaker.open
        assert not breaker.silent


def test_what_is_known_to_be_down_is_silent() -> None:
    time = Time()
    breaker = of_jobs(time)
    fail(breaker, time)
    assert breaker.silent
