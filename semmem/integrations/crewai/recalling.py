"""Recall through semmem, answered in CrewAI's matches."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from semmem import Branch, InvalidInput, NotSettled, ScopedMemory, StoreUnavailable
from semmem.domain.checks import MAX_CONTENT_BYTES, MAX_LIMIT, check_int
from semmem.integrations.crewai.paths import readable
from semmem.integrations.crewai.records import Criteria, Match, check_categories, match_of, ours
from semmem.integrations.crewai.tree import Tree

log = logging.getLogger(__name__)

INDEX_SECONDS = 5.0  # that a recall waits for what was remembered just before
SPARE = 4  # times as many hits are asked for, where too few of them were wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a crew asks. Raises InvalidInput."""

    text: str
    path: str
    limit: int
    categories: list[str] | None
    facts: bool
    source: str | None
    include_private: bool

    def __post_init__(self) -> None:
        check_int("limit", self.limit, 1, 2**31 - 1)
        if not isinstance(self.text, str):
            raise InvalidInput("query", f"must be a string, not {type(self.text).__name__}", "pass a str")
        check_categories(self.categories)

    @property
    def asked(self) -> str:
        """A whole task may be the question; what is over the limit of one is left out."""
        start = self.text.encode(errors="replace")[:MAX_CONTENT_BYTES]
        return start.decode(errors="ignore").replace("\x00", " ")

    def reads(self, place: Branch) -> bool:
        return readable(place, self.source, self.include_private)

    def wants(self, match: Match) -> bool:
        return (self.facts or match.kind != "fact") and Criteria(categories=self.categories or None).fit(match.record)


async def recalled(tree: Tree, question: Question) -> list[Match]:
    """Returns the best matches first. Of more than 1,000 places each thousand is asked in turn."""
    places = [place for place in await tree.places(question.path) if question.reads(place)]
    if not places:
        log.info("nothing is kept at %s", question.path)
    if not question.asked.strip():
        return []
    found: list[Match] = []
    for first, *rest in tree.views(places):
        found += await _of_view(first, rest, question)
    return sorted(found, key=lambda match: -match.score)[: question.limit]


async def _of_view(first: ScopedMemory, rest: Sequence[ScopedMemory], question: Question) -> list[Match]:
    """Asks for ever more hits, until enough of them are wanted or there are no more."""
    try:  # what was remembered just before is found too
        await first.settled(also=rest, facts=False, timeout=INDEX_SECONDS)
    except (NotSettled, StoreUnavailable) as error:
        log.warning("recall goes on without what is not indexed yet: %s", error)
    places = {each.scope: each.place for each in (first, *rest)}
    asked = min(question.limit, MAX_LIMIT)
    while True:
        hits = await first.recall(question.asked, limit=asked, also=rest)
        events = {source.event_id for hit in hits for source in hit.sources}
        records = ours(await first.records.of(list(events), also=rest)) if events else {}
        found = [match_of(hit, places, records) for hit in hits]
        matches = [match for match in found if question.wants(match)]
        if len(matches) >= question.limit or len(hits) < asked or asked == MAX_LIMIT:
            break
        asked = min(asked * SPARE, MAX_LIMIT)
    if hits.degraded:
        log.warning("recalled without %s", ", ".join(sorted(hits.degraded)))
    return matches
