"""An eval of answers from end to end: a question's context goes to a reader, and what that says to a judge."""

import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semmem.domain.checks import check_int
from semmem.domain.context import TIERS
from semmem.errors import BadAnswer, SemmemError
from semmem.evals.answered import Answered, Part, Price, Spent, read, result
from semmem.evals.course import Asking, Away, Course, Progress, head, undegraded
from semmem.evals.datasets.dataset import Question
from semmem.evals.judging import Prompts, UnclearVerdict, chosen_prompt, filled, read_verdict, without_thoughts
from semmem.evals.plan import Plan, describe, digest_of_questions, eval_settings
from semmem.evals.retrievers import Packed, Retriever, Stored, make_retriever
from semmem.ports import ChatModel, TokenCounter
from semmem.wiring.bootstrap import Application

ANSWER_TOKENS = 1_024  # of a reader or a judge, thinking included
FIRST_VERDICTS = 5  # a judge without one yes or no among these has not understood what it is asked
MIN_BUDGET, MAX_BUDGET = 200, 200_000  # tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How answers are made and judged: all that their figures depend on beside the plan.

    `labels` says whose evidence and answers are taken, and how many questions are left out for want of an answer.
    """

    reader: str
    judge: str
    reader_prompt: str
    judge_prompts: Prompts
    labels: Mapping[str, Any]
    budget: int

    def __post_init__(self) -> None:
        check_int("budget", self.budget, MIN_BUDGET, MAX_BUDGET)


async def run(
    plan: Plan,
    method: Method,
    chats: Mapping[Part, ChatModel],
    prices: Mapping[Part, Price | None],
    work: Path | None,
    *,
    patience: float,
    progress: Progress,
) -> tuple[dict[str, Any], SemmemError | None]:
    """Returns the result as `semmem.evals.answered.result` shapes it, and what cut the run short, where it is partial.

    See `Course.measure` for the rest. Raises UnclearVerdict for a judge that gives no verdict from the beginning on.
    """

    def asking(application: Application, known: Collection[Answered]) -> Asking[Answered]:
        retriever = make_retriever(plan.retriever, application, plan.limit, TIERS)
        return Answering(method, retriever, chats, application.models.counter, known)

    with eval_settings(plan.extractor, plan.conversations) as settings:
        described = await describe(plan, settings)
        about = described | asdict(method) | {"asked_sha256": digest_of_questions(plan.conversations)}
        course = Course(plan, settings, asking, patience=patience, progress=progress)
        answers, trouble = await course.measure(about, read, work)
    return result(answers, prices, **head(about, trouble), settings=about), trouble


class Answering:
    """Answers one question after the other, and has each answer judged; `known` are those of before."""

    def __init__(
        self,
        method: Method,
        retriever: Retriever,
        chats: Mapping[Part, ChatModel],
        counter: TokenCounter,
        known: Collection[Answered] = (),
    ) -> None:
        self._method, self._retriever, self._chats, self._counter = method, retriever, chats, counter
        self._unclear = 0  # verdicts from the first on; none is counted any more once one was clear
        self._clear = any(verdict is not None for each in known for verdict in each.verdicts)

    async def __call__(self, stored: Stored, conversation: str, question: Question) -> Answered:
        async def attempt() -> tuple[tuple[Packed, float], Away]:
            started = time.perf_counter()
            packed = await self._retriever.packed(stored, question.question, self._method.budget)
            return (packed, (time.perf_counter() - started) * 1e3), packed.degraded

        packed, milliseconds = await undegraded(attempt)
        asked = filled(
            self._method.reader_prompt, context=packed.text, question=question.question, date=_date(stored, question)
        )
        response, reader, fault = await self._said("reader", asked)
        name = chosen_prompt(self._method.judge_prompts, question)
        judged: tuple[str, ...] = ()
        judge = Spent()
        if not fault:
            judged, judge, fault = await self._judged(name, question, response)
        verdicts = tuple(map(read_verdict, judged))
        self._check(verdicts, judged)
        return Answered(
            conversation=conversation,
            question_id=question.id,
            question=question.question,
            answer=question.answer,
            category=question.category,
            context=packed.text,
            context_tokens=self._counter.count(packed.text),
            context_milliseconds=round(milliseconds, 2),
            response=response,
            judge_prompt=name,
            judged=judged,
            verdicts=() if fault else verdicts,
            reader=reader,
            judge=judge,
            fault=fault,
        )

    async def _judged(self, name: str, question: Question, response: str) -> tuple[tuple[str, ...], Spent, str]:
        """Returns what the judge says of each point of a rubric, or of the whole; and why it says nothing, if so."""
        prompt = self._method.judge_prompts[name]
        points = question.rubric if "{rubric}" in prompt and question.rubric else (question.answer,)
        judged: list[str] = []
        spent, fault = Spent(), ""
        for point in points:
            told = filled(prompt, question=question.question, answer=question.answer, rubric=point, response=response)
            said, taken, fault = await self._said("judge", told)
            spent += taken
            if fault:
                break
            judged.append(said)
        return tuple(judged), spent, fault

    async def _said(self, part: Part, prompt: str) -> tuple[str, Spent, str]:
        """Returns a model's answer without its thoughts, what it took, and why there is none, where it refuses."""
        started = time.perf_counter()
        try:
            answer = await self._chats[part].complete(
                [{"role": "user", "content": prompt}], schema=None, max_tokens=ANSWER_TOKENS
            )
        except BadAnswer as error:
            return "", Spent(), f"the {part} gave no answer: {error.detail}"
        spent = Spent(
            calls=1,
            prompt_tokens=answer.prompt_tokens or self._counter.count(prompt),
            completion_tokens=answer.completion_tokens or self._counter.count(answer.text),
            milliseconds=round((time.perf_counter() - started) * 1e3, 2),
        )
        said = without_thoughts(answer.text)
        if not said and answer.finish_reason == "length":
            return "", spent, f"the {part} thought until its {ANSWER_TOKENS:,} tokens were used up"
        return said, spent, ""

    def _check(self, verdicts: tuple[bool | None, ...], judged: tuple[str, ...]) -> None:
        """Raises UnclearVerdict where the judge has not given one verdict yet, and had its chance."""
        if self._clear or not verdicts:
            return
        self._clear = any(verdict is not None for verdict in verdicts)
        self._unclear += 1
        if not self._clear and self._unclear >= FIRST_VERDICTS:
            said = judged[-1][:80]
            raise UnclearVerdict(
                f"{self._method.judge} answers neither yes nor no, but {said!r}; choose another --judge, or write a"
                " --judge-prompt that asks for yes or no alone"
            )


def _date(stored: Stored, question: Question) -> str:
    """Returns the day on which a question is asked: its own, else that of the last event."""
    said = [event.occurred_at for event in stored.events.values() if event.occurred_at]
    at = question.asked_at or max(said, default=None)
    return f"{at:%A, %Y-%m-%d}" if at else "not known"
