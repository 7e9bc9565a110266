"""The public face: remember, recall, context, forget, always inside a scope."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

from semmem.domain.checks import (
    MAX_CONTENT_BYTES,
    MAX_LIMIT,
    check_callable,
    check_each,
    check_flag,
    check_int,
    check_one_of,
    check_optional_id,
    check_some_of,
    check_text,
    check_unit,
    check_uuid,
)
from semmem.domain.condition import condition_of
from semmem.domain.context import TIERS, Context, Format, Guard, Tier
from semmem.domain.drift import Drift
from semmem.domain.event import Event
from semmem.domain.fact import Category, Fact, Summary
from semmem.domain.hit import Filter, Recall, check_limit, check_page
from semmem.domain.receipt import Receipt, Selection
from semmem.domain.schema import State
from semmem.domain.scope import Branch, View
from semmem.errors import InvalidInput, NotFound
from semmem.memory.agent_work import AgentWork
from semmem.memory.archiving import Archive, archive
from semmem.memory.correcting import CorrectedPlace
from semmem.memory.following import FollowedPlace
from semmem.memory.operating import OperatedPlace
from semmem.memory.place import Place, check_reindex, reconciler_of
from semmem.memory.records import Records
from semmem.memory.shared_work import SharedWork
from semmem.memory.transfer import Imported, export, import_

MAX_PLACES = 1_000
MAX_SEQ = 2**63 - 1
OTHERS = 30  # events of other agents in an agent's context, where it does not say how many


class ScopedMemory(FollowedPlace, SharedWork, CorrectedPlace, OperatedPlace):
    """One user's, workspace's or branch's memory. Every call answers from, and writes to, this scope alone."""

    @property
    def records(self) -> Records:
        """What is kept here under keys of the caller's own."""
        return Records(self, self._opened)

    def branch(self, *path: str, owner: str | None = None, state: type[State] | None = None) -> "ScopedMemory":
        """The memory of a place below this one, such as a project's: facts, summaries and records of its own.

        It is found by its exact path; with an `owner` it is a private place beside the shared one of that path. Its
        state is its own, too, of the class `state`.
        """
        return ScopedMemory(self.place.below(*path, owner=owner), self._opened, state=state)

    def agent(self, name: str, *, role: str | None = None) -> "AgentMemory":
        """This place for one agent: what it writes is signed, and what others wrote meanwhile is known as theirs.

        Its role in the work is the roster's. One that is said has to be the same, or is its own where nobody was named.
        """
        return AgentMemory(self.place, self._opened, agent=name, role=role, state=self._state)

    async def branches(
        self, *, after: Branch | None = None, limit: int | None = None, timeout: float | None = None
    ) -> list[Branch]:
        """This place and all below it that hold something, private ones included, in the order of their paths.

        `after` is the place to go on from; without a `limit` there are all of them.
        """
        if limit is not None:
            check_limit(limit)
        if after is not None and (not isinstance(after, Branch) or after.root != self.place.root):
            raise InvalidInput("after", "must be a place of the same root", "pass the last one of the page before")
        async with self._parts.calls.read(timeout):
            return await self._parts.branches.below(self.place, after=after, limit=limit)

    async def recall(
        self,
        query: str,
        *,
        limit: int = 10,
        also: Sequence["ScopedMemory"] = (),
        min_score: float = 0.0,
        agent: str | None = None,
        session: str | None = None,
        category: Category | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        min_importance: float = 0.0,
        as_of: datetime | None = None,
        where: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Recall:
        """The memories that answer a query, best first; `degraded` names what could not take part.

        Facts that were superseded stay out, unless `as_of` asks what held at a time. `where` narrows by what events
        carry, such as `{"role": "user", "metadata": {"channel": "chat"}}`; a fact answers where an event it rests on
        does. No model is called but the embedder, and a reranker where there is one. It answers within `timeout`
        seconds (else SEMMEM_READ_TIMEOUT), without what is too slow. Raises InvalidInput, StoreUnavailable where
        Postgres is down, TimedOut where it hangs.
        """
        check_text("query", query, MAX_CONTENT_BYTES)
        check_limit(limit)
        check_unit("min_score", min_score)
        narrowed = Filter(
            agent=agent,
            session=session,
            category=category,
            since=since,
            until=until,
            min_importance=min_importance,
            as_of=as_of,
            where=None if where is None else condition_of("where", where),
        )
        parts, view = self._parts, self.view(also)
        async with parts.calls.question(timeout):
            found = await parts.searcher.recall(view, query, limit=limit, filter=narrowed, min_score=min_score)
        return replace(found, degraded=found.degraded | parts.lacking(view))

    async def context(
        self,
        query: str,
        *,
        budget: int,
        session: str | None = None,
        also: Sequence["ScopedMemory"] = (),
        format: Format = "text",
        tiers: Sequence[Tier] | Set[Tier] = TIERS,
        others: int | None = None,
        min_importance: float = 0.0,
        where: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Context:
        """What holds now, summaries, recent events and recalled memories, within `budget` tokens, markup included.

        The profile begins it, and is the same for every query as long as the facts are. Events of which something holds
        no more say what does.

        An agent whose prompt holds the conversation at hand leaves "recent" out of `tiers`; `timeout` is recall's. Of
        other agents' events at most `others` are shown as recent, in an agent's memory 30 where it does not say; what
        it said elsewhere than in this `session` is no news to it. What weighs less than `min_importance` is left out.
        `where` is recall's, and narrows the tiers "recent" and "retrieved".
        Raises InvalidInput for a budget that cannot hold the tiers' floors.
        """
        check_text("query", query, MAX_CONTENT_BYTES)
        check_optional_id("session", session)
        check_one_of("format", format, get_args(Format))
        check_some_of("tiers", tiers, TIERS)
        if others is not None:
            check_int("others", others, 0, MAX_LIMIT)
        elif self._reader is not None:
            others = OTHERS
        check_unit("min_importance", min_importance)
        condition = None if where is None else condition_of("where", where)
        parts, view, wanted = self._parts, self.view(also), frozenset(tiers)
        async with parts.calls.question(timeout):
            if "state" in wanted:
                await self._know_role(timeout)
            guard = Guard(
                agent=self._reader, role=self._role, others=others, min_importance=min_importance, where=condition
            )
            context = await parts.tiers.context(
                view, query, budget=budget, session=session, format=format, tiers=wanted, guard=guard
            )
        return replace(context, degraded=context.degraded | parts.lacking(view))

    async def history(
        self,
        *,
        agent: str | None = None,
        session: str | None = None,
        before: int | None = None,
        limit: int = 50,
        timeout: float | None = None,
    ) -> list[Event]:
        """Events as they were remembered, newest first; `before` is the `seq` to go on from."""
        check_optional_id("agent", agent)
        check_optional_id("session", session)
        if before is not None:
            check_int("before", before, 1, MAX_SEQ)
        check_limit(limit)
        async with self._parts.calls.read(timeout):
            return await self._parts.events.history(
                self.scope, agent=agent, session=session, before=before, limit=limit
            )

    async def event(self, id: UUID, *, timeout: float | None = None) -> Event:
        """The event of an ack, of a fact's source or of a hit. Raises NotFound for an id that is not in this scope."""
        check_uuid("id", id)
        async with self._parts.calls.read(timeout):
            found = await self._parts.events.get(self.scope, [id])
        if not found:
            raise NotFound(f"no event {id} in this scope")
        return found[0]

    def export(self) -> AsyncGenerator[str]:
        """This place and all below it as lines of JSON, without line ends: all that `import_` makes the same again.

        Branches, events, records, facts with all versions and sources, summaries and dead letters, with their ids and
        times, as of one moment. What is rebuilt (vectors, postings) or proves what this database did (receipts, audit)
        stays behind. Private branches come along; a private one is exported with its owner's alone.
        """
        return export(self._parts, self.place)

    async def import_(
        self,
        lines: Iterable[str | bytes] | AsyncIterable[str | bytes],
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> Imported:
        """Takes in what `export` wrote, here or in another database, of this user or another.

        Everything is checked before the first line is stored; then batches are stored, each in one transaction, and
        `progress` is told how many lines of how many. Interrupted, it can be run again: what is here is known by its
        id. Facts come as they are, and no model is asked. Raises InvalidInput that names the line and its field.
        """
        check_callable("progress", progress)
        return await import_(self._parts, self.place, lines, progress)

    async def archive(self, before: datetime, to: str | Path) -> Archive:
        """Moves the part of this place's log that is older than `before` into a new file, which `import_` reads again.

        Its events go out of the memory, but for those that facts, records and dead letters rest on; facts stay. It ends
        before what a worker or a group has yet to look at. Whoever follows from further back gets TooFarBehind.
        Branches keep theirs. Raises InvalidInput where the file exists; broken off, the log is as it was or the file is
        whole.
        """
        return await archive(self._parts, self.scope, before, to)

    async def facts(
        self,
        *,
        category: Category | None = None,
        subject: str | None = None,
        superseded: bool = False,
        before: UUID | None = None,
        limit: int = 100,
        timeout: float | None = None,
    ) -> list[Fact]:
        """Current facts, newest first; with `superseded` the older versions too.

        A subject is found in any spelling that looks like it: case, Unicode's forms and spaces make no difference.
        `before` is the id of the fact to go on from, the last of the page before. Raises NotFound where it is gone.
        """
        check_page(before, limit)
        check_optional_id("subject", subject)
        check_flag("superseded", superseded)
        Filter(category=category)
        async with self._parts.calls.read(timeout):
            return await self._parts.facts.find(
                self.scope, superseded=superseded, category=category, subject=subject, before=before, limit=limit
            )

    async def timeline(self, fact: UUID, *, timeout: float | None = None) -> list[Fact]:
        """All versions of a fact, oldest first. Raises NotFound for an id that is not in this scope."""
        check_uuid("fact", fact)
        async with self._parts.calls.read(timeout):
            versions = await self._parts.facts.timeline(self.scope, fact)
        if not versions:
            raise NotFound(f"no fact {fact} in this scope")
        return versions

    async def summaries(
        self, *, before: UUID | None = None, limit: int = 100, timeout: float | None = None
    ) -> list[Summary]:
        """The scope's own rolling summary, then its sessions', newest first; `before` is the id to go on from."""
        check_page(before, limit)
        async with self._parts.calls.read(timeout):
            return await self._parts.summaries.find(self.scope, before=before, limit=limit)

    async def forget(
        self,
        *,
        everything: bool = False,
        session: str | None = None,
        event: UUID | None = None,
        fact: UUID | None = None,
        agent: str | None = None,
        category: Category | None = None,
        before: datetime | None = None,
        keep_events: bool = False,
        dry_run: bool = False,
        timeout: float | None = None,
    ) -> Receipt:
        """Removes what matches all that is named, from every tier at once; the receipt tells when the stores followed.

        Everything of a place takes all branches below it along. Forgetting a fact takes the events it rests on, and all
        that rests on them alone; summaries are made again of what stays. What an agent reported and others did too
        becomes theirs, unless an event, fact or category is named as well. With `keep_events` a wrong fact goes and its
        events stay: it is not drawn from them again, and what it had superseded holds again. A dry run only counts.
        """
        selection = Selection(
            everything=everything,
            session=session,
            event=event,
            fact=fact,
            agent=agent,
            category=category,
            before=before,
            keep_events=keep_events,
        )
        check_flag("dry_run", dry_run)
        if (keeping := self._parts.keeping) and not dry_run:
            async with self._parts.calls.read(timeout):
                await keeping.forget(self.place, selection)
        async with self._parts.calls.write(timeout):
            return await self._parts.erasure.forget(self.place, selection, dry_run=dry_run)

    async def receipt(self, id: UUID, *, timeout: float | None = None) -> Receipt:
        """A forget's receipt as it stands now. Raises NotFound."""
        check_uuid("id", id)
        async with self._parts.calls.read(timeout):
            return await self._parts.erasure.receipt(self.scope, id)

    async def receipts(
        self, *, before: UUID | None = None, limit: int = 100, timeout: float | None = None
    ) -> list[Receipt]:
        """What was forgotten here, by receipts, newest first; `before` is the id to go on from."""
        check_page(before, limit)
        async with self._parts.calls.read(timeout):
            return await self._parts.erasure.receipts(self.scope, before=before, limit=limit)

    async def reindex(self, *, dry_run: bool = False, progress: Callable[[int, int], None] | None = None) -> Drift:
        """Compares Qdrant's points of this place, and of all below it, with Postgres, and mends what differs.

        What is missing, outdated or wrong is carried again by a worker, for which `settled` waits; points that no row
        owns are taken out. A `dry_run` only counts. `progress` is told how many points are compared, and of how many.
        Raises StoreUnavailable, and ConfigurationError where the vector index is pgvector.
        """
        check_reindex(dry_run, progress)
        reconciler = reconciler_of(self._parts)
        below = await self.branches() if self.place.owner is None else []
        scopes = list(dict.fromkeys([self.scope, *(place.scope for place in below)]))
        return await reconciler.scopes(scopes, dry_run=dry_run, progress=progress)

    def view(self, also: Sequence[Place]) -> View:
        """This scope and others of its tenant, to be read together. Raises InvalidInput for more than 1,000."""
        others = check_each("also", also, ScopedMemory, most=MAX_PLACES - 1)
        return View.of(self.scope, *(other.scope for other in others))


class AgentMemory(AgentWork, ScopedMemory):
    """A place for one agent, which signs what it says and does there."""

    def branch(self, *path: str, owner: str | None = None, state: type[State] | None = None) -> "AgentMemory":
        """As ScopedMemory.branch, for the same agent."""
        place = self.place.below(*path, owner=owner)
        return AgentMemory(place, self._opened, agent=self.name, role=self._said_role, state=state)
