"""Whatever Redis or Qdrant answers, refusal or nonsense: a StoreUnavailable with the way out, which quotes nothing."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import numpy as np
import pytest

from semmem import StoreUnavailable
from semmem.domain.hit import Filter
from semmem.domain.scope import Scope, View
from semmem.ports import Mark
from semmem.stores.postgres.identity import Identity
from semmem.stores.qdrant import client as qdrant
from semmem.stores.qdrant.index import QdrantIndex
from semmem.stores.redis import client as redis
from semmem.stores.redis.recent import RedisRecent
from tests.contract.vector_index import point
from tests.unit.extractors.builders import event

ALICE = Scope.user("acme", "alice")
SECRET = b"door code 4711"
PATIENCE = 0.3  # seconds, for answers that never end
A_LONG_TIME = 60.0  # seconds, where an answer always comes
RANDOM = random.Random(7)


@asynccontextmanager
async def _answering(answer: bytes) -> AsyncIterator[int]:
    """The port of a server that says this to whatever it is asked, once for each command of a Redis pipeline."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.read(1 << 16):
            writer.write(answer * max(1, asked.count(b"\r\n*") + 1 if asked[:1] == b"*" else 1))
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def _refused(call: Callable[[], Awaitable[object]]) -> str | None:
    """What a call says that is refused; None where the nonsense happens to be an answer to it."""
    try:
        await call()
    except StoreUnavailable as error:
        said = str(error)
    else:
        return None
    assert SECRET.decode() not in said
    return said


REDIS_REFUSALS = [
    ("LOADING", "loading its data"),
    ("READONLY", "a replica"),
    ("OOM", "maxmemory"),
    ("MISCONF", "cannot save"),
    ("NOAUTH", "SEMMEM_REDIS_URL"),
    ("WRONGPASS", "SEMMEM_REDIS_URL"),
    ("NOPERM", "too few rights"),
    ("MASTERDOWN", "lost its primary"),
    ("MOVED 1 10.0.0.7:6379", "cluster"),
    ("CLUSTERDOWN", "ClusterDownError"),
    ("TRYAGAIN", "TryAgainError"),
    ("BUSY", "SCRIPT KILL"),
    ("NOREPLICAS", "replicas"),
    ("ERR ACL failure in script: User default has no permissions to run the 'zadd' command", "too few rights"),
    ("ERR The user executing the script can't run this command or subcommand", "too few rights"),
    ("ERR Error running script (call to f_0): @user_script:1: @user_script: 1: -OOM command not allowed", "maxmemory"),
    ("ERR Error running script (call to f_0): @user_script:1: @user_script: 1: -READONLY You can't", "a replica"),
    ("WRONGTYPE", "ResponseError"),
    ("ERR", "ResponseError"),
]
REDIS_NONSENSE = [
    *(
        b"+OK\r\n",
        b":1\r\n",
        b"$abc\r\n",
        b":abc\r\n",
        b",abc\r\n",
        b"%x\r\n",
        b"~x\r\n",
        b"-MOVED x\r\n",
        b"-\xff\r\n",
    ),
    *(
        b"*2\r\n*1\r\n:1\r\n*1\r\n:1\r\n",
        b"*2\r\n*1\r\n$7\r\n0:whole\r\n:7\r\n",
        b"*2\r\n*1\r\n$7\r\nx:whole\r\n*0\r\n",
    ),
    *(
        b"*1\r\n" * 20_000,
        b"*99999999\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00" * 30,
        b"SSH-2.0-x\r\n",
        b"\r\n",
    ),
    *(RANDOM.choice([b"*", b"$", b":", b">", b"="]) + RANDOM.randbytes(9) + b"\r\n" for _ in range(8)),
]


def _redis_calls(port: int, seconds: float) -> tuple[RedisRecent, Mapping[str, Callable[[], Awaitable[object]]]]:
    client = redis.connect(f"redis://127.0.0.1:{port}/0", seconds)
    cache = RedisRecent(client, identity=Identity("a", "b"), seconds=seconds)
    said = [event(SECRET.decode())]
    return cache, {
        "recent": lambda: cache.recent(ALICE, 10, 0),
        "fill": lambda: cache.fill(ALICE, said, 0),
        "push": lambda: cache.push(said, 0),
        "forget": lambda: cache.forget(ALICE),
    }


