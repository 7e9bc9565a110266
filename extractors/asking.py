"""Asks a chat model until it has answered well, or it is known whether the endpoint or the request is at fault."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from semmem.domain.extraction import Usage
from semmem.errors import BadAnswer, ModelError, RequestFailed, RequestRefused
from semmem.extractors import prompt
from semmem.extractors.answers.schema import Answer, Verdicts, json_schema
from semmem.ports import ChatAnswer, ChatModel, TokenCounter

SCHEMA_TOKENS = 400  # what a server makes of a schema, where it counts as a part of what is said
MIN_ROOM_TOKENS = 500  # for an answer, within a context window that is known

_SCHEMAS: Mapping[type, Mapping[str, Any]] = {shape: json_schema(shape) for shape in (Answer, Verdicts)}

Messages = Sequence[Mapping[str, str]]
Shape = type[Answer] | type[Verdicts]
Value = TypeVar("Value")


class Truncated(BadAnswer):
    """An answer that broke off; `text` is its beginning."""

    def __init__(self, text: str) -> None:
        told = "the answer broke off; a model that thinks long may need more of SEMMEM_LLM_ANSWER_TOKENS"
        super().__init__("truncated", told)
        self.text = text


@dataclass(frozen=True, slots=True)
class Heard(Generic[Value]):
    """What could be read of an answer: how much of it is right, and what was wrong and left out."""

    value: Value
    right: int = 0
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A chat model, how much of an answer it is allowed, and its context window in tokens, if that is known."""

    chat: ChatModel
    counter: TokenCounter
    answer_tokens: int
    context_tokens: int | None = None


class Asking:
    """The calls that one batch costs. `calls` counts those that were asked, `answered` is True after a usable one."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self.usage = Usage()
        self.calls = 0
        self.answered = False
        self._well = False  # the endpoint answers, if not with anything usable

    async def ask(self, messages: Messages, shape: Shape, read: Callable[[str], Heard[Value]]) -> Value:
        """The answer as `read` takes it, asked for once more with the fault named if any of it is wrong.

        Of two answers the one counts of which more is right. Raises BadAnswer where neither can be read, and
        ModelUnavailable or ModelError where the endpoint answers nothing at all.
        """
        text = await self._complete(messages, shape)
        first = await asyncio.to_thread(_attempt, read, text)
        if isinstance(first, Heard) and not first.faults:
            return self._usable(first)
        fault = first.detail if isinstance(first, BadAnswer) else "; ".join(first.faults[:3])
        try:
            again = await self._complete(prompt.repair_messages(messages, text, fault), shape)
            second = await asyncio.to_thread(_attempt, read, again)
        except BadAnswer as error:
            second = error
        heard = [attempt for attempt in (second, first) if isinstance(attempt, Heard)]
        if not heard:
            assert isinstance(first, BadAnswer)
            raise first
        return self._usable(max(heard, key=lambda attempt: (attempt.right, -len(attempt.faults))))

    def _usable(self, heard: Heard[Value]) -> Value:
        self.answered = True
        return heard.value

    async def _complete(self, messages: Messages, shape: Shape) -> str:
        self._check_room(messages)
        try:
            answer = await self._call(messages, shape)
        except (RequestFailed, RequestRefused) as error:
            if not await self.is_well():
                raise
            if isinstance(error, RequestRefused):
                told = "the endpoint refuses these words, though not others; its log may say why"
                raise BadAnswer("refused_request", told) from error
            told = "the endpoint fails at these words, though not at others; its log may say why"
            raise BadAnswer("no_answer", told) from error
        if answer.finish_reason == "length":
            raise Truncated(answer.text)
        if answer.finish_reason not in ("stop", ""):
            raise BadAnswer("unfinished", "the answer was not brought to its end")
        return answer.text

    def _check_room(self, messages: Messages) -> None:
        """Some servers cut what does not fit their window, and say nothing."""
        window = self._voice.context_tokens
        size = sum(self._voice.counter.count(message["content"]) for message in messages) + SCHEMA_TOKENS
        if window and size + MIN_ROOM_TOKENS > window:
            raise BadAnswer("too_long", f"what is said does not fit the model's context window of {window} tokens")

    async def _call(self, messages: Messages, shape: Shape) -> ChatAnswer:
        self.calls += 1
        answer = await self._voice.chat.complete(
            messages, schema=_SCHEMAS[shape], schema_name=shape.KEY, max_tokens=self._voice.answer_tokens
        )
        count = self._voice.counter.count
        prompt_tokens = answer.prompt_tokens or sum(count(message["content"]) for message in messages)
        completion_tokens = answer.completion_tokens or count(answer.text)
        self.usage += Usage(calls=1, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        return answer

    async def is_well(self, *, still: bool = False) -> bool:
        """Whether the endpoint answers at all: if nothing was usable yet, the instructions without any data.

        `still` asks in any case: it may have answered a moment ago, and have lost its credit or its model since.
        """
        if not still and (self.answered or self._well):
            return True
        empty = prompt.extract_messages([], {})
        try:
            self._check_room(empty)
            await self._call(empty, Answer)
        except BadAnswer as error:
            self._well = error.reason not in ("too_long", "filtered")
        except ModelError:
            self._well = False
        else:
            self._well = True
        return self._well

    async def check_still_well(self, error: BadAnswer) -> None:
        """Raises what is wrong with the endpoint, if it answers nothing any more: then what was said is not at fault.

        A key that was withdrawn, and a firewall, may be told in the very words of a content filter.
        """
        refused = error.__cause__
        if isinstance(refused, RequestFailed | RequestRefused):
            if not await self.is_well(still=True):
                raise refused
        elif error.reason == "filtered" and not await self.is_well(still=True):
            told = "the endpoint refuses even a request without data; check the account, and the network on the way"
            raise ModelError(f"{self._voice.chat.model}: {told}") from error


def _attempt(read: Callable[[str], Heard[Value]], text: str) -> Heard[Value] | BadAnswer:
    try:
        return read(text)
    except BadAnswer as error:
        return error
