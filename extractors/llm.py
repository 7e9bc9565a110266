"""The extractor that asks a chat model: one call for a batch, one more for verdicts where drafts have candidates."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from semmem.domain.event import Event
from semmem.domain.extraction import BatchLimits, Decision, Extraction, Failure, Question, SummaryText, Usage
from semmem.domain.fact import Fact
from semmem.errors import BadAnswer, ModelError
from semmem.extractors import prompt, segment
from semmem.extractors.answers.drafts import Gathered
from semmem.extractors.answers.parse import Reading, parse_answer, parse_beginning, parse_verdicts
from semmem.extractors.answers.schema import Answer, Verdicts
from semmem.extractors.asking import SCHEMA_TOKENS, Asking, Heard, Truncated, Voice
from semmem.extractors.echo import without_recalled
from semmem.extractors.gate import speaker_of
from semmem.extractors.resolve import ended, merged, one_successor, settle, superseding
from semmem.extractors.rules.standing import related
from semmem.ports import ChatModel, TokenCounter

BATCH_TOKENS, BATCH_EVENTS = 2_700, 80
ANSWER_TOKENS = 4_000  # some 40 facts; a small model that loops would go on for ever
MAX_CALLS = 24  # per batch: one poisonous event is cornered within this; what is not reached comes again
MIN_PIECE_TOKENS = 200  # a text this short is not cut
MAX_UNREAD = 3  # pieces of an event, where nothing at all was answered
VERDICT_COSINE = 0.75
VERDICT_CANDIDATES = 2

_TOO_LARGE = ("too_long", "truncated")
_LASTING = ("filtered", "refused_request", "too_long")  # another try changes nothing about these


class LlmExtractor:
    """Implements semmem.ports.Extractor over an OpenAI-compatible chat model.

    An answer that is no JSON of the schema, or only partly right, is asked for once more, and what is right of it is
    kept. Of one that breaks off the beginning is kept, and the rest is asked for again. Where none can be had the batch
    is halved, down to single events, and an event that is too long is cut into pieces. What fails alone ends in
    `Extraction.failed`; where a request is refused or unanswered, an empty one tells whether that is due to the
    endpoint, and then ModelUnavailable or ModelError is raised.
    """

    def __init__(
        self,
        chat: ChatModel,
        counter: TokenCounter,
        *,
        answer_tokens: int = ANSWER_TOKENS,
        context_tokens: int | None = None,
    ) -> None:
        """`answer_tokens` is the most that an answer may take; `context_tokens` the model's window, if it is known."""
        self.name = chat.model
        self.limits = _limits(context_tokens, counter)
        self._voice = Voice(chat=chat, counter=counter, answer_tokens=answer_tokens, context_tokens=context_tokens)

    async def extract(self, events: Sequence[Event], summaries: Mapping[str | None, str]) -> Extraction:
        batch = _Batch(self._voice, summaries, frozenset(map(speaker_of, events)))
        await batch.extract(list(events))
        return batch.result(events)

    async def decide(self, questions: Sequence[Question]) -> tuple[list[Decision | Failure], Usage]:
        """Rules settle what they can, a draft that no fact is near is new, and the model judges the others."""
        outcomes: dict[int, Decision | Failure] = {}  # by the question's place, like the doubts
        doubts: dict[int, _Doubt] = {}
        for place, question in enumerate(questions):
            if decision := settle(question):
                outcomes[place] = decision
            elif facts := _shown(question):
                doubts[place] = _Doubt(question, facts)
            else:
                outcomes[place] = Decision(verdict="add", draft=question.draft)
        asking = Asking(self._voice)
        outcomes |= zip(doubts, await _verdicts(asking, list(doubts.values())), strict=True)
        return _superseding_once([outcomes[place] for place in range(len(questions))], questions), asking.usage

    async def aclose(self) -> None:
        await self._voice.chat.aclose()


