import codecs
import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from semmem.domain.archive import MAX_LINE_BYTES
from tests.cli.command import Command

NO_WAIT = ("--no-wait", "--json")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def written(file: Path, *lines: dict[str, Any] | str) -> str:
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    file.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return str(file)


def contents(command: Command) -> list[str]:
    """Oldest first."""
    return [event["content"] for event in command("history", "--json").json][::-1]


def test_a_refused_line_is_named_by_number_and_the_rest_goes_on(alice: Command, file: Path) -> None:
    path = written(
        file,
        {"content": "one"},
        "{not json",
        {"content": "two", "role": "king"},
        {"content": "three", "colour": "red"},
        {"role": "user"},
        "[1, 2]",
        {"content": "four", "occurred_at": "2026-05-01T09:30:00"},
        {"content": "five", "occurred_at": "soon"},
        {"content": "six", "occurred_at": "2999-01-01T00:00:00Z"},
        "",
        {"content": "   "},
        {"content": 7},
        {"content": "seven", "metadata": {"n": "x" * 20_000}},
        {"content": "eight", "importance": "high"},
        {"content": "last"},
    )
    answer = alice("import", path, *NO_WAIT)
    assert answer.code == 1
    assert json.loads(answer.out) == {"accepted": 2, "duplicate": 0, "refused": 12}
    refused = [line for line in answer.err.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in refused] == [f"line {n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14)]
    assert "line 4: colour: is no field of an event" in answer.err
    assert contents(alice) == ["one", "last"]


def test_strict_stops_at_the_first_refusal_and_stores_nothing_of_its_batch(alice: Command, file: Path) -> None:
    answer = alice("import", written(file, {"content": "one"}, "{", {"content": "two"}), "--strict", *NO_WAIT)
    assert (answer.code, answer.out) == (2, "")
    assert "line 2: line: is not JSON" in answer.err
    assert contents(alice) == []


def test_the_same_file_again_stores_nothing_twice(alice: Command, file: Path) -> None:
    same = {"content": "the same words, said twice"}
    path = written(file, same, {"content": "once", "key": "k1"}, same)
    assert alice("import", path, *NO_WAIT).json == {"accepted": 3, "duplicate": 0, "refused": 0}
    assert alice("import", path, *NO_WAIT).json == {"accepted": 0, "duplicate": 3, "refused": 0}


def test_a_key_with_another_body_is_a_refused_line(alice: Command, file: Path) -> None:
    path = written(file, {"content": "one", "key": "k"}, {"content": "two", "key": "k"}, {"content": "three"})
    answer = alice("import", path, *NO_WAIT)
    assert json.loads(answer.out) == {"accepted": 2, "duplicate": 0, "refused": 1}
    assert "line 2: key: an event with this key and another body" in answer.err
    assert contents(alice) == ["one", "three"]


def test_more_lines_than_one_call_takes(alice: Command, file: Path) -> None:
    path = written(file, *({"content": f"event {n}"} for n in range(1_203)))
    idle = {"SEMMEM_WORKER": "false"}  # or this and the next commands would index them all
    assert alice("import", path, *NO_WAIT, env=idle).json["accepted"] == 1_203
    exported = alice("export", "--events", env=idle).out.splitlines()
    assert [json.loads(line)["content"] for line in exported] == [f"event {n}" for n in range(1_203)]
    assert alice("forget", "--everything", "--yes", "--json", env=idle).json["counts"]["events"] == 1_203


def test_import_waits_until_recall_finds_it(alice: Command, file: Path) -> None:
    assert alice("import", written(file, {"content": "My cat Misse only eats fish."})).code == 0
    assert alice("facts", "--json").json
    assert "fish" in alice("recall", "What does Misse eat?", "--json").json["hits"][0]["text"]


def test_import_reads_stdin(alice: Command) -> None:
    assert alice("import", "-", *NO_WAIT, stdin='{"content": "one"}\n').json["accepted"] == 1


def test_plain_events_that_export_writes_import_takes(semmem: Command, alice: Command, tenant: str, file: Path) -> None:
    full = {
        "content": "Ich wohne in Köln\n\u2028– noch. 🐟",  # noqa: RUF001
        "role": "assistant",
        "speaker": "Bot",
        "agent": "support",
        "agent_type": "chat",
        "session": "s1",
        "event_type": "note",
        "importance": 0.9,
        "metadata": {"a": [1, {"b": None}]},
        "occurred_at": "2026-05-01T09:30:00.000001+00:00",
        "key": "k1",
    }
    alice("import", written(file, full, {"content": "plain", "occurred_at": "2026-05-02T00:00:00Z"}), *NO_WAIT)
    exported = alice("export", "--events").out
    assert json.loads(exported.split("\n")[0]) == full
    bob = semmem.within("--tenant", tenant, "--workspace", "copy")
    assert bob("import", "-", *NO_WAIT, stdin=exported).json["accepted"] == 2
    assert bob("export", "--events").out == exported


def test_a_memory_moves_whole_from_one_user_to_another(
    semmem: Command, alice: Command, tenant: str, file: Path
) -> None:
    alice("import", written(file, {"content": "My cat Misse only eats fish.", "key": "k"}))
    written_out = alice("export")
    assert "stay behind" in written_out.err
    exported = written_out.out
    bob = semmem.within("--tenant", tenant, "--user", "bob")
    answer = bob("import", "-", "--json", stdin=exported)
    assert answer.json["stored"]["event"] == 1
    assert "new ids" in answer.err
    assert "stay behind" in answer.err
    assert [fact["text"] for fact in bob("facts", "--json").json] == [
        fact["text"] for fact in alice("facts", "--json").json
    ]
    again = bob("import", "-", "--json", stdin=exported)
    assert again.json["stored"] == {}
    assert "stored" in bob("import", "-", stdin=exported).out


def test_a_cut_archive_is_refused_and_says_so(alice: Command, semmem: Command, tenant: str, file: Path) -> None:
    alice("import", written(file, {"content": "one"}), *NO_WAIT)
    exported = alice("export").out
    bob = semmem.within("--tenant", tenant, "--user", "bob")
    answer = bob("import", "-", stdin="".join(exported.splitlines(keepends=True)[:-1]))
    assert (answer.code, answer.out) == (2, "")
    assert "without an end line" in answer.err
    assert contents(bob) == []


OTHER_FILES = {
    "gzip": (gzip.compress(b'{"content": "one"}\n'), "gzip -dc FILE | semmem import -"),
    "zip": (b"PK\x03\x04" + b"x" * 50, "unzip -p"),
    "zstd": (b"\x28\xb5\x2f\xfd\n\n", "zstd -dc"),
    "UTF-16": ('{"content": "one"}\n'.encode("utf-16"), "iconv -f UTF-16"),
    "UTF-16 without a mark": ('{"content": "one"}\n'.encode("utf-16-be"), "iconv -f UTF-16"),
    "NUL": (b"\0" * 100, "holds NUL"),
    "a JSON list": (b'[{"content": "one"},\n{"content": "two"}]\n', "jq -c"),
    "one object over many lines": (b'{\n  "content": "one"\n}\n', "jq -c"),
}


@pytest.mark.parametrize("kind", OTHER_FILES)
def test_a_file_of_another_kind_is_refused_once_with_the_way_to_make_lines_of_it(
    alice: Command, file: Path, kind: str
) -> None:
    holds, fix = OTHER_FILES[kind]
    file.write_bytes(holds)
    answer = alice("import", str(file), *NO_WAIT)
    assert (answer.code, answer.out) == (2, "")
    error = json.loads(answer.err)["error"]
    assert (error["code"], error["field"]) == ("invalid_input", "file")
    assert fix in error["message"]


def test_marks_and_ends_of_windows_make_no_other_events(alice: Command, file: Path) -> None:
    path = written(file, {"content": "Köln"}, {"content": "two"})
    assert alice("import", path, *NO_WAIT).json["accepted"] == 2
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes().replace(b"\n", b"\r\n"))
    assert alice("import", path, *NO_WAIT).json == {"accepted": 0, "duplicate": 2, "refused": 0}


