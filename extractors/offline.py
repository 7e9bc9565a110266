"""The extractor without a model: whole sentences, speaker named and dates resolved, and rules for what changes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from semmem.domain.event import Event, Role
from semmem.domain.extraction import BatchLimits, Decision, Extraction, Quarantined, Question, SummaryText, Usage
from semmem.domain.fact import MAX_FACT_BYTES, Draft, Source, Validity
from semmem.extractors.dates import annotate, resolve
from semmem.extractors.echo import without_recalled
from semmem.extractors.gate import speaker_of
from semmem.extractors.resolve import ended, judge, merged, one_successor
from semmem.extractors.rules.meaning import meaning
from semmem.extractors.rules.standing import Standing, Statement
from semmem.extractors.screen import is_order, refusal
from semmem.extractors.statements.joined import statements
from semmem.extractors.statements.sentences import (
    category_of,
    importance_of,
    is_prose,
    says_something,
    sentences,
    told,
)
from semmem.extractors.statements.speech import asks, did_or_promised, is_quotation, reports_status, requests, supposes
from semmem.extractors.statements.stated import stated
from semmem.extractors.statements.voices import own_words
from semmem.extractors.summarize import extractive

CONFIDENCE = 0.6  # somebody said it, in these words; nobody weighed it
OPEN = Validity()


class OfflineExtractor:
    """Implements semmem.ports.Extractor with rules alone. English is known best; other languages are kept as said."""

    name = "offline"
    limits = BatchLimits(tokens=8_000, events=200)  # the more texts are embedded at once, the less is padded

    async def extract(self, events: Sequence[Event], summaries: Mapping[str | None, str]) -> Extraction:
        """In a thread: a long text takes seconds, in which others in the loop have their turns."""
        return await asyncio.to_thread(self._extract, events, summaries)

    def _extract(self, events: Sequence[Event], summaries: Mapping[str | None, str]) -> Extraction:
        read, drafts = _until_replaced(events)
        said = [(event, draft, refusal(draft)) for event, draft in drafts]
        kept = [(event, draft) for event, draft, reason in said if reason is None]
        # A new summary for each session that something was said in, and for the scope.
        sessions = dict.fromkeys([*(event.session for event, _ in kept), None]) if kept else {}
        renewed: list[SummaryText] = []
        for session in sessions:
            present = summaries.get(session, "").split("\n")
            statements = [draft for event, draft in kept if session in (None, event.session)]
            renewed.append(SummaryText(session=session, text=_summary(present, statements)))
        return Extraction(
            read=read,
            drafts=ended(merged(draft for _, draft in kept), {event.id: event.occurred_at for event in events}),
            quarantined=tuple(
                Quarantined(reason=reason, event_ids=(event.id,), text=draft.text)
                for event, draft, reason in said
                if reason
            ),
            summaries=tuple(renewed),
        )

    async def decide(self, questions: Sequence[Question]) -> tuple[list[Decision], Usage]:
        return await asyncio.to_thread(_decided, questions), Usage()

    async def aclose(self) -> None:
        """Holds nothing."""


def _decided(questions: Sequence[Question]) -> list[Decision]:
    return one_successor([judge(question) for question in questions], [question.said_at for question in questions])


def _until_replaced(events: Sequence[Event]) -> tuple[int, list[tuple[Event, Draft]]]:
    """How many events to take, and their drafts: up to one that replaces what an earlier one said, so that it finds
    that stored."""
    said: list[tuple[Event, Draft]] = []
    standing = Standing()
    for read, event in enumerate(events):
        speaker = speaker_of(event)
        said_in = map(stated, sentences(own_words(without_recalled(event.content), speaker)))
        claims = [each for each in said_in if is_prose(each) and _is_claim(each, event.role, speaker)]
        drafts = [_draft(part, event, speaker) for claim in claims for part in _apart(claim, event, speaker)]
        if any(standing.replaced_by(draft) or standing.outlasted_by(draft) for draft in drafts):
            return read, said
        for draft in drafts:
            standing.add(len(said), draft)
            said.append((event, draft))
    return len(events), said


def _is_claim(sentence: str, role: Role, speaker: str) -> bool:
    """Whether it states something of its speaker or theirs; of an agent what it did or promised, of a tool a status."""
    if asks(sentence) or supposes(sentence) or is_quotation(sentence) or sentence.rstrip().endswith((":", "：")):  # noqa: RUF001
        return False
    if role == "user":
        if requests(sentence):
            return is_order(sentence)  # an order to the agent goes to the dead letters
        return says_something(sentence) or bool(meaning(speaker, sentence).over)
    return did_or_promised(sentence) if role == "assistant" else reports_status(sentence)


def _apart(claim: str, event: Event, speaker: str) -> list[str]:
    """The claims that a sentence joins; the sentence where one of them says little, or its time may be of all."""
    *others, last = statements(claim)
    if not others:
        return [claim]
    dated = resolve(last, event.occurred_at) != OPEN and all(
        resolve(each, event.occurred_at) == OPEN for each in others
    )
    if dated or not all(_is_claim(each, event.role, speaker) for each in (*others, last)):
        return [claim]
    return [*others, last]


def _draft(sentence: str, event: Event, speaker: str) -> Draft:
    """Its text may be as long as a fact: it goes without the resolved dates where they are too much, else it is cut."""
    forms = (told(annotate(sentence, event.occurred_at), speaker), f'{speaker}: "{sentence}"')
    text = next((form for form in forms if len(form.encode()) <= MAX_FACT_BYTES), None)
    if not text:
        text = forms[1].encode()[: MAX_FACT_BYTES - 4].decode(errors="ignore") + '…"'
    # What the sentence weighs, raised or lowered by what the caller said of the event.
    importance = importance_of(sentence) + event.importance - 0.5
    return Draft(
        subject=speaker,
        text=text,
        category=category_of(sentence),
        confidence=CONFIDENCE,
        importance=round(min(1.0, max(0.0, importance)), 2),
        validity=resolve(sentence, event.occurred_at),
        sources=(Source(event_id=event.id, quote=sentence),),
        trust=event.role,
    )


class Weighed(Statement, Protocol):
    """A statement, and how much it matters from 0 to 1."""

    @property
    def importance(self) -> float: ...


def condensed(said: Sequence[Weighed]) -> str:
    """A summary made anew of statements in the order they were said; what a later one replaces is left out."""
    return _summary((), said)


def _summary(lines: Sequence[str], said: Sequence[Weighed]) -> str:
    """What still holds of the present lines and of what was said, in order."""
    standing = Standing()
    subjects = dict.fromkeys(draft.subject for draft in said)
    at = 0
    for line in lines:
        for subject in subjects:  # a line does not say whose it is
            standing.add(at, _Line(subject, line))
            at += 1
    outdated: set[int] = set()
    for position, draft in enumerate(said, start=at):
        for earlier in standing.replaced_by(draft):
            standing.drop(earlier)
            outdated.add(earlier)
        standing.add(position, draft)
    size = len(subjects)
    kept = [line for number, line in enumerate(lines) if outdated.isdisjoint(range(number * size, (number + 1) * size))]
    lasting = [(draft.text, draft.importance) for at, draft in enumerate(said, start=at) if at not in outdated]
    return extractive(kept, lasting)


@dataclass(frozen=True, slots=True)
class _Line:
    """A summary's line as a statement about somebody."""

    subject: str
    text: str
    validity: Validity = OPEN
    trust: Role = "user"  # nor who said it
