"""A file that was cut, changed or forged is refused by the line and field, and nothing of it is stored."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from semmem import InvalidInput, Memory, NewEvent, ScopedMemory
from semmem.domain.archive import MAX_LINE_BYTES, VERSION
from semmem.wiring.bootstrap import Application
from tests.archive.files import sealed

pytestmark = pytest.mark.shared

Body = list[dict[str, Any]]


@pytest.fixture(scope="module")
def source(shared_application: Application) -> ScopedMemory:
    return shared_application.memory.scope(tenant="northwind", user="maya")


@pytest_asyncio.fixture(scope="module")
async def lines(source: ScopedMemory) -> list[str]:
    """A small memory's export: a place, two events, a record, two versions of a fact, a summary."""
    await source.remember("I live in Gothenburg.", occurred_at=datetime(2025, 6, 1, tzinfo=UTC), key="k1")
    await source.remember("I moved to Oslo.", occurred_at=datetime(2025, 7, 1, tzinfo=UTC), role="user")
    await source.records.put("diet", {"eats": "fish"}, event=NewEvent(content="Fish is fine."))
    await source.settled()
    return [line async for line in source.export()]


def _line(body: Body, kind: str, nth: int = 0) -> dict[str, Any]:
    """Of facts, a version of the one that was superseded."""
    found = [line for line in body if line["kind"] == kind]
    if kind == "fact":
        [moved] = {line["thread"] for line in found if line["version"] == 2}
        found = [line for line in found if line["thread"] == moved]
    return found[nth]


def _set(kind: str, field: str, value: Any, nth: int = 0) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        _line(body, kind, nth)[field] = value

    return change


def _again(kind: str) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        found = _line(body, kind)
        body.insert(body.index(found), dict(found))

    return change


def _without(field: str) -> Callable[[Body], None]:
    return lambda body: _line(body, "event").pop(field) and None


def _swap_versions(body: Body) -> None:
    first, second = (body.index(_line(body, "fact", nth)) for nth in (0, 1))
    body[first], body[second] = body[second], body[first]


def _facts_first(body: Body) -> None:
    facts = [line for line in body if line["kind"] == "fact"]
    rest = [line for line in body if line["kind"] != "fact"]
    body[:] = [rest[0], *facts, *rest[1:]]


def _own_words(value: Any) -> Callable[[Body], None]:
    return lambda body: _line(body, "fact")["sources"][0].update(own_words=value)


def _fact_of(ended: str, nth: int) -> Callable[[Body], None]:
    return lambda body: _line(body, "fact", nth).update(ended=ended, ended_by="nurse")


def _pinned(at: str) -> Callable[[Body], None]:
    return lambda body: _line(body, "fact").update(pinned_at=at, pinned_by="nurse")


def _retraction(**said: Any) -> Callable[[Body], None]:
    """As if a fact had been taken back."""

    def change(body: Body) -> None:
        fact = _line(body, "fact")
        line = {"kind": "retraction", "event": fact["sources"][0]["event"], "statement_hash": "00" * 32, "quote": "x"}
        before_facts = next(number for number, each in enumerate(body) if each["kind"] == "fact")
        body.insert(before_facts, line | {"at": "2026-01-01T00:00:00Z"} | said)

    return change


