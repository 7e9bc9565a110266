"""Corrections by people: what was learnt wrongly is put right, taken back or pinned, and each of it can be undone."""

from uuid import UUID

from semmem.domain.checks import check_flag, check_id, check_int, check_is, check_text, check_uuid
from semmem.domain.fact import MAX_FACT_BYTES, Fact, Validity
from semmem.errors import InvalidInput
from semmem.memory.sharing import SharedPlace
from semmem.stores.postgres.corrections import Act, Done

MAX_VERSION = 2**31 - 1


class CorrectedPlace(SharedPlace):
    """A place whose facts people correct.

    `by` says who does it, which the fact's timeline shows. With a `version`, the one that they saw, FactChanged is
    raised where another one holds by now. All raise NotFound for a fact that is not in this scope, or was forgotten,
    and InvalidInput for one that holds no more.
    """

    async def correct(
        self,
        fact: UUID,
        *,
        by: str,
        text: str | None = None,
        validity: Validity | None = None,
        version: int | None = None,
        timeout: float | None = None,
    ) -> Fact:
        """Puts a fact's text or dates right: the answer is its next version, and the one before never held.

        It counts as said now: it stands against whatever was said before, also where that comes in or is extracted
        later, and gives way to what is said from now on. It goes with the events that the fact rests on.
        """
        act = self._act(fact, by, version)
        if text is not None:
            check_text("text", text, MAX_FACT_BYTES)
        if validity is not None:
            check_is("validity", validity, Validity)
        if text is None and validity is None:
            raise InvalidInput("text", "must be there, or validity", "pass what is right; to take it back, reject it")
        parts = self._parts
        async with parts.calls.write(timeout):
            done = await parts.corrections.correct(self.scope, act, text, validity, parts.clock())
        return self._changed(done)

    async def reject(
        self, fact: UUID, *, by: str, version: int | None = None, timeout: float | None = None
    ) -> Fact | None:
        """Takes back what was learnt wrongly: it never held, and is not learnt from the same events again.

        What it had superseded holds again, and is the answer. The fact stays in its timeline, for `restore_fact`; to
        remove its words, forget it.
        """
        act, parts = self._act(fact, by, version), self._parts
        async with parts.calls.write(timeout):
            done = await parts.corrections.reject(self.scope, act, parts.clock())
        parts.watching.wake(self.scope, done.position)
        return done.fact

    async def restore_fact(
        self, fact: UUID, *, by: str, version: int | None = None, timeout: float | None = None
    ) -> Fact:
        """Undoes a correction: `fact` is the version that it took back, which holds again as the next version.

        Raises InvalidInput where something that was said later took its place.
        """
        act, parts = self._act(fact, by, version), self._parts
        async with parts.calls.write(timeout):
            done = await parts.corrections.restore(self.scope, act, parts.clock())
        return self._changed(done)

    async def pin_fact(
        self,
        fact: UUID,
        *,
        by: str,
        pinned: bool = True,
        version: int | None = None,
        timeout: float | None = None,
    ) -> Fact:
        """Lets a fact stand first in every profile, and later what takes its place; at most 50 of a scope.

        With `pinned=False` it stands there again only if it is weighty enough.
        """
        check_flag("pinned", pinned)
        act, parts = self._act(fact, by, version), self._parts
        async with parts.calls.write(timeout):
            done = await parts.corrections.pin(self.scope, act, parts.clock(), pinned=pinned)
        return self._changed(done)

    def _act(self, fact: UUID, by: str, version: int | None) -> Act:
        check_uuid("fact", fact)
        check_id("by", by)
        if version is not None:
            check_int("version", version, 1, MAX_VERSION)
        return Act(fact=fact, by=by, seen=version, agent=self._reader)

    def _changed(self, done: Done) -> Fact:
        """What holds now, once followers are told."""
        self._parts.watching.wake(self.scope, done.position)
        assert done.fact is not None, "these acts leave a version that holds"
        return done.fact
