"""A retrieval eval from end to end: events go in through remember, answers come out of recall and context."""

import time
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from semmem.errors import SemmemError
from semmem.evals.course import Asking, Away, Course, Progress, head, undegraded
from semmem.evals.datasets.dataset import Question
from semmem.evals.metrics import covered, words_kept
from semmem.evals.plan import Plan, describe, eval_settings
from semmem.evals.retrieved import BUDGETS, Retrieved, read, result, shortened
from semmem.evals.retrievers import Packed, Ranked, Retriever, Stored, make_retriever
from semmem.retrieval.analysis import terms
from semmem.wiring.bootstrap import Application


async def run(
    plan: Plan, work: Path | None, *, patience: float, progress: Progress
) -> tuple[dict[str, Any], SemmemError | None]:
    """Returns the result as `semmem.evals.retrieved.result` shapes it, and what cut the run short, where it is partial.

    See `Course.measure` for the rest.
    """

    def asking(application: Application, _: Collection[Retrieved]) -> Asking[Retrieved]:
        return partial(ask, make_retriever(plan.retriever, application, plan.limit))

    with eval_settings(plan.extractor, plan.conversations) as settings:
        about = await describe(plan, settings)
        course = Course(plan, settings, asking, patience=patience, progress=progress)
        answers, trouble = await course.measure(about, read, work)
    skipped = sum(each.skipped for each in plan.conversations)
    return result(answers, **head(about, trouble), skipped=skipped, settings=about), trouble


async def ask(retriever: Retriever, stored: Stored, conversation: str, question: Question) -> Retrieved:
    """Asks one question for its hits, and for a context of each budget."""

    async def attempt() -> tuple[tuple[Ranked, float, dict[str, Packed]], Away]:
        started = time.perf_counter()
        ranked = await retriever.ranked(stored, question.question)
        milliseconds = (time.perf_counter() - started) * 1e3
        packed = {str(budget): await retriever.packed(stored, question.question, budget) for budget in BUDGETS}
        degraded = ranked.degraded.union(*(each.degraded for each in packed.values()))
        return (ranked, milliseconds, packed), degraded

    ranked, milliseconds, packed = await undegraded(attempt)
    has_words = bool(terms(question.answer))
    return Retrieved(
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