FORGED: dict[str, tuple[str, Callable[[Body], object]]] = {
    "an unknown kind": ("kind", _set("event", "kind", "token")),
    "no kind": ("kind", lambda body: _line(body, "event").pop("kind")),
    "a kind that is no word": ("kind", _set("event", "kind", ["event"])),
    "an unknown field": ("tenant", _set("event", "tenant", "globex")),
    "a missing field": ("content", _without("content")),
    "no place": ("kind", lambda body: body.pop(0)),
    "a place twice": ("path", _again("place")),
    "a place too deep": ("path", _set("place", "path", ["a"] * 33)),
    "a path that is text": ("path", _set("place", "path", "a/b")),
    "an empty segment": ("path[0]", _set("place", "path", [""])),
    "an event twice": ("id", _again("event")),
    "an id that is none": ("id", _set("event", "id", "1")),
    "an id that is a number": ("id", _set("event", "id", 1)),
    "a key twice": ("key", _set("event", "key", "k1", 1)),
    "a witness without a name": ("witnesses[0]", _set("event", "witnesses", [""])),
    "witnesses that are text": ("witnesses", _set("event", "witnesses", "two")),
    "a role of another world": ("role", _set("event", "role", "admin")),
    "an importance beyond 1": ("importance", _set("event", "importance", 1.5)),
    "NaN": ("importance", _set("event", "importance", float("nan"))),
    "metadata that is a list": ("metadata", _set("event", "metadata", [])),
    "NUL": ("content", _set("event", "content", "a\x00b")),
    "an empty content": ("content", _set("event", "content", " ")),
    "a long content": ("content", _set("event", "content", "x" * 32_769)),
    "a time without zone": ("occurred_at", _set("event", "occurred_at", "2025-06-01T00:00:00")),
    "a time that is none": ("recorded_at", _set("event", "recorded_at", "soon")),
    "a time that is a number": ("recorded_at", _set("event", "recorded_at", 1_700_000_000)),
    "a time beyond UTC": ("occurred_at", _set("event", "occurred_at", "0001-01-01T00:00:00+14:00")),
    "an event of the future": ("occurred_at", _set("event", "occurred_at", "2999-01-01T00:00:00Z")),
    "a fact recorded in the future": ("recorded_at", _set("fact", "recorded_at", "2999-01-01T00:00:00Z")),
    "a short hash": ("body_hash", _set("event", "body_hash", "00")),
    "a source that is nowhere": (
        "sources[0].event",
        _set("fact", "sources", [{"event": str(uuid4()), "quote": "x", "own_words": True, "dates": False}]),
    ),
    "own words that are a number": ("sources[0].own_words", _own_words(1)),
    "a fact without a source": ("sources", _set("fact", "sources", [])),
    "a source without a quote": ("sources[0]", _set("fact", "sources", [{"event": str(uuid4())}])),
    "versions out of order": ("version", _swap_versions),
    "two current versions": ("version", _set("fact", "superseded_at", None)),
    "version zero": ("version", _set("fact", "version", 0)),
    "version true": ("version", _set("fact", "version", True)),
    "a version of 2**70": ("version", _set("fact", "version", 2**70)),
    "an end before its start": ("valid_to", _set("fact", "valid_to", "1999-01-01T00:00:00Z", 1)),
    "a category of another world": ("category", _set("fact", "category", "food")),
    "a trust of another world": ("trust", _set("fact", "trust", "root")),
    "a correction by nobody": ("made_by", _set("fact", "made", "corrected")),
    "a correction of another world": ("made", _set("fact", "made", "improved")),
    "a rejected fact that holds": ("ended", _fact_of("rejected", 1)),
    "a pin of the future": ("pinned_at", _pinned("2999-01-01T00:00:00Z")),
    "a fact before its events": ("sources[0].event", _facts_first),
    "a retraction of a foreign event": ("event", _retraction(event=str(uuid4()))),
    "a retraction without words": ("quote", _retraction(quote="")),
    "a retraction of the future": ("at", _retraction(at="2999-01-01T00:00:00Z")),
    "a retraction that is no hash": ("statement_hash", _retraction(statement_hash="x")),
    "a summary of nothing": ("events", _set("summary", "events", [])),
    "a summary of foreign events": ("events[0]", _set("summary", "events", [str(uuid4())])),
    "a summary without a text, but with a time": ("recorded_at", _set("summary", "text", None)),
    "a summary through a foreign event": ("through", _set("summary", "through", str(uuid4()))),
    "a summary twice": ("id", _again("summary")),
    "a record of a foreign event": ("event", _set("record", "event", str(uuid4()))),
    "a record twice": ("key", _again("record")),
    "a time to live without an end": ("expires_at", _set("record", "ttl", 60)),
    "a time to live of a million years": ("ttl", _set("record", "ttl", 1e14)),
    "a value that is text": ("value", _set("record", "value", "x")),
    "a large value": ("value", _set("record", "value", {"x": "y" * 70_000})),
}


