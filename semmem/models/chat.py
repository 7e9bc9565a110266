"""Chat models behind any OpenAI-compatible endpoint."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import openai

from semmem.errors import BadAnswer, ModelError
from semmem.models.dialect import Dialect
from semmem.models.endpoint import connect, parse_body, typed_errors
from semmem.ports import ChatAnswer

_log = logging.getLogger(__name__)


class OpenAIChat:
    """One chat completion with strict structured output, at temperature 0.

    `timeout` is in seconds for each of 1 + `max_retries` attempts; `extra` are further fields of the request's body.
    What the endpoint does not know (json_schema, temperature, max_tokens) is left out or renamed once it said so.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 3,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self._model = model
        self._client = connect(base_url, api_key, timeout, max_retries)
        self._extra = dict(extra or {})
        self._dialect = Dialect()

    @property
    def model(self) -> str:
        return self._model

    async def complete(
        self, messages: Sequence[Mapping[str, str]], *, schema: Mapping[str, Any], schema_name: str, max_tokens: int
    ) -> ChatAnswer:
        """Raises ModelUnavailable after the retries, ModelError for a request that will never do, and BadAnswer for a
        refusal or an empty answer. An answer cut at `max_tokens` is returned, with finish_reason "length".
        """
        dialect = self._dialect
        while True:
            try:
                with typed_errors(self._model):
                    text = await self._post(dialect.body(messages, schema, schema_name, max_tokens))
            except ModelError as error:
                looser = _after(error, dialect)
                if looser is None:
                    raise
                dialect = self._dialect = looser
                _log.info("%s refused a request field; from now on asked with %s", self._model, dialect)
            else:
                return _read(text)

    async def _post(self, body: dict[str, Any]) -> str:
        raw = await self._client.chat.completions.with_raw_response.create(
            model=self._model, messages=body.pop("messages"), extra_body=body | self._extra
        )
        return raw.text

    async def aclose(self) -> None:
        await self._client.close()


def _after(error: ModelError, dialect: Dialect) -> Dialect | None:
    refusal = error.__cause__
    if isinstance(refusal, openai.BadRequestError | openai.UnprocessableEntityError):
        return dialect.without(refusal)
    return None


def _read(text: str) -> ChatAnswer:
    try:
        body = parse_body(text)
        choice = body["choices"][0]
        message, finish_reason = choice["message"], choice.get("finish_reason") or "stop"
        content, refusal, usage = message.get("content"), message.get("refusal"), body.get("usage") or {}
        prompt_tokens, completion_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
    except (ModelError, LookupError, TypeError, AttributeError) as error:
        raise BadAnswer("malformed", "the endpoint's answer is no chat completion") from error
    if refusal or finish_reason == "content_filter":
        raise BadAnswer("refused", "the model declined to answer")
    if not isinstance(content, str | None) or (not content and finish_reason != "length"):
        raise BadAnswer("empty", "the model answered with no text")
    return ChatAnswer(
        text=content or "",
        finish_reason=str(finish_reason),
        prompt_tokens=_tokens(prompt_tokens),
        completion_tokens=_tokens(completion_tokens),
    )


def _tokens(reported: object) -> int:
    return reported if isinstance(reported, int) else 0