def test_a_line_that_is_too_long_is_one_refusal_with_the_limit(alice: Command, file: Path) -> None:
    path = written(file, {"content": "x" * MAX_LINE_BYTES}, {"content": "two"}, "{")
    answer = alice("import", path, *NO_WAIT)
    assert json.loads(answer.out) == {"accepted": 1, "duplicate": 0, "refused": 2}
    assert f"line 1: line: must be at most {MAX_LINE_BYTES} bytes" in answer.err
    assert "line 3: line: is not JSON" in answer.err


def test_a_pipe_is_read_like_a_file(alice: Command, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=['{"content": "one"}\n'])
    writer.start()
    assert alice("import", str(pipe), *NO_WAIT).json["accepted"] == 1
    writer.join()


@pytest.mark.parametrize("name", [".", "none.jsonl", "/proc/self/mem"])
def test_what_cannot_be_read_is_named(alice: Command, tmp_path: Path, name: str) -> None:
    answer = alice("import", str(tmp_path / name), *NO_WAIT)
    assert (answer.code, answer.out) == (2, "")
    error = json.loads(answer.err)["error"]
    assert error["field"] == "file"
    assert str(tmp_path / name) in error["limit"]


def test_conversations_go_with_locomo_alone(alice: Command, file: Path) -> None:
    answer = alice("import", written(file, {"content": "one"}), "--conversations", "conv-26", *NO_WAIT)
    assert (answer.code, json.loads(answer.err)["error"]["field"]) == (2, "conversations")