async def refusal(alice: ScopedMemory, lines: Iterable[Any]) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        await alice.import_(lines)
    assert await alice.history() == []
    assert await alice.branches() == []
    assert refused.value.limit
    assert refused.value.fix
    return refused.value


async def test_forged_lines_are_refused_by_number_and_field(alice: ScopedMemory, lines: list[str]) -> None:
    faults = {}
    for name, (field, change) in FORGED.items():
        body = [json.loads(line) for line in lines[1:-1]]
        change(body)
        try:
            error = await refusal(alice, sealed(lines[0], body))
        except pytest.fail.Exception:
            faults[name] = "accepted"
            continue
        found = re.fullmatch(r"line (\d+): (.+)", error.field)
        if not found or found[2] != field or not 2 <= int(found[1]) <= len(lines):
            faults[name] = str(error)
    assert faults == {}


async def test_the_file_itself_passes(alice: ScopedMemory, lines: list[str]) -> None:
    imported = await alice.import_(sealed(lines[0], [json.loads(line) for line in lines[1:-1]]))
    assert imported.stored["event"] == 3


@pytest.mark.parametrize("lost", [1, 2, 5])
async def test_a_cut_file_is_recognised(alice: ScopedMemory, lines: list[str], lost: int) -> None:
    assert "end" in str(await refusal(alice, lines[:-lost]))


async def test_a_changed_file_is_recognised(alice: ScopedMemory, lines: list[str]) -> None:
    changed = [line.replace("Oslo", "Rome") for line in lines]
    assert "sha256" in (await refusal(alice, changed)).field
    assert "sha256" in (await refusal(alice, [*lines[:-2], lines[-1]])).field


async def test_blank_lines_may_stand_anywhere(alice: ScopedMemory, elsewhere: Application, lines: list[str]) -> None:
    spaced = ["", *(each for line in lines for each in (line, ""))]
    stored = (await alice.import_(lines)).stored
    assert (await alice.import_(spaced)).known == stored
    other = elsewhere.memory.scope(tenant="acme", user="alice")
    assert (await other.import_(spaced)).stored["event"] > 0


async def test_only_how_lines_end_may_change(alice: ScopedMemory, lines: list[str]) -> None:
    imported = await alice.import_(f"{line}\r\n".encode() for line in lines)
    assert imported.stored["event"] == 3


HEADERS = ["{}", "[]", "null", "7", '{"semmem":"memory"}', '{"semmem":"memory","version":0}', "{not json", "\ufeff"]


@pytest.mark.parametrize("header", HEADERS)
async def test_another_file_is_refused_at_its_first_line(alice: ScopedMemory, lines: list[str], header: str) -> None:
    assert (await refusal(alice, [header, *lines[1:]])).field.startswith("line 1: ")


async def test_a_newer_format_is_refused_with_the_way_out(alice: ScopedMemory, lines: list[str]) -> None:
    newer = lines[0].replace(f'"version":{VERSION}', f'"version":{VERSION + 1}')
    assert "a newer semmem" in (await refusal(alice, [newer, *lines[1:]])).fix


