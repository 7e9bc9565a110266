"""State that agents share: how it is read, and changed field by field against what its writer had seen."""

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from semmem.domain.change import NewChange
from semmem.domain.checks import check_aware, check_callable, check_int, check_is, check_not_future, check_optional_id
from semmem.domain.entry import MAX_POSITION, checked_names
from semmem.domain.event import NewEvent
from semmem.domain.schema import Declaration, State, declaration_of, new_values
from semmem.domain.scope import Branch
from semmem.domain.state import NO_FENCE, Change, Checkpoint, Fence, Snapshot
from semmem.errors import Conflict, Forbidden, InvalidInput, PoolExhausted, StoreUnavailable, WriteConflict
from semmem.memory.locks import Lock, fence_of
from semmem.memory.place import Opened, Place

TRIES = 4  # of an update by a function
PAUSE = 0.05  # seconds

Updating = Callable[[Snapshot], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]


class UpdatedPlace(Place):
    """The state of a place, read and changed by one agent or by nobody in particular."""

    def __init__(
        self,
        place: Branch,
        opened: Opened,
        *,
        agent: str | None = None,
        role: str | None = None,
        state: type[State] | None = None,
    ) -> None:
        super().__init__(place, opened)
        check_optional_id("agent", agent)
        if state is not None:
            declaration_of(state)
        self._reader, self._role, self._state, self._seen = agent, role, state, 0
        self._locked: set[str] = set()  # names of locks that are held by this very object

    async def _know_role(self, timeout: float | None = None) -> None:
        """Before the state is read or written: an agent's role may have to be looked up."""

    def _signed(self, events: Iterable[NewEvent]) -> tuple[NewEvent, ...]:
        return tuple(event if event.agent else replace(event, agent=self._reader) for event in events)

    @property
    def seen(self) -> int:
        """The position of the log up to which this agent has read the whole state."""
        return self._seen

    async def state(
        self,
        *,
        at: int | Checkpoint | datetime | None = None,
        fields: Collection[str] = (),
        timeout: float | None = None,
    ) -> Snapshot:
        """The state as it is, or was at a position, a checkpoint or a time; of all fields, or of these.

        A memory that was opened without a class of state reads values as JSON.
        """
        names = checked_names("fields", fields)
        await self._know_role(timeout)
        if self._state is not None:
            for name in names:
                if not self._declaration.field(name).is_readable(self._role):
                    raise Forbidden(self._reader, self._role or "", name, "read")
        return await self._read(timeout, at, names)

    async def _read(
        self,
        timeout: float | None,
        at: int | Checkpoint | datetime | None = None,
        fields: Collection[str] = (),
    ) -> Snapshot:
        parts, declaration = self._parts, None if self._state is None else self._declaration
        async with parts.calls.read(timeout):
            if at is not None:
                position = await self._position(at)
                return await parts.state.at(
                    self.scope, declaration, position=position, fields=list(fields), role=self._role
                )
            snapshot = await parts.state.current(self.scope, declaration, list(fields), role=self._role)
        if not fields:
            self._seen = max(self._seen, snapshot.position)
        return snapshot

    async def _position(self, at: int | Checkpoint | datetime) -> int:
        if isinstance(at, Checkpoint):
            self._check_own(at)
            return at.position
        if isinstance(at, datetime):
            return await self._parts.state.position(self.scope, check_aware("at", at))
        check_int("at", at, 0, MAX_POSITION)
        return at

    async def update(
        self,
        fn: Updating | None = None,
        *,
        expected: Snapshot | Mapping[str, int] | None = None,
        seen: int | None = None,
        lock: Lock | None = None,
        told_at: datetime | None = None,
        timeout: float | None = None,
        **changes: Any,
    ) -> Change:
        """Reduces each field by its reducer, all in one transaction; a value may be `told` with a confidence.

        `expected` are the positions at which fields were last changed, or a snapshot, of whose positions those of the
        changed fields count. `seen` is how far the writer had read, which is `self.seen` where it is not said: where
        another agent changed a field after that, and the field's `unseen` is "refuse", nothing is written. `told_at` is
        when it was seen in the world, and is now where it is not said.

        With `fn`, the changes are what it makes of a snapshot, awaited or not; it is asked again, three times at most,
        where somebody else was faster.

        With SEMMEM_LOCAL_LOG, what cannot reach Postgres, and can come late, is on this disk and the change's status is
        "kept": docs/fleet.md says which reducers let it; never with `fn`, `expected`, `seen` or a lock.

        Raises Conflict, LockLost, StateMismatch, InvalidInput, and what `remember` raises.
        """
        check_callable("fn", fn)
        if fn is not None:
            if changes or expected is not None or seen is not None:
                raise InvalidInput(
                    "fn", "must come without changes, expected or seen", "let it answer with all changes"
                )
            return await self._update_by(fn, lock, told_at, timeout)
        return await self._update(changes, expected, seen, lock, told_at, timeout)

    async def _update_by(
        self, fn: Updating, lock: Lock | None, told_at: datetime | None, timeout: float | None
    ) -> Change:
        tries = 0
        while True:
            await self._know_role(timeout)
            snapshot = await self._read(timeout)
            made = fn(snapshot)
            changes = await made if inspect.isawaitable(made) else made
            if not isinstance(changes, Mapping):
                raise InvalidInput("fn", f"must answer with a mapping, not {type(changes).__name__}", "return a dict")
            try:
                return await self._update(changes, snapshot, snapshot.position, lock, told_at, timeout)
            except Conflict:
                tries += 1
                if tries == TRIES:
                    raise
                await asyncio.sleep(random.uniform(0, tries * PAUSE))

    async def _update(
        self,
        changes: Mapping[str, Any],
        expected: Snapshot | Mapping[str, int] | None,
        seen: int | None,
        lock: Lock | None,
        told_at: datetime | None,
        timeout: float | None,
    ) -> Change:
        await self._know_role(timeout)
        parts, now = self._parts, self._parts.clock()
        new = self._new_change(changes, expected, seen, lock, told_at, now)
        can_wait = expected is None and seen is None and new.can_wait
        keeping = parts.keeping if can_wait else None
        if keeping and keeping.is_replaying:
            return await keeping.keep_change(self.place, new, now)
        sent = False
        try:
            async with parts.calls.write(timeout):
                sent = True
                change = await parts.state.change(self.place, new, now)
        except StoreUnavailable as error:
            if keeping and (not sent or _is_away(error)):
                return await keeping.keep_change(self.place, new, now)
            raise
        parts.watching.wake(self.scope, change.position)
        return change

    async def _effect(
        self, events: Iterable[NewEvent], update: object, lock: Lock | None, now: datetime
    ) -> tuple[tuple[NewEvent, ...], NewChange | None, Fence]:
        """What another write stores along in this place, as its agent says it. Raises InvalidInput."""
        fence, change = self._fenced(lock), None
        if update is not None:
            if not isinstance(update, Mapping):
                raise InvalidInput(
                    "update", f"must be a mapping, not {type(update).__name__}", "pass fields with their values"
                )
            await self._know_role()
            change = self._new_change(update, None, None, lock, None, now)
        return self._signed(events), change, fence

    def _new_change(
        self,
        changes: Mapping[str, Any],
        expected: Snapshot | Mapping[str, int] | None,
        seen: int | None,
        lock: Lock | None,
        told_at: datetime | None,
        now: datetime,
    ) -> NewChange:
        """The update of these arguments, checked."""
        declaration = self._declaration
        values = new_values(declaration, changes)
        if not values:
            raise InvalidInput("changes", "must name a field at least", "pass fields as keyword arguments")
        if told_at is not None:
            told_at = check_aware("told_at", told_at)
            check_not_future("told_at", told_at, now)
        if seen is not None:
            check_int("seen", seen, 0, MAX_POSITION)
        return NewChange(
            declaration=declaration,
            values=values,
            agent=self._reader,
            role=self._role,
            seen=self._seen if seen is None else seen,
            told_at=told_at or now,
            expected=_expected(expected, declaration, changes),
            fence=self._fenced(lock),
        )

    def _fenced(self, lock: Lock | None) -> Fence:
        if lock is None:
            return NO_FENCE
        check_is("lock", lock, Lock)
        if lock.scope != self.scope:
            raise InvalidInput("lock", "must be of this scope", "take it in the memory that is written to")
        return fence_of(lock)

    @property
    def _declaration(self) -> Declaration:
        if self._state is None:
            way = "memory.scope(..., state=Launch)" if self.place.is_root else "memory.at(place, state=Launch)"
            raise InvalidInput("state", "has no class in this memory", f"open it with {way}, say")
        return declaration_of(self._state)

    def _check_own(self, checkpoint: Checkpoint) -> None:
        check_is("checkpoint", checkpoint, Checkpoint)
        if checkpoint.scope != self.scope:
            raise InvalidInput("checkpoint", "must be of this scope", "use the memory that it was made in")


def _is_away(error: StoreUnavailable) -> bool:
    """Whether Postgres cannot be reached, and has nothing of what it was to be sent: it would not know it again."""
    return not error.sent and not isinstance(error, PoolExhausted | WriteConflict)


def _expected(
    given: Snapshot | Mapping[str, int] | None, declaration: Declaration, changes: Mapping[str, Any]
) -> dict[str, int]:
    if given is None:
        return {}
    if isinstance(given, Snapshot):
        return {name: given.positions.get(name, 0) for name in changes}
    if not isinstance(given, Mapping):
        raise InvalidInput("expected", "must be a snapshot, or a mapping of fields to positions", "pass a snapshot")
    for name, position in given.items():
        declaration.field(name)
        check_int(f"expected[{name}]", position, 0, MAX_POSITION)
    return dict(given)
