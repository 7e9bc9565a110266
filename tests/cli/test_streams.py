"""Streams as shells give them: closed, cut off, in other encodings, without colour, narrow; and lines of Windows."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import SECONDS, Command, environment
from tests.counts import further

JAPANESE = "私は東京に住んでいます。"


def shell(command: Command, line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Bash, where `semmem` stands for the command with its scope."""
    scope = " ".join(f'"{option}"' for option in command.scope)
    function = f'semmem() {{ "{sys.executable}" -m semmem "$@" {scope}; }}; set -o pipefail; '
    told = environment(command.data) | {"PYTHONUTF8": "0"} | env
    return subprocess.run(
        ["bash", "-c", function + line],
        env=told,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=SECONDS,
    )


@pytest.fixture
def noted(alice: Command) -> Command:
    alice("remember", JAPANESE, "--no-wait")
    return alice


@pytest.mark.parametrize(
    "line",
    [
        *further("semmem history | true", "semmem history --json | head -c 1"),
        "semmem history --json | true",
        "semmem export | true",
        "semmem settings | head -n 1",
        "semmem history >&-",
    ],
)
def test_a_reader_that_goes_away_leaves_no_traceback(noted: Command, line: str) -> None:
    if "settings" in line:
        noted = noted.within()
    done = shell(noted, line)
    assert done.returncode in (0, 141)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("stream", ["<&-", "</dev/null"])
def test_without_an_answer_nothing_is_forgotten_and_yes_is_named(noted: Command, stream: str) -> None:
    done = shell(noted, f"semmem forget --everything {stream}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "pass --yes, or --dry-run to count" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(noted("history", "--json").json) == 1


def test_a_closed_stdin_is_named_where_it_is_to_be_read(alice: Command) -> None:
    done = shell(alice, "semmem remember - <&-")
    assert done.returncode == 2
    assert "content: cannot be read, since stdin is closed" in done.stderr


@pytest.mark.parametrize("locale", ["en_US.ISO-8859-1", "POSIX", *further("C")])
def test_json_is_whole_in_any_locale(noted: Command, locale: str) -> None:
    env = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "" if locale != "POSIX" else "ascii"}
    done = shell(noted, "semmem history --json", **env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["content"] == JAPANESE
    assert shell(noted, "semmem history", **env).returncode == 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"one\ntwo\n", "one\ntwo"),
        (b"one\r\ntwo\r\n", "one\ntwo"),
        (b"\xef\xbb\xbfone\n", "one"),
        (b"one", "one"),
        (b"one\n\n", "one\n"),
        ("å 東 😀\n".encode(), "å 東 😀"),
    ],
)
def test_text_from_stdin_is_what_was_meant(alice: Command, given: bytes, kept: str) -> None:
    answer = alice("remember", "-", "--no-wait", stdin=given)
    assert answer.code == 0, answer.err
    assert alice("history", "--json").json[0]["content"] == kept


def test_text_that_is_not_utf_8_is_refused_at_its_byte(alice: Command) -> None:
    answer = alice("remember", "-", stdin="Gr\xfc\xdfe".encode("latin-1"))
    assert answer.code == 2
    assert "content: is not UTF-8 at byte 2; convert it first" in answer.err


def test_lines_of_windows_are_imported(alice: Command) -> None:
    lines = b'\xef\xbb\xbf{"content": "one"}\r\n\r\n{"content": "two"}\r\n'
    assert alice("import", "-", "--no-wait", "--json", stdin=lines).json["accepted"] == 2
    assert [each["content"] for each in alice("history", "--json").json] == ["two", "one"]


@pytest.mark.parametrize("env", [{"NO_COLOR": "1", "FORCE_COLOR": ""}, {"TERM": "dumb"}])
def test_no_colour_is_printed_where_none_is_wanted(noted: Command, env: dict[str, str]) -> None:
    for arguments in (("history",), ("facts", "--limit", "0"), ("recall", "--help")):
        answer = noted(*arguments, env=env)
        assert "\x1b[3" not in answer.out + answer.err
        assert "\x1b[9" not in answer.out + answer.err


@pytest.mark.parametrize("columns", ["30", "40", "60"])
def test_a_narrow_terminal_cuts_no_id_and_no_word_of_an_answer(alice: Command, columns: str) -> None:
    alice("remember", "I live in Gothenburg.", "--session", "s1", "--wait")
    [event] = alice("history", "--json").json
    [fact] = alice("facts", "--json").json
    for command, id in (("history", event["id"]), ("facts", fact["id"])):
        shown = re.sub(r"\s+", "", alice(command, env={"COLUMNS": columns}).out)
        assert id in shown, command
        assert "Gothenburg" in shown


def test_ids_are_shown_where_a_command_takes_them(alice: Command) -> None:
    alice("remember", "I live in Gothenburg.", "--session", "s1", "--key", "k1", "--wait")
    [event] = alice("history", "--json").json
    [fact] = alice("facts", "--json").json
    assert event["id"] in alice("history").out
    assert "session s1" in alice("history").out
    assert fact["id"] in alice("facts").out
    found: dict[str, Any] = alice("recall", "Where?", "--json").json
    assert found["hits"][0]["id"] in alice("recall", "Where?").out
    forgotten = alice("forget", "--event", event["id"], "--yes")
    [receipt] = alice("receipts", "--json").json
    assert receipt["id"] in forgotten.out
    assert receipt["id"] in alice("receipts").out
    assert receipt["id"] in alice("receipts", receipt["id"]).out
    assert alice("receipts", fact["id"]).code == 3


def test_an_interrupt_at_start_up_ends_without_a_traceback(tmp_path: Path) -> None:
    command = (sys.executable, "-X", "importtime", "-m", "semmem", "worker")
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment(tmp_path), text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if "click" in line:  # one of the first imports of the command, which was begun
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
    assert "Traceback" not in rest
    assert process.returncode in (-signal.SIGINT, 130)  # the latter where the command was at work already


def test_a_pipe_gets_each_row_of_a_table_in_one_line(alice: Command) -> None:
    path = "/".join(f"a-place-with-a-long-name-{depth}" for depth in range(6))
    alice("remember", "I live in Rome.", "--branch", path, "--no-wait")
    assert path in alice("branches").out


@pytest.mark.parametrize(
    ("line", "named"),
    [("semmem import - <&-", "stdin is closed"), ("semmem export >&-", "stdout: is closed")],
)
def test_a_closed_stream_is_named(noted: Command, line: str, named: str) -> None:
    done = shell(noted, line)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert named in done.stderr
