"""What this process knows of a dependency that is down: nobody waits for it until a probe has found it back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from time import monotonic
from typing import Protocol, runtime_checkable

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between two probes, twice as long each time


@runtime_checkable
class Guarded(Protocol):
    """A dependency that a breaker stands before."""

    breaker: "Breaker"


class Open(Exception):
    """The dependency is known to be down, and was not asked."""


class Breaker:
    """Closed, every call goes through. Open, each is refused at once until a probe succeeds, one at a time.

    With a `probe` that is a small call of the breaker's own, made in the background, so that no caller waits for it.
    Without one, the first call after the pause is the probe, which is what a worker's jobs are for.

    Args:
        name: as in `degraded`.
        is_down: whether an error means that the dependency is down; any other error is an answer.
        probe: asks for little, and raises whatever `is_down` knows. It is given `patience` to answer.
        threshold: failures in a row that open the breaker.
        patience: seconds that a call takes which gets no answer. What fails in less than half of that, such as a
            refused connection, costs nobody anything and opens nothing: a server that comes back is used at once.
        cancelled: whether a call that is cancelled failed: callers give up by cancelling, and so do jobs that stop.
        clock, sleep: in seconds.
    """

    def __init__(
        self,
        name: str,
        is_down: Callable[[BaseException], bool],
        *,
        probe: Callable[[], Awaitable[object]] | None = None,
        threshold: int = 1,
        patience: float = 2.0,
        longest_pause: float = LONGEST_PAUSE,
        cancelled: bool = True,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self._is_down, self._probe, self._threshold, self._patience = is_down, probe, threshold, patience
        self._longest_pause, self._clock, self._sleep = longest_pause, clock, sleep
        self._given_up = (asyncio.CancelledError, TimeoutError) if cancelled else (TimeoutError,)
        self._requests: dict[object, float] = {}  # under way, by when they began
        self._failures = 0  # in a row
        self._due: float | None = None  # when it may be asked again; None while closed
        self._pause = FIRST_PAUSE
        self._probing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        return self._due is not None

    @property
    def silent(self) -> bool:
        """Whether it is known to be down, or takes so long over a request that is under way that it seems to be."""
        now = self._clock()
        return self.open or any(now - began > self._patience / 2 for began in self._requests.values())

    @contextmanager
    def request(self) -> Iterator[None]:
        """Around each request of a call that may make many: none of them fails before its time, but all can see it."""
        request = object()
        self._requests[request] = self._clock()
        try:
            yield
        finally:
            del self._requests[request]

    @contextmanager
    def guard(self, *, long: bool = False) -> Iterator[None]:
        """Around a call. Raises Open where the dependency is known to be down.

        A `long` call may take its time: where it is cancelled, the probe is asked whether anything is wrong.
        """
        probing = self._due is not None  # without a probe of the breaker's own, the first call after the pause is one
        if self._due is not None:
            if self._probe or self._probing or self._clock() < self._due:
                raise Open
            self._probing = True
        began = self._clock()
        try:
            yield
        except BaseException as error:
            took = self._clock() - began
            if long and self._probe and isinstance(error, asyncio.CancelledError):
                if took > self._patience / 2:
                    self._probe_in_background(self._probe)
            elif isinstance(error, self._given_up) or self._is_down(error):
                if probing or took > self._patience / 2:
                    self._fail(error)
            elif isinstance(error, Exception):
                self._close()
            raise
        else:
            self._close()
        finally:
            if probing:
                self._probing = False

    async def aclose(self) -> None:
        """Ends the probing."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _fail(self, error: BaseException) -> None:
        self._failures += 1
        if self._due is None and self._failures < self._threshold:
            return
        if self._due is None:
            log.warning("%s does not answer (%s); nobody waits for it until it does", self.name, type(error).__name__)
        elif self._probe:
            return  # a call that was under way when others failed: the pause is theirs
        self._due = self._clock() + self._pause
        self._pause = min(2 * self._pause, self._longest_pause)
        if self._probe:
            self._probe_in_background(self._probe)

    def _probe_in_background(self, probe: Callable[[], Awaitable[object]]) -> None:
        if self._task is None or self._task.done():
            asking = self._ask_until_it_answers(probe)
            # In a context of its own: a trace or a tenant of the caller that failed is not the probe's.
            self._task = asyncio.create_task(asking, name=f"semmem-probe-{self.name}", context=Context())

    def _close(self) -> None:
        if self._due is not None:
            log.warning("%s answers again", self.name)
        self._failures, self._due, self._pause = 0, None, FIRST_PAUSE

    async def _ask_until_it_answers(self, probe: Callable[[], Awaitable[object]]) -> None:
        """At once where it is only doubted, else after each pause."""
        if self._due is None and (failure := await self._failure_of(probe)):
            self._fail(failure)
        while self._due is not None:
            await self._sleep(self._due - self._clock())
            if self._due is None:
                return  # a call that was under way was answered meanwhile
            if await self._failure_of(probe):
                self._due = self._clock() + self._pause
                self._pause = min(2 * self._pause, self._longest_pause)
            else:
                self._close()

    async def _failure_of(self, probe: Callable[[], Awaitable[object]]) -> Exception | None:
        """Why it is down, as the probe finds it; None where it answers."""
        try:
            async with asyncio.timeout(self._patience):
                await probe()
        except Exception as error:
            if isinstance(error, TimeoutError) or self._is_down(error):
                return error
        return None
