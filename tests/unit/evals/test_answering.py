"""A run of answers that goes on is as one that was never interrupted."""

from typing import Any

import pytest

from semmem.evals.answering import FIRST_VERDICTS, Answering, Method
from semmem.evals.datasets.dataset import Question
from semmem.evals.judging import UnclearVerdict, judge_prompts, reader_prompt
from semmem.evals.retrievers import Packed, Stored
from semmem.models.tokens import load_counter
from semmem.ports import ChatAnswer
from tests.unit.evals.test_answered import answered

METHOD = Method(
    reader="reader",
    judge="judge",
    reader_prompt=reader_prompt(None),
    judge_prompts=judge_prompts(None),
    labels={},
    budget=2_000,
)
QUESTION = Question(id="q1", question="Where?", answer="Porto", evidence=(), category="single")


class Nothing:
    """A retriever that finds nothing, and a model that is never sure."""

    text, finish_reason = "I am not sure.", "stop"

    async def packed(self, *_: Any) -> Packed:
        return Packed(text="", whole=())

    async def complete(self, *_: Any, **__: Any) -> ChatAnswer:
        return ChatAnswer(text=self.text, finish_reason=self.finish_reason, prompt_tokens=1, completion_tokens=1)


@pytest.mark.parametrize("before", [None, True, False])
async def test_a_judge_that_was_clear_before_an_interruption_may_be_unclear_after_it(before: bool | None) -> None:
    nothing: Any = Nothing()
    known = [answered("q0", before)]
    answering = Answering(METHOD, nothing, {"reader": nothing, "judge": nothing}, load_counter(), known)
    stored: Any = Stored(memory=nothing, events={}, keys={})
    for _ in range(FIRST_VERDICTS - 1):
        assert (await answering(stored, "c1", QUESTION)).verdicts == (None,)
    if before is None:
        with pytest.raises(UnclearVerdict):
            await answering(stored, "c1", QUESTION)
    else:
        assert (await answering(stored, "c1", QUESTION)).verdicts == (None,)


async def test_a_reader_that_thinks_until_its_tokens_are_used_up_gives_no_answer() -> None:
    nothing: Any = Nothing()
    nothing.text, nothing.finish_reason = "<think>Where was it that", "length"
    answering = Answering(METHOD, nothing, {"reader": nothing, "judge": nothing}, load_counter())
    stored: Any = Stored(memory=nothing, events={}, keys={})

    answered = await answering(stored, "c1", QUESTION)

    assert (answered.fault, answered.verdicts) == ("the reader thought until its 1,024 tokens were used up", ())
