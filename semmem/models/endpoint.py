"""What the chat and embedding clients share: the connection, whose key goes where, and OpenAI's errors as ours."""

import asyncio
import json
import logging
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import openai

from semmem.errors import ConfigurationError, ModelError, ModelUnavailable, RequestFailed
from semmem.runtime.loopback import is_loopback

CONNECT_TIMEOUT = 5.0  # seconds
MAX_BODY_BYTES = 128 << 20  # decoded, whatever was asked; 2,048 vectors of 1,536 numbers in JSON are about as many
MAX_ERROR_CHARACTERS = 1 << 16  # of an error's text that are read

_OPENAI_HOST = "api.openai.com"
_NO_KEY = "none"  # what a server that wants no key is sent
_GZIP = 16 + zlib.MAX_WBITS  # how zlib is told that the format is gzip's
_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")  # untrue of a body once it was read

_log = logging.getLogger(__name__)


class OpenAIKey(str):
    """A key of OpenAI's: `connect` sends it to OpenAI's own host, whatever else the base URL names."""

    __slots__ = ()


# What one answer may take: a client has room for all its requests, and each of them asks for less.
_most_bytes: ContextVar[int] = ContextVar("most_bytes", default=MAX_BODY_BYTES)


class _Unusable(openai.APIConnectionError):
    """A body that is too long, or in an encoding that was not asked for."""


class _BoundedClient(openai.DefaultAsyncHttpxClient):
    """Bounds each attempt's answer as a whole; the client's own timeout only bounds the pause between two bytes."""

    def __init__(self, base_url: str, seconds: float) -> None:
        direct = is_loopback(base_url)
        super().__init__(follow_redirects=False, headers={"Accept-Encoding": "gzip"}, trust_env=not direct)
        self._seconds = seconds

    async def send(self, request: Any, **options: Any) -> Any:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._read(await super().send(request, **options | {"stream": True}))
        except TimeoutError as error:
            raise openai.APITimeoutError(request) from error

    async def _read(self, response: Any) -> Any:
        """Returns the response with its body decoded, so that a small compressed one cannot become a large one."""
        try:
            encoding, most = response.headers.get("content-encoding", "identity").strip().lower(), _most_bytes.get()
            if encoding not in ("identity", "gzip", "x-gzip", ""):
                raise _Unusable(message="the answer is in an encoding that was not asked for", request=response.request)
            unpacked = zlib.decompressobj(_GZIP) if "gzip" in encoding else None
            body = bytearray()
            async for part in response.aiter_raw():
                body += unpacked.decompress(part, most + 1 - len(body)) if unpacked else part
                if len(body) > most:
                    raise _Unusable(message=f"the answer is longer than {most} bytes", request=response.request)
        except zlib.error as error:
            raise _Unusable(message="the answer is not the gzip it claims to be", request=response.request) from error
        finally:
            await response.aclose()
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_WIRE]
        return type(response)(response.status_code, headers=headers, content=bytes(body), request=response.request)


def connect(base_url: str | None, api_key: str | None, timeout: float, max_retries: int) -> openai.AsyncOpenAI:
    """Makes a client of any OpenAI-compatible endpoint; `timeout` is in seconds, for each attempt until its last byte.

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
        http_client=_BoundedClient(base_url, timeout),
    )
    if _is_openai(client):
        if not key.strip():
            raise ConfigurationError("api_key: the model endpoint needs one; pass it or set OPENAI_API_KEY")
    else:
        # The client reads more from the environment than the key, and would send it to any host.
        client.organization = client.project = None
        client._custom_headers = {}  # OPENAI_CUSTOM_HEADERS: may hold an Authorization of OpenAI's
        if isinstance(key, OpenAIKey):
            if key:
                meant = "if that wants a key, set SEMMEM_LLM_API_KEY, SEMMEM_EMBEDDING_API_KEY"
                _log.warning("OPENAI_API_KEY is not sent to %s; %s", client.base_url.host, meant)
            return client
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


async def post(client: openai.AsyncOpenAI, path: str, body: Mapping[str, Any], retries: int, *, most_bytes: int) -> str:
    """Returns the answer's text. Raises OpenAI's errors; `retries` are those after the first attempt.

    `most_bytes` are what an honest answer to this request takes at most: a longer one is not read to its end.

    Made with the client itself: a copy of it (`with_options`) reads OpenAI's names and headers from the environment
    again, and would send them to any host. The client's own `create` adds fields that nobody asked for.
    """
    bounded = _most_bytes.set(min(most_bytes, MAX_BODY_BYTES))
    try:
        answer = await client.post(
            path, cast_to=openai.HttpxBinaryResponseContent, body=body, options={"max_retries": retries}
        )
    finally:
        _most_bytes.reset(bounded)
    # JSON is UTF-8, whatever the headers say; some servers put a mark in front, or cut a character in two.
    return answer.content.decode("utf-8-sig", errors="replace")


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
        if unusable := next((each for each in (error, error.__cause__) if isinstance(each, _Unusable)), None):
            raise RequestFailed(f"{model}: {unusable.message}") from error
        if type(error.__cause__).__name__ == "ConnectError":  # of httpx or httpx2, as the client has it
            raise ModelUnavailable(f"{model}: the endpoint cannot be reached") from error
        raise RequestFailed(f"{model}: the endpoint cut the connection") from error
    except openai.APIStatusError as error:
        raise of_status(model, error.status_code, error.code) from error
    except openai.OpenAIError as error:
        raise ModelError(f"{model}: {type(error).__name__}") from error


def of_status(model: str, status: int, error_code: str | None = None) -> ModelError:
    """Returns the error for an HTTP status, which says what to do about it."""
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


def parse_body(text: str) -> Any:
    """Returns the answer's JSON, read by hand, since the client's own parsing leaks errors that are not OpenAI's."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError("the endpoint's answer is not JSON") from error
