"""A retrieval eval from end to end: events go in through remember, answers come out of recall and context."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from semmem.domain.checks import MAX_EVENTS_PER_CALL, MAX_LIMIT
from semmem.domain.event import NewEvent
from semmem.embedded.layout import Layout, exclusive, remove
from semmem.errors import ModelError, NotSettled, SemmemError, StoreUnavailable
from semmem.evals.answers import BUDGETS, Answer, result, shortened
from semmem.evals.dataset import Conversation, Question
from semmem.evals.journal import Asked, Journal
from semmem.evals.metrics import covered, words_kept
from semmem.evals.plan import Plan, cache_folder, describe, eval_settings
from semmem.evals.retrievers import Retriever, Stored, make_retriever
from semmem.memory.scoped import ScopedMemory
from semmem.retrieval.analysis import terms
from semmem.stores.postgres.ledger import DeadLetter
from semmem.wiring.bootstrap import Application, now, open_application
from semmem.wiring.settings import Settings

TENANT = "evals"
ATTEMPTS = 3  # at an answer that every part took part in: a busy machine may miss one
LOCK_SECONDS = 1.0


class Progress(Protocol):
    """Hears how far a task has come: "ingest" counts the events of a conversation, "ask" all questions."""

    def __call__(self, task: str, conversation: str, done: int, total: int) -> None: ...


class Degraded(SemmemError):
    """An answer without one of its parts says nothing about retrieval."""


async def run(
    plan: Plan, work: Path | None, *, patience: float, progress: Progress
) -> tuple[dict[str, Any], SemmemError | None]:
    """Returns the result as `semmem.evals.answers.result` shapes it, and what cut the run short, where it is partial.

    A run that was interrupted in the folder `work` goes on, and conversations that are stored there are not stored
    again. Without a folder it takes one of the user's cache, which goes once the run is complete. `patience` is in
    seconds without progress. Raises InvalidInput where the folder holds another run, and what cut the run short where
    not even one question was answered.
    """
    with eval_settings(plan.extractor, plan.conversations) as settings:
        about = await describe(plan, settings)
        folder = work or cache_folder(about)
        course = Course(plan, settings.model_copy(update={"data": folder}), patience, progress)
        Layout.of(folder).create()
        async with exclusive(folder / "eval.lock", patience=LOCK_SECONDS):
            trouble = await course.run(Journal.open(folder, about))
            if work is None and trouble is None:
                await remove(folder)
    if trouble and not course.answers:
        raise trouble
    skipped = sum(each.skipped for each in plan.conversations)
    head = {name: about[name] for name in ("dataset", "embedder")}
    head["measured_at"] = now().isoformat(timespec="minutes")
    return result(course.answers, **head, skipped=skipped, partial=trouble is not None, settings=about), trouble


class Course:
    """One run's way through its conversations; `answers` are in the order of the data."""

    def __init__(self, plan: Plan, settings: Settings, patience: float, progress: Progress) -> None:
        self._plan, self._settings, self._patience, self._progress = plan, settings, patience, progress
        self._answers: dict[Asked, Answer] = {}

    @property
    def answers(self) -> list[Answer]:
        return [self._answers[name] for name in self._plan.asked if name in self._answers]

    async def run(self, journal: Journal) -> SemmemError | None:
        """Returns what cut the run short: a model or a store that was away."""
        with closing(journal):
            self._answers = dict(journal.answers)
            async with open_application(self._settings) as application:
                retriever = make_retriever(self._plan.retriever, application, self._plan.limit)
                await application.models.embedder.embed(["loads a model, before anything is timed"], tokens=True)
                for conversation in filter(self._left, self._plan.conversations):
                    if trouble := await self._measure(application, retriever, conversation, journal):
                        return trouble
            journal.complete()
        return None

    async def _measure(
        self, application: Application, retriever: Retriever, conversation: Conversation, journal: Journal
    ) -> SemmemError | None:
        """Returns why not all facts of the conversation are there, or why no answer came.

        Answers from a memory that lacks facts count, but are not kept: a run that goes on asks again.
        """
        stored = await store(application, conversation)
        lacking: SemmemError | None = None
        if not await settled(stored.memory, conversation, self._progress, self._patience):
            waited = f"nothing has moved for {self._patience:g} s"
            lacking = NotSettled(f"{conversation.id}: {waited}; is the model reachable?")
        elif failed := sum(len(letter.event_ids) for letter in await _failed(stored.memory)):
            lacking = ModelError(f"{conversation.id}: the model gave no usable answer for {failed} events")
        try:
            for question in self._left(conversation):
                answer = await ask(retriever, stored, conversation.id, question)
                self._answers[answer.conversation, answer.question_id] = answer
                self._progress("ask", answer.conversation, len(self._answers), len(self._plan.asked))
                if not lacking:
                    journal.add(answer)
        except (ModelError, StoreUnavailable, Degraded) as error:
            return error
        return lacking

    def _left(self, conversation: Conversation) -> list[Question]:
        questions = conversation.questions[: self._plan.questions]
        return [each for each in questions if (conversation.id, each.id) not in self._answers]


