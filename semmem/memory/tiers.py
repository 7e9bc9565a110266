"""Gathers the tiers of a context: what holds, summaries, recent events, and what a question recalls."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import NAMESPACE_OID, uuid5

from semmem.domain.context import Context, Format, Guard, Item, Since, Tier
from semmem.domain.event import Event
from semmem.domain.extraction import Usage
from semmem.domain.fact import Fact, Summary
from semmem.domain.hit import RELEVANT, Filter
from semmem.domain.scope import Scope, View
from semmem.domain.state import Snapshot
from semmem.errors import StoreUnavailable
from semmem.memory.present import Present, profiled
from semmem.ports import Clock, RecentCache, TokenCounter
from semmem.retrieval.assemble import assemble
from semmem.retrieval.budget import FLOORS, check_budget
from semmem.retrieval.excerpt import characters_of, excerpt
from semmem.retrieval.scoring import turns_first
from semmem.retrieval.search import Searcher
from semmem.stores.postgres.conditions import Conditions
from semmem.stores.postgres.contexts import ContextStore
from semmem.stores.postgres.events import EventStore, ScopeState
from semmem.stores.postgres.state import StateStore

T = TypeVar("T")


class Gathered(NamedTuple):
    """A tier's items, best first, what was degraded, how long what a worker has yet to do has waited, whether all that
    was recalled hardly answers, and what a reranker cost."""

    items: list[Item]
    degraded: frozenset[str] = frozenset()
    waited: timedelta | None = None
    nothing_relevant: bool = False
    usage: Usage = Usage()


RECENT = 50  # newest events of a scope that may stand in a context
OF_SESSION = 25  # of the session that is asked for, however much others talk
FEWEST, MOST, TOKENS_A_HIT = 10, 130, 25  # hits asked for: as many as the budget may hold

LONG = 50_000  # characters, which take some 10 ms to count

LARGEST_SHARE = 0.25  # of the budget, for one recalled text

OPEN = Guard()
STORED: frozenset[Tier] = frozenset({"profile", "summary", "recent"})  # tiers that one transaction reads

SCOPE_SUMMARY_WORTH, SESSION_SUMMARY_WORTH, OTHER_SUMMARY_WORTH = 0.9, 0.6, 0.3


class Recent:
    """The newest events: from the cache, else from Postgres, which then refills the cache."""

    def __init__(self, events: EventStore, cache: RecentCache | None, conditions: Conditions, *, cap: int) -> None:
        self._events, self._cache, self.conditions, self._cap = events, cache, conditions, cap

    async def read(
        self, scope: Scope, state: ScopeState, session: str | None = None, guard: Guard = OPEN
    ) -> tuple[list[Event], frozenset[str]]:
        """The RECENT newest, and of `session` the OF_SESSION newest at least; newest first, and what was degraded.

        Where the guard leaves some of the newest out, the RECENT newest that it lets through, from further back;
        where it has a condition, the RECENT newest that meet it.
        """
        if guard.where is not None:
            meeting = await self.conditions.meeting(View.of(scope), guard.where, RECENT)
            found = await self._events.get(scope, meeting.events)
            return sorted(found, key=lambda event: -event.seq), frozenset()
        newest, degraded = await self._newest(scope, state)
        events = newest[:RECENT]
        if len(events) < min(RECENT, self._cap):  # there are no others
            return events, degraded
        if not guard.stands_open:
            events = await self._events.news(
                scope,
                agent=guard.agent,
                min_importance=guard.min_importance,
                through=state.newest,
                limit=RECENT,
            )
        of_session = sum(event.session == session for event in events)
        if session is None or (of_session >= OF_SESSION and guard.stands_open):  # news lack its part in the session
            return events, degraded
        earlier = await self._events.of_session(scope, session, state.newest, OF_SESSION)
        if not guard.stands_open and len(earlier) == OF_SESSION:  # no question further back, without its answer
            events = [event for event in events if event.session != session or event.seq >= earlier[-1].seq]
        known = {event.id for event in events}
        return [*events, *(event for event in earlier if event.id not in known)], degraded

    async def _newest(self, scope: Scope, state: ScopeState) -> tuple[list[Event], frozenset[str]]:
        """The newest (RECENT of them, after a fill more), newest first, and what was degraded.

        A list that does not start with the newest event missed a push, or is of a database that was taken back since;
        it is filled again. What was pushed since the state was read belongs to the next answer.
        """
        limit = min(RECENT, self._cap)
        if self._cache is None:
            return await self._events.recent(scope, limit), frozenset()
        try:
            known = await self._cache.recent(scope, limit, state.epoch)
            if known is not None:
                known = [event for event in known if event.seq <= state.newest]
            first = known[0].id if known else None
            if known is None or first != state.newest_id:
                known = await self._events.recent(scope, self._cap)
                await self._cache.fill(scope, known, state.epoch)
        except StoreUnavailable as error:
            return await self._events.recent(scope, limit), frozenset({error.store})
        return known, frozenset()


class Tiers:
    def __init__(
        self,
        stored: ContextStore,
        recent: Recent,
        searcher: Searcher,
        present: Present,
        state: StateStore,
        counter: TokenCounter,
        clock: Clock,
    ) -> None:
        self._stored, self._recent, self._state, self._searcher = stored, recent, state, searcher
        self._present, self._counter, self._clock = present, counter, clock

    async def context(
        self,
        view: View,
        query: str,
        *,
        budget: int,
        session: str | None,
        format: Format,
        tiers: Collection[Tier],
        guard: Guard = OPEN,
    ) -> Context:
        """Raises InvalidInput for a budget below the tiers' floors."""
        check_budget(budget)
        ways = []
        if not STORED.isdisjoint(tiers):
            ways.append(self._stored_tiers(view, session, tiers, guard))
        if "state" in tiers:
            ways.append(self._state_tier(view.scopes[0], query, budget, guard))
        if "retrieved" in tiers:
            ways.append(self._retrieved_tier(view, query, budget, tiers, guard))
        gathered = await asyncio.gather(*ways)
        # Afterwards, so that no item is of a moment later than what is known to hold.
        marked = await self._present.marked(view, [item for found in gathered for item in found.items])
        items = {tier: [item for item in marked if item.tier == tier] for tier in tiers}
        degraded = frozenset[str]().union(*(found.degraded for found in gathered))
        if "embedder" in degraded:  # extraction needs it before it asks the model, which is not to blame then
            degraded -= {"llm"}
        put_together = partial(
            assemble,
            items,
            budget=budget,
            counter=self._counter,
            format=format,
            degraded=degraded,
            home=view.scopes[0],
            nothing_relevant=any(found.nothing_relevant for found in gathered),
        )
        context = await _done(put_together, sum(len(item.text) for of_tier in items.values() for item in of_tier))
        usage = sum((found.usage for found in gathered), Usage())
        return replace(context, waited=next((found.waited for found in gathered if found.waited), None), usage=usage)

    async def _stored_tiers(self, view: View, session: str | None, tiers: Collection[Tier], guard: Guard) -> Gathered:
        """The profile, summaries and recent events."""
        stored = await self._stored.read(view, tiers, self._clock())
        items = [item for item in map(profiled, stored.profile) if item.worth >= guard.min_importance]
        items += [_summarized(summary, session) for summary in _told_once(stored.summaries)]
        if "recent" not in tiers:
            return Gathered(items)
        recent = await self._recent_tier(view, stored.states, session, guard)
        return recent._replace(items=[*items, *recent.items])

    async def _state_tier(self, scope: Scope, query: str, budget: int, guard: Guard) -> Gathered:
        """What the role may read of the state of the place that is asked, newest first; of long values what answers."""
        state = await self._state.current(scope, None, [], role=guard.role)
        newest = sorted(state.told_at, key=lambda name: -state.positions[name])
        shown = [_written(state[name]) for name in newest]
        short = await self._shortened(shown, query, FLOORS["state"] / 2 * budget)
        worth = [1 - rank / len(newest) for rank in range(len(newest))]
        return Gathered([_field(state, *each) for each in zip(newest, shown, short, worth, strict=True)])

    async def _retrieved_tier(
        self, view: View, query: str, budget: int, tiers: Collection[Tier], guard: Guard
    ) -> Gathered:
        """A text that would take more than its share of the budget is shown by what of it answers."""
        # As many hits as may fit beside what the other tiers are sure of; few places have a state.
        others = sum(FLOORS[tier] for tier in tiers if tier not in ("retrieved", "state"))
        hits = max(FEWEST, min(MOST, int(budget * (1 - others)) // TOKENS_A_HIT))
        narrowed = Filter(min_importance=guard.min_importance, where=guard.where)
        recall = await self._searcher.recall(view, query, limit=hits, filter=narrowed, min_score=0.0, sift=turns_first)
        short = await self._shortened([hit.text for hit in recall], query, LARGEST_SHARE * budget)
        items = [_item("retrieved", hit.item, text, hit.undoubted) for hit, text in zip(recall, short, strict=True)]
        nothing_relevant = all(hit.score < RELEVANT for hit in recall)
        return Gathered(items, recall.degraded, recall.waited, nothing_relevant, recall.usage)

    async def _shortened(self, texts: Sequence[str], query: str, tokens: float) -> list[str]:
        """Each text, or what of it answers, in about so many tokens."""

        def short() -> list[str]:
            return [
                # Hardly any character takes more than one.
                text if len(text) <= tokens else excerpt(text, query, characters_of(tokens, text, self._counter))
                for text in texts
            ]

        return await _done(short, sum(map(len, texts)))

    async def _recent_tier(
        self, view: View, states: Mapping[Scope, ScopeState], session: str | None, guard: Guard
    ) -> Gathered:
        reads = await asyncio.gather(
            *(self._recent.read(scope, states.get(scope, ScopeState()), session, guard) for scope in view.scopes)
        )
        events = [event for found, _ in reads for event in found]
        if guard.where is not None and not events:
            await self._recent.conditions.check(view, guard.where)
        # The asked session's events first: the conversation at hand matters most.
        events = sorted(events, key=lambda event: (event.session != session, -event.seq))
        events = guard.lets_through(events, session)[:RECENT]
        items = [_item("recent", event, event.text, 1 - rank / len(events)) for rank, event in enumerate(events)]
        stalled = {"llm"} if any(state.stalled for state in states.values()) else set()
        return Gathered(items, frozenset().union(stalled, *(degraded for _, degraded in reads)))


async def _done(work: Callable[[], T], characters: int) -> T:
    """In a thread where the texts are long; for short ones the way there costs more than it saves."""
    return await asyncio.to_thread(work) if characters > LONG else work()


def _told_once(summaries: Sequence[Summary]) -> list[Summary]:
    """Without a session's that says what its scope's does: of a scope's only session it is the same text."""
    whole = {(summary.scope, summary.text) for summary in summaries if summary.session is None}
    return [each for each in summaries if each.session is None or (each.scope, each.text) not in whole]


def _summarized(summary: Summary, session: str | None) -> Item:
    if summary.session is None:
        worth = SCOPE_SUMMARY_WORTH
    else:
        worth = SESSION_SUMMARY_WORTH if summary.session == session else OTHER_SUMMARY_WORTH
    return Item(
        tier="summary",
        kind="summary",
        id=summary.id,
        scope=summary.scope,
        text=summary.text,
        voice="summary",
        role="system",
        at=summary.until,
        since=Since(at=summary.since),
        session=summary.session,
        worth=worth,
    )


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _field(state: Snapshot, name: str, shown: str, short: str, worth: float) -> Item:
    """A field as it stands, and who told it."""
    by = state.by[name]
    return Item(
        tier="state",
        kind="state",
        id=uuid5(NAMESPACE_OID, f"{state.scope.key} {name} {state.positions[name]}"),
        scope=state.scope,
        text=f"{name}, by {by}: {short}" if by else f"{name}: {short}",
        voice="state",
        role="system",
        at=state.told_at[name],
        session=None,
        worth=worth,
        whole=short == shown,
    )


def _item(tier: Tier, of: Event | Fact, text: str, worth: float) -> Item:
    return Item(
        tier=tier,
        kind=of.kind,
        id=of.id,
        scope=of.scope,
        text=text,
        voice=of.voice,
        role=of.role,
        at=of.said_at,
        session=of.session if of.kind == "event" else None,  # a fact may rest on several
        worth=worth,
        whole=text == of.text,
    )
