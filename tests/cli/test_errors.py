import asyncio
import json
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from semmem.embedded import Servers
from tests.cli.command import Command

ALICE = ("--tenant", "acme", "--user", "alice")
FACT = "0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("remember", "", *ALICE), "content: must not be empty"),
        (("remember", "x", "--tenant", "acme"), "name a user or a workspace"),
        (("remember", "x", *ALICE, "--workspace", "w"), "name a user or a workspace"),
        (("remember", "x", "--tenant", "", "--user", "alice"), "tenant: must not be empty"),
        (("remember", "x", *ALICE, "--importance", "2"), "importance: must be a number from 0 to 1"),
        (("remember", "x", *ALICE, "--metadata", "{"), "metadata: must be a JSON object"),
        (("remember", "x", *ALICE, "--metadata", "[]"), "metadata: must be a JSON object"),
        (("remember", "x", *ALICE, "--role", "king"), "--role"),
        (("remember", "x", *ALICE, "--occurred-at", "2026-05-01T09:30:00"), "no time zone"),
        (("remember", "x", *ALICE, "--occurred-at", "yesterday"), "is no date"),
        (("remember", "x", *ALICE, "--occurred-at", "2999-01-01T00:00:00Z"), "occurred_at"),
        (("recall", "", *ALICE), "query: must not be empty"),
        (("recall", "x", *ALICE, "--limit", "0"), "limit: must be a whole number"),
        (("recall", "x", *ALICE, "--min-importance", "7"), "min_importance"),
        (("recall", "x", *ALICE, "--where", "role=user"), "where: must be a JSON object"),
        (("context", "x", *ALICE, "--where", '{"metadata": {"tags": ["a"]}}'), "where.metadata.tags: must be compared"),
        (("records", "list", *ALICE, "--where", '{"$or": []}'), "where.$or: must be a list"),
        (("facts", *ALICE, "--category", "gossip"), "--category"),
        (("context", "x", *ALICE, "--budget", "0"), "budget"),
        (("timeline", "7", *ALICE), "must be an id, as a list shows it"),
        (("context", "x", *ALICE, "--tiers", "recent,all"), "write them like summary,retrieved"),
        (("context", "x", *ALICE, "--tiers", ""), "tiers: must name one or more of"),
        (("forget", *ALICE), "pass --everything, --session"),
        (("forget", *ALICE, "--everything", "--session", "s1"), "leave --everything out, or --session"),
        (("forget", *ALICE, "--keep-events", "--yes"), "pass --fact ID --keep-events, and nothing else"),
        (("records", "put", "k", "[1]", *ALICE), "value: must be a JSON object"),
        (("records", "list", "--matching", "[]", *ALICE), "matching: must be a JSON object"),
        (("records", "put", "k", "{}", "--ttl", "soon", *ALICE), "ttl: 'soon' is no duration"),
        (("dead-letters", "--letter", FACT, *ALICE), "letter: goes with --replay"),
        (("dead-letters", "--replay", "--limit", "5", *ALICE), "replay: takes all that wait"),
        (("dead-letters", "--replay", "--before", FACT, *ALICE), "replay: takes all that wait"),
        (("dead-letters", "--replay", "--replayed", *ALICE), "replay: takes all that wait"),
        (("dead-letters", "--limit", "0", *ALICE), "limit: "),
        (("history", "--user", "alice"), "--tenant"),
        (("import", "no-such-file.jsonl", *ALICE), "no-such-file.jsonl"),
    ],
)
def test_bad_input_is_named_in_one_line(semmem: Command, arguments: tuple[str, ...], named: str) -> None:
    answer = semmem(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert named in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("timeline", FACT), f"no fact {FACT}"),
        (("receipts", FACT), FACT),
        (("facts", "--before", FACT), FACT),
        (("summaries", "--before", FACT), FACT),
        (("dead-letters", "--before", FACT), FACT),
        (("receipts", "--before", FACT), FACT),
        (("records", "get", "nothing"), "no record nothing"),
        (("dead-letters", "--replay", "--letter", FACT), "none of these dead letters"),
    ],
)
def test_what_is_not_there_has_an_exit_code_of_its_own(semmem: Command, arguments: tuple[str, ...], named: str) -> None:
    answer = semmem(*arguments, *ALICE)
    assert (answer.code, answer.out) == (3, "")
    assert named in answer.err
    told = json.loads(semmem(*arguments, *ALICE, "--json").err)["error"]
    assert told["code"] == "not_found"
    assert named in told["message"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("recall", "", *ALICE), {"code": "invalid_input", "field": "query"}),
        (("recall", "x", *ALICE, "--limit", "0"), {"code": "invalid_input", "field": "limit"}),
        (("remember", "x", "--tenant", "acme"), {"code": "invalid_input", "field": "scope"}),
        (("records", "put", "k", "{", *ALICE), {"code": "invalid_input", "field": "value"}),
        (("recall", *ALICE), {"code": "usage"}),
        (("recall", "x", *ALICE, "--limit", "many"), {"code": "usage"}),
        (("recall", "x", *ALICE, "--nonsense"), {"code": "usage"}),
        (("recall", "x", "--user", "alice"), {"code": "usage"}),
        (("records", "get", *ALICE), {"code": "usage"}),
        (("nonsense",), {"code": "usage"}),
        (("--nonsense", "recall", "x", *ALICE), {"code": "usage"}),
        (("--data", "", "recall", "x", *ALICE), {"code": "configuration_error"}),
    ],
)
def test_with_json_an_error_is_json_on_stderr(
    semmem: Command, arguments: tuple[str, ...], error: dict[str, str]
) -> None:
    answer = semmem(*arguments, "--json")
    assert (answer.code, answer.out) == (2, "")
    told = json.loads(answer.err)["error"]
    assert error.items() <= told.items()
    assert told["message"]
    assert (error["code"] == "invalid_input") == ({"field", "limit", "fix"} <= told.keys())