class _Batch:
    """The extraction of one batch of events."""

    def __init__(self, voice: Voice, summaries: Mapping[str | None, str], speakers: frozenset[str]) -> None:
        self._voice = voice
        self._asking = Asking(voice)
        self._gathered = Gathered(summaries=dict(summaries), speakers=speakers)
        self._failures: dict[UUID, BadAnswer] = {}
        self._unread = Counter[UUID]()  # pieces of an event that no answer could be had for
        self._done: set[UUID] = set()

    async def extract(self, events: list[Event]) -> None:
        """Halves the events where no answer can be had for all at once."""
        if self._asking.calls >= MAX_CALLS and self._done:
            return
        try:
            await self._ask(events)
        except BadAnswer as error:
            if len(events) == 1:
                await self._alone(events[0], error)
                self._done.add(events[0].id)
                return
            for part in await self._parts(events, error):
                await self.extract(part)
        else:
            self._done.update(event.id for event in events)

    async def _parts(self, events: list[Event], error: BadAnswer) -> list[list[Event]]:
        """What is asked again: the events from the last line on that a truncated answer came to, or the first of which
        it tells a malformed fact, once what it says of those before is kept; else two halves."""
        beginning = await asyncio.to_thread(parse_beginning, error.text) if isinstance(error, Truncated) else None
        last = min(_told_up_to(beginning), len(events)) if beginning else 1
        if beginning is None or last == 1:
            return [events[: len(events) // 2], events[len(events) // 2 :]]
        before = [fact for fact in beginning.answer.facts if fact.source < last]
        nameless = tuple(fault for fault in beginning.faults if fault.source not in range(1, len(events) + 1))
        kept = replace(beginning, answer=beginning.answer.model_copy(update={"facts": before}), faults=nameless)
        await asyncio.to_thread(self._gathered.take, kept, events)
        self._done.update(event.id for event in events[: last - 1])
        return [events[last - 1 :]]

    async def _ask(self, events: Sequence[Event]) -> None:
        messages = prompt.extract_messages(events, self._gathered.summaries)
        reading = await self._asking.ask(messages, Answer, _heard)
        await asyncio.to_thread(self._gathered.take, reading, events)

    async def _alone(self, event: Event, error: BadAnswer) -> None:
        """Asks once more about an event that an endpoint failed at, or its filter refused, and others not: it may have
        passed."""
        if error.reason not in ("no_answer", "filtered"):
            await self._corner(event, error)
            return
        if error.reason == "filtered":
            await self._asking.check_still_well(error)  # first, for it may have been mended just now
        try:
            await self._ask([event])
        except BadAnswer as again:
            await self._corner(event, again)

    async def _corner(self, event: Event, error: BadAnswer) -> None:
        """An event that no answer can be had for is cut into pieces, if that may help; else it failed."""
        content = without_recalled(event.content)
        if error.reason not in _TOO_LARGE or self._voice.counter.count(content) <= MIN_PIECE_TOKENS:
            if error.reason == "too_long" and not await self._asking.is_well():
                told = "the context window is too small for the instructions alone; choose a model with 4,096 tokens"
                raise ModelError(f"{self._voice.chat.model}: {told}") from error
            await self._asking.check_still_well(error)
            self._failures[event.id] = error
            self._unread[event.id] += 1
            return
        for half in filter(str.strip, segment.halves(content)):
            if self._is_given_up(event.id):
                return
            piece = replace(event, content=half)
            try:
                await self._ask([piece])
            except BadAnswer as again:
                await self._corner(piece, again)

    def _is_given_up(self, id: UUID) -> bool:
        """Whether the rest of an event is left unread; one whose every piece is answered is read to its end."""
        if not self._asking.answered:
            return self._unread[id] >= MAX_UNREAD
        return self._unread[id] > 0 and self._asking.calls >= MAX_CALLS

    def result(self, events: Sequence[Event]) -> Extraction:
        told = {source.event_id for draft in self._gathered.drafts for source in draft.sources}
        failed = {id: _failure(error, self._asking) for id, error in self._failures.items()}
        failed |= {id: replace(failed[id], may_pass=False) for id in failed.keys() & told}  # a part of it is kept
        order = {event.id: number for number, event in enumerate(events)}  # in which the sources were said
        drafts = sorted(self._gathered.drafts, key=lambda draft: order[draft.sources[0].event_id])
        return Extraction(
            read=next((i for i, event in enumerate(events) if event.id not in self._done), None),
            drafts=ended(merged(drafts), {event.id: event.occurred_at for event in events}),
            quarantined=tuple(self._gathered.quarantined),
            failed=failed or None,
            summaries=tuple(SummaryText(session=key, text=text) for key, text in self._gathered.renewed.items()),
            usage=self._asking.usage,
        )


def _failure(error: BadAnswer, asking: Asking) -> Failure:
    """A failure of the endpoint may pass; so may a bad answer of a model that answered nothing well."""
    may_pass = error.reason == "no_answer" or (not asking.answered and error.reason not in _LASTING)
    return Failure(reason=error.reason, detail=error.detail, may_pass=may_pass)


def _told_up_to(beginning: Reading) -> int:
    """The last line of which a truncated answer tells, or the first of which it tells a malformed fact."""
    faulty = [fault.source for fault in beginning.faults if fault.source]
    return min([beginning.answer.facts[-1].source, *faulty])


def _heard(text: str) -> Heard[Reading]:
    reading = parse_answer(text)
    return Heard(reading, len(reading.answer.facts), [fault.detail for fault in reading.faults])


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A question that the rules leave open, and the facts that the model is shown beside its draft."""

    question: Question
    facts: tuple[Fact, ...]


def _superseding_once(
    outcomes: Sequence[Decision | Failure], questions: Sequence[Question]
) -> list[Decision | Failure]:
    """The outcomes, such that no fact is superseded by two of the drafts; failures stay in their places."""
    times = [asked.said_at for each, asked in zip(outcomes, questions, strict=True) if isinstance(each, Decision)]
    decisions = iter(one_successor([each for each in outcomes if isinstance(each, Decision)], times))
    return [next(decisions) if isinstance(each, Decision) else each for each in outcomes]


async def _verdicts(asking: Asking, doubts: Sequence[_Doubt]) -> list[Decision | Failure]:
    """Halves the doubts where no verdicts can be had on all at once, down to one, which may fail."""
    judged: list[Decision | BadAnswer] = []
    waiting = [doubts] if doubts else []
    while waiting:
        some = waiting.pop()
        try:
            judged += await _asked_verdicts(asking, some)
        except BadAnswer as error:
            if len(some) == 1 or asking.calls >= MAX_CALLS:
                await asking.check_still_well(error)
                judged += [error] * len(some)
            else:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
    return [_failure(each, asking) if isinstance(each, BadAnswer) else each for each in judged]


async def _asked_verdicts(asking: Asking, doubts: Sequence[_Doubt]) -> list[Decision]:
    """One call for all; a fact that is shown for several drafts is written once."""
    facts = list({fact.id: fact for doubt in doubts for fact in doubt.facts}.values())
    positions = {fact.id: position for position, fact in enumerate(facts)}
    touched = [[positions[fact.id] for fact in doubt.facts] for doubt in doubts]
    questions = [doubt.question for doubt in doubts]
    messages = prompt.decide_messages([question.draft for question in questions], facts, touched)
    read = partial(_decisions, questions=questions, facts=facts, touched=touched)
    return await asking.ask(messages, Verdicts, read)


def _limits(context_tokens: int | None, counter: TokenCounter) -> BatchLimits:
    """Two short sessions share a batch: with one for each session the instructions would be paid for twice as often.

    In a small window half of what the instructions leave is for the events, and half for the answer.
    """
    if context_tokens is None:
        return BatchLimits(tokens=BATCH_TOKENS, events=BATCH_EVENTS)
    left = context_tokens - counter.count(prompt.instructions()) - SCHEMA_TOKENS
    return BatchLimits(tokens=min(BATCH_TOKENS, max(MIN_PIECE_TOKENS, left // 2)), events=BATCH_EVENTS)


def _shown(question: Question) -> tuple[Fact, ...]:
    """The current facts worth a verdict: near ones, and those that give the same attribute another value."""
    pairs = list(zip(question.candidates, question.cosines, strict=True))
    current = [(fact, cosine, related(question.draft, fact)) for fact, cosine in pairs if fact.current]
    worth = [(fact, cosine + rival) for fact, cosine, rival in current if rival or cosine >= VERDICT_COSINE]
    return tuple(fact for fact, _ in sorted(worth, key=lambda pair: -pair[1])[:VERDICT_CANDIDATES])


def _decisions(
    text: str, questions: Sequence[Question], facts: Sequence[Fact], touched: Sequence[Sequence[int]]
) -> Heard[list[Decision]]:
    verdicts = parse_verdicts(text)
    if [said.draft for said in verdicts] != list(range(1, len(questions) + 1)):
        raise BadAnswer("verdicts", f"give one verdict for each of the {len(questions)} drafts, in order")
    decisions: list[Decision] = []
    for said, question, shown in zip(verdicts, questions, touched, strict=True):
        if said.verdict == "add":
            decisions.append(Decision(verdict="add", draft=question.draft))
            continue
        if said.candidate is None or said.candidate - 1 not in shown:
            detail = f"{said.verdict} needs the number of a fact that is shown for the draft"
            raise BadAnswer("unknown_candidate", detail)
        target = facts[said.candidate - 1]
        if said.verdict == "supersede":
            decisions.append(superseding(question, target))
        else:
            decisions.append(Decision(verdict=said.verdict, draft=question.draft, target=target))
    return Heard(decisions)
