"""A local HTTP server that speaks OpenAI's chat and embeddings API, for the real client to run against.

with ModelServer(answer=lambda body: '{"facts": []}') as server:
    chat = OpenAIChat("any", base_url=server.base_url)
    ...
    server.answer = lambda body: Reply(status=429, headers={"retry-after-ms": "1"})
    assert server.requests[0]["messages"]
"""

import base64
import hashlib
import json
import math
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from semmem.models.tokens import load_counter

Vectors = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer other than plain text: an error, a refusal, a broken body, a late or a cut one."""

    text: str | None = None
    refusal: str | None = None
    finish_reason: str = "stop"
    usage: bool = True
    status: int = 200
    error: Mapping[str, Any] = field(default_factory=dict)  # of an error's body: message, param, code
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None  # sent as it is, in place of a completion
    cut: bool = False  # the connection closes half-way through the body
    after: threading.Event | None = None  # nothing is sent until it is set


class ModelServer:
    """`answer` gets a chat request's body, `embed` an embeddings request's; both run in the server's threads.

    `port` 0 is a free one.
    """

    def __init__(
        self,
        answer: Callable[[dict[str, Any]], str | Reply] = lambda body: "{}",
        embed: Callable[[dict[str, Any]], Vectors | Reply] | None = None,
        port: int = 0,
    ) -> None:
        self.answer = answer
        self.embed = embed or hashed_words
        self.requests: list[dict[str, Any]] = []  # the parsed bodies, in order of arrival
        self.keys: list[str | None] = []  # the Authorization header of each
        self.headers: list[dict[str, str]] = []  # all headers of each
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def respond(self, path: str, body: dict[str, Any]) -> Reply:
        if path == "/v1/chat/completions":
            said = self.answer(body)
            return _completion(body, said if isinstance(said, Reply) else Reply(text=said))
        if path == "/v1/embeddings":
            vectors = self.embed(body)
            return vectors if isinstance(vectors, Reply) else _embeddings(body, vectors)
        return Reply(status=404, error={"message": f"no such path: {path}"})


def hashed_words(body: Mapping[str, Any]) -> Vectors:
    """Texts that share words get vectors that are close; 64 dimensions unless the request asks for others."""
    size = body.get("dimensions") or 64
    vectors = []
    for text in texts_of(body):
        vector = [0.01] * size
        for word in text.lower().split():
            digest = hashlib.sha256(word.encode()).digest()
            vector[int.from_bytes(digest[:4]) % size] += 1 if digest[4] % 2 else -1
        length = math.hypot(*vector)
        vectors.append([value / length for value in vector])
    return vectors


def texts_of(body: Mapping[str, Any]) -> list[str]:
    return [body["input"]] if isinstance(body["input"], str) else body["input"]


def _completion(body: Mapping[str, Any], reply: Reply) -> Reply:
    """The reply with a chat completion as its body, where it is not an error or broken by itself."""
    if reply.body is not None or reply.status != 200:
        return reply
    message = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}
    completion = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": body["model"]}
    usage = {"usage": chat_usage(body, reply.text or "")} if reply.usage else {}
    return _with_body(reply, completion | {"choices": [choice]} | usage)


def chat_usage(body: Mapping[str, Any], text: str) -> dict[str, int]:
    """Tokens of o200k_base: messages with 4 for each one's markup, and the schema as JSON."""
    counter = load_counter()
    schema = body.get("response_format", {}).get("json_schema")
    prompt = sum(4 + counter.count(message["content"]) for message in body["messages"])
    prompt += counter.count(json.dumps(schema, separators=(",", ":"))) if schema else 0
    completion = counter.count(text)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _embeddings(body: Mapping[str, Any], vectors: Vectors) -> Reply:
    """Last text first: the order of an answer means nothing, `index` does."""
    plain = body.get("encoding_format", "float") == "float"
    items = [
        {"object": "embedding", "index": index, "embedding": list(vector) if plain else _base64(vector)}
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(map(load_counter().count, texts_of(body)))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return _with_body(Reply(), {"object": "list", "data": items[::-1], "model": body["model"], "usage": usage})


def _base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _with_body(reply: Reply, body: Mapping[str, Any]) -> Reply:
    return Reply(body=json.dumps(body).encode(), headers=reply.headers, cut=reply.cut, after=reply.after)


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with suppress(ConnectionError):  # between two requests, too
                super().handle()

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            content = self.rfile.read(length)
            if len(content) < length:  # the client died while it asked
                return
            body = json.loads(content)
            server.requests.append(body)
            server.keys.append(self.headers.get("Authorization"))
            server.headers.append(dict(self.headers))
            reply = server.respond(self.path, body)
            if reply.after:
                reply.after.wait()
            with suppress(ConnectionError):  # the client may be gone by now
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            content = reply.body if reply.body is not None else json.dumps({"error": reply.error}).encode()
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), **reply.headers}
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = reply.cut
            self.wfile.write(content[: len(content) // 2] if reply.cut else content)

        def log_message(self, *_: object) -> None:
            """Nothing: the tests' output is not the place."""

    return Handler
