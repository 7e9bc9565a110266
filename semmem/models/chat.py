"""Chat models behind any OpenAI-compatible endpoint."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import openai

from semmem.errors import BadAnswer, ModelError, RequestFailed, RequestRefused
from semmem.models.completion import ErrorInBody, read_completion
from semmem.models.dialect import MIN_ANSWER_TOKENS, Dialect
from semmem.models.endpoint import MAX_ERROR_CHARACTERS, connect, of_status, post, typed_errors
from semmem.models.refusals import Refusal, is_about_request, read_refusal
from semmem.ports import ChatAnswer

ANSWER_BYTES = 4 << 20  # that an answer may take beside its tokens: thoughts, and what servers add
BYTES_A_TOKEN = 512  # in a stream each has a frame of its own
MAX_FORMS = 24  # of one request, until its endpoint is believed to want it in none

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    messages: Sequence[Mapping[str, str]]
    schema: Mapping[str, Any] | None
    schema_name: str
    max_tokens: int


class _Refused(Exception):
    """The endpoint refused a request; another form of it may do."""

    def __init__(self, status: int, refusal: Refusal) -> None:
        super().__init__(f"{status}, {refusal.kind}")
        self.status, self.refusal = status, refusal


class OpenAIChat:
    """One chat completion at temperature 0, with strict structured output where a schema is given.

    `timeout` is in seconds for each of 1 + `max_retries` attempts; `extra` are further fields of the request's body.
    What the endpoint does not know (json_schema, temperature, max_tokens ...) is left out or renamed once it said so,
    and an answer gets no more tokens than the endpoint's limits leave. `context_tokens` names the model's window before
    the endpoint does; `reasoning_effort` is sent if it is given.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 3,
        context_tokens: int | None = None,
        reasoning_effort: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self._model = model
        self._client = connect(base_url, api_key, timeout, max_retries)
        self._extra = dict(extra or {})
        self._dialect = Dialect(context=context_tokens, effort=reasoning_effort)
        self._proved = False  # the dialect has been answered in

    @property
    def model(self) -> str:
        return self._model

    async def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        schema: Mapping[str, Any] | None,
        schema_name: str = "",
        max_tokens: int,
    ) -> ChatAnswer:
        """Free text where `schema` is None. An answer cut at `max_tokens`, or at what the endpoint leaves of it, has
        the finish_reason "length".

        Raises ModelUnavailable for an outage, RequestFailed and RequestRefused where the request may be at fault,
        BadAnswer("filtered") and BadAnswer("too_long") where it is, BadAnswer for an answer that is none, and
        ModelError where the endpoint wants another key, address or account.
        """
        asked = _Asked(messages, schema, schema_name, max_tokens)
        dialect, room = self._dialect, self._dialect.room(messages, schema, max_tokens)
        known = dialect  # without what was left out on a guess
        plainer: Iterator[Dialect] = iter(())
        lasting = True  # what is learnt holds for other requests too
        for form in range(MAX_FORMS):
            try:
                answer = await self._ask(asked, dialect, room, retry=form == 0)
            except _Refused as refused:
                refusal = refused.refusal
                if refusal.kind == "size":
                    dialect, room = self._smaller(asked, dialect, room, refusal)
                    known = replace(known, context=dialect.context, answer=dialect.answer)
                    continue
                lasting = lasting and refusal.kind != "generation"
                named = None if refusal.kind == "unclear" else dialect.without(refusal.said)
                if named:
                    known = known.without(refusal.said) or known
                if named or form == 0:
                    plainer = (named or dialect).plainer()
                following = named or next(plainer, None)
                if following is None:
                    raise self._given_up(refused) from refused
                dialect = following
            else:
                return await self._learnt(asked, dialect, known, room, answer) if lasting else answer
        raise RequestRefused(f"{self._model}: the endpoint refused {MAX_FORMS} forms of the request")

    async def _learnt(
        self, asked: _Asked, dialect: Dialect, known: Dialect, room: int, answer: ChatAnswer
    ) -> ChatAnswer:
        """Learns the form of the answer; what was left out of it on a guess only if it is refused once more.

        A failure that says nothing may have been one that passes.
        """
        if dialect != known:
            try:
                answer, dialect = await self._ask(asked, known, room, retry=True), known
            except _Refused:
                pass
            except ModelError:  # an outage, or a bad answer: nothing is known of the form
                return answer
        self._learn(dialect)
        return answer

    async def _ask(self, asked: _Asked, dialect: Dialect, room: int, *, retry: bool) -> ChatAnswer:
        body = {
            "model": self._model,
            **dialect.body(asked.messages, asked.schema, asked.schema_name, room),
            **self._extra,
        }
        try:
            with typed_errors(self._model):
                retries = self._client.max_retries if retry else 0
                most_bytes = ANSWER_BYTES + asked.max_tokens * BYTES_A_TOKEN
                return read_completion(
                    await post(self._client, "/chat/completions", body, retries, most_bytes=most_bytes)
                )
        except ErrorInBody as error:
            raise self._meaning(error.status, error.text, room) from error
        except ModelError as error:
            refused = error.__cause__
            if isinstance(refused, openai.APIStatusError):
                raise self._meaning(refused.status_code, refused.response.text, room, refused.code) from refused
            raise

    def _meaning(self, status: int, text: str, room: int, code: str | None = None) -> Exception:
        """Returns the refusal, where another form of the request may help; else the error it amounts to."""
        refusal = read_refusal(status, text[:MAX_ERROR_CHARACTERS], room)
        if refusal.kind == "content":
            return BadAnswer("filtered", f"the endpoint's content filter refuses what is said here ({status})")
        if refusal.kind in ("outage", "denied"):
            return of_status(self._model, status, code)
        if refusal.kind == "unclear" and self._proved and not is_about_request(status):
            return self._failed(status)
        return _Refused(status, refusal)

    def _smaller(self, asked: _Asked, dialect: Dialect, room: int, refusal: Refusal) -> tuple[Dialect, int]:
        """Returns the dialect with the limits that the refusal named, and less room for the answer."""
        knowing = replace(dialect, context=refusal.context or dialect.context, answer=refusal.answer or dialect.answer)
        fitting = knowing.room(asked.messages, asked.schema, asked.max_tokens)
        smaller = fitting if fitting < room else room // 2
        if dialect.limit == "none" or smaller < MIN_ANSWER_TOKENS:
            window = f" of {knowing.context} tokens" if knowing.context else ""
            raise BadAnswer("too_long", f"what is said does not fit the model's context window{window} with an answer")
        return knowing, smaller

    def _given_up(self, refused: _Refused) -> ModelError:
        if not is_about_request(refused.status):
            return self._failed(refused.status)
        if refused.status == 404:
            return of_status(self._model, 404)
        return RequestRefused(f"{self._model}: the endpoint refused the request in every form ({refused.status})")

    def _failed(self, status: int) -> RequestFailed:
        return RequestFailed(f"{self._model}: the endpoint failed at the request ({status})")

    def _learn(self, dialect: Dialect) -> None:
        self._proved = True
        if dialect != self._dialect:
            self._dialect = dialect
            _log.info("%s refused a part of the request; from now on asked with %s", self._model, dialect)

    async def aclose(self) -> None:
        await self._client.close()
