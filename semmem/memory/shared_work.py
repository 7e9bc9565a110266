"""What agents work on together in a place: its task, its roster, and the questions that wait for an answer."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from semmem.domain.checks import check_flag, check_id, check_int, check_optional_id, check_text, check_uuid
from semmem.domain.entry import MAX_POSITION
from semmem.domain.event import NewEvent
from semmem.domain.hit import check_limit
from semmem.domain.schema import State, declaration_of
from semmem.domain.workspace import (
    ASSISTANT,
    MAX_TASK_BYTES,
    Member,
    Overview,
    Question,
    Workspace,
    check_roster,
)
from semmem.memory.remembering import Remembering

NOBODY: Mapping[str, str] = {}
RESULT = "result"  # the type of an event that says what came out
RESULTS_SHOWN = QUESTIONS_SHOWN = 20
IMPORTANCE = 0.8  # of a result


class SharedWork(Remembering):
    """A place that agents work in together; a user's as well as a workspace's."""

    async def begin(
        self,
        task: str,
        *,
        roster: Mapping[str, str] = NOBODY,
        state: type[State] | None = None,
        timeout: float | None = None,
    ) -> Workspace:
        """Begins a task, with the roles of those who take part, by agent; where nobody is named, anybody may.

        `state` declares what they share, and is this memory's from here on. Begun again, after a restart, the task goes
        on; another roster takes the place of the one before. Raises InvalidInput while another task lasts.
        """
        check_text("task", task, MAX_TASK_BYTES)
        named, parts = check_roster(roster), self._parts
        declaration = None if state is None else declaration_of(state)
        async with parts.calls.write(timeout):
            lasting = await parts.workspaces.workspace(self.scope) if declaration else None
            is_taken = lasting is not None and lasting.lasts and lasting.task != task
            if declaration and not is_taken:  # the state of another task that lasts stays as it is
                await parts.state.declare(self.place, declaration, self._reader, parts.clock())
            begun, head = await parts.workspaces.begin(self.place, task, named, agent=self._reader, now=parts.clock())
        if state is not None:
            self._state = state
        parts.watching.wake(self.scope, head)
        return begun

    async def workspace(self, *, timeout: float | None = None) -> Workspace | None:
        """The task that was begun last, if one was."""
        async with self._parts.calls.read(timeout):
            return await self._parts.workspaces.workspace(self.scope)

    async def end(self, status: str, result: str | None = None, *, timeout: float | None = None) -> Workspace | None:
        """Ends the task, and with it the questions that nobody has answered; `result` is remembered with that.

        Raises NotFound where none lasts.
        """
        check_id("status", status)
        parts = self._parts
        event = None if result is None else result_of(result, IMPORTANCE, self._reader)
        async with parts.calls.write(timeout):
            remembered, head = await parts.workspaces.end(
                self.place, status, event, agent=self._reader, now=parts.clock()
            )
        parts.watching.wake(self.scope, head)
        if remembered:
            parts.announce(remembered)
        return await self.workspace(timeout=timeout)

    async def roster(self, *, timeout: float | None = None) -> list[Member]:
        """Who takes part, by name: their roles, and the last that each said of its work, and how long ago."""
        async with self._parts.calls.read(timeout):
            return await self._parts.workspaces.roster(self.scope, self._parts.clock())

    async def questions(
        self,
        *,
        of: str | None = None,
        answered: bool = False,
        before: int | None = None,
        limit: int = 100,
        timeout: float | None = None,
    ) -> list[Question]:
        """What waits for an answer, newest first; with `answered` also what was answered, and what is over.

        `of` is whom they are asked of; `before` is the position of the question to go on from.
        """
        check_optional_id("of", of)
        check_flag("answered", answered)
        if before is not None:
            check_int("before", before, 1, MAX_POSITION)
        check_limit(limit)
        parts = self._parts
        async with parts.calls.read(timeout):
            return await parts.questions.find(
                self.scope, open=not answered, of=of, before=before, limit=limit, now=parts.clock()
            )

    async def answer(self, question_id: UUID, choice: str, *, timeout: float | None = None) -> Question:
        """Answers a question for good, and wakes the agent that waits for it.

        In an agent's memory the agent has to be the one that was asked, by its name or its role, and no human is.
        Raises QuestionClosed where it was answered before or is over, NotFound, and InvalidInput.
        """
        check_uuid("question_id", question_id)
        check_id("choice", choice)
        parts = self._parts
        async with parts.calls.write(timeout):
            now = parts.clock()
            position = await parts.questions.answer(self.scope, question_id, choice, agent=self._reader, now=now)
        parts.watching.wake(self.scope, position)
        async with parts.calls.read(timeout):
            answered, _ = await parts.questions.get(self.scope, question_id, now)
        return answered

    async def overview(self, recent: int = 20, *, own: bool = True, timeout: float | None = None) -> Overview:
        """The task, the roster, open questions, the newest results, and the last `recent` entries of the log.

        Unless they shall be its `own` too, in an agent's memory these are the last of others.
        """
        check_limit(recent)
        check_flag("own", own)
        without = None if own else self._reader
        parts, scope = self._parts, self.scope
        async with parts.calls.read(timeout):
            now, head = parts.clock(), await parts.entries.head(scope)
            workspace, roster, questions, results, summaries, entries = await asyncio.gather(
                parts.workspaces.workspace(scope),
                parts.workspaces.roster(scope, now),
                parts.questions.find(scope, open=True, of=None, before=None, limit=QUESTIONS_SHOWN, now=now),
                parts.entries.latest(scope, agent=None, event_type=RESULT, limit=RESULTS_SHOWN),
                parts.summaries.find(scope, before=None, limit=1),
                parts.entries.last(scope, until=head, without=without, limit=recent),
            )
        rolling = next((summary.text for summary in summaries if summary.session is None), None)
        return Overview(
            workspace=workspace,
            roster=tuple(roster),
            questions=tuple(questions),
            results=tuple(results),
            recent=tuple(entries),
            summary=rolling,
            position=head,
        )


def result_of(content: str, importance: float, agent: str | None) -> NewEvent:
    return NewEvent(content=content, role=ASSISTANT, agent=agent, event_type=RESULT, importance=importance)
