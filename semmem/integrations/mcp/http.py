"""The server over streamable HTTP."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from semmem import ConfigurationError
from semmem.integrations.mcp.server import MemoryServer

PATH = "/mcp"
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
GRACE_SECONDS = 2


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Opens a listening socket; port 0 is a free one. Raises ConfigurationError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {error}; pass another --host or --port"
        ) from None


def url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{bracketed(host)}:{port}{PATH}"


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def serve_http(server: MemoryServer, listening: socket.socket, names: Sequence[str]) -> None:
    """Answers until it is cancelled; then what is under way may take GRACE_SECONDS.

    `names` are the hosts, beside this machine's own, under which it may be asked for: any other is refused, so that no
    web page reaches it through a name of its own (DNS rebinding).
    """
    # No session outlives its request: any process behind one address may answer, and a restart cuts nobody off.
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=True,
        transport_security=security([*LOCAL_NAMES, *names]),
    )
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS)
    http = _Http(config)
    serving = asyncio.create_task(http.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        http.should_exit = True
        await serving
        raise


def security(names: Sequence[str]) -> TransportSecuritySettings:
    """Allows these names with any port, and with none as a proxy sends it."""
    hosts = [form for name in names for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


class _Http(uvicorn.Server):
    """Leaves the process's signals alone: they are the command's, which has a memory to close."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
