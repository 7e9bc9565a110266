"""A client of a Redis server, and what its errors mean."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from semmem.runtime.keepalive import tcp_options

TIMEOUT_SECONDS = 0.5

TROUBLE: Mapping[type[Exception], str] = {
    AuthenticationError: "it refuses the login; correct the user and password in SEMMEM_REDIS_URL",
    NoPermissionError: "the login has too few rights; let it read, write, publish and run scripts under its prefix",
    BusyLoadingError: "it is loading its data, and answers when that is done",
    ReadOnlyError: "it is a replica, which takes no writes; name the primary in SEMMEM_REDIS_URL",
    OutOfMemoryError: "its maxmemory is reached; raise it, or let it evict with maxmemory-policy volatile-lru",
    MasterDownError: "it is a replica that has lost its primary; name the primary in SEMMEM_REDIS_URL",
    MovedError: "it is a node of a cluster, and the keys are on another; name a single server in SEMMEM_REDIS_URL",
}
# By words of the server's message, where the client has no class for it: what a script is refused comes as its error.
REFUSALS = {
    "ACL failure in script": TROUBLE[NoPermissionError],
    "user executing the script can't run": TROUBLE[NoPermissionError],
    "-READONLY": TROUBLE[ReadOnlyError],
    "-OOM": TROUBLE[OutOfMemoryError],
    "-MASTERDOWN": TROUBLE[MasterDownError],
    "MISCONF": "it cannot save its data and takes no writes; its log says why",
    "NOREPLICAS": "it has too few replicas, and takes no writes until they are back",
    "BUSY": "a script keeps it busy; SCRIPT KILL ends that",
}
# What the client lets out where an answer is not of the protocol, or not to what was asked.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)

_DATABASE = re.compile("/?|/[0-9]+/?")


def connect(url: str, seconds: float = TIMEOUT_SECONDS) -> Redis:
    """A client that gives up after so many seconds. Raises ValueError for a URL it cannot read.

    The one retry is for pooled connections that a restarted server has closed.
    """
    if url.startswith("redis") and not _DATABASE.fullmatch(urlsplit(url).path):
        raise ValueError("the path is no number of a database")  # redis-py takes 0 instead
    alive: dict[str, Any] = {"socket_keepalive": True, "socket_keepalive_options": dict(tcp_options())}
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 1),
        **({} if url.startswith("unix") else alive),
    )


def is_down(error: BaseException) -> bool:
    """Not where it answers, if only with an error."""
    return isinstance(error, (RedisError, OSError, *UNREADABLE)) and not isinstance(error, ResponseError)


def reason(error: Exception) -> str:
    """The way out, else the error's kind, and never its text: a server may quote what it was sent."""
    told = (error, error.__cause__)  # what is refused while a connection is made comes wrapped
    by_kind = (trouble for kind, trouble in TROUBLE.items() if any(isinstance(each, kind) for each in told))
    by_words = (trouble for words, trouble in REFUSALS.items() if words in str(error))
    return next(by_kind, None) or next(by_words, type(error).__name__)
