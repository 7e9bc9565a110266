"""The worker: takes a scope's job, does all that is left to do there, and comes back for what failed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from pgqueuer import Queries, QueueManager
from pgqueuer.domain.models import Job
from pgqueuer.errors import RetryRequested

from semmem import failpoints
from semmem.consolidation import Consolidator
from semmem.erasure import Erasure
from semmem.errors import SemmemError, StoreUnavailable
from semmem.index_sync import IndexSync
from semmem.indexing import Indexer
from semmem.scope import Scope
from semmem.stores.jobs import ENTRYPOINTS, Entrypoint, JobQueue, open_queue, scope_of_job
from semmem.stores.postgres import Postgres

log = logging.getLogger(__name__)

MAX_BACKOFF = timedelta(minutes=5)
RESTART_PAUSE = 1.0
POLL_EVERY = timedelta(seconds=1)  # behind a pooler, where no notification arrives


class Worker:
    """Runs jobs until stopped. Any number of workers may run; a crashed one's jobs are taken over after `lease`."""

    def __init__(
        self,
        postgres: Postgres,
        jobs: JobQueue,
        indexer: Indexer,
        sync: IndexSync | None,
        consolidator: Consolidator,
        erasure: Erasure,
        *,
        lease: timedelta,
        sweep_every: timedelta,
        attempts: int,
        backoff: timedelta,
        jobs_at_once: int,
    ) -> None:
        self._postgres, self._jobs = postgres, jobs
        self._indexer, self._sync, self._consolidator, self._erasure = indexer, sync, consolidator, erasure
        self._lease, self._sweep_every = lease, sweep_every
        self._attempts, self._backoff = attempts, backoff
        self._jobs_at_once = jobs_at_once
        self._manager: QueueManager | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until `stop`; reconnects where Postgres went away."""
        if self._postgres.pooled:
            log.info("behind a pooler, which passes no notifications on: jobs are asked for every %s", POLL_EVERY)
        sweeper = asyncio.create_task(self._sweep())
        try:
            while not self._stopping.is_set():
                await self._serve()
        finally:
            sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await sweeper

    def stop(self) -> None:
        """Takes no more jobs; `run` returns when those under way are done."""
        self._stopping.set()
        if self._manager:
            self._manager.shutdown.set()

    async def _serve(self) -> None:
        try:
            async with open_queue(self._postgres) as queue:
                await self._manage(queue)
        except Exception:  # whatever breaks the loop, what waits in Postgres must find a worker again
            log.exception("the worker lost its connection and starts again")
            await self._pause(RESTART_PAUSE)

    async def _manage(self, queue: Queries) -> None:
        self._manager = QueueManager(queue)
        handlers: dict[Entrypoint, Callable[[Job], Awaitable[None]]] = {
            "index": self._index,
            "consolidate": self._consolidate,
        }
        for entrypoint in ENTRYPOINTS:
            self._manager.entrypoint(entrypoint)(handlers[entrypoint])
        if self._stopping.is_set():
            return
        await self._manager.run(
            dequeue_timeout=min(self._sweep_every, POLL_EVERY) if self._postgres.pooled else self._sweep_every,
            batch_size=self._jobs_at_once // 2,  # the queue takes no larger share of them at once
            max_concurrent_tasks=self._jobs_at_once,
            heartbeat_timeout=self._lease,
        )

    async def _index(self, job: Job) -> None:
        scope = scope_of_job(job.payload)
        await self._attempt(job, "index", scope, lambda last: self._index_scope(scope))

    async def _index_scope(self, scope: Scope) -> None:
        await self._erasure.expire(scope)
        receipts = await self._erasure.unfinished(scope)
        await self._indexer.run(scope)
        if self._sync:
            await self._sync.run(scope)
        await self._erasure.finish(scope, receipts)

    async def _consolidate(self, job: Job) -> None:
        scope = scope_of_job(job.payload)
        await self._attempt(job, "consolidate", scope, lambda last: self._consolidator.run(scope, last_attempt=last))

    async def _attempt(
        self, job: Job, entrypoint: Entrypoint, scope: Scope, work: Callable[[bool], Awaitable[None]]
    ) -> None:
        """Does the work; what may pass is tried again later, ever more slowly, and never given up."""
        failpoints.reach("job-claimed")
        try:
            await work(job.attempts + 1 >= self._attempts)
        except Exception as error:  # a job that ended any other way than done has to come back
            delay = min(self._backoff * 2**job.attempts, MAX_BACKOFF)
            known = isinstance(error, SemmemError)
            log.warning("%s job %s failed, next try in %s: %s", entrypoint, job.id, delay, type(error).__name__)
            log.debug("the failure", exc_info=None if known else error)
            raise RetryRequested(delay, reason=type(error).__name__) from None
        await self._jobs.release(job.id, entrypoint, scope)

    async def _sweep(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._jobs.sweep()
            except StoreUnavailable:
                log.debug("no sweep while Postgres is away")
            except Exception:  # a sweep that ends for good would leave lost work lying
                log.exception("the sweep failed and is tried again")
            await self._pause(self._sweep_every.total_seconds())

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
