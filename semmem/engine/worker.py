"""The worker: takes a scope's job, does all that is left to do there, and comes back for what failed."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pgqueuer import Queries, QueueManager
from pgqueuer.core import logconfig
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint
from pgqueuer.errors import RetryRequested

from semmem.domain.stores import QDRANT, kind_of
from semmem.engine.consolidation import is_outside
from semmem.engine.duties import Duties
from semmem.engine.heartbeat import Heartbeat
from semmem.engine.mirroring import MirrorKeeper
from semmem.engine.scrubbing import Scrubber
from semmem.errors import SemmemError, StoreUnavailable
from semmem.runtime import failpoints
from semmem.runtime.faults import FaultLog, OneLine
from semmem.runtime.turn import Turn
from semmem.stores.postgres.followers import Followers
from semmem.stores.postgres.jobs import (
    ENTRYPOINTS,
    Entrypoint,
    JobQueue,
    Remaining,
    failures_of,
    open_queue,
    scope_of_job,
)
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.share import as_job

log = logging.getLogger(__name__)
faults = FaultLog(log)
logconfig.logger.addFilter(OneLine())  # it tells each lost connection with a traceback

MAX_BACKOFF = timedelta(minutes=5)
RESTART_PAUSE = 1.0
MAX_SCRUB_PAUSE = 3_600.0
POLL_EVERY = timedelta(seconds=1)  # behind a pooler, where no notification arrives
BATCHES_A_TURN = 4  # of one scope, while others wait
CONNECTIONS = {"mirror": 2}  # that a job holds at once; one of the other kinds holds one
CLOSE_SECONDS = 2.0  # for what was cancelled to end


def retry_delay(backoff: timedelta, attempts: int) -> timedelta:
    """Twice as long each time, up to MAX_BACKOFF, however long an outage lasts."""
    if not backoff:
        return backoff
    enough = (MAX_BACKOFF // backoff).bit_length()  # doublings; more of them than a duration can hold is an error
    factor: int = 2 ** min(attempts, enough)
    return min(backoff * factor, MAX_BACKOFF)


class JobManager(QueueManager):
    """Takes no job of a kind that has no slot free here; pgqueuer's own limits count the jobs of all workers."""

    slots: Mapping[str, asyncio.Semaphore]
    cut_short: Callable[[], None]
    is_broken = False  # then it only waits for what it runs

    async def fetch_jobs(self, *limits: Any) -> AsyncGenerator[Job, None]:
        with self._no_wait_for_what_hangs():
            async for job in super().fetch_jobs(*limits):
                yield job

    async def _effective_dequeue_timeout(self, dequeue_timeout: timedelta) -> timedelta:
        with self._no_wait_for_what_hangs():
            return await super()._effective_dequeue_timeout(dequeue_timeout)

    @contextmanager
    def _no_wait_for_what_hangs(self) -> Iterator[None]:
        """A queue that breaks waits for all jobs that it runs, and no other begins until then: they are cut short."""
        try:
            yield
        except Exception:
            self.is_broken = True
            self.cut_short()
            raise

    def entrypoints_below_capacity_limits(self) -> set[QueueEntrypoint]:
        return {name for name in super().entrypoints_below_capacity_limits() if not self.slots[name].locked()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, how many and how long; a job that fails `attempts` times at what it holds buries that."""

    lease: timedelta
    sweep_every: timedelta
    attempts: int
    backoff: timedelta
    jobs_at_once: int  # of each kind
    stop_grace: timedelta


class Worker:
    """Runs jobs until stopped. Any number of workers may run; a crashed one's jobs are taken over after the lease.

    `stores` are those beside Postgres that this process has.
    """

    def __init__(
        self,
        postgres: Postgres,
        jobs: JobQueue,
        duties: Duties,
        pace: Pace,
        *,
        followers: Followers,
        heartbeat: Heartbeat,
        keeper: MirrorKeeper | None,
        scrubber: Scrubber | None,
        stores: Sequence[str],
    ) -> None:
        self._postgres, self._jobs, self._duties, self._pace = postgres, jobs, duties, pace
        self._followers, self._heartbeat = followers, heartbeat
        self._keeper, self._scrubber, self._stores = keeper, scrubber, stores
        self._kinds: Sequence[Entrypoint] = ENTRYPOINTS
        # Of each kind so many: a model that hangs leaves the index its own.
        self._slots: Mapping[str, asyncio.Semaphore] = {
            entrypoint: asyncio.Semaphore(pace.jobs_at_once) for entrypoint in ENTRYPOINTS
        }
        self._manager: JobManager | None = None
        self._stopping = asyncio.Event()
        self._mirror_was_away = True  # for all that this worker knows
        self._under_way: set[asyncio.Task[None]] = set()
        self.left: Remaining | None = None  # when it had stopped; None before, or where Postgres was away

    async def run(self, kinds: Sequence[Entrypoint] = ENTRYPOINTS) -> None:
        """Does jobs of these kinds until `stop`; reconnects where Postgres went away.

        Without a mirror or a cache it leaves that one's jobs waiting: another worker may have it, or this one later.
        Then the batches in hand have `stop_grace` to end. One that takes longer is cancelled, and its job, like all
        that waits, is another worker's at once.
        """
        had = {kind_of(store) for store in self._stores}
        needed = {"mirror": QDRANT, "cache": "redis"}
        self._kinds = [kind for kind in kinds if kind not in needed or needed[kind] in had]
        self._postgres.divide({kind: CONNECTIONS.get(kind, 1) for kind in self._kinds})
        if self._postgres.pooled:
            log.info("behind a pooler, which passes no notifications on: jobs are asked for every %s", POLL_EVERY)
        serving, sweeping = asyncio.create_task(self._serve()), asyncio.create_task(self._sweep())
        stopping = asyncio.create_task(self._stopping.wait())
        beating, keeping = asyncio.create_task(self._heartbeat.run()), asyncio.create_task(self._keep_mirror())
        scrubbing = asyncio.create_task(self._scrub())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({serving, scrubbing}, timeout=self._pace.stop_grace.total_seconds())
        finally:
            self.stop()
            self._cut_short()
            # A queue that is cancelled while it takes jobs leaves them taken; one that is stopped gives them back.
            await asyncio.wait({serving}, timeout=CLOSE_SECONDS)
            for own in (serving, sweeping, stopping, beating, keeping, scrubbing):
                own.cancel()
            await asyncio.wait({serving, sweeping, beating, keeping, scrubbing}, timeout=CLOSE_SECONDS)
        await self._heartbeat.leave(within=CLOSE_SECONDS)
        await self._say_what_is_left()

    def stop(self) -> None:
        """Takes no more jobs; `run` returns within `stop_grace` and a few seconds."""
        self._stopping.set()
        if self._manager:
            self._manager.shutdown.set()

    def _cut_short(self) -> None:
        for task in self._under_way:
            task.cancel()

    async def _say_what_is_left(self) -> None:
        with suppress(SemmemError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                self.left = await self._jobs.waiting()
        log.info("the worker stopped; %s", self.left or "Postgres is away, and knows what waits")

    async def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                async with open_queue(self._postgres, check_every=self._pace.lease / 3) as queue:
                    await self._manage(queue)
            except Exception as error:  # whatever breaks the loop, what waits in Postgres must find a worker again
                faults.warn("the worker lost its connection and starts again", error)
                await self._pause(RESTART_PAUSE)

    async def _manage(self, queue: Queries) -> None:
        self._manager = JobManager(queue)
        self._manager.cut_short = self._cut_short
        self._manager.slots = {self._jobs.name(kind): self._slots[kind] for kind in ENTRYPOINTS}
        for kind in self._kinds:
            self._manager.entrypoint(self._jobs.name(kind))(self._handler(kind, self._manager))
        if self._stopping.is_set():
            return
        await self._manager.run(
            dequeue_timeout=min(self._pace.sweep_every, POLL_EVERY)
            if self._postgres.pooled
            else self._pace.sweep_every,
            # A batch may hold more of a kind than it has slots free; these wait here, and leave the others room.
            batch_size=max(1, self._pace.jobs_at_once // 2),
            max_concurrent_tasks=2 * len(ENTRYPOINTS) * self._pace.jobs_at_once,
            heartbeat_timeout=self._pace.lease,
        )

    def _handler(self, entrypoint: Entrypoint, manager: JobManager) -> Callable[[Job], Awaitable[None]]:
        async def handle(job: Job) -> None:
            """Does the work; what may pass is tried again later, ever more slowly, and never given up."""
            failpoints.reach("job-claimed")
            scope, turn = scope_of_job(job.payload), Turn(BATCHES_A_TURN, self._stopping.is_set)
            last_attempt = failures_of(job) + 1 >= self._pace.attempts
            done = False
            async with self._slots[entrypoint]:
                if not (self._stopping.is_set() or manager.is_broken):
                    with as_job(entrypoint):
                        work = self._duties.do(entrypoint, scope, turn, last_attempt=last_attempt)
                        done = await self._do(job, entrypoint, work)
            at_once = self._stopping.is_set() or turn.used_up or not done
            await self._jobs.release(job.id, entrypoint, scope, at_once=at_once)

        return handle

    async def _do(self, job: Job, entrypoint: Entrypoint, work: Awaitable[None]) -> bool:
        """In a task of its own, which stopping can cancel while the queue goes on; False where it was."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._under_way.discard(task)
            task.cancel()
        if task.cancelled():
            log.info("%s job %s was cut short, and is taken up anew", entrypoint, job.id)
        elif error := task.exception():  # a job that ended any other way than done has to come back
            scope = scope_of_job(job.payload)
            if isinstance(error, Exception) and not is_outside(error):
                with suppress(SemmemError):  # one that cannot be counted now is an outage's
                    await self._jobs.count_failure(job, scope)
            self._mirror_was_away |= entrypoint == "mirror" and isinstance(error, StoreUnavailable)
            delay = retry_delay(self._pace.backoff, job.attempts)
            faults.warn(f"{entrypoint} job failed and is tried again", error, scope)
            log.debug("%s job %s: next try in %s", entrypoint, job.id, delay, exc_info=error)
            raise RetryRequested(delay, reason=type(error).__name__) from None
        return not task.cancelled()

    async def _sweep(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._followers.name(self._stores)  # again, after a restore of a backup that did not know them
                await self._jobs.sweep()
            except Exception as error:  # a sweep that ends for good would leave lost work lying
                faults.warn("the sweep failed and is tried again", error)
            await self._pause(self._pace.sweep_every.total_seconds())

    async def _keep_mirror(self) -> None:
        """Beside the sweep, so that neither waits for the other's store."""
        while self._keeper and not self._stopping.is_set():
            try:
                await self._keeper.keep()
                if self._mirror_was_away:  # searches go to Qdrant again, which lacks what failed meanwhile
                    self._mirror_was_away = False
                    await self._jobs.hurry("mirror")
            except Exception as error:  # one that is never looked at again may be wrong for good
                self._mirror_was_away = True
                faults.warn("qdrant could not be looked at, and is looked at again later", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.sweep_every.total_seconds()):
                    await self._keeper.due.wait()

    async def _scrub(self) -> None:
        """What could not be done is tried ever more rarely: each try holds up the readers of a table for a moment."""
        pause = self._pace.sweep_every.total_seconds()
        while self._scrubber and not self._stopping.is_set():
            try:
                await self._scrubber.keep()
                pause = self._pace.sweep_every.total_seconds()
            except Exception as error:  # bytes that are never looked after again would stay for good
                faults.warn("bytes of what was forgotten are still in the servers' files", error)
                pause = min(2 * pause, MAX_SCRUB_PAUSE)
            await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
