"""What the chat and embedding clients share: the connection, whose key goes where, and OpenAI's errors as ours."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import openai

from semmem.errors import ConfigurationError, ModelError, ModelUnavailable, RequestFailed

CONNECT_TIMEOUT = 5.0  # seconds

_OPENAI_HOST = "api.openai.com"
_NO_KEY = "none"  # what a server that wants no key is sent

_log = logging.getLogger(__name__)


class OpenAIKey(str):
    """A key of OpenAI's: `connect` sends it to OpenAI's own host, whatever else the base URL names."""

    __slots__ = ()


def connect(base_url: str | None, api_key: str | None, timeout: float, max_retries: int) -> openai.AsyncOpenAI:
    """A client of any OpenAI-compatible endpoint; `timeout` is in seconds, for each attempt.

    Without a `base_url`, OPENAI_BASE_URL or else OpenAI itself is asked. A plain `api_key` goes where that points; an
    OpenAIKey, and OPENAI_API_KEY, which is taken where no key is given, go to OpenAI's own host only. Redirects are not
    followed: they would carry what was said to a host that nobody chose.
    """
    base_url = base_url or os.environ.get("OPENAI_BASE_URL") or f"https://{_OPENAI_HOST}/v1"
    _check_url(base_url)
    key = api_key or OpenAIKey(os.environ.get("OPENAI_API_KEY", ""))
    if not key.isascii():
        raise ConfigurationError("api_key: holds characters no key has; copy it again from the endpoint's page")
    client = openai.AsyncOpenAI(
        base_url=base_url,
        api_key=_NO_KEY,
        timeout=openai.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
        max_retries=max_retries,
        http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
    )
    if not _is_openai(client):
        _forget_what_is_openais(client)
        if isinstance(key, OpenAIKey):
            _warn_of_withheld_key(client, key)
            return client
    elif not key.strip():
        raise ConfigurationError("api_key: the model endpoint needs one; pass it or set OPENAI_API_KEY")
    client.api_key = key.strip() or _NO_KEY
    return client


def _check_url(base_url: str) -> None:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError("base_url: must be like https://host/v1 or http://localhost:11434/v1; correct it")


def _is_openai(client: openai.AsyncOpenAI) -> bool:
    """Asked of the address as the client itself reads it: two readers of a strange one may see two hosts in it."""
    url = client.base_url
    host = url.raw_host.decode("ascii", "replace").lower()
    return url.scheme == "https" and url.port in (None, 443) and f".{host}".endswith(f".{_OPENAI_HOST}")


def _forget_what_is_openais(client: openai.AsyncOpenAI) -> None:
    """The client reads more from the environment than the key, and would send it to any host."""
    client.organization = client.project = None
    client._custom_headers = {}  # OPENAI_CUSTOM_HEADERS: may hold an Authorization of OpenAI's


def _warn_of_withheld_key(client: openai.AsyncOpenAI, key: OpenAIKey) -> None:
    if key:
        told = "OPENAI_API_KEY is not sent to %s; if that wants a key, set SEMMEM_LLM_API_KEY, SEMMEM_EMBEDDING_API_KEY"
        _log.warning(told, client.base_url.host)


@contextmanager
def typed_errors(model: str) -> Iterator[None]:
    """Raises ModelUnavailable for what may pass and ModelError for what will not.

    The endpoint's own message is left out, since it may quote what was sent.
    """
    try:
        yield
    except openai.APITimeoutError as error:
        raise RequestFailed(f"{model}: no answer in time") from error
    except openai.APIConnectionError as error:
        if type(error.__cause__).__name__ == "ConnectError":  # of httpx or httpx2, as the client has it
            raise ModelUnavailable(f"{model}: the endpoint cannot be reached") from error
        raise RequestFailed(f"{model}: the endpoint cut the connection") from error
    except openai.APIStatusError as error:
        raise of_status(model, error.status_code, error.code) from error
    except openai.OpenAIError as error:
        raise ModelError(f"{model}: {type(error).__name__}") from error


def of_status(model: str, status: int, error_code: str | None = None) -> ModelError:
    """The error for an HTTP status, which says what to do about it."""
    code = f" {error_code}" if error_code else ""
    if status in (408, 409, 425, 429) or status >= 500:
        return ModelUnavailable(f"{model}: the endpoint refused for now ({status}{code})")
    if 300 <= status < 400:
        return ModelError(f"{model}: the endpoint redirects ({status}); set base_url to where it really is")
    if status in (401, 403):
        return ModelError(f"{model}: the endpoint refused the key ({status}{code}); check the API key and its rights")
    if status == 402:
        return ModelError(f"{model}: the endpoint wants to be paid (402{code}); check the account behind the API key")
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
