"""Keeps events and updates on this disk while Postgres is away, and replays them in order when it is back."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg

from semmem.domain.change import KeptChange, NewChange
from semmem.domain.event import Ack, NewEvent
from semmem.domain.kept import KeptEvent, LocalLogHealth
from semmem.domain.receipt import Selection
from semmem.domain.scope import Branch, Scope
from semmem.domain.state import Change
from semmem.errors import ConfigurationError, KeyConflict, SemmemError, StoreUnavailable
from semmem.ports import Clock
from semmem.runtime import failpoints
from semmem.runtime.deadline import deadline
from semmem.runtime.faults import FaultLog
from semmem.stores.postgres.events import EventStore, Remembered
from semmem.stores.postgres.late_changes import LateChanges

if TYPE_CHECKING:  # SQLite is loaded where there is a local log
    from semmem.stores.local.folder import LocalFolder
    from semmem.stores.local.log import LocalLog
    from semmem.stores.local.rows import Kept, KeptRow

    # What is dealt with, and what Postgres refused, and why.
    Outcome = tuple[Sequence[KeptRow], Sequence[tuple[KeptRow, Exception]]]

faults = FaultLog(logging.getLogger(__name__))

LOOK_EVERY = 0.5  # seconds, whether Postgres is back
DATA_ERRORS = ("22", "23")  # of Postgres: data exceptions, and integrity constraints
BATCH_SECONDS = 60.0  # that the replay of a batch may take


class Keeping:
    """A process's own local log, which is made when it is needed, and those of dead processes that it found.

    What is kept is replayed before anything newer of this process is written: every write asks `caught_up` first.
    """

    def __init__(
        self, folder: "LocalFolder", events: EventStore, changes: LateChanges, clock: Clock, *, dedup_window: timedelta
    ) -> None:
        self._folder, self._events, self._changes = folder, events, changes
        self._clock, self._window = clock, dedup_window
        self._own: LocalLog | None = None
        self._inherited: list[LocalLog] = []
        self._replaying, self._making = asyncio.Lock(), asyncio.Lock()
        self._kept = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._announce: Callable[[Remembered], None] = lambda remembered: None
        self._wake: Callable[[Scope, int], None] = lambda scope, head: None

    async def start(self, announce: Callable[[Remembered], None], wake: Callable[[Scope, int], None]) -> None:
        """Takes over what dead processes have left.

        `announce` is told of each batch of events that is in Postgres, `wake` up to where one of updates went.
        """
        self._announce, self._wake = announce, wake
        self._inherited = await self._folder.inherit()
        if self._logs:
            self._kept.set()
        self._task = asyncio.create_task(self._replay_in_background())

    def waits(self, scopes: Iterable[Scope]) -> bool:
        """Whether events or updates of these scopes are on this disk alone."""
        return any(log.waiting[scope] > 0 for log in self._logs for scope in scopes)

    @property
    def is_replaying(self) -> bool:
        """Whether what is told now waits behind what is being replayed."""
        return self._replaying.locked() and any(log.waiting.total() for log in self._logs)

    async def keep(self, place: Branch, events: Sequence[NewEvent], ids: Sequence[UUID], now: datetime) -> list[Ack]:
        """On this disk when it answers, under these ids. Raises LocalLogFull, and KeyConflict."""
        kept = [KeptEvent(id=id, event=event, at=now) for id, event in zip(ids, events, strict=True)]
        known = await self._keep(place, kept)
        failpoints.reach("event-kept")
        return [Ack(id=id, status="kept") for id in known]

    async def keep_change(self, place: Branch, change: NewChange, now: datetime) -> Change:
        """On this disk when it answers. Raises Forbidden where its agent may not write a field, and LocalLogFull."""
        change.check_rights()
        kept = KeptChange(id=uuid4(), change=change, at=now)
        await self._keep(place, [kept])
        failpoints.reach("change-kept")
        return Change(position=0, written=(), status="kept", id=kept.id)

    async def _keep(self, place: Branch, given: "Sequence[Kept]") -> list[UUID]:
        async with self._making:
            if self._own is None:
                self._own = await self._folder.make()
            self._kept.set()
            return await self._own.keep(place, given)

    async def caught_up(self) -> None:
        """Replays all that is kept, in order. Raises StoreUnavailable, of which nothing of the caller's was sent."""
        if not self._kept.is_set():
            return
        async with self._replaying:
            for log in self._logs:
                while rows := await log.oldest():
                    await self._replay(log, rows)
                await self._drop(log)
            if not any(log.waiting.total() for log in self._logs):
                self._kept.clear()

    async def forget(self, place: Branch, selection: Selection) -> None:
        """In the files of all processes that share the folder, before Postgres forgets."""

        def doomed(row: "KeptRow") -> bool:
            return _is_meant(place, selection, row)

        async with self._replaying:  # or what is being replayed would come behind the forget
            await asyncio.to_thread(self._folder.forget, place.root, doomed)

    async def counts(self, scope: Scope | None = None) -> LocalLogHealth:
        """Of all that this process keeps."""
        found = [await log.counts(scope) for log in self._logs]
        return LocalLogHealth(
            events=sum(each.events for each in found),
            changes=sum(each.changes for each in found),
            bytes=sum(each.bytes for each in found),
            oldest=min((each.oldest for each in found if each.oldest), default=None),
            refused=sum(each.refused for each in found),
            reasons=tuple(dict.fromkeys(reason for each in found for reason in each.reasons)),
        )

    async def aclose(self) -> None:
        """What waits stays on the disk, for whoever opens a memory next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for log in self._logs:
            await log.aclose()

    @property
    def _logs(self) -> "list[LocalLog]":
        return [*self._inherited, *([self._own] if self._own else [])]

    async def _replay_in_background(self) -> None:
        while True:
            await self._kept.wait()
            try:
                await self.caught_up()
            except Exception as error:  # whatever it is, all waits on the disk for the next try
                faults.warn("events or updates wait in the local log", error)
            await asyncio.sleep(LOOK_EVERY)

    async def _replay(self, log: "LocalLog", rows: "Sequence[KeptRow]") -> None:
        changes = [row.kept for row in rows if isinstance(row.kept, KeptChange)]
        events = [row.kept for row in rows if isinstance(row.kept, KeptEvent)]
        try:
            async with deadline(BATCH_SECONDS):
                if changes:
                    done, refused = await self._write(rows, changes)
                else:
                    done, refused = await self._store(rows, events)
        except StoreUnavailable as error:
            raise StoreUnavailable("postgres", f"what the local log has kept comes first ({error})") from error
        except Exception as error:
            if not _is_of_what_is_kept(error):
                raise
            if len(rows) > 1:  # one that cannot be stored holds back no other
                for row in rows:
                    await self._replay(log, [row])
                return
            done, refused = [], [(rows[0], error)]
        failpoints.reach("replay-committed")
        for row, why in refused:
            faults.warn("Postgres refused what the local log has kept", why, row.place.scope)
            # The text of any other error may quote content.
            await log.refuse(
                row, str(why) if isinstance(why, SemmemError) else f"cannot be stored: {type(why).__name__}"
            )
        if done:
            await log.settle(done)
        failpoints.reach("replay-settled")

    async def _store(self, rows: "Sequence[KeptRow]", events: Sequence[KeptEvent]) -> "Outcome":
        """Where one is refused, nothing is stored."""
        place, now = rows[0].place, self._clock()
        try:
            remembered = await self._events.replay(place, events, now=now, dedup_window=self._window)
        except KeyConflict as error:
            return [], [(rows[error.index], error)]
        if remembered is not None:
            self._announce(remembered)
        return rows, []

    async def _write(self, rows: "Sequence[KeptRow]", changes: Sequence[KeptChange]) -> "Outcome":
        place = rows[0].place
        replayed = await self._changes.replay(place, changes, self._clock())
        if replayed.head:
            self._wake(place.scope, replayed.head)
        done = [row for index, row in enumerate(rows) if index not in replayed.refused]
        return done, [(rows[index], why) for index, why in replayed.refused.items()]

    async def _drop(self, log: "LocalLog") -> None:
        """Removes a file that is empty; one with events that were refused stays for people to look at."""
        async with self._making:
            if not await log.is_done():
                return
            if log is self._own:
                self._own = None
            else:
                self._inherited.remove(log)
            await log.remove()


def _is_of_what_is_kept(error: Exception) -> bool:
    """Whether its values are to blame, and not this process, Postgres or a release of semmem."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in DATA_ERRORS
    return isinstance(error, (SemmemError, ValueError, TypeError, LookupError)) and not isinstance(
        error, ConfigurationError
    )


def _is_meant(place: Branch, selection: Selection, row: "KeptRow") -> bool:
    """Whether a forget means what is kept: events, of which no fact was drawn yet; updates where all is forgotten."""
    at, kept = row.place, row.kept
    if selection.everything:
        return at.path[: len(place.path)] == place.path and place.owner in (None, at.owner)
    if at != place or selection.fact or selection.category or isinstance(kept, KeptChange):
        return False
    event = kept.event
    return (
        (selection.session is None or event.session == selection.session)
        and (selection.agent is None or event.agent == selection.agent)
        and (selection.event is None or kept.id == selection.event)
        and (selection.before is None or (event.occurred_at or kept.at) < selection.before)
    )