async def test_a_line_without_end_is_not_read_into_memory_whole(alice: ScopedMemory, lines: list[str]) -> None:
    for long in ("x" * (MAX_LINE_BYTES + 1), "é" * (MAX_LINE_BYTES // 2 + 1)):
        error = await refusal(alice, [lines[0], long])
        assert (error.field, error.limit) == ("line 2: line", f"must be at most {MAX_LINE_BYTES} bytes")


WRONG: list[Any] = ["text", b"bytes", None, 7, {}, [], [None], [7], [["a"]], iter(()), object()]


@pytest.mark.parametrize("given", WRONG, ids=lambda given: repr(given)[:20])
async def test_what_are_no_lines_is_refused(alice: ScopedMemory, given: Any) -> None:
    assert "line" in (await refusal(alice, given)).field


async def test_two_files_at_once_are_refused(alice: ScopedMemory, lines: list[str]) -> None:
    assert "one exported file" in (await refusal(alice, [*lines, *lines])).fix


async def test_nested_beyond_reason_is_refused(alice: ScopedMemory, lines: list[str]) -> None:
    assert (await refusal(alice, sealed(lines[0], ["[" * 100_000]))).field == "line 2: line"


async def test_a_file_does_not_raise_trust_without_notice(alice: ScopedMemory, lines: list[str]) -> None:
    body = [json.loads(line) for line in lines[1:-1]]
    for line in body:
        if line["kind"] == "event":
            line["role"] = "tool"
    imported = await alice.import_(sealed(lines[0], body))
    assert {fact.trust for fact in await alice.facts(superseded=True)} == {"tool"}
    assert any("trust" in warning for warning in imported.warnings)


async def test_ids_of_another_scope_are_not_touched(memory: Memory, source: ScopedMemory, lines: list[str]) -> None:
    before = [line async for line in source.export()][1:]
    mallory = memory.scope(tenant="northwind", user="mallory")
    body = [json.loads(line) for line in lines[1:-1]]
    for line in body:
        if line["kind"] in ("event", "fact"):
            line["content" if line["kind"] == "event" else "text"] += " (says Mallory)"
    imported = await mallory.import_(sealed(lines[0], body))
    await mallory.settled()
    assert any("new ids" in warning for warning in imported.warnings)
    assert [line async for line in source.export()][1:] == before
    assert all("Mallory" not in hit.text for hit in await source.recall("Where does she live?"))
    await source.remember("I moved to Malmo.", occurred_at=datetime(2025, 8, 1, tzinfo=UTC))
    await source.settled()
    assert len([fact for fact in await source.facts() if "Malmo" in fact.text]) == 1


async def test_an_id_that_stands_for_something_else_here_is_refused(source: ScopedMemory, lines: list[str]) -> None:
    body = [json.loads(line) for line in lines[1:-1]]
    _line(body, "event")["content"] = "I live in Rome."
    with pytest.raises(InvalidInput, match="line 3: id"):
        await source.import_(sealed(lines[0], body))


async def test_a_key_that_was_used_for_something_else_is_refused_before_anything_is_stored(
    alice: ScopedMemory, lines: list[str]
) -> None:
    await alice.remember("Something else.", key="k1")
    with pytest.raises(InvalidInput, match="line 3: key"):
        await alice.import_(lines)
    assert [event.content for event in await alice.history()] == ["Something else."]


async def test_a_record_that_holds_something_else_is_refused_before_anything_is_stored(
    alice: ScopedMemory, lines: list[str]
) -> None:
    await alice.records.put("diet", {"eats": "meat"})
    with pytest.raises(InvalidInput, match=r"line \d+: key"):
        await alice.import_(lines)
    assert await alice.history() == []
    record = await alice.records.get("diet")
    assert record is not None
    assert record.value == {"eats": "meat"}


async def test_a_fact_that_is_known_under_another_id_is_not_stored_twice(alice: ScopedMemory, lines: list[str]) -> None:
    await alice.remember("I moved to Oslo.", occurred_at=datetime(2025, 7, 1, tzinfo=UTC))
    await alice.settled()
    [own] = [fact for fact in await alice.facts() if "Oslo" in fact.text]
    body = [json.loads(line) for line in lines[1:-1]]
    for line in body:
        if line["kind"] == "fact":
            line["subject"] = own.subject
            line["text"] = line["text"].replace("maya", own.subject)
    imported = await alice.import_(sealed(lines[0], body))
    assert [fact.id for fact in await alice.facts() if "Oslo" in fact.text] == [own.id]
    assert any("left out" in warning for warning in imported.warnings)


def test_a_line_says_nobodys_name(lines: list[str]) -> None:
    assert not [line for line in lines if "northwind" in line]
    assert UUID(json.loads(lines[2])["id"])