async def settled(memory: ScopedMemory, conversation: Conversation, progress: Progress, patience: float) -> bool:
    """Waits until the conversation is extracted and indexed; False where nothing has moved for `patience` seconds."""
    total = left = len(conversation.events)

    def waits(waiting: int) -> None:
        nonlocal left
        left = waiting
        progress("ingest", conversation.id, total - left, total)

    while True:
        before = left
        try:
            await memory.settled(timeout=patience, progress=waits)
        except NotSettled:
            if left == before:
                return False
        else:
            waits(0)
            return True


async def store(application: Application, conversation: Conversation) -> Stored:
    """Stores the conversation in a workspace of its own. What is stored there already is not stored again, but what the
    model gave no answer for is tried again."""
    memory = application.memory.scope(tenant=TENANT, workspace=conversation.id)
    events: dict[UUID, NewEvent] = {}
    keys: dict[UUID, list[str]] = {}
    for start in range(0, len(conversation.events), MAX_EVENTS_PER_CALL):
        page = conversation.events[start : start + MAX_EVENTS_PER_CALL]
        for event, ack in zip(page, await memory.remember_many(page), strict=True):
            events[ack.id] = event
            keys.setdefault(ack.id, []).append(str(event.key))
    if failed := await _failed(memory):
        await memory.replay([letter.id for letter in failed])
    return Stored(memory=memory, events=events, keys=keys)


async def _failed(memory: ScopedMemory) -> list[DeadLetter]:
    """Returns the events that no facts could be had from."""
    return [letter for letter in await memory.dead_letters(limit=MAX_LIMIT) if letter.stage == "extraction"]


async def ask(retriever: Retriever, stored: Stored, conversation: str, question: Question) -> Answer:
    """Asks one question again where a part kept away. Raises Degraded where a store or the embedder still does."""
    for attempt in range(1, ATTEMPTS + 1):
        started = time.perf_counter()
        ranked = await retriever.ranked(stored, question.question)
        milliseconds = (time.perf_counter() - started) * 1e3
        packed = {str(budget): await retriever.packed(stored, question.question, budget) for budget in BUDGETS}
        degraded = ranked.degraded.union(*(each.degraded for each in packed.values()))
        away = degraded - {"llm"}  # the model's absence is known from the extraction
        if not away:
            break
        if attempt == ATTEMPTS:
            raise Degraded(f"answers came without {', '.join(sorted(away))}")
    has_words = bool(terms(question.answer))
    return Answer(
        conversation=conversation,
        question_id=question.id,
        question=question.question,
        answer=question.answer,
        category=question.category,
        evidence=question.evidence,
        returned=ranked.hits,
        covered={name: covered(question.evidence, each.whole) for name, each in packed.items()},
        stems={name: words_kept(question.answer, each.text) for name, each in packed.items() if has_words},
        original=question.original,
        updated=question.updated,
        wanted={key: shortened(text) for key, text in stored.texts_of(question.evidence).items()},
        milliseconds=round(milliseconds, 2),
    )