@pytest.mark.parametrize(("code", "says"), REDIS_REFUSALS)
async def test_what_redis_refuses_is_told_with_the_way_out(code: str, says: str) -> None:
    quoted = "" if code.startswith("MOVED") else f" {SECRET.decode()}"
    async with _answering(f"-{code}{quoted}\r\n".encode()) as port:
        cache, calls = _redis_calls(port, A_LONG_TIME)
        for verb, call in calls.items():
            assert says in (await _refused(call) or ""), verb
        await cache.aclose()


@pytest.mark.parametrize("answer", REDIS_NONSENSE, ids=range(len(REDIS_NONSENSE)))
async def test_nonsense_of_redis_is_no_error_of_its_client(answer: bytes) -> None:
    async with _answering(answer) as port:
        for verb in ("recent", "fill", "push", "forget"):
            cache, calls = _redis_calls(port, PATIENCE)  # a new one each: the breaker would refuse what follows
            await _refused(calls[verb])
            await cache.aclose()


def _http(status: int, body: bytes = b"", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


STATUSES = (301, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 507)
RESULTS = ("null", "[]", "{}", "1", '{"points": null}', '{"points": [{}]}', '{"exists": "maybe"}', "NaN")
BODIES = (b"", b"null", b"[]", b"{}", b"1", b"<html>", b"\xff\xfe\x00", b"[" * 100_000)
QDRANT_NONSENSE = [
    *(_http(200, body) for body in BODIES),
    *(_http(200, b'{"result": %s}' % result.encode()) for result in RESULTS),
    _http(200, b'{"result": {"points": [{"id": 7, "version": 1, "score": 1}]}}'),
    _http(200, b'{"result": {"points": [{"id": "x", "version": 1, "score": 1}]}}'),
    _http(200, gzip.compress(b"{}", mtime=0), b"Content-Encoding: gzip\r\n"),
    _http(200, b"plain", b"Content-Encoding: gzip\r\n"),
    _http(429, b"[]", b"Retry-After: soon\r\n"),
    _http(302, b"", b"Location: http://127.0.0.1:1/\r\n"),
    *(
        b"-ERR x\r\n",
        b"\x00" * 40,
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"SSH-2.0\r\n",
    ),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
]


def _qdrant_calls(port: int, seconds: float) -> tuple[QdrantIndex, Mapping[str, Callable[[], Awaitable[object]]]]:
    client = qdrant.connect(f"http://127.0.0.1:{port}", None)
    index = QdrantIndex(
        client,
        identity=Identity("a", "b"),
        embedder_model="m",
        dimensions=4,
        search_seconds=seconds,
        write_seconds=seconds,
    )
    vector, here = np.full(4, 0.5, np.float32), point(ALICE)

    async def scan() -> list[tuple[UUID, int]]:
        return [held async for held in index.scan(ALICE)]

    return index, {
        "search": lambda: index.search(View.of(ALICE), vector, 5, Filter()),
        "upsert": lambda: index.upsert([here]),
        "delete": lambda: index.delete(ALICE, [here.id]),
        "mark": index.mark,
        "put_mark": lambda: index.put_mark(Mark(uuid4(), whole=True)),
        "ensure": index.ensure,
        "empty": index.empty,
        "scan": scan,
        "compare": lambda: index.compare([here]),
    }


@pytest.mark.parametrize("status", STATUSES)
async def test_what_qdrant_refuses_is_told_without_its_words(status: int) -> None:
    async with _answering(_http(status, b'{"status": {"error": "%s"}}' % SECRET)) as port:
        index, calls = _qdrant_calls(port, A_LONG_TIME)
        for verb, call in calls.items():
            said = await _refused(call)
            assert said, verb
            assert "known to be down" in said or str(status) in said or "missing" in said, said
        await index.aclose()


@pytest.mark.parametrize("answer", QDRANT_NONSENSE, ids=range(len(QDRANT_NONSENSE)))
async def test_nonsense_of_qdrant_is_no_error_of_its_client(answer: bytes) -> None:
    async with _answering(answer) as port:
        for verb in _qdrant_calls(port, PATIENCE)[1]:
            index, calls = _qdrant_calls(port, PATIENCE)
            await _refused(calls[verb])
            await index.aclose()
