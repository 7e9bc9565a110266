"""`semmem mcp --transport http`: who may ask, and for whose memory."""

import asyncio
import signal
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from semmem.domain.scope import Scope
from semmem.errors import ConfigurationError
from semmem.integrations.mcp.http import is_loopback
from semmem.integrations.mcp.tokens import Tokens, entry_of, new_token, read_tokens, scope_of_token
from tests.cli.command import Command
from tests.contract.adversarial import IDS, SPLITS
from tests.integrations.mcp_hosts import ALICE, calling_http, serving_http, told

SVEN = "My dog Sven is allergic to chicken."
PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPT = {"Accept": "application/json, text/event-stream"}

SCOPES = [Scope.user("acme", id) for id in IDS] + [Scope.workspace("acme", "a"), Scope.user("globex", "a")]
SCOPES += [Scope.user(tenant, user) for tenant, user in SPLITS[5:8]]


@pytest.fixture
def holders() -> dict[str, Scope]:
    return {new_token(): scope for scope in dict.fromkeys(SCOPES)}


@pytest.fixture
def file(holders: dict[str, Scope], tmp_path: Path) -> Path:
    path = tmp_path / "tokens.toml"
    path.write_text("\n\n".join(entry_of(token, scope) for token, scope in holders.items()), "utf-8")
    return path


async def test_one_scope_answers_on_this_machine_and_to_no_other_name(urls: dict[str, Any], tmp_path: Path) -> None:
    async with serving_http(told(urls, tmp_path), *ALICE) as (url, process):
        for mode in ("auto", "legacy"):
            async with calling_http(url, mode=mode) as call:
                await call("add_memory", text=f"{mode}: {SVEN}")
        async with calling_http(url) as call:
            assert await call.texts() == [f"legacy: {SVEN}", f"auto: {SVEN}"]
        async with httpx.AsyncClient(headers=ACCEPT) as http:
            assert (await http.post(url, json=PING)).status_code == 200
            assert (await http.post(url, json=PING, headers={"Host": "attacker.example"})).status_code == 421
            assert (await http.post(url, json=PING, headers={"Origin": "http://attacker.example"})).status_code == 403
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(120):
            assert await process.wait() == 0


async def test_a_token_opens_its_own_scope_and_nothing_else(
    urls: dict[str, Any], tmp_path: Path, holders: dict[str, Scope], file: Path
) -> None:
    kept: dict[str, str] = {}
    async with serving_http(told(urls, tmp_path), "--tokens", str(file), "--allowed-host", "memory.example") as served:
        url = served[0]
        for token, scope in holders.items():
            async with calling_http(url, token) as call:
                kept[token] = (await call("add_memory", text=f"I am {scope}."))["id"]
        for number, (token, scope) in enumerate(holders.items()):
            async with calling_http(url, token, mode=("auto", "legacy")[number % 2]) as call:
                assert await call.texts() == [f"I am {scope}."]
                found = await call("search_memories", query="Who are you?", limit=100)
                assert {each["text"] for each in found["memories"] if each["kind"] == "memory"} == {f"I am {scope}."}
                foreign = kept[list(holders)[number - 1]]
                assert "there is no memory" in await call.refused("get_memory", memory_id=foreign)
                assert "there is no memory" in await call.refused("delete_memory", memory_id=foreign)
        await _strangers_are_refused(url, next(iter(holders)))


async def _strangers_are_refused(url: str, token: str) -> None:
    wrong = [token + "x", token[:-1], token.upper(), "-", new_token(), sha256(token.encode()).hexdigest()]
    async with httpx.AsyncClient(headers=ACCEPT) as http:
        for headers in [{}, {"Authorization": token}, *({"Authorization": f"Bearer {each}"} for each in wrong)]:
            refused = await http.post(url, json=PING, headers=headers)
            assert refused.status_code == 401, headers
            assert refused.headers["www-authenticate"].startswith("Bearer ")
        known = {"Authorization": f"Bearer {token}"}
        assert (await http.post(url, json=PING, headers=known)).status_code == 200
        for host, status in {"memory.example": 200, "memory.example:443": 200, "attacker.example": 421}.items():
            assert (await http.post(url, json=PING, headers={**known, "Host": host})).status_code == status


async def test_an_entry_opens_exactly_the_scope_it_was_made_for(holders: dict[str, Scope], file: Path) -> None:
    tokens, text = read_tokens(file), await asyncio.to_thread(file.read_text, "utf-8")
    for token, scope in holders.items():
        access = await tokens.verify_token(token)
        assert access is not None
        assert scope_of_token(access) == scope
        assert token not in repr(access)
        assert token not in text
    assert await tokens.verify_token(new_token()) is None
    assert await Tokens([]).verify_token("") is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", r"must hold \[\[token\]\] entries"),
        ("token = []", r"must hold \[\[token\]\] entries"),
        ("[[tokens]]", r"must hold \[\[token\]\] entries"),
        ("[[token", "is not TOML"),
        ("[[token]]\ntenant = 'acme'\nuser = 'alice'", "token 1: must have sha256, tenant, and user or workspace"),
        ("[[token]]\nsha256 = '{0}'\ntenant = 'acme'", "token 1: scope: must be one user or one workspace"),
        (
            "[[token]]\nsha256 = '{0}'\ntenant = 'acme'\nuser = 'a'\nworkspace = 'b'",
            "must be one user or one workspace",
        ),
        ("[[token]]\nsha256 = '{0}'\ntenant = ''\nuser = 'alice'", "token 1: tenant: must not be empty"),
        ("[[token]]\nsha256 = '{0}'\ntenant = 7\nuser = 'alice'", "token 1: tenant: must be a string"),
        ("[[token]]\nsha256 = 'smm_plain'\ntenant = 'acme'\nuser = 'alice'", "sha256 must be 64 hexadecimal digits"),
        ("[[token]]\nsha256 = '{0}'\ntenant = 'acme'\nuser = 'alice'\nadmin = true", "correct its fields"),
        ("[[token]]\nsha256 = '{0}'\ntenant = 'acme'\nuser = 'a'\n" * 2, "two entries have the same sha256"),
    ],
)
def test_a_token_file_that_does_not_hold_names_the_entry(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(text.replace("{0}", "0" * 64))
    with pytest.raises(ConfigurationError, match=named):
        read_tokens(file)


async def test_the_command_makes_a_token_and_its_entry(tmp_path: Path) -> None:
    semmem, file = Command(data=tmp_path), tmp_path / "tokens.toml"
    made = [semmem("mcp-token", "--tenant", "acme", "--user", user, "--json").json for user in ("alice", "bob")]
    shown = semmem("mcp-token", "--tenant", "acme", "--workspace", "launch")
    file.write_text("\n".join([*(each["entry"] for each in made), shown.out]))
    tokens = read_tokens(file)
    granted = [await tokens.verify_token(token) for token in (*(each["token"] for each in made), shown.err.split()[-1])]
    assert [scope_of_token(access) for access in granted if access] == [
        Scope.user("acme", "alice"),
        Scope.user("acme", "bob"),
        Scope.workspace("acme", "launch"),
    ]
    assert "smm_" not in file.read_text()


def test_only_this_machines_own_addresses_are_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.0.0.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.4", "example.com", "localhost.example.com", "")))
