"""The tools of a server that serves one agent among others: what happened, what they share, and questions."""

import asyncio
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import to_jsonable_python

from semmem import AgentMemory, Entry, InvalidInput, State
from semmem.domain.entry import MAX_POSITION, checked_names
from semmem.domain.schema import declaration_of
from semmem.domain.workspace import HUMAN
from semmem.integrations.mcp.answers import Changed, Choice, NewsAnswer, ShownEntry, StateAnswer
from semmem.integrations.mcp.arguments import (
    IdArgument,
    Limit,
    NamesArgument,
    ObjectArgument,
    TextArgument,
    number,
)

LONGEST_NEWS, LONGEST_ASK = 30, 50  # seconds, within which every host still waits for a tool
ASK_LASTS = 720  # hours
NOT_ANSWERED = "Nobody has answered yet. The question stays: ask again in the same words to wait on."


class AgentTools:
    """One agent's: what it has read of the state is known from one call to the next."""

    def __init__(self, agent: AgentMemory, state: type[State] | None = None) -> None:
        self._agent, self._state = agent, state

    async def follow_since(
        self,
        after: Annotated[
            Annotated[int, number(0, MAX_POSITION)] | SkipJsonSchema[None],
            Field(
                ge=0, description="The `position` of the answer before; leave it out for the newest, 0 is the start."
            ),
        ] = None,
        limit: Annotated[Limit, Field(description="At most so many; 50 if left out.")] = 50,
        wait: Annotated[
            int,
            number(0, LONGEST_NEWS),
            Field(ge=0, le=LONGEST_NEWS, description="Where there is no news, wait so many seconds for it."),
        ] = 0,
    ) -> NewsAnswer:
        """Read what other agents and people did here since a position: what they said, changed, asked and answered.

        Look before you decide something that others may have decided meanwhile. Where an entry is `forgotten`, drop
        what you keep of the memories that it names.
        """
        if after is None:
            seen = await self._agent.overview(limit, own=False)
            return self._news(list(seen.recent), seen.position)
        news = await self._newer(after, limit)
        if news.entries or not wait:
            return news
        with suppress(TimeoutError):
            async with asyncio.timeout(wait), aclosing(self._agent.follow(after=news.position)) as coming:
                await anext(coming)
        return await self._newer(news.position, limit)

    async def _newer(self, after: int, limit: int) -> NewsAnswer:
        """Passes over as much as the agent did itself."""
        while True:
            entries = await self._agent.entries(after=after, limit=limit)
            news = self._news(entries, after)
            if news.entries or len(entries) < limit:
                return news
            after = news.position

    def _news(self, entries: list[Entry], position: int) -> NewsAnswer:
        """Leaves out what the agent did itself."""
        others = [_shown(entry) for entry in entries if entry.agent != self._agent.name]
        return NewsAnswer(entries=others, position=max([position, *(entry.position for entry in entries)]))

    async def read_state(
        self,
        fields: Annotated[
            NamesArgument | SkipJsonSchema[None], Field(description="These fields only; all if left out.")
        ] = None,
    ) -> StateAnswer:
        """Read the state that all agents here share: each field's value, and which agent changed it last and where.

        Read all of it before you update it: a field that another agent changed after that may be refused.
        """
        names = checked_names("fields", fields or ())
        try:
            found = await self._agent.state(fields=names)
        except InvalidInput as error:
            raise _inside("fields", error) from error
        return StateAnswer(
            values=to_jsonable_python(dict(found.values)),
            position=found.position,
            changed_at=dict(found.positions),
            changed_by={name: agent for name, agent in found.by.items() if agent},
        )

    async def update_state(
        self,
        changes: Annotated[
            ObjectArgument, Field(description='Fields with their new values, as JSON: {"verdict": "enter"}.')
        ],
    ) -> Changed:
        """Change fields of the shared state, all of them or none.

        Each field has its own way to take a change: a list grows by the items that you pass, a counter goes up or down
        by the number, others are replaced. Pass what is new, never the whole list. Where it is refused because another
        agent was first, read the state again and decide again.
        """
        try:
            declaration = declaration_of(self._state)
            given = {declaration.field(name).name: value for name, value in changes.items()}
            change = await self._agent.update(**given)
        except InvalidInput as error:
            raise _inside("changes", error) from error
        return Changed(
            position=change.position,
            written=list(change.written),
            unseen=list(change.unseen),
            kept=change.status == "kept",
        )

    async def ask(
        self,
        question: Annotated[TextArgument, Field(description="One question that one of the options answers.")],
        options: Annotated[NamesArgument, Field(description="What can be answered, such as yes and no.")],
        of: Annotated[
            IdArgument, Field(description="human (if left out), or the agent or role of the roster that is asked.")
        ] = HUMAN,
        wait: Annotated[
            int,
            number(1, LONGEST_ASK),
            Field(ge=1, le=LONGEST_ASK, description="Seconds to wait for the answer; 25 if left out."),
        ] = 25,
        lasts: Annotated[
            int,
            number(1, ASK_LASTS),
            Field(ge=1, le=ASK_LASTS, description="Hours in which it can be answered; 8 if left out."),
        ] = 8,
        key: Annotated[
            IdArgument | SkipJsonSchema[None],
            Field(description="A name for it, under which the answer stays the same however often it is asked."),
        ] = None,
    ) -> Choice:
        """Ask a human or another agent to choose, before you do what is theirs to decide.

        Where nobody answers in time, `choice` is null and the question stays: ask again in the same words to wait on.
        """
        choice = await self._agent.ask(question, options, of=of, within=timedelta(hours=lasts), key=key, wait=wait)
        return Choice(choice=choice, note=NOT_ANSWERED if choice is None else None)


def _inside(argument: str, error: InvalidInput) -> InvalidInput:
    """Names the argument that the refused value came in."""
    field = error.field if error.field.startswith(argument) else f"{argument}.{error.field}"
    return InvalidInput(field, error.limit, error.fix)


def _shown(entry: Entry) -> ShownEntry:
    event = entry.event
    return ShownEntry(
        position=entry.position,
        kind=entry.kind,
        at=entry.at,
        agent=entry.agent,
        text=event.content if event else entry.subject,
        said_by=event.voice if event else None,
        event_type=event.event_type if event else None,
        fields=list(entry.fields),
        ids=[str(event.id)] if event else [str(id) for id in entry.ids],
        detail=dict(entry.detail),
    )
