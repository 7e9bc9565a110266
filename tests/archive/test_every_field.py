"""A field that is added to an event goes every way that an event goes: told, stored, cached, exported and imported."""

from dataclasses import MISSING, Field, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_type_hints

from semmem import Event, NewEvent, ScopedMemory
from semmem.domain import archive, lines
from semmem.domain.event import EventFields
from semmem.wiring.bootstrap import Application

FULL = NewEvent(
    content="The release is on Friday.",
    role="assistant",
    speaker="Bob",
    agent="support",
    agent_type="helper",
    session="s1",
    event_type="note",
    importance=0.9,
    metadata={"a": [1, {"b": None}]},
    occurred_at=datetime(2025, 6, 1, 9, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    key="msg-17",
)
SAID = [field.name for field in fields(NewEvent)]
STORED = [field.name for field in fields(Event)]
OF_ITS_PLACE = {"seq", "scope"}  # what an event has where it is stored; an archive says neither


def said_of(event: NewEvent | Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in SAID}


def test_the_event_of_these_tests_sets_every_field() -> None:
    def default(field: Field[Any]) -> Any:
        return field.default if field.default_factory is MISSING else field.default_factory()

    assert [field.name for field in fields(NewEvent) if getattr(FULL, field.name) == default(field)] == []


def test_what_is_told_of_an_event_is_told_by_each_of_its_types() -> None:
    told = get_type_hints(NewEvent)
    assert get_type_hints(EventFields) == {name: told[name] for name in SAID if name != "content"}
    assert [name for name in SAID if name not in STORED] == []
    assert [name for name in STORED if name not in archive.FIELDS["event"]] == sorted(OF_ITS_PLACE, reverse=True)


def test_every_field_counts_where_a_key_is_used_again() -> None:
    changes = {**said_of(NewEvent(content="Other.")), "occurred_at": datetime(2025, 6, 1, tzinfo=UTC)}
    same = [name for name in SAID if replace(FULL, **{name: changes[name]}).body_hash == FULL.body_hash]
    assert same == ["key"]


async def test_it_is_read_back_as_it_was_told(alice: ScopedMemory) -> None:
    [ack] = await alice.remember_many([FULL])
    read = await alice.event(ack.id)
    assert said_of(read) == said_of(FULL)
    assert read.occurred_at.utcoffset() == timedelta(hours=5, minutes=30)
    assert lines.Reader(read.recorded_at).read(lines.line_of(read).encode()) == FULL


async def test_what_is_announced_is_what_is_stored(alice: ScopedMemory, application: Application) -> None:
    log, now = application.parts.events, application.parts.clock()
    remembered = await log.remember(alice.place, [FULL], now=now, dedup_window=timedelta())
    assert list(remembered.accepted) == await log.recent(alice.scope, 1)


async def test_it_is_imported_as_it_was_exported(alice: ScopedMemory, elsewhere: Application) -> None:
    [ack] = await alice.remember_many([FULL])
    other = elsewhere.memory.scope(tenant="globex", user="bob")
    await other.import_([line async for line in alice.export()])
    moved, read = await other.event(ack.id), await alice.event(ack.id)
    assert replace(moved, seq=read.seq, scope=read.scope) == read
