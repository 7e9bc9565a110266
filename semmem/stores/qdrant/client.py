"""A client of a Qdrant server, and what its errors mean."""

import math
import warnings
from urllib.parse import urlsplit

import httpx
from qdrant_client import AsyncQdrantClient
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from semmem.runtime.loopback import is_loopback

IDLE_SECONDS = 2.0  # that a connection is kept for: less than servers keep it, so that none is found closed
WRITE_SECONDS = 10.0

TROUBLE = {
    401: "(it wants a key; set SEMMEM_QDRANT_API_KEY)",
    403: "(the key has too few rights; it has to read and write, and make collections)",
    413: "(the request is too large for a proxy before it, or for its max_request_size_mb)",
    507: "(its disk is full)",
}
# What the client lets out where an answer is none of Qdrant's.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError)


def connect(url: str, api_key: str | None, *, seconds: float = WRITE_SECONDS) -> AsyncQdrantClient:
    """A client that gives up connecting, or waiting for a part of an answer, after so many seconds.

    It checks no versions, so that a server that is down does not hold up anything.

    Raises ValueError for a URL that is none: the client would take one without a scheme for https.
    """
    if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
        raise ValueError("neither http:// nor https:// and a host")
    with warnings.catch_warnings():
        # A key over plain http is fine on the loopback interface, where the embedded server listens.
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return AsyncQdrantClient(
            url=url,
            api_key=api_key,
            timeout=math.ceil(seconds),  # it takes whole seconds alone
            check_compatibility=False,
            # httpx's own, but for the time: the client would keep no connection to the loopback interface at all.
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=IDLE_SECONDS),
            trust_env=not is_loopback(url),
            verify=url.startswith("https://"),  # reading the certificate store takes longer than opening all else
        )


def is_down(error: BaseException) -> bool:
    """Not where it answers that something is wrong, such as a collection that is missing."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code in (502, 503, 504)
    return isinstance(error, (ApiException, QdrantException, OSError, *UNREADABLE))


def reason(error: Exception, collection: str) -> str:
    """The way out, else the error's kind, and never its body: a server may quote what it was sent."""
    if isinstance(error, UnexpectedResponse):
        if error.status_code == 404:
            return f"collection {collection} is missing; ensure makes it, and Postgres can fill it"
        trouble = TROUBLE.get(error.status_code or 0, error.reason_phrase)
        return f"HTTP {error.status_code} {trouble}".rstrip()
    if isinstance(error, ResponseHandlingException):
        return type(error.source).__name__
    return type(error).__name__
