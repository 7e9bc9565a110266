"""Following a place: what happens there, in one order, from any position on."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing, suppress
from functools import partial

from semmem.domain.checks import check_flag, check_int, check_optional_id, check_seconds
from semmem.domain.entry import ALL, MAX_POSITION, Entry, Page, Wanted, checked_names
from semmem.domain.event import Event
from semmem.domain.group import GroupRule, GroupStart
from semmem.domain.hit import check_limit
from semmem.memory.groups import Group
from semmem.memory.sharing import SharedPlace

PAGE = 200
EXPORT_PAGE = 500  # events


class FollowedPlace(SharedPlace):
    """A place whose log can be read and followed."""

    def follow(
        self,
        *,
        after: int | None = None,
        event_types: Collection[str] = (),
        agents: Collection[str] = (),
        fields: Collection[str] = (),
        min_importance: float = 0.0,
        own: bool = False,
    ) -> AsyncGenerator[Entry]:
        """Every entry behind the position `after`, in the order of their commits, then each new one as it comes.

        Without `after` it begins with what comes from the first step of the loop on; in the memory of an agent that has
        read the state, with what came since. It has no end: leave the loop, and `aclose` what follow answered with. To
        go on later, pass the position of the last entry that was worked. An agent's own entries are left out of its
        memory's log unless `own` asks for them. What was forgotten is always told. Where Postgres is away it waits.
        Raises InvalidInput, and TooFarBehind where entries behind `after` were taken out of the log.
        """
        if after is not None:
            check_int("after", after, 0, MAX_POSITION)
        elif self._reader is not None and self._seen:
            after = self._seen
        check_flag("own", own)
        wanted = Wanted(
            event_types=checked_names("event_types", event_types),
            agents=checked_names("agents", agents),
            fields=checked_names("fields", fields),
            min_importance=min_importance,
            without=None if own else self._reader,
        )
        return self._follow(wanted, after)

    async def entries(
        self, *, after: int = 0, until: int | None = None, limit: int = 100, wait: float | None = None
    ) -> list[Entry]:
        """The entries behind the position `after`, up to `until`, in the order of their commits.

        Where there is none yet it waits up to `wait` seconds for the first. Raises as `follow`, and StoreUnavailable.
        """
        check_int("after", after, 0, MAX_POSITION)
        if until is not None:
            check_int("until", until, after, MAX_POSITION)
        check_limit(limit)
        if wait is not None:
            check_seconds("wait", wait)
        found = await self._between(after, until, limit)
        if found or not wait or until == after:
            return found
        with suppress(TimeoutError):
            async with asyncio.timeout(wait), aclosing(self._follow(ALL, after)) as coming:
                await anext(coming)
        return await self._between(after, until, limit)

    async def latest(
        self,
        *,
        agent: str | None = None,
        event_type: str | None = None,
        limit: int = 100,
        timeout: float | None = None,
    ) -> list[Event]:
        """The newest event of each agent and event type, newest first: where everybody stands."""
        check_optional_id("agent", agent)
        check_optional_id("event_type", event_type)
        check_limit(limit)
        async with self._parts.calls.read(timeout):
            return await self._parts.entries.latest(self.scope, agent=agent, event_type=event_type, limit=limit)

    def group(
        self,
        name: str,
        *,
        event_types: Collection[str] = (),
        ordered: bool = False,
        start: GroupStart | int = "next",
    ) -> Group:
        """A group of consumers, each of whom works some of the events of these types, or of all.

        With `ordered` the next one is handed out when the one before is settled. `start` says where a group begins
        that is not there yet: with what comes next, with the first event, or behind a position.
        """
        return Group(self, self._opened, GroupRule.checked(name, event_types, ordered, start))

    async def events(self) -> AsyncGenerator[Event]:
        """Every event of the scope, oldest first."""
        after: int | None = 0
        while after is not None:
            async with self._parts.calls.read():
                page = await self._parts.events.page(self.scope, after, EXPORT_PAGE)
            for event in page:
                yield event
            after = page[-1].seq if page else None

    async def _follow(self, wanted: Wanted, after: int | None) -> AsyncGenerator[Entry]:
        if after is None:
            after = await self._parts.watching.answered(self._head, self.scope)
        with self._parts.watching.watch(self.scope, after) as watcher:
            while True:
                watcher.clear()
                page = await self._parts.watching.answered(
                    partial(self._next_page, wanted, watcher.position), self.scope
                )
                for entry in page.entries:
                    yield entry
                watcher.position = page.through
                if page.through >= page.head:
                    await watcher.wait()

    async def _head(self) -> int:
        parts = self._parts
        async with parts.calls.read():
            return await parts.entries.head(self.scope)

    async def _next_page(self, wanted: Wanted, after: int) -> Page:
        parts = self._parts
        async with parts.calls.read():
            return await parts.entries.page(self.scope, wanted, after=after, limit=PAGE)

    async def _between(self, after: int, until: int | None, limit: int) -> list[Entry]:
        found: list[Entry] = []
        while True:
            async with self._parts.calls.read():
                page = await self._parts.entries.page(
                    self.scope, ALL, after=after, until=until, limit=limit - len(found)
                )
            found += page.entries
            after = page.through
            if len(found) == limit or after >= (page.head if until is None else min(page.head, until)):
                return found
