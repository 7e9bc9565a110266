"""`semmem mcp` as a host starts it: a process that speaks the protocol on its stdin and stdout."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from semmem.testing import wait_until
from tests.cli.command import Command, environment
from tests.counts import further
from tests.embedded.processes import servants
from tests.integrations.mcp_hosts import ALICE, calling, command, parameters, running, told

SVEN = "My dog Sven is allergic to chicken."


def request(number: int, method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


HELLO = request(
    1,
    "initialize",
    protocolVersion="2025-06-18",
    capabilities={},
    clientInfo={"name": "a host", "version": "1"},
)


async def test_a_restart_keeps_the_memories(urls: dict[str, Any], tmp_path: Path) -> None:
    server = parameters(told(urls, tmp_path), *ALICE)
    async with calling(server) as call:
        added = await call("add_memory", text=SVEN)
    async with calling(server, mode="legacy") as call:
        assert await call("get_memory", memory_id=added["id"]) == added
        found = await call("search_memories", query="What is Sven allergic to?")
        assert added["id"] in [each["id"] for each in found["memories"]]
    async with calling(parameters(told(urls, tmp_path), "--tenant", "acme", "--workspace", "alice")) as call:
        assert await call.texts() == []


async def test_it_serves_one_agent_among_others(urls: dict[str, Any], tmp_path: Path) -> None:
    agent = ("--as", "r1", "--state-class", "tests.state.launch:Launch")
    async with calling(parameters(told(urls, tmp_path), *ALICE, *agent)) as call:
        await call("update_state", changes={"title": "Vietnam"})
        assert (await call("read_state", fields="title"))["changed_by"] == {"title": "r1"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--state-class", "tests.state.launch:Launch"), "state_class: goes with an agent"),
        (("--as", ""), "as: must not be empty"),
        (("--as", "r1", "--transport", "http", "--tokens", "tokens.toml"), "as: is for one scope"),
    ],
)
def test_an_agent_that_cannot_be_served_is_refused(tmp_path: Path, arguments: tuple[str, ...], named: str) -> None:
    answer = Command(data=tmp_path)("mcp", *arguments, *ALICE)
    assert (answer.code, answer.out) == (2, "")
    assert named in answer.err


async def test_stdout_holds_the_protocol_alone_and_the_end_of_stdin_ends_it(
    urls: dict[str, Any], tmp_path: Path
) -> None:
    configured = {"SEMMEM_MCP_TENANT": "acme", "SEMMEM_MCP_USER": "alice"}
    async with running(told(urls, tmp_path) | configured) as process:
        calls = HELLO + request(2, "tools/call", name="add_memory", arguments={"text": SVEN})
        calls += b"not json\n" + request(3, "tools/call", name="get_memory", arguments={"memory_id": "nothing"})
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(calls)
        answers: dict[int | None, dict[str, Any]] = {}
        while {1, 2, 3} - answers.keys():
            said = json.loads(await process.stdout.readline())
            answers[said.get("id")] = said
        assert answers[2]["result"]["structuredContent"]["text"] == SVEN
        assert answers[3]["result"]["isError"]
        process.stdin.close()
        async with asyncio.timeout(120):
            rest, errors = await process.communicate()
        assert (process.returncode, rest) == (0, b"")
        assert SVEN.encode() not in errors


async def test_half_an_emoji_is_answered(urls: dict[str, Any], tmp_path: Path) -> None:
    """A host that cuts a text by its units of UTF-16 leaves one: JSON may hold it, and no text in UTF-8."""
    configured = {"SEMMEM_MCP_TENANT": "acme", "SEMMEM_MCP_USER": "alice"}
    async with running(told(urls, tmp_path) | configured) as process, asyncio.timeout(120):
        calls = HELLO + request(2, "tools/call", name="add_memory", arguments={"text": "I like pizza \ud83c"})
        calls += request(3, "tools/call", name="add_memory", arguments={"text": "Say \\ud83c \U0001f355"})
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(calls)
        answers: dict[int | None, dict[str, Any]] = {}
        while {1, 2, 3} - answers.keys():
            said = json.loads(await process.stdout.readline())
            answers[said.get("id")] = said
    kept = [answers[number]["result"]["structuredContent"]["text"] for number in (2, 3)]
    assert kept == ["I like pizza \ufffd", "Say \\ud83c \U0001f355"]


@pytest.mark.parametrize("name", [signal.SIGTERM, *further(signal.SIGINT)])
async def test_a_signal_ends_it_and_its_servers_while_its_host_is_silent(tmp_path: Path, name: signal.Signals) -> None:
    async with running(environment(tmp_path), *ALICE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(HELLO)
        assert json.loads(await process.stdout.readline())["result"]["serverInfo"]["name"] == "semmem"
        process.send_signal(name)
        async with asyncio.timeout(120):
            assert await process.wait() == 0
    await wait_until(lambda: not servants(tmp_path), 40)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--user", "alice"), "tenant: must be named; pass --tenant, or set SEMMEM_MCP_TENANT"),
        (("--tenant", "acme"), "scope: must be one user or one workspace"),
        ((*ALICE, "--workspace", "w"), "scope: must be one user or one workspace"),
        (("--tenant", "", "--user", "alice"), "tenant: must not be empty"),
        ((*ALICE, "--tokens", "tokens.toml"), "tokens: are for HTTP"),
        ((*ALICE, "--transport", "http", "--host", "0.0.0.0"), "host: must be this machine's own without tokens"),
        ((*ALICE, "--transport", "http", "--tokens", "tokens.toml"), "tokens: say whose memory it is"),
        (("--transport", "http", "--tokens", "nowhere.toml"), "nowhere.toml: No such file"),
        ((*ALICE, "--transport", "http", "--port", "70000"), "cannot listen on 127.0.0.1 port 70000"),
        ((*ALICE, "--transport", "smoke"), "--transport"),
    ],
)
def test_bad_options_are_named_in_one_line(tmp_path: Path, arguments: tuple[str, ...], named: str) -> None:
    answer = Command(data=tmp_path)("mcp", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert named in " ".join(answer.err.split())
    assert "Traceback" not in answer.err


def test_without_the_package_the_way_to_it_is_named(tmp_path: Path) -> None:
    without = f"import sys; sys.modules['mcp'] = None; sys.argv = {['semmem', *command(*ALICE)[3:]]!r}"
    done = subprocess.run(
        [sys.executable, "-c", f"{without}; from semmem.cli import main; main()"],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: the MCP server needs an optional package: pip install 'semmem[mcp]'\n"
