"""From what a model said to drafts that rest on their events; what does not hold is quarantined, with the reason."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from semmem.domain.event import Event, Role
from semmem.domain.extraction import Quarantined
from semmem.domain.fact import Draft, Source, Validity
from semmem.extractors import prompt
from semmem.extractors.answers.parse import Reading
from semmem.extractors.answers.schema import SaidFact
from semmem.extractors.dates import resolve as resolve_dates
from semmem.extractors.echo import without_recalled
from semmem.extractors.gate import speaker_of
from semmem.extractors.ground import ground, negates, normalised
from semmem.extractors.screen import is_order, refusal
from semmem.extractors.statements.sentences import whole_sentences
from semmem.extractors.statements.voices import typed
from semmem.extractors.summarize import clip
from semmem.extractors.words import content_stems, words
from semmem.language.spans import spans

_ONESELF = frozenset(["i", "i'm", "i've", "i'd", "i'll", "me", "my", "mine", "myself"])
_ADDRESSING = "you you're you've you'd you'll your yours we we're we've us our both"
_ADDRESSED = frozenset(_ADDRESSING.split())
_CLAUSE_END = re.compile(r"[.,;:!?\n()—]|\b(?:but|and|or|so|because|while|though|that's why)\b", re.IGNORECASE)
TELLING_QUOTE = 8  # characters that hardly stand in another line by chance


@dataclass(slots=True)
class Gathered:
    """What the answers for one batch have given so far; `summaries` are the present ones, `renewed` those told anew.

    `speakers` are all who speak in the batch, of which a request may show a part.
    """

    summaries: dict[str | None, str]
    speakers: frozenset[str] = frozenset()
    drafts: list[Draft] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    renewed: dict[str | None, str] = field(default_factory=dict)

    def take(self, reading: Reading, events: Sequence[Event]) -> None:
        for said in reading.answer.facts:
            drafted = _draft(said, events, self.speakers)
            if isinstance(drafted, Draft):
                self.drafts.append(drafted)
            else:
                self.quarantined.append(drafted)
        for fault in reading.faults:
            named = events[fault.source - 1 : fault.source] if fault.source and fault.source > 0 else ()
            ids = tuple(event.id for event in named or events)
            self.quarantined.append(Quarantined(reason="schema", event_ids=ids, text=fault.detail))
        sessions = {number: session for session, number in prompt.session_numbers(events).items()}
        for summary in reading.answer.summaries:
            if summary.session not in sessions:
                continue  # one of a session it was not shown is left as it is
            if is_order(summary.text):
                ids = tuple(event.id for event in events)
                self.quarantined.append(Quarantined(reason="instruction", event_ids=ids, text=summary.text))
            else:
                session = sessions[summary.session]
                self.summaries[session] = self.renewed[session] = clip(summary.text)


def _draft(said: SaidFact, events: Sequence[Event], speakers: frozenset[str]) -> Draft | Quarantined:
    if said.source > len(events):
        ids = tuple(event.id for event in events)
        return Quarantined(reason="unknown_source", event_ids=ids, text=said.text)
    named = events[said.source - 1]
    found = _found(said.quote, named, events)
    if found is None:
        return Quarantined(reason="ungrounded", event_ids=(named.id,), text=said.text)
    event, quote = found
    content = without_recalled(event.content)
    if _is_inverted(said.text, quote, content):
        return Quarantined(reason="ungrounded", event_ids=(event.id,), text=said.text)
    if _of_another(said.subject, quote, event, speakers):
        return Quarantined(reason="wrong_speaker", event_ids=(event.id,), text=said.text)
    draft = Draft(
        subject=said.subject,
        text=said.text,
        category=said.category,
        confidence=said.confidence,
        importance=said.importance,
        validity=_validity(said.when, quote, content, event),
        sources=(Source(event_id=event.id, quote=quote),),
        trust=_trust(quote, content, event),
    )
    reason = refusal(draft)
    return Quarantined(reason=reason, event_ids=(event.id,), text=said.text) if reason else draft


def _is_inverted(text: str, quote: str, content: str) -> bool:
    """Whether it repeats the words of a quote without the "not" that stands before them in their clause."""
    before, stands, _ = content.partition(quote)
    said = content_stems(quote)
    if not stands or not said or negates(quote) or negates(text):
        return False
    return said <= content_stems(text) and negates(_CLAUSE_END.split(before)[-1])


def _of_another(subject: str, quote: str, event: Event, speakers: frozenset[str]) -> bool:
    """Whether the subject is another speaker than the one who says the quote, and says it of themselves alone."""
    others = {normalised(each) for each in speakers} - {normalised(speaker_of(event))}
    said = set(words(quote))
    of_oneself = bool(said & _ONESELF) and not said & _ADDRESSED
    return of_oneself and normalised(subject) in others and said.isdisjoint(words(subject))


def _trust(quote: str, content: str, event: Event) -> Role:
    """The role's; what a user only pasted weighs no more than what a tool says."""
    if event.role != "user":
        return event.role
    own = typed(content, speaker_of(event))
    return "user" if own == content or ground(quote, own) else "tool"


def _found(quote: str, named: Event, events: Sequence[Event]) -> tuple[Event, str] | None:
    """The event whose line was named, if it holds the quote; else the only one that does, if the quote is telling."""
    if held := ground(quote, without_recalled(named.content)):
        return named, held
    if len(quote) < TELLING_QUOTE:
        return None
    others = [event for event in events if event is not named]
    holding = [(event, held) for event in others if (held := ground(quote, without_recalled(event.content)))]
    return holding[0] if len(holding) == 1 else None


def _validity(when: str | None, quote: str, content: str, event: Event) -> Validity:
    """The time that `when` names, if the source says so: in these words, or in others that mean the same time."""
    if when is None:
        return Validity()
    if held := ground(when, content):
        return _meant(held, quote, content, event.occurred_at)
    validity = resolve_dates(when, event.occurred_at)
    named = {span.start for span in spans(content, event.occurred_at)}
    return validity if validity.start in named else Validity()


def _meant(when: str, quote: str, content: str, said: datetime) -> Validity:
    """The time as its sentence means it: the Friday of an appointment is to come, that of a visit is over."""
    words = re.compile(rf"(?<!\w){re.escape(when)}(?!\w)")  # "May" is not said by "Maybe"
    holding = [(sentence, match) for sentence in whole_sentences(content) if (match := words.search(sentence))]
    quoted = [(sentence, match) for sentence, match in holding if quote in sentence or sentence.strip() in quote]
    for sentence, match in quoted or holding:
        return resolve_dates(sentence, said, within=match.span())
    return resolve_dates(when, said)
