"""MCP hosts for the tests: the official client over each transport, and the server as a process of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import MCPServer
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import ContentBlock, TextContent

from tests.cli.command import environment, semmem_running

ALICE = ("--tenant", "acme", "--user", "alice")


def text_of(block: ContentBlock) -> str:
    assert isinstance(block, TextContent), block
    return block.text


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls tools; `client.mode` "legacy" is the handshake that most hosts speak."""

    client: Client

    async def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        answer = await self.client.call_tool(tool, arguments)
        assert not answer.is_error, answer.content
        assert answer.structured_content is not None
        content: dict[str, Any] = answer.structured_content
        return content

    async def refused(self, tool: str, **arguments: Any) -> str:
        """What a model reads where the tool fails."""
        answer = await self.client.call_tool(tool, arguments)
        assert answer.is_error, answer.structured_content
        return text_of(answer.content[0])

    async def texts(self) -> list[str]:
        """All that is listed, newest first."""
        return [memory["text"] for memory in (await self("list_memories", limit=100))["memories"]]


@asynccontextmanager
async def calling(server: MCPServer | StdioServerParameters, mode: str = "auto") -> AsyncIterator[Caller]:
    async with Client(server, mode=mode) as client:
        yield Caller(client)


@asynccontextmanager
async def calling_http(url: str, token: str | None = None, mode: str = "auto") -> AsyncIterator[Caller]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        create_mcp_http_client(headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield Caller(client)


def told(urls: Mapping[str, Any], data: Path) -> dict[str, str]:
    """An environment that names the test's servers."""
    named = {f"SEMMEM_{name.upper()}": str(value) for name, value in urls.items() if value is not None}
    return environment(data) | named | {"SEMMEM_WORKER": "true", "SEMMEM_SWEEP_EVERY": "PT0.2S"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "semmem", "mcp", *arguments]


def parameters(env: dict[str, str], *arguments: str) -> StdioServerParameters:
    program, *rest = command(*arguments)
    return StdioServerParameters(command=program, args=rest, env=env)


def running(env: Mapping[str, str], *arguments: str) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """The server with its three pipes."""
    return semmem_running({**os.environ, **env}, "mcp", *arguments, stdin=subprocess.PIPE)


@asynccontextmanager
async def serving_http(env: dict[str, str], *arguments: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """The server on a free port, with its URL."""
    async with running(env, "--transport", "http", "--port", "0", *arguments) as process:
        assert process.stderr is not None
        said = [await process.stderr.readline()]
        while b"MCP server at " not in said[-1]:
            said.append(await process.stderr.readline())
            assert said[-1], b"".join(said).decode()
        yield said[-1].split()[-1].decode(), process
