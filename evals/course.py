"""A run through the conversations of a data set: each is stored as any user would, and asked its questions."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from semmem.domain.checks import MAX_EVENTS_PER_CALL, MAX_LIMIT
from semmem.domain.event import NewEvent
from semmem.embedded.layout import Layout, exclusive, remove
from semmem.errors import ModelError, NotSettled, SemmemError, StoreUnavailable
from semmem.evals.datasets.dataset import Conversation, Question
from semmem.evals.journal import Asked, Journal, R, Row
from semmem.evals.plan import Plan, cache_folder
from semmem.evals.retrievers import Stored
from semmem.memory.scoped import ScopedMemory
from semmem.stores.postgres.ledger import DeadLetter
from semmem.wiring.bootstrap import Application, now, open_application
from semmem.wiring.settings import Settings

TENANT = "evals"
ATTEMPTS = 3  # at an answer that every part took part in: a busy machine may miss one
LOCK_SECONDS = 1.0

T = TypeVar("T")
Answer = TypeVar("Answer", bound=Row, covariant=True)
Away = frozenset[str]  # the parts of a memory that kept away from an answer


class Progress(Protocol):
    """Hears how far a task has come: "ingest" counts the events of a conversation, "ask" all questions."""

    def __call__(self, task: str, conversation: str, done: int, total: int) -> None: ...


class Degraded(SemmemError):
    """An answer without one of its parts says nothing about retrieval."""


class Asking(Protocol[Answer]):
    """Asks one question of a stored conversation. Raises ModelError, StoreUnavailable or Degraded where it cannot."""

    async def __call__(self, stored: Stored, conversation: str, question: Question) -> Answer: ...


def head(about: Mapping[str, Any], trouble: SemmemError | None) -> dict[str, Any]:
    """Returns what every result begins with."""
    named = {name: about[name] for name in ("dataset", "embedder")}
    return named | {"measured_at": now().isoformat(timespec="minutes"), "partial": trouble is not None}


class Course(Generic[R]):
    """One run's way through its conversations: each is stored, and asked its questions in their order.

    `asking` is given the answers that an interrupted run left; `patience` is in seconds without progress.
    """

    def __init__(
        self,
        plan: Plan,
        settings: Settings,
        asking: Callable[[Application, Collection[R]], Asking[R]],
        *,
        patience: float,
        progress: Progress,
    ) -> None:
        self._plan, self._settings, self._asking = plan, settings, asking
        self._patience, self._progress = patience, progress
        self._answers: dict[Asked, R] = {}

    async def measure(
        self, about: Mapping[str, Any], read: Callable[[Mapping[str, Any]], R], work: Path | None
    ) -> tuple[list[R], SemmemError | None]:
        """Returns the answers in the order of the data, and what cut the run short: a model or a store that was away.

        A run that was interrupted in the folder `work` goes on, and conversations that are stored there are not stored
        again. Without a folder it takes one of the user's cache, which goes once the run is complete. Raises
        InvalidInput where the folder holds another run, and what cut the run short where not even one question was
        answered.
        """
        folder = work or cache_folder(about)
        Layout.of(folder).create()
        async with exclusive(folder / "eval.lock", patience=LOCK_SECONDS):
            trouble = await self._run(folder, Journal.open(folder, about, read))
            if work is None and trouble is None:
                await remove(folder)
        if trouble and not self._answers:
            raise trouble
        return [self._answers[name] for name in self._plan.asked if name in self._answers], trouble

    async def _run(self, folder: Path, journal: Journal[R]) -> SemmemError | None:
        with closing(journal):
            self._answers = dict(journal.answers)
            async with open_application(self._settings.model_copy(update={"data": folder})) as application:
                asking = self._asking(application, journal.answers.values())
                await application.models.embedder.embed(["loads a model, before anything is timed"], tokens=True)
                for conversation in filter(self._left, self._plan.conversations):
                    if trouble := await self._measure(application, asking, conversation, journal):
                        return trouble
            journal.complete()
        return None

    async def _measure(
        self, application: Application, asking: Asking[R], conversation: Conversation, journal: Journal[R]
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
                answer = await asking(stored, conversation.id, question)
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


async def undegraded(attempt: Callable[[], Awaitable[tuple[T, Away]]]) -> T:
    """Tries again where a part kept away. Raises Degraded where a store or the embedder still does."""
    for _ in range(ATTEMPTS):
        value, degraded = await attempt()
        away = degraded - {"llm"}  # the model's absence is known from the extraction
        if not away:
            return value
    raise Degraded(f"answers came without {', '.join(sorted(away))}")
