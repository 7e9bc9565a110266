"""What the chat and embedding clients share: the connection, and OpenAI's errors as ours."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import openai

from semmem.errors import ConfigurationError, ModelError, ModelUnavailable

CONNECT_TIMEOUT = 5.0  # seconds


def connect(base_url: str | None, api_key: str | None, timeout: float, max_retries: int) -> openai.AsyncOpenAI:
    """A client of any OpenAI-compatible endpoint; `timeout` is in seconds, for each attempt.

    Without a `base_url` the client reads OPENAI_BASE_URL and OPENAI_API_KEY. With one, that key is not sent to it:
    it belongs to another host.
    """
    try:
        return openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or ("none" if base_url else None),
            timeout=openai.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
            max_retries=max_retries,
        )
    except openai.OpenAIError as error:
        raise ConfigurationError("api_key: the model endpoint needs one; pass it or set OPENAI_API_KEY") from error


@contextmanager
def typed_errors(model: str) -> Iterator[None]:
    """Raises ModelUnavailable for what may pass and ModelError for what will not.

    The endpoint's own message is left out, since it may quote what was sent.
    """
    try:
        yield
    except openai.APITimeoutError as error:
        raise ModelUnavailable(f"{model}: no answer in time") from error
    except openai.APIConnectionError as error:
        raise ModelUnavailable(f"{model}: the endpoint cannot be reached, or cut the connection") from error
    except openai.APIStatusError as error:
        raise _of_status(model, error) from error
    except openai.OpenAIError as error:
        raise ModelError(f"{model}: {type(error).__name__}") from error


def _of_status(model: str, error: openai.APIStatusError) -> ModelError:
    status, code = error.status_code, f" {error.code}" if error.code else ""
    if status in (408, 409, 429) or status >= 500:
        return ModelUnavailable(f"{model}: the endpoint refused for now ({status}{code})")
    if status in (401, 403):
        return ModelError(f"{model}: the endpoint refused the key ({status}{code}); check the API key and its rights")
    if status == 404:
        return ModelError(f"{model}: the endpoint has no such model or path (404{code}); check the name and base_url")
    return ModelError(f"{model}: the endpoint refused the request ({status}{code})")


def parse_body(text: str) -> Mapping[str, Any]:
    """The answer's JSON object. Read by hand, since the client's own parsing leaks errors that are not OpenAI's."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError("the endpoint's answer is not JSON") from error
    if not isinstance(body, Mapping):
        raise ModelError("the endpoint's answer is not a JSON object")
    return body