def test_with_json_a_store_that_is_down_is_json_too(semmem: Command) -> None:
    nowhere = {"SEMMEM_POSTGRES_URL": "postgresql://nobody@127.0.0.1:1/none"}
    answer = semmem("history", *ALICE, "--json", env=nowhere)
    assert (answer.code, answer.out) == (1, "")
    assert json.loads(answer.err.splitlines()[-1])["error"]["code"] == "store_unavailable"


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ({"SEMMEM_POSTGRES_POOL": "1"}, "postgres_pool"),
        ({"SEMMEM_REDIS_URL": "nonsense"}, "SEMMEM_REDIS_URL"),
        ({"SEMMEM_POSTGRES_URL": "mysql://somewhere"}, "SEMMEM_POSTGRES_URL"),
    ],
)
def test_a_setting_that_does_not_hold_is_named(semmem: Command, setting: dict[str, str], named: str) -> None:
    answer = semmem("history", *ALICE, env=setting)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: ")
    assert named in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("command", [("history", *ALICE), ("migrate",), ("worker",)])
def test_a_store_that_is_down_is_an_error_of_its_own(semmem: Command, command: tuple[str, ...]) -> None:
    answer = semmem(*command, env={"SEMMEM_POSTGRES_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: postgres is unavailable")


def test_every_command_teaches_with_an_example(semmem: Command) -> None:
    from semmem.cli.app import app

    names = [str(command.name) for command in app.registered_commands]
    for group in app.registered_groups:
        if group.name != "eval" and group.typer_instance:
            for command in group.typer_instance.registered_commands:
                names.append(f"{group.name} {command.name or getattr(command.callback, '__name__', None)}")
    assert {"demo", "import", "dead-letters", "doctor"} < {*names}
    for name in names:
        assert f"Example: semmem {name}" in " ".join(semmem(*name.split(), "--help").out.split()), name


def test_help_tells_the_exit_codes(semmem: Command) -> None:
    told = " ".join(semmem("--help").out.split())
    assert "2 bad usage, input or settings; 3 not found; 4 somebody else was first" in told


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'asyncpg', 'numpy', 'openai', 'onnxruntime', 'qdrant_client', 'redis', 'sqlalchemy', 'tiktoken'}"
    code = f"import sys, semmem.cli.app; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_a_process_ends_with_the_code_and_the_line(semmem: Command) -> None:
    answer = semmem.process("history", "--tenant", "acme")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "error: scope: must be one user or one workspace; name a user or a workspace\n"


def test_version(semmem: Command) -> None:
    import semmem as package

    assert semmem("--version").out == f"{package.__version__}\n"


async def test_a_call_takes_no_longer_than_the_command_was_told(embedded: tuple[Path, Servers], alice: Command) -> None:
    folder, servers = embedded
    assert alice("history").code == 0  # the schema is there
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        async with connection.transaction():
            # Who only reads, as opening does, goes on.
            await connection.execute("lock table semmem.events in share row exclusive mode")
            semmem = Command(data=folder, scope=alice.scope, options=("--timeout", "0.5s"))
            answer = await asyncio.to_thread(semmem, "remember", "I live in Bergen.", "--no-wait")
    finally:
        await connection.close()

    assert answer.code == 1
    assert "within 0.5 s" in answer.err
