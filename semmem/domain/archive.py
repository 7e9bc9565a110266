"""A memory as lines of JSON, whole: what `export` writes and `import_` reads.

The first line is the header, the last one counts and sums up those between. A `place` line opens a place of the tree;
the lines after it are that place's events (in the order they were remembered), records, retractions of wrong facts,
facts, summaries and dead letters. A line never says whose memory it is: who imports it decides.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from semmem.domain.checks import (
    MAX_CONTENT_BYTES,
    MAX_ID_BYTES,
    MAX_METADATA_BYTES,
    MAX_VALUE_BYTES,
    check_aware,
    check_flag,
    check_id,
    check_int,
    check_json,
    check_one_of,
    check_optional_id,
    check_text,
    check_unit,
)
from semmem.domain.event import Role
from semmem.domain.fact import CATEGORIES, MAX_FACT_BYTES, MAX_SUBJECT_BYTES, Precision
from semmem.domain.record import MAX_TTL
from semmem.errors import InvalidInput

VERSION = 3
MAX_LINE_BYTES = 16 * 1024 * 1024  # a summary of a large scope names each of its events
MAX_TEXT_BYTES = 1024 * 1024
DAY = 86_400
MARK = "semmem"  # the header's first field, by which it is known

CORRECTIONS = ("made", "made_by", "ended", "ended_by", "pinned_at", "pinned_by")  # of a fact, by people

SUCCESSION = ("successor", "said_to")  # of a fact: what ended it, and its end as it was before

KINDS = ("event", "record", "retraction", "fact", "summary", "dead_letter")

Check = Callable[[str, Any], Any]  # the field and its value; answers with the value in its one written form
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]  # a line's fields, not checked yet, as the next version has them


def _undated(fact: dict[str, Any]) -> dict[str, Any]:
    """Sources of which nobody said whether the dates are theirs."""
    sources = fact.get("sources")
    if not isinstance(sources, list):
        return {}
    return {"sources": [{"dates": False} | each if isinstance(each, dict) else each for each in sources]}


# By version and kind: how a line of that version becomes one of the next. Every version below VERSION has an entry.
UPGRADES: dict[int, dict[str, Upgrade]] = {
    1: {"fact": lambda fact: dict.fromkeys(CORRECTIONS) | fact},  # nobody had corrected any
    2: {"fact": lambda fact: dict.fromkeys(SUCCESSION) | fact | _undated(fact)},  # its thread told what ended it
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The version of the lines that follow, and what the memory held that they do not."""

    version: int
    left_behind: Mapping[str, int]


def written(kind: str, fields: Mapping[str, Any]) -> str:
    """Writes one line, without its end."""
    return json.dumps({"kind": kind, **fields}, ensure_ascii=False, separators=(",", ":"))


def header(release: str, now: datetime, left_behind: Mapping[str, int]) -> str:
    """`left_behind` counts what the memory holds and the file does not."""
    said = {MARK: "memory", "version": VERSION, "release": release, "exported_at": now.isoformat()}
    return json.dumps(said | {"left_behind": dict(left_behind)}, separators=(",", ":"))


