"""What holds now: lines of the profile, and marks on the words of events that hold no more."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal
from uuid import UUID

from semmem.domain.context import Item, Outdated, Since
from semmem.domain.fact import Fact, events_of, folded
from semmem.domain.scope import View
from semmem.extractors.rules.standing import related
from semmem.retrieval.analysis import normalised
from semmem.retrieval.excerpt import LEFT_OUT
from semmem.retrieval.pieces import sentences
from semmem.stores.postgres.standing import Known, StandingFacts, Superseded


class Present:
    """Marks events, so that no context shows an outdated value without the one in its place."""

    def __init__(self, facts: StandingFacts) -> None:
        self._facts = facts

    async def marked(self, view: View, items: Sequence[Item]) -> list[Item]:
        """The items, where those that are events say what of them holds no more, and what does."""
        events = {item.id for item in items if item.kind == "event"}
        found = await self._facts.superseded(view, list(events)) if events else []
        if not found:
            return list(items)
        found = await self._with_successors(view, found)
        marks: dict[UUID, dict[Outdated, None]] = {}
        for each in found:
            if not _still_said(each):
                marks.setdefault(each.event, {})[_outdated(each)] = None
        return [_marked(item, marks) for item in items]

    async def _with_successors(self, view: View, found: Sequence[Superseded]) -> list[Superseded]:
        """A fact that was history when it was stored has no later version: what replaced it stands by itself."""
        alone = {each.fact.subject for each in found if each.current is None}
        if not alone:
            return list(found)
        current = await self._facts.about(view, sorted(alone))
        return await asyncio.to_thread(_succeeded, found, current)  # which reads hundreds of statements


def _succeeded(found: Sequence[Superseded], current: Sequence[Fact]) -> list[Superseded]:
    return [each if each.current else each._replace(current=_successor(each.fact, current)) for each in found]


def _successor(outdated: Fact, current: Iterable[Fact]) -> Fact | None:
    """The last statement about what the outdated one was about."""
    rivals = [fact for fact in current if fact.scope == outdated.scope and related(fact, outdated)]
    return max(rivals, key=lambda fact: fact.validity.start or fact.said_at, default=None)


def _still_said(found: Superseded) -> bool:
    """Whether what holds is what the event says, be it again, or in other words of the same event, and no person's."""
    current = found.current
    if current is None:
        return False
    if folded(current.text) == folded(found.fact.text):
        return True
    return found.event in events_of(current) and not current.in_own_words


def _outdated(found: Superseded) -> Outdated:
    fact, now = found.fact, found.current.text if found.current else None
    if fact.ended:
        how: Literal["corrected", "rejected"] = "corrected" if fact.ended.kind == "corrected" else "rejected"
        return Outdated(words=found.quote, since=Since(at=fact.ended.at), now=now, how=how)
    ended = fact.validity.end or fact.superseded_at or fact.said_at
    since = Since(at=ended, precision=found.precision or "day")
    return Outdated(words=found.quote, since=since, now=now)


def _marked(item: Item, marks: Mapping[UUID, Iterable[Outdated]]) -> Item:
    """Of an excerpt only what it shows."""
    found = marks.get(item.id, ())
    return replace(
        item, outdated=tuple(outdated for outdated in found if item.whole or _shows(item.text, outdated.words))
    )


def _shows(excerpt: str, words: str) -> bool:
    """Whether a sentence of the words stands in the excerpt, or one of the excerpt in them: it cuts long ones."""
    shown, said = normalised(excerpt), normalised(words)
    quoted = [part for sentence in sentences(words) for part in sentence.split(" … ")]
    cut = [sentence for part in excerpt.split(LEFT_OUT) for sentence in sentences(part)]
    return any(normalised(part) in shown for part in quoted) or any(normalised(part) in said for part in cut)


def profiled(known: Known) -> Item:
    """A line of the profile, which is the same as long as its fact is."""
    fact, validity = known.fact, known.fact.validity
    if validity.start is None:
        since = Since(at=known.since, stated=False)
    else:
        since = Since(at=validity.start, precision=validity.precision or "day")
    return Item(
        tier="profile",
        kind="fact",
        id=fact.id,
        scope=fact.scope,
        text=fact.text,
        voice=fact.voice,
        role=fact.role,
        at=fact.said_at,
        session=None,
        worth=1.0 if fact.pinned else fact.importance,
        since=since,
    )
