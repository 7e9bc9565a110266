"""A memory of facts without a store: what semmem.engine makes of events, by the same extractor and decisions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from semmem.domain.event import Event
from semmem.domain.extraction import Decision, Question
from semmem.domain.fact import Correction, Draft, Fact, statement_hash
from semmem.extractors.offline import OfflineExtractor
from semmem.stores.postgres.facts import new_fact
from tests.unit.extractors.builders import ALICE

OFFLINE = OfflineExtractor()
COSINE = 0.6  # near enough to be compared, too far to say the same


class Remembered:
    """Takes events in the order they arrive, in batches of any size."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    @property
    def current(self) -> set[str]:
        return {fact.text for fact in self.facts if fact.current}

    async def take(self, events: Sequence[Event]) -> None:
        waiting = list(events)
        while waiting:
            extraction = await OFFLINE.extract(waiting, {})
            said = {event.id: event.occurred_at for event in waiting}
            questions = [self._question(draft, said) for draft in extraction.drafts]
            decisions, _ = await OFFLINE.decide(questions)
            for question, decision in zip(questions, decisions, strict=True):
                assert question.said_at
                self._apply(decision, question.said_at)
            waiting = waiting[extraction.read :]

    def correct(self, wrong: Fact, text: str, at: datetime) -> None:
        """As semmem.stores.postgres.corrections does."""
        by = Correction(kind="corrected", by="nurse", at=at)
        self.facts = [replace(each, superseded_at=at, ended=by) if each is wrong else each for each in self.facts]
        right = replace(wrong, id=uuid4(), version=wrong.version + 1, text=text, said_at=at, recorded_at=at, made=by)
        self.facts.append(right)

    def _question(self, draft: Draft, said: dict[UUID, datetime]) -> Question:
        made = statement_hash(draft.subject, draft.text)
        candidates = [each for each in self.facts if each.current or statement_hash(each.subject, each.text) == made]
        return Question(
            draft=draft,
            candidates=tuple(candidates),
            cosines=(COSINE,) * len(candidates),
            said_at=max(said[source.event_id] for source in draft.sources),
        )

    def _apply(self, decision: Decision, said_at: datetime) -> None:
        draft, target = decision.draft, decision.target
        if decision.verdict == "ignore":
            return
        if decision.verdict == "confirm":
            confirmed = [
                replace(each, said_at=max(each.said_at, said_at)) if each is target else each for each in self.facts
            ]
            self.facts = confirmed
            return
        retired = () if target is None else (target, *decision.also)
        ended = draft.validity.start or said_at
        self.facts = [
            _ended(each, ended, said_at) if each in retired else _ended(each, ended) if each in decision.until else each
            for each in self.facts
        ]
        self.facts.append(new_fact(ALICE, draft, said_at=said_at, now=said_at, replaces=target))


def _ended(fact: Fact, ended: datetime, superseded_at: datetime | None = None) -> Fact:
    end = max(ended, fact.validity.start or ended)
    kept = min(fact.validity.end, end) if fact.validity.end else end
    return replace(fact, superseded_at=superseded_at, validity=replace(fact.validity, end=kept))
