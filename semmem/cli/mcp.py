"""The commands of the MCP server: mcp and mcp-token."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from semmem.cli import options
from semmem.cli.agents import imported_class
from semmem.cli.output import notes, show
from semmem.cli.running import application, run, signalled
from semmem.domain.checks import check_optional_id
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput

if TYPE_CHECKING:
    from semmem.integrations.mcp.server import MemoryServer
    from semmem.integrations.mcp.tokens import Tokens
    from semmem.memory.memory import Memory

    ServerOf = Callable[[Memory, Scope], MemoryServer]

Transport = Literal["stdio", "http"]

Tenant = Annotated[
    str | None, typer.Option(envvar=["SEMMEM_MCP_TENANT", "SEMMEM_TENANT"], help="The tenant.", show_default=False)
]
User = Annotated[str | None, typer.Option(envvar="SEMMEM_MCP_USER", help="The user whose memory it is.")]
Workspace = Annotated[
    str | None,
    typer.Option(envvar="SEMMEM_MCP_WORKSPACE", help="The workspace whose memory it is, in place of a user."),
]


def mcp(
    ctx: typer.Context,
    tenant: Tenant = None,
    user: User = None,
    workspace: Workspace = None,
    as_agent: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="AGENT", help="The one agent among others that it serves, with tools for what they share."
        ),
    ] = None,
    state_class: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:CLASS",
            help="With --as: the class of their state, such as app.agents:Launch, so that it can be updated.",
        ),
    ] = None,
    transport: Annotated[
        Transport, typer.Option(help="stdio, for a host that starts it, or streamable HTTP.")
    ] = "stdio",
    host: Annotated[str, typer.Option(help="With http: the address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="With http: the port; 0 is a free one.")] = 8765,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="With http: a name it is reached by, besides this machine's own. May be repeated."),
    ] = None,
    tokens: Annotated[
        Path | None, typer.Option(help="With http: a TOML file of tokens; each opens the scope that stands beside it.")
    ] = None,
) -> None:
    """Serve a memory to MCP hosts such as Claude, Cursor or VS Code, until SIGTERM, Ctrl-C or the end of stdin.

    Whose memory it is, the options or the caller's token say; no tool has an argument for it.

    Example: semmem mcp --tenant acme --user alice

    Example: semmem mcp --tenant acme --workspace launch --as r1 --state-class app.agents:Launch
    """

    async def work() -> None:
        check_optional_id("as", as_agent)
        if as_agent is not None and tokens is not None:
            raise InvalidInput("as", "is for one scope, and tokens are for many", "leave --as or --tokens out")
        if as_agent is None and state_class is not None:
            raise InvalidInput("state_class", "goes with an agent", "pass --as AGENT too, or leave it out")
        server_of = _server_of(as_agent, state_class)
        if transport == "http":
            await _http(ctx, _whose(tenant, user, workspace, tokens), host, port, allowed_host or (), server_of)
        elif tokens is not None:
            raise InvalidInput("tokens", "are for HTTP, over which callers can send one", "add --transport http")
        else:
            await _stdio(ctx, _scope(tenant, user, workspace), server_of)

    run(work())


def _whose(tenant: str | None, user: str | None, workspace: str | None, tokens: Path | None) -> "Scope | Tokens":
    from semmem.integrations.mcp.tokens import read_tokens

    if tokens is None:
        return _scope(tenant, user, workspace)
    if user is not None or workspace is not None:
        raise InvalidInput("tokens", "say whose memory it is, and so do --user and --workspace", "pass one of the two")
    return read_tokens(tokens)


def _scope(tenant: str | None, user: str | None, workspace: str | None) -> Scope:
    if tenant is None:
        raise InvalidInput("tenant", "must be named", "pass --tenant, or set SEMMEM_MCP_TENANT")
    return Scope.one_of(tenant, user=user, workspace=workspace)


def _server_of(agent: str | None, state_class: str | None) -> "ServerOf":
    """Returns what makes a scope's server once the memory is open: for one agent, or for nobody in particular."""

    def server_of(memory: "Memory", scope: Scope) -> "MemoryServer":
        from semmem.integrations.mcp.server import one_agent, one_scope

        if agent is None:
            return one_scope(memory, scope)
        return one_agent(memory, scope, agent, imported_class(state_class) if state_class else None)

    return server_of


async def _stdio(ctx: typer.Context, scope: Scope, server_of: "ServerOf") -> None:
    from semmem.integrations.mcp.wire import claim_wire

    async def serve() -> None:
        wire = claim_wire()
        async with application(ctx) as opened:
            await server_of(opened.memory, scope).serve_stdio(*wire)

    await _until_stopped(serve())


async def _http(
    ctx: typer.Context,
    whose: "Scope | Tokens",
    host: str,
    port: int,
    names: Sequence[str],
    server_of: "ServerOf",
) -> None:
    from semmem.integrations.mcp.http import bracketed, is_loopback, listen, serve_http, url_of
    from semmem.integrations.mcp.server import scope_by_token

    if isinstance(whose, Scope) and not is_loopback(host):
        raise InvalidInput("host", "must be this machine's own without tokens", "pass --tokens FILE, or leave it out")
    with listen(host, port) as listening:

        async def serve() -> None:
            async with application(ctx) as opened:
                memory, url = opened.memory, url_of(listening)
                server = server_of(memory, whose) if isinstance(whose, Scope) else scope_by_token(memory, whose, url)
                notes.print(Text(f"MCP server at {url}"), soft_wrap=True)
                await serve_http(server, listening, [bracketed(host), *names])

        await _until_stopped(serve())


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Until it ends, or the first SIGTERM or Ctrl-C cancels it; what it has open is closed either way."""
    serving = asyncio.ensure_future(work)
    with signalled(serving.cancel), suppress(asyncio.CancelledError):
        await serving


def mcp_token(
    ctx: typer.Context,
    tenant: options.Tenant,
    user: options.User = None,
    workspace: options.Workspace = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a bearer token for one user or workspace: the entry for the token file on stdout, the token on stderr.

    The token is shown this once; the file holds only its SHA-256.

    Example: semmem mcp-token --tenant acme --user alice >> tokens.toml
    """

    async def work() -> dict[str, str]:
        from semmem.integrations.mcp.tokens import entry_of, new_token

        scope = Scope.one_of(tenant, user=user, workspace=workspace)
        token = new_token()
        return {"token": token, "entry": entry_of(token, scope)}

    made = run(work())
    show(made, as_json, lambda made: Text(made["entry"]))
    if not as_json:
        notes.print(f"the token, shown this once: {made['token']}", soft_wrap=True)


COMMANDS = {"mcp": mcp, "mcp-token": mcp_token}
