"""The extractor that asks a chat model: one call for a batch, one more for verdicts where drafts have candidates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from semmem.errors import BadAnswer
from semmem.event import Event
from semmem.extraction import BatchLimits, Decision, Extraction, Quarantined, Question, SummaryText, Usage
from semmem.extractors import prompt
from semmem.extractors.dates import resolve as resolve_dates
from semmem.extractors.gate import without_recalled
from semmem.extractors.ground import ground
from semmem.extractors.parse import parse
from semmem.extractors.resolve import merged, one_successor, related, settle, superseding
from semmem.extractors.schema import Answer, SaidFact, SaidSummary, SaidVerdict, Verdicts, json_schema
from semmem.extractors.screen import is_order, refusal
from semmem.extractors.summarize import clip
from semmem.fact import Draft, Fact, Source, Validity
from semmem.ports import ChatModel, TokenCounter
from semmem.spans import spans

MAX_ANSWER_TOKENS = 4_000  # some 40 facts; a small model that loops would go on for ever
MAX_CALLS = 24  # per batch: one poisonous event is cornered within this; more is a model that cannot answer at all
VERDICT_COSINE = 0.75
VERDICT_CANDIDATES = 2

Answered = TypeVar("Answered")


class LlmExtractor:
    """Implements semmem.ports.Extractor over an OpenAI-compatible chat model.

    An answer that is no JSON of the schema is asked for once more; then the batch is halved, down to single events,
    which end in `Extraction.failed`. BadAnswer is raised where a model answers nothing usable at all.
    """

    # Two short sessions share a batch: with one for each session the instructions would be paid for twice as often.
    limits = BatchLimits(tokens=1_750, events=80)

    def __init__(self, chat: ChatModel, counter: TokenCounter) -> None:
        self.name = chat.model
        self._chat = chat
        self._counter = counter

    async def extract(self, events: Sequence[Event], summaries: Mapping[str | None, str]) -> Extraction:
        run = _Run(summaries=dict(summaries))
        await self._extract_into(run, list(events))
        return run.result()

    async def decide(self, questions: Sequence[Question]) -> tuple[list[Decision], Usage]:
        settled = [settle(question) for question in questions]
        shown = [
            _shown(question) if decision is None else () for question, decision in zip(questions, settled, strict=True)
        ]
        asked = [i for i, facts in enumerate(shown) if facts]
        verdicts, usage = await self._verdicts([questions[i] for i in asked], [shown[i] for i in asked])
        judged = dict(zip(asked, verdicts, strict=True))
        decisions = [
            decision or judged.get(i) or Decision(verdict="add", draft=questions[i].draft)
            for i, decision in enumerate(settled)
        ]
        return one_successor(decisions), usage

    async def aclose(self) -> None:
        await self._chat.aclose()

    async def _extract_into(self, run: "_Run", events: list[Event]) -> None:
        """Fills `run` from the events; halves them where no answer can be had for all at once."""
        messages = prompt.extract_messages(events, run.summaries)
        try:
            answer = await self._ask(run, messages, Answer, lambda text: _numbered(parse(text, Answer), events))
        except BadAnswer as error:
            if run.usage.calls >= MAX_CALLS:
                raise
            if len(events) == 1:
                run.failed[events[0].id] = error.reason
                return
            for half in (events[: len(events) // 2], events[len(events) // 2 :]):
                await self._extract_into(run, half)
            return
        run.take(answer, events)

    async def _verdicts(
        self, questions: Sequence[Question], shown: Sequence[Sequence[Fact]]
    ) -> tuple[list[Decision], Usage]:
        if not questions:
            return [], Usage()
        facts = list({fact.id: fact for facts in shown for fact in facts}.values())
        positions = {fact.id: position for position, fact in enumerate(facts)}
        touched = [[positions[fact.id] for fact in candidates] for candidates in shown]
        messages = prompt.decide_messages([question.draft for question in questions], facts, touched)
        run = _Run()
        read = partial(_decisions, questions=questions, facts=facts, touched=touched)
        return await self._ask(run, messages, Verdicts, read), run.usage

    async def _ask(
        self,
        run: "_Run",
        messages: Sequence[Mapping[str, str]],
        shape: type[Answer] | type[Verdicts],
        read: Callable[[str], Answered],
    ) -> Answered:
        """The answer as `read` takes it, asked for once more with the fault named if `read` refuses the first."""
        text = await self._complete(run, messages, shape)
        try:
            return read(text)
        except BadAnswer as error:
            again = prompt.repair_messages(messages, text, str(error))
        return read(await self._complete(run, again, shape))

    async def _complete(
        self, run: "_Run", messages: Sequence[Mapping[str, str]], shape: type[Answer] | type[Verdicts]
    ) -> str:
        answer = await self._chat.complete(
            messages, schema=_SCHEMAS[shape], schema_name=shape.KEY, max_tokens=MAX_ANSWER_TOKENS
        )
        prompt_tokens = answer.prompt_tokens or sum(self._counter.count(message["content"]) for message in messages)
        completion_tokens = answer.completion_tokens or self._counter.count(answer.text)
        run.usage += Usage(calls=1, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        if answer.finish_reason not in ("stop", ""):
            raise BadAnswer("truncated" if answer.finish_reason == "length" else "unfinished", "the answer broke off")
        return answer.text


_SCHEMAS: Mapping[type, Mapping[str, Any]] = {shape: json_schema(shape) for shape in (Answer, Verdicts)}


@dataclass(slots=True)
class _Run:
    """What the calls for one batch have given so far."""

    summaries: dict[str | None, str] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    failed: dict[UUID, str] = field(default_factory=dict)
    renewed: dict[str | None, str] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)

    def take(self, answer: Answer, events: Sequence[Event]) -> None:
        for said in answer.facts:
            drafted = _draft(said, events)
            if isinstance(drafted, Draft):
                self.drafts.append(drafted)
            else:
                self.quarantined.append(drafted)
        sessions = {number: session for session, number in prompt.session_numbers(events).items()}
        for summary in answer.summaries:
            self._renew(sessions[summary.session], summary, events)

    def _renew(self, session: str | None, summary: SaidSummary, events: Sequence[Event]) -> None:
        if is_order(summary.text):
            ids = tuple(event.id for event in events)
            self.quarantined.append(Quarantined(reason="instruction", event_ids=ids, text=summary.text))
            return
        self.summaries[session] = self.renewed[session] = clip(summary.text)

    def result(self) -> Extraction:
        return Extraction(
            drafts=merged(self.drafts),
            quarantined=tuple(self.quarantined),
            failed=self.failed or None,
            summaries=tuple(SummaryText(session=session, text=text) for session, text in self.renewed.items()),
            usage=self.usage,
        )


def _numbered(answer: Answer, events: Sequence[Event]) -> Answer:
    """The answer without summaries of sessions it was not shown: those are left as they are."""
    known = set(prompt.session_numbers(events).values())
    return answer.model_copy(update={"summaries": [said for said in answer.summaries if said.session in known]})


def _draft(said: SaidFact, events: Sequence[Event]) -> Draft | Quarantined:
    if said.source > len(events):
        ids = tuple(event.id for event in events)
        return Quarantined(reason="unknown_source", event_ids=ids, text=said.text)
    event = events[said.source - 1]
    content = without_recalled(event.content)
    quote = ground(said.quote, content)
    if quote is None:
        return Quarantined(reason="ungrounded", event_ids=(event.id,), text=said.text)
    draft = Draft(
        subject=said.subject,
        text=said.text,
        category=said.category,
        confidence=said.confidence,
        importance=said.importance,
        validity=_validity(said.when, content, event),
        sources=(Source(event_id=event.id, quote=quote),),
        trust=event.role,
    )
    reason = refusal(draft)
    return Quarantined(reason=reason, event_ids=(event.id,), text=said.text) if reason else draft


def _validity(when: str | None, content: str, event: Event) -> Validity:
    """The time that `when` names, if the source says so: in these words, or in others that mean the same time."""
    if when is None:
        return Validity()
    validity = resolve_dates(when, event.occurred_at)
    named = {span.start for span in spans(content, event.occurred_at)}
    return validity if ground(when, content) or validity.start in named else Validity()


def _shown(question: Question) -> tuple[Fact, ...]:
    """The current facts worth a verdict: near ones, and those that give the same attribute another value."""
    pairs = list(zip(question.candidates, question.cosines, strict=True))
    current = [(fact, cosine, related(question.draft, fact)) for fact, cosine in pairs if fact.current]
    worth = [(fact, cosine + rival) for fact, cosine, rival in current if rival or cosine >= VERDICT_COSINE]
    return tuple(fact for fact, _ in sorted(worth, key=lambda pair: -pair[1])[:VERDICT_CANDIDATES])


def _decisions(
    text: str, questions: Sequence[Question], facts: Sequence[Fact], touched: Sequence[Sequence[int]]
) -> list[Decision]:
    verdicts = parse(text, Verdicts).verdicts
    if [said.draft for said in verdicts] != list(range(1, len(questions) + 1)):
        raise BadAnswer("verdicts", f"give one verdict for each of the {len(questions)} drafts, in order")
    return [_decision(*pair, facts=facts) for pair in zip(verdicts, questions, touched, strict=True)]


def _decision(said: SaidVerdict, question: Question, touched: Sequence[int], facts: Sequence[Fact]) -> Decision:
    if said.verdict == "add":
        return Decision(verdict="add", draft=question.draft)
    if said.candidate is None or said.candidate - 1 not in touched:
        raise BadAnswer("unknown_candidate", f"{said.verdict} needs the number of a fact that is shown for the draft")
    target = facts[said.candidate - 1]
    if said.verdict == "supersede":
        return superseding(question, target)
    return Decision(verdict=said.verdict, draft=question.draft, target=target)
