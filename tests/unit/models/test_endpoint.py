"""What a body may be on its way: packed, marked, slow or endless; and how long and large it may get."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from semmem.errors import ModelError, RequestFailed
from semmem.models import endpoint
from semmem.models.chat import OpenAIChat
from semmem.models.embedding import OpenAIEmbedder
from semmem.ports import ChatAnswer
from semmem.runtime.loopback import is_loopback
from semmem.testing import ModelServer, Reply

SAID = '{"facts": ["Zürich"]}'
BODY = json.dumps({"choices": [{"message": {"content": SAID}}]}, ensure_ascii=False).encode()


async def ask(base_url: str, timeout: float = 30.0) -> ChatAnswer:
    chat = OpenAIChat("m", base_url=base_url, timeout=timeout, max_retries=0)
    try:
        return await chat.complete([{"role": "user", "content": "hi"}], schema={}, schema_name="x", max_tokens=300)
    finally:
        await chat.aclose()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=gzip.compress(BODY), headers={"Content-Encoding": "gzip"}),
        Reply(body=b"\xef\xbb\xbf" + BODY),
        Reply(body=b"\n\n  \n" + BODY),
        Reply(body=BODY, headers={"Content-Type": "application/json; charset=ISO-8859-1"}),
        Reply(body=BODY, headers={"Content-Type": "text/html; charset=nonsense"}),
    ],
    ids=["gzip", "a byte order mark", "kept alive by blanks", "a wrong charset", "a wrong type"],
)
async def test_the_body_is_read_whatever_the_headers_say(server: ModelServer, reply: Reply) -> None:
    server.answer = lambda body: reply
    assert (await ask(server.base_url)).text == SAID


async def test_bytes_that_are_no_text_cost_only_themselves(server: ModelServer) -> None:
    server.answer = lambda body: Reply(body=BODY.replace("ü".encode(), b"\xc3"))
    assert (await ask(server.base_url)).text == SAID.replace("ü", "\ufffd")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
async def test_a_body_that_has_no_end_is_given_up(
    server: ModelServer, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MAX_BODY_BYTES", 100_000)
    packed = {} if pack is bytes else {"Content-Encoding": "gzip"}
    server.answer = lambda body: Reply(body=pack(b" " * 100_001 + BODY), headers=packed)
    with pytest.raises(RequestFailed, match="longer than 100000 bytes"):
        await ask(server.base_url)


@asynccontextmanager
async def dripping(opening: bytes, drop: bytes) -> AsyncIterator[str]:
    """A server whose answer never ends, and never pauses for long."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(opening)
        while not writer.is_closing():
            writer.write(drop)
            await asyncio.sleep(0.01)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


@pytest.mark.parametrize(
    ("opening", "drop"),
    [(b"HTTP/1.1 200 OK\r\n\r\n", b" "), (b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n")],
    ids=["body", "headers"],
)
async def test_an_answer_that_drips_is_given_up_at_the_deadline(opening: bytes, drop: bytes) -> None:
    async with dripping(opening, drop) as base_url, asyncio.timeout(20):
        with pytest.raises(RequestFailed, match="no answer in time"):
            await ask(base_url, timeout=0.3)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_small_body_does_not_become_a_large_one(server: ModelServer, times: int) -> None:
    """Bounded by what was asked for: 300 tokens are no 50 MB, however they are packed."""
    body = BODY + b" " * 50_000_000
    for _ in range(times):
        body = gzip.compress(body)
    server.answer = lambda _: Reply(body=body, headers={"Content-Encoding": ", ".join(["gzip"] * times)})
    with pytest.raises(RequestFailed, match="longer than 4" if times == 1 else "an encoding that was not asked for"):
        await ask(server.base_url)


@pytest.mark.parametrize("body", [BODY, b"", b"\x1f\x8b\x08\x00garbage"])
async def test_a_body_that_is_not_packed_as_it_says(server: ModelServer, body: bytes) -> None:
    server.answer = lambda _: Reply(body=body, headers={"Content-Encoding": "gzip"})
    with pytest.raises(RequestFailed):
        await ask(server.base_url)


async def test_vectors_take_what_their_number_and_size_need(server: ModelServer) -> None:
    vector = "[" + ",\n        ".join([repr(1 / 3 * 1e-300)] * 1_000) + "]"
    answers = {"honest": f'{{"data": [{{"embedding": {vector}}}]}}', "endless": '{"data": [' + "[]," * 10_000_000}
    embedder = OpenAIEmbedder("m", base_url=server.base_url, dimensions=1_000, max_retries=0)
    try:
        server.embed = lambda _: Reply(body=answers["honest"].encode())
        assert (await embedder.embed(["tea"])).vectors.shape == (1, 1_000)
        server.embed = lambda _: Reply(body=answers["endless"].encode())
        with pytest.raises(RequestFailed, match="longer than 1088576 bytes"):
            await embedder.embed(["tea"])
        server.embed = lambda _: Reply(body=json.dumps({"data": [{"embedding": "[" * 100_000}]}).encode())
        with pytest.raises(ModelError, match="even a harmless text fails"):
            await embedder.embed(["tea"])
    finally:
        await embedder.aclose()


async def test_a_server_on_this_machine_is_asked_without_the_environment_s_proxy(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda _: SAID
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert (await ask(server.base_url)).text == SAID


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:6333", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:6333", True),
        ("http://localhost:11434/v1", True),
        ("http://LOCALHOST", True),
        ("http://qdrant.localhost", True),
        ("https://api.openai.com/v1", False),
        ("http://10.0.0.7:6333", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
    ],
)
def test_what_is_on_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) == here
