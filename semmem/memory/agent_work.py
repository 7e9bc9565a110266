"""What one agent says of its work, and what it asks and waits for."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Unpack, overload
from uuid import UUID

from semmem.domain.checks import check_id, check_optional_id, check_seconds
from semmem.domain.event import Ack, EventFields
from semmem.domain.schema import State
from semmem.domain.scope import Branch
from semmem.domain.workspace import (
    ASSISTANT,
    HUMAN,
    LONGEST_STATUS,
    NewQuestion,
    Question,
    check_detail,
    check_span,
)
from semmem.errors import QuestionClosed
from semmem.memory.locks import Lock
from semmem.memory.place import Opened
from semmem.memory.shared_work import IMPORTANCE, SharedWork, result_of
from semmem.memory.watching import Watcher

LOOK_AT_CLOCK = 0.5  # seconds


class AgentWork(SharedWork):
    """A place for one agent."""

    def __init__(
        self,
        place: Branch,
        opened: Opened,
        *,
        agent: str,
        role: str | None = None,
        state: type[State] | None = None,
    ) -> None:
        check_optional_id("role", role)
        super().__init__(place, opened, agent=check_id("name", agent), role=role or "", state=state)
        self._said_role, self._knows_role = role, role is not None

    @property
    def name(self) -> str:
        """The agent's."""
        assert self._reader is not None
        return self._reader

    async def role(self, *, timeout: float | None = None) -> str:
        """In the work: the roster's, else the one that was said, else assistant."""
        async with self._parts.calls.read(timeout):
            return await self._parts.workspaces.role(self.scope, self.name) or self._said_role or ASSISTANT

    async def _know_role(self, timeout: float | None = None) -> None:
        """One that was not said is the roster's, as it is when this memory first reads or writes the state."""
        if not self._knows_role:
            async with self._parts.calls.read(timeout):
                self._role = await self._parts.workspaces.role(self.scope, self.name) or ""
            self._knows_role = True

    async def remember(
        self, content: str, *, lock: Lock | None = None, timeout: float | None = None, **fields: Unpack[EventFields]
    ) -> Ack:
        """As ScopedMemory.remember, in the agent's own words: `role` is assistant where it is not said."""
        fields.setdefault("role", ASSISTANT)
        return await super().remember(content, lock=lock, timeout=timeout, **fields)

    async def status(self, text: str, detail: str = "", *, ttl: timedelta, timeout: float | None = None) -> None:
        """Says what this agent does; the roster shows it, and counts it as current for `ttl`.

        Raises InvalidInput where the agent is not on the roster, or in another role, and NotFound after the work's end.
        """
        check_id("text", text)
        detail = check_detail(detail)
        parts = self._parts
        now = parts.clock()
        until = now + check_span("ttl", ttl, LONGEST_STATUS)
        async with parts.calls.write(timeout):
            position = await parts.workspaces.tell(
                self.place, text, detail, agent=self.name, role=self._said_role, until=until, now=now
            )
        parts.watching.wake(self.scope, position)

    async def result(self, content: str, importance: float = IMPORTANCE, *, timeout: float | None = None) -> Ack:
        """Remembers what came out of this agent's work, as an event of the type "result"."""
        return (await self.remember_many([result_of(content, importance, self.name)], timeout=timeout))[0]

    @overload
    async def ask(
        self,
        question: str,
        options: Sequence[str],
        *,
        of: str = HUMAN,
        within: timedelta,
        key: str | None = None,
        wait: None = None,
        timeout: float | None = None,
    ) -> str: ...
    @overload
    async def ask(
        self,
        question: str,
        options: Sequence[str],
        *,
        of: str = HUMAN,
        within: timedelta,
        key: str | None = None,
        wait: float,
        timeout: float | None = None,
    ) -> str | None: ...
    async def ask(
        self,
        question: str,
        options: Sequence[str],
        *,
        of: str = HUMAN,
        within: timedelta,
        key: str | None = None,
        wait: float | None = None,
        timeout: float | None = None,
    ) -> str | None:
        """Asks, waits, and answers with the option that was chosen; while Postgres is away it waits on.

        `of` is human, or an agent or a role of the roster. An agent that was started anew asks again, in the same words
        or under the same `key`: it waits on, and is told an answer that was given meanwhile. Under a key it is told the
        same answer ever after; without one, what was answered is asked anew, as is what is over without an answer.
        `timeout` is of asking, not of the wait.
        With `wait` it is None where nobody has answered within so many seconds of the call: the question stays, to
        be asked again. One that could not be asked raises StoreUnavailable.
        A limit from outside may strike just as an answer is received, which nobody is told then; this one does not.

        Raises QuestionClosed where nobody has answered `within` this time, or before the work ended; what `status`
        raises; and NotFound where the question is forgotten.
        """
        parts = self._parts
        now = parts.clock()
        new = NewQuestion.checked(self.name, self._said_role, question, options, of=of, key=key, within=within, now=now)
        if wait is not None:
            check_seconds("wait", wait)
        ends = None if wait is None else asyncio.get_running_loop().time() + wait
        async with parts.calls.write(timeout):  # not cut off by the wait, after which the question is said to stay
            asked = await parts.questions.ask(self.place, new, now)
        parts.watching.wake(self.scope, asked.position)
        receipt = _Receipt()
        try:
            async with asyncio.timeout_at(ends):
                return await self._choice(asked.id, receipt)
        except TimeoutError:
            return receipt.choice

    async def _choice(self, id: UUID, receipt: "_Receipt") -> str:
        with self._parts.watching.watch(self.scope, 0) as watcher:
            while True:
                watcher.clear()
                met = await self._parts.watching.answered(partial(self._looked_up, id, watcher, receipt), self.scope)
                if met.choice is not None:
                    return met.choice
                if met.over:
                    raise QuestionClosed(id)
                await self._woken(watcher, met.until)

    async def _looked_up(self, id: UUID, watcher: Watcher, receipt: "_Receipt") -> Question:
        """As it stands; one that is answered, or whose time is up, as it stays from here on."""
        parts = self._parts
        now = parts.clock()
        async with parts.calls.read():
            met, watcher.position = await parts.questions.get(self.scope, id, now)
        return met if met.open else await receipt.of(self._received(id, now))

    async def _received(self, id: UUID, now: datetime) -> Question:
        async with self._parts.calls.write():
            return await self._parts.questions.receive(self.scope, id, now)

    async def _woken(self, watcher: Watcher, until: datetime) -> None:
        """Waits until the log has grown, or the clock has passed `until`."""
        while (left := (until - self._parts.clock()).total_seconds()) > 0:
            if await watcher.wait(min(left, LOOK_AT_CLOCK)):
                return


class _Receipt:
    """The receiving of an answer: once it is begun no limit of the wait cuts it off, for nobody is told it again."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Question] | None = None

    async def of(self, receiving: Coroutine[Any, Any, Question]) -> Question:
        self._task = asyncio.create_task(receiving)
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            await asyncio.wait([self._task])
            raise

    @property
    def choice(self) -> str | None:
        """What was received although the wait is over."""
        return self._task.result().choice if self._task and not self._task.exception() else None
