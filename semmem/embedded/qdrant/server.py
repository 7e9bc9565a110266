"""A part of Qdrant's REST protocol over Qdrant's own engine: `python -m semmem.embedded.qdrant.server PORT`.

It serves the folder that it is started in, and speaks what semmem asks of a Qdrant server. The engine never releases
Python's lock, so handlers call it directly; it has this process to itself.
"""

import asyncio
import hmac
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from semmem.embedded.qdrant.collections import CollectionExists, Collections, NoSuchCollection
from semmem.embedded.qdrant.process import API_KEY_VARIABLE, bind_loopback
from semmem.embedded.qdrant.routes import ENDPOINTS
from semmem.embedded.qdrant.wire import MalformedRequest

# The protocol spoken here; clients compare it with their own version.
PROTOCOL_VERSION = "1.20.0"
TIDY_SECONDS = 0.5
OPEN_PATHS = ("/healthz", "/livez", "/readyz")
Handler = Callable[[Request, Any], Awaitable[Any]]


def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a handler of `(request, body)` in Qdrant's envelope, errors included."""

    async def respond(request: Request) -> Response:
        started = time.perf_counter()
        status, member, value = await _outcome(handler, request)
        spent = time.perf_counter() - started
        if status == 200:
            return JSONResponse({"result": value, "status": "ok", "time": spent})
        return JSONResponse({"status": {member: value}, "time": spent}, status_code=status)

    return respond


async def _outcome(handler: Handler, request: Request) -> tuple[int, str, Any]:
    try:
        raw = await request.body()
        return 200, "result", await handler(request, json.loads(raw) if raw else {})
    except NoSuchCollection as error:
        return 404, "error", str(error)
    except CollectionExists as error:
        return 409, "error", str(error)
    except MalformedRequest as error:
        return 400, "error", str(error)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        return 400, "error", f"Format error in JSON body: {type(error).__name__}: {error}"
    # The server's boundary: the engine raises bare Exception, and no subclass, for every request it refuses.
    except Exception as error:
        if type(error) is not Exception:
            raise
        return 400, "error", f"Wrong input: {error}"


class RequireKey:
    """Refuses requests without the API key, as the `api-key` header or a bearer token."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app, self._key = app, key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            headers: dict[bytes, bytes] = dict(scope["headers"])
            given = headers.get(b"api-key") or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
            if not hmac.compare_digest(given, self._key):
                await PlainTextResponse("Invalid API key or JWT", status_code=401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def root(request: Request) -> Response:
    return JSONResponse({"title": "qdrant - vector search engine (embedded)", "version": PROTOCOL_VERSION})


async def healthy(request: Request) -> Response:
    return PlainTextResponse("healthz check passed")


def create_app(folder: Path, api_key: str) -> ASGIApp:
    """Makes the REST application over the collections in `folder`."""
    routes = [Route(path, endpoint(handler), methods=[method]) for method, path, handler in ENDPOINTS]
    routes += [Route("/", root), *(Route(path, healthy) for path in OPEN_PATHS)]

    async def tidy_forever(collections: Collections) -> None:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            collections.tidy(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.collections = collections = Collections(folder)
        collections.open()
        tidying = asyncio.create_task(tidy_forever(collections))
        yield
        tidying.cancel()
        collections.close()

    return RequireKey(Starlette(routes=routes, lifespan=lifespan), api_key)


def main() -> None:
    app = create_app(Path.cwd(), os.environ[API_KEY_VARIABLE])
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    # The keeper holds the port too, so that nobody else takes it while this process is down.
    uvicorn.Server(config).run(sockets=[bind_loopback(int(sys.argv[1]))])


if __name__ == "__main__":
    main()
