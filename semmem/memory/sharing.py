"""What agents share in a place besides events: state, locks and checkpoints."""

from datetime import timedelta

from semmem.domain.checks import check_duration, check_flag, check_id, check_int, check_optional_id
from semmem.domain.entry import MAX_POSITION
from semmem.domain.state import MAX_NAMES, Change, Checkpoint
from semmem.errors import InvalidInput
from semmem.memory.locks import Lock, check_hold
from semmem.memory.updating import UpdatedPlace

LONGEST_WAIT = timedelta(days=1)


class SharedPlace(UpdatedPlace):
    """The state of a place, the locks that guard it, and the checkpoints that it can go back to."""

    def lock(self, *names: str, ttl: timedelta, wait: timedelta | None = None) -> Lock:
        """All of these names at once, for `ttl` from 1 s to 1 h; without `wait`, LockHeld is raised at once.

        `async with me.lock("report", ttl=timedelta(minutes=2)) as lock` takes it.
        """
        check_hold(ttl)
        if wait is not None:
            fix = "leave it out in order not to wait"
            check_duration("wait", wait, timedelta(), LONGEST_WAIT, span="0 to a day", fix=fix)
        if not 1 <= len(names) <= MAX_NAMES:
            raise InvalidInput("names", f"must be 1 to {MAX_NAMES}", "name what is locked")
        for index, name in enumerate(names):
            check_id(f"names[{index}]", name)
        return Lock(
            self.place,
            self._opened,
            tuple(sorted(set(names))),
            ttl=ttl,
            wait=wait or timedelta(),
            agent=self._reader,
            own=self._locked,
        )

    async def checkpoint(
        self, name: str | None = None, *, pinned: bool = False, timeout: float | None = None
    ) -> Checkpoint:
        """Names the state as it is now. The last three are kept, and those that are pinned.

        Raises InvalidInput where a checkpoint of that name is there.
        """
        check_optional_id("name", name)
        check_flag("pinned", pinned)
        parts = self._parts
        async with parts.calls.write(timeout):
            made = await parts.checkpoints.make(self.place, name, agent=self._reader, pinned=pinned, now=parts.clock())
        parts.watching.wake(self.scope, made.position)
        return made

    async def checkpoints(self, *, timeout: float | None = None) -> list[Checkpoint]:
        """Newest first."""
        async with self._parts.calls.read(timeout):
            return await self._parts.checkpoints.all(self.scope)

    async def pin(self, checkpoint: Checkpoint, *, pinned: bool = True, timeout: float | None = None) -> None:
        """Keeps a checkpoint until it is pinned no more; from then on it goes with the next one. Raises NotFound."""
        check_flag("pinned", pinned)
        self._check_own(checkpoint)
        async with self._parts.calls.write(timeout):
            await self._parts.checkpoints.pin(self.scope, checkpoint, pinned)

    async def verify(self, checkpoint: Checkpoint, *, timeout: float | None = None) -> None:
        """Raises Damaged where the state at the checkpoint is not what it was; NotFound where it is not kept."""
        self._check_own(checkpoint)
        async with self._parts.calls.read(timeout):
            await self._parts.checkpoints.verify(self.scope, checkpoint)

    async def restore(self, to: Checkpoint | int, *, timeout: float | None = None) -> Change:
        """Lets the state be again what it was at a checkpoint, which is verified first, or at a position.

        This is a change of its own, which can be undone as well; events stay. Raises Damaged, NotFound, InvalidInput,
        or StateMismatch where a field was declared otherwise then.
        """
        parts = self._parts
        if isinstance(to, Checkpoint):
            self._check_own(to)
        else:
            check_int("to", to, 0, MAX_POSITION)
        await self._know_role(timeout)
        async with parts.calls.write(timeout):
            change = await parts.checkpoints.restore(
                self.scope, to, agent=self._reader, role=self._role, now=parts.clock()
            )
        parts.watching.wake(self.scope, change.position)
        return change
