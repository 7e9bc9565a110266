"""Every argument and option of every command is given what nobody should type, and is refused in words, or works.

The commands come from the face itself, so that a new option cannot be forgotten. They end where the memory would be
opened: what it refuses itself, the walk over the API shows.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from semmem.cli.app import app
from semmem.errors import StoreUnavailable
from semmem.wiring import bootstrap
from tests.cli.command import Answer, Command

WRONG: dict[str, str] = {
    "empty": "",
    "blank": " \t",
    "unseen": "\u200b",
    "text": "text",
    "NUL": "a\x00b",
    "a byte that is no UTF-8": "\udcff",
    "too long": "x" * 40_000,
    "negative": "-1",
    "digits": "9" * 5_000,
    "nan": "nan",
    "infinity": "inf",
    "year 1": "0001-01-01T00:00:00Z",
    "year 10000": "10000-01-01",
    "deep": "[" * 5_000,
    "an object": '{"a": NaN}',
}
# Each has tests of its own: they serve until they are stopped, or run whole programs.
APART = {"demo", "worker", "mcp", "eval", "doctor", "settings", "migrate", "scrub", "stores"}
RIGHT = {"content": "tea", "query": "tea", "fact": "0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55", "key": "k", "value": "{}"}
# What an error calls an argument, where that is another name, or those of its parts.
SHOWN = {"text": ["content"], "after": ["after", "tenant", "kind", "id"], "as_agent": ["as"]}
RIGHT |= {"tenant": "acme", "file": "-", "files": "-", "keys": "k", "group": "billing", "name": "report"}
RIGHT |= {"changes": "title=x", "state_class": "tests.state.launch:Launch", "command": "true", "as_agent": "w1"}
RIGHT |= {"task": "Send it", "text": "searching", "status": "decided"}
RIGHT |= {"question": "Send it?", "choices": "yes", "choice": "yes", "id": RIGHT["fact"], "by": "nurse"}


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if name in APART:
            continue
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


# Each once, in the first command that has it: under the same name it is the same everywhere.
OPTIONS: dict[str, tuple[tuple[str, ...], Any, Any]] = {}
for _path, _command in _commands(typer.main.get_command(app)):
    for _parameter in _command.params:
        if not _parameter.is_eager and not getattr(_parameter, "is_flag", False):
            OPTIONS.setdefault(f"{_parameter.name} {_parameter.metavar}", (_path, _command, _parameter))


def _line(path: tuple[str, ...], command: Any, wrong: Any, value: str) -> list[str]:
    """A command line with one wrong value, and whatever else it needs."""
    given: dict[str, list[str]] = {}
    for parameter in command.params:
        if parameter.required or parameter is wrong:
            said = value if parameter is wrong else RIGHT[parameter.name]
            option = parameter.param_type_name == "option"
            given[parameter.name] = [f"{parameter.opts[0]}={said}"] if option else [said]
    names = {parameter.name for parameter in command.params}
    if {"user", "workspace"} <= names and wrong.name not in ("user", "workspace"):
        given["user"] = ["--user=alice"]
    if "tenant" in names and wrong.name != "tenant":
        given["tenant"] = ["--tenant=acme"]
    if path == ("forget",) and wrong.name not in ("session", "fact", "event"):
        given["session"] = ["--session=s1"]
    options = [part for said in given.values() for part in said if part.startswith("--")]
    return [*path, *options, "--", *(part for name, said in given.items() for part in said if part not in options)]


def _nowhere(*given: Any, **named: Any) -> Any:
    raise StoreUnavailable("postgres", "this test has none")


def _fault(answer: Answer, name: str) -> str | None:
    told = answer.err.strip()
    if "Traceback" in told or answer.code not in (0, 1, 2, 3):
        return f"{answer.code}: {told[-300:]}"
    if answer.code == 1 and "postgres" in told:
        return None  # as for a good one
    if answer.code in (1, 2, 3) and not told:
        return "says nothing"
    shown = told.replace("_", "-").lower()
    named = any(each.replace("_", "-") in shown for each in SHOWN.get(name, [name]))
    return None if answer.code == 0 or named else f"names no argument: {told[-300:]}"


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "open_application", _nowhere)
    semmem, faults = Command(data=tmp_path), {}
    path, command, parameter = OPTIONS[name]
    for told, value in WRONG.items():
        try:
            answer = semmem(*_line(path, command, parameter, value))
        except Exception as error:
            faults[told] = f"{type(error).__name__}: {error!s:.200}"
            continue
        if fault := _fault(answer, parameter.name):
            faults[told] = fault
    assert faults == {}