def instant(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if value else None


class Sum:
    """Counts lines and sums them up, however their ends are written."""

    def __init__(self) -> None:
        self.lines, self._digest = 0, hashlib.sha256()

    def add(self, line: bytes) -> None:
        self.lines += 1
        self._digest.update(line + b"\n")

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def line(self) -> str:
        return written("end", {"lines": self.lines, "sha256": self.sha256})


def object_of(line: bytes) -> dict[str, Any]:
    """Returns the JSON object that a line holds. Raises InvalidInput for any other line."""
    if len(line) > MAX_LINE_BYTES:
        raise InvalidInput("line", f"must be at most {MAX_LINE_BYTES} bytes", "split what it holds into several")
    try:
        said = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("line", f"is not JSON ({error})", "write one JSON object a line, in UTF-8") from None
    if not isinstance(said, dict):
        raise InvalidInput("line", "must be a JSON object", 'write it like {"content": "..."}')
    return said


def read_header(said: Mapping[str, Any]) -> Header:
    """Raises InvalidInput for a file that this release cannot read."""
    if said.get(MARK) != "memory":
        raise InvalidInput(MARK, "must be 'memory'", "pass a file that semmem exported")
    version = said.get("version")
    if isinstance(version, int) and version > VERSION:
        raise InvalidInput("version", f"is {version}, this release reads {VERSION}", "import it with a newer semmem")
    check_int("version", version, 1, VERSION)
    assert isinstance(version, int), "check_int refuses all else"
    left = said.get("left_behind", {})
    if not isinstance(left, dict):
        raise InvalidInput("left_behind", "must be a JSON object", "export the memory again")
    counts = {str(name): count for name, count in left.items() if type(count) is int and count > 0}
    return Header(version=version, left_behind=counts)


def read(said: dict[str, Any], version: int) -> tuple[str, dict[str, Any]]:
    """Returns a line's kind and its fields as VERSION has them, each checked and in its one written form.

    `version` is that of the file. Raises InvalidInput.
    """
    kind = said.get("kind")
    if not isinstance(kind, str) or kind not in FIELDS:
        raise InvalidInput("kind", f"must be one of {', '.join(FIELDS)}", "export the memory again, with this release")
    for earlier in range(version, VERSION):
        upgrade = UPGRADES[earlier].get(kind)
        said = upgrade(said) if upgrade else said
    fields = FIELDS[kind]
    for name in said:
        if name != "kind" and name not in fields:
            raise InvalidInput(name, f"is no field of {kind}", f"use {', '.join(fields)}")
    for name in fields:
        if name not in said:
            raise InvalidInput(name, "is missing", "write null where there is nothing to say")
    return kind, {name: check(name, said[name]) for name, check in fields.items()}


def _or_none(check: Check) -> Check:
    return lambda field, value: None if value is None else check(field, value)


def _text(max_bytes: int) -> Check:
    return lambda field, value: check_text(field, value, max_bytes)


def _any_text(field: str, value: Any) -> str:
    """May be empty."""
    return "" if value == "" and isinstance(value, str) else check_text(field, value, MAX_TEXT_BYTES)


def _one_of(*words: str) -> Check:
    def check(field: str, value: Any) -> Any:
        check_one_of(field, value, words)
        return value

    return check


def _flag(field: str, value: Any) -> bool:
    check_flag(field, value)
    return bool(value)


def _unit(field: str, value: Any) -> float:
    check_unit(field, value)
    return float(value) + 0.0  # which makes -0.0 one with 0.0


def _count(field: str, value: Any) -> int:
    check_int(field, value, 1, 2**31 - 1)
    return int(value)


def _whole(field: str, value: Any) -> int:
    check_int(field, value, 0, 2**63 - 1)
    return int(value)


def _json(max_bytes: int) -> Check:
    return lambda field, value: check_json(field, value, max_bytes)


def _uuid(field: str, value: Any) -> str:
    try:
        return str(UUID(value))
    except (AttributeError, TypeError, ValueError):
        raise InvalidInput(field, "must be a UUID", "export the memory again") from None


def _moment(field: str, value: Any) -> str:
    try:
        said = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidInput(field, "must be ISO 8601", "write it like 2026-05-01T09:30:00Z") from None
    return check_aware(field, said).astimezone(UTC).isoformat()


def _seconds(field: str, value: Any) -> float:
    most = MAX_TTL.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise InvalidInput(field, f"must be more than 0 and at most {most:.0f} seconds", "write null to keep it")
    return float(value)


def _offset(field: str, value: Any) -> float:
    """East of UTC, in seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -DAY < value < DAY:
        raise InvalidInput(field, "must be less than a day, in seconds", "write null for UTC")
    return float(value)


def _digest(field: str, value: Any) -> str:
    try:
        if len(bytes.fromhex(value)) == 32:
            return str(value)
    except (TypeError, ValueError):
        pass
    raise InvalidInput(field, "must be 32 bytes in hexadecimal", "export the memory again")


def _many(check: Check, least: int = 0) -> Check:
    def each(field: str, value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) < least:
            raise InvalidInput(field, f"must be a list of {least} or more", "export the memory again")
        return [check(f"{field}[{index}]", one) for index, one in enumerate(value)]

    return each


def _object(**fields: Check) -> Check:
    def check(field: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or value.keys() != fields.keys():
            raise InvalidInput(field, f"must be an object of {', '.join(fields)}", "export the memory again")
        return {name: of_one(f"{field}.{name}", value[name]) for name, of_one in fields.items()}

    return check


FIELDS: dict[str, dict[str, Check]] = {
    "place": {"path": _many(check_id), "owner": check_optional_id},
    "event": {
        "id": _uuid,
        "session": check_optional_id,
        "role": _one_of(*get_args(Role)),
        "speaker": check_optional_id,
        "agent": check_optional_id,
        "agent_type": check_optional_id,
        "event_type": check_id,
        "content": _text(MAX_CONTENT_BYTES),
        "importance": _unit,
        "metadata": _json(MAX_METADATA_BYTES),
        "occurred_at": _moment,
        "utc_offset": _or_none(_offset),
        "recorded_at": _moment,
        "consolidated_at": _or_none(_moment),
        "key": check_optional_id,
        "body_hash": _digest,
        "witnesses": _many(check_id),
    },
    "record": {
        "key": check_id,
        "value": _json(MAX_VALUE_BYTES),
        "event": _or_none(_uuid),
        "created_at": _moment,
        "updated_at": _moment,
        "ttl": _or_none(_seconds),
        "expires_at": _or_none(_moment),
    },
    "retraction": {
        "event": _uuid,
        "statement_hash": _digest,
        "quote": _text(MAX_CONTENT_BYTES),
        "at": _moment,
    },
    "fact": {
        "id": _uuid,
        "thread": _uuid,
        "version": _count,
        "subject": _text(MAX_SUBJECT_BYTES),
        "text": _text(MAX_FACT_BYTES),
        "category": _one_of(*CATEGORIES),
        "confidence": _unit,
        "importance": _unit,
        "valid_from": _or_none(_moment),
        "valid_to": _or_none(_moment),
        "precision": _or_none(_one_of(*get_args(Precision))),
        "trust": _one_of(*get_args(Role)),
        "said_at": _moment,
        "utc_offset": _or_none(_offset),
        "recorded_at": _moment,
        "superseded_at": _or_none(_moment),
        "successor": _or_none(_uuid),
        "said_to": _or_none(_moment),
        "made": _or_none(_one_of("corrected", "restored", "reopened")),
        "made_by": check_optional_id,
        "ended": _or_none(_one_of("corrected", "rejected", "restored")),
        "ended_by": check_optional_id,
        "pinned_at": _or_none(_moment),
        "pinned_by": check_optional_id,
        "sources": _many(_object(event=_uuid, quote=_text(MAX_CONTENT_BYTES), own_words=_flag, dates=_flag), least=1),
    },
    "summary": {
        "id": _uuid,
        "session": check_optional_id,
        "text": _or_none(_text(MAX_TEXT_BYTES)),  # null where it is to be made again
        "version": _count,
        "through": _uuid,
        "recorded_at": _or_none(_moment),
        "events": _many(_uuid, least=1),
    },
    "dead_letter": {
        "id": _uuid,
        "stage": _one_of("extraction", "draft"),
        "reason": _text(MAX_ID_BYTES),
        "detail": _any_text,
        "events": _many(_uuid),
        "recorded_at": _moment,
        "replayed_at": _or_none(_moment),
    },
    "end": {"lines": _whole, "sha256": _digest},
}