def test_a_branch_moves_alone_and_into_another_branch(semmem: Command, alice: Command, tenant: str, file: Path) -> None:
    apollo = alice.within(*alice.scope, "--branch", "projects/apollo")
    alice("import", written(file, {"content": "My sister is called Ebba."}), *NO_WAIT)
    apollo("import", written(file, {"content": "My cat Misse only eats fish."}))
    bot = apollo.within(*apollo.scope, "--owner", "bot")
    bot("import", written(file, {"content": "I like to be brief."}))

    exported = apollo("export").out
    assert "Misse" in exported
    assert "brief" in exported  # private places below come along
    assert "Ebba" not in exported
    assert "brief" in bot("export").out
    assert "Misse" not in bot("export").out

    moved = semmem.within("--tenant", tenant, "--workspace", "w", "--branch", "old/apollo")
    assert moved("import", "-", "--json", stdin=exported).json["stored"]["event"] == 2
    assert contents(moved) == ["My cat Misse only eats fish."]
    assert "fish" in moved("recall", "What does Misse eat?", "--json").json["hits"][0]["text"]
    assert contents(moved.within(*moved.scope, "--owner", "bot")) == ["I like to be brief."]
    assert contents(semmem.within("--tenant", tenant, "--workspace", "w")) == []
    assert apollo("export", "--events").out.count("\n") == 1


def test_an_administrator_sees_who_has_a_memory(semmem: Command, alice: Command, tenant: str, file: Path) -> None:
    alice("import", written(file, {"content": "My cat Misse only eats fish."}))
    team = semmem.within("--tenant", tenant, "--workspace", "team")
    team("import", written(file, {"content": "one"}, {"content": "two"}), *NO_WAIT)
    found = semmem("scopes", "--tenant", tenant, "--json").json
    assert [(one["scope"]["kind"], one["scope"]["id"], one["events"]) for one in found] == [
        ("user", "alice", 1),
        ("workspace", "team", 2),
    ]
    rest = semmem("scopes", "--tenant", tenant, "--after", tenant, "user", "alice", "--json").json
    assert [one["scope"]["id"] for one in rest] == ["team"]
    assert "Misse" not in semmem("scopes", "--tenant", tenant).out
