"""Questions of agents: asked once, answered once, and received by whoever asked, also after it was started anew."""

from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from semmem.domain.scope import Branch, Scope
from semmem.domain.workspace import NewQuestion, Question
from semmem.errors import InvalidInput, NotFound, QuestionClosed
from semmem.stores.postgres.branches import register
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row, scope_of
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.workspaces import not_seated

_SQL = statements("questions.sql")

CLOSED, NOBODY, OTHER_WORDS, UNKNOWN, OTHER_ASKED, NO_OPTION = "SM025", "SM026", "SM028", "SM029", "SM02A", "SM02B"


class QuestionStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    @tried_again
    async def ask(self, place: Branch, new: NewQuestion, now: datetime) -> Question:
        """Raises InvalidInput for who takes no part, or was asked in vain; NotFound after the work's end."""
        try:
            async with self._postgres.transaction(place, now) as tx:
                await register(tx)
                row = await tx.fetchrow(
                    _SQL["ask"],
                    agent=new.agent,
                    role=new.role,
                    question=uuid4(),
                    key=new.key,
                    of=new.of,
                    text=new.question,
                    options=list(new.options),
                    until=new.until,
                )
        except asyncpg.PostgresError as error:
            raise _refused(error) from error
        assert row is not None
        return _question(row, now)

    @tried_again
    async def answer(self, scope: Scope, id: UUID, choice: str, *, agent: str | None, now: datetime) -> int:
        """The position of its entry. Raises QuestionClosed, NotFound or InvalidInput."""
        try:
            async with self._postgres.transaction(scope, now) as tx:
                position: int = await tx.fetchval(_SQL["answer"], agent=agent, question=id, choice=choice)
        except asyncpg.PostgresError as error:
            if error.sqlstate == UNKNOWN:
                raise _missing(id) from error
            if error.sqlstate not in (CLOSED, OTHER_ASKED, NO_OPTION):
                raise
            met, _ = await self.get(scope, id, now)
            raise _wrong_answer(error.sqlstate, met) from error
        return position

    async def get(self, scope: Scope, id: UUID, now: datetime) -> tuple[Question, int]:
        """And the log's last position. Raises NotFound."""
        async with self._postgres.transaction(scope) as tx:
            row = await tx.fetchrow(_SQL["get"], question=id)
        if row is None:
            raise _missing(id)
        return _question(row, now), row["head"]

    @tried_again
    async def receive(self, scope: Scope, id: UUID, now: datetime) -> Question:
        """As `get`, for the agent that asked: after this an answer counts as received, and none comes too late."""
        async with self._postgres.transaction(scope, now) as tx:
            row = await tx.fetchrow(_SQL["receive"], question=id)
        if row is None:
            raise _missing(id)
        return _question(row, now)

    async def find(
        self, scope: Scope, *, open: bool, of: str | None, before: int | None, limit: int, now: datetime
    ) -> list[Question]:
        """Newest first, behind the position `before`."""
        async with self._postgres.transaction(scope, now) as tx:
            rows = await tx.fetch(_SQL["find"], open=open, of=of, before=before, limit=limit)
        return [_question(row, now) for row in rows]


def _missing(id: UUID) -> NotFound:
    return NotFound(f"no question {id} in this scope")


def _refused(error: asyncpg.PostgresError) -> Exception:
    if error.sqlstate == NOBODY:
        return InvalidInput("of", "must be human, or an agent or a role of the roster", "ask one of these")
    if error.sqlstate == OTHER_WORDS:
        return InvalidInput("key", "stands for another question, or other options", "take another key, or none")
    return not_seated(error)


def _wrong_answer(state: str, met: Question) -> Exception:
    """Why a question takes this answer from nobody, or not from this agent."""
    if state == CLOSED:
        return QuestionClosed(met.id, choice=met.choice, by=met.answered_by)
    if state == NO_OPTION:
        return InvalidInput("choice", f"must be one of {', '.join(met.options):.500}", "answer with one of these")
    return InvalidInput("question_id", f"must be of a question to this agent, not to {met.of:.100}", "leave it to them")


def _question(row: Row, now: datetime) -> Question:
    plain = ("id", "position", "agent", "question", "asked_at", "until", "choice", "answered_by", "answered_at")
    return Question(
        scope=scope_of(row),
        of=row["asked"],
        options=tuple(row["options"]),
        over=row["choice"] is None and (row["closed_at"] is not None or row["until"] <= now),
        **{name: row[name] for name in plain},
    )
