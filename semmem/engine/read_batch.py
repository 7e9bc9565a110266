"""A batch of events as it was read, and what of it stands after something of its scope was forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from semmem.domain.embeddings import Embeddings
from semmem.domain.event import Event
from semmem.domain.extraction import Extraction, Quarantined
from semmem.domain.fact import Draft
from semmem.domain.scope import Scope
from semmem.extractors.gate import speaker_of
from semmem.retrieval.analysis import terms


@dataclass(frozen=True, slots=True)
class Attempt:
    """At a scope's waiting events; at the `last` one, those that no answer can be had for go to the dead letters.

    Where a batch is read `again`, for something was forgotten while it was read, and once more is, the part of it that
    still stands is written: a scope may forget faster than its model answers.
    """

    scope: Scope
    last: bool
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBatch:
    """What a batch of events says; nothing is compared or written yet. `passed` are its events and the small talk.

    `epoch` is the scope's erasure epoch from before anything was read; `before` are the summaries read along.
    """

    attempt: Attempt
    epoch: int
    heard: Sequence[Event]  # by the extractor, of which the last may be left for the next batch
    passed: Sequence[Event]
    before: Mapping[str | None, str]  # by session
    extraction: Extraction
    embeddings: Embeddings | None  # one row per draft; None where there are none
    started: float  # by the monotonic clock

    @property
    def summaries(self) -> dict[str | None, str]:
        return {each.session: each.text for each in self.extraction.summaries if each.text is not None}

    def after(self, epoch: int, left: Sequence[Event], summaries: Iterable[str]) -> "ReadBatch":
        """What stands where something was forgotten: `left` and `summaries` hold no more of it.

        A model may say in any statement what it read anywhere. So none stands that has a word of what is gone, if it is
        in nothing that is left; its events are read again, and so is what shares them.
        """
        gone = _words(self.heard, self.before.values()) - _words(left, summaries)
        again = self._unsure(gone, {event.id for event in left})
        passed = [event for event in left if event.id in {event.id for event in self.passed} - again]
        stays = {event.id for event in passed}
        rows = [row for row, draft in enumerate(self.extraction.drafts) if _drawn_from(draft) <= stays]
        return replace(
            self,
            epoch=epoch,
            passed=passed,
            extraction=replace(
                self.extraction,
                drafts=tuple(self.extraction.drafts[row] for row in rows),
                quarantined=tuple(each for each in self.extraction.quarantined if _drawn_from(each) <= stays),
                failed={id: failure for id, failure in (self.extraction.failed or {}).items() if id in stays},
                summaries=tuple(replace(summary, text=None) for summary in self.extraction.summaries),
            ),
            embeddings=self.embeddings.of(rows) if self.embeddings else None,
        )

    def _unsure(self, gone: set[str], left: set[UUID]) -> set[UUID]:
        """The events of statements that may tell of what is gone, and of those that share an event with them."""
        drawn = [(_drawn_from(draft), f"{draft.subject} {draft.text}") for draft in self.extraction.drafts]
        drawn += [(_drawn_from(refused), refused.text) for refused in self.extraction.quarantined]
        unsure = {id for ids, text in drawn if ids - left or gone.intersection(terms(text)) for id in ids}
        while more := {id for ids, _ in drawn if ids & unsure for id in ids} - unsure:
            unsure |= more
        return unsure


def _drawn_from(statement: Draft | Quarantined) -> set[UUID]:
    ids = (source.event_id for source in statement.sources) if isinstance(statement, Draft) else statement.event_ids
    return set(ids)


def _words(events: Iterable[Event], texts: Iterable[str]) -> set[str]:
    said = [f"{speaker_of(event)} {event.content}" for event in events]
    return {word for text in (*said, *texts) for word in terms(text)}
