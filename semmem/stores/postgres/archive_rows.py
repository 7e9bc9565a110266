"""What the rows of a memory say, in the fields of an archive's lines."""

from datetime import timedelta
from typing import Any

from semmem.domain.archive import instant
from semmem.stores.postgres.rows import Row


def _event_fields(row: Row) -> dict[str, Any]:
    names = ("session", "role", "speaker", "agent", "agent_type", "event_type", "content", "importance", "metadata")
    said = {"id": str(row["id"]), **{name: row[name] for name in names}, **_times(row, "occurred_at")}
    said |= {"utc_offset": _seconds(row["utc_offset"]), **_times(row, "recorded_at", "consolidated_at")}
    return said | {"key": row["key"], "body_hash": row["body_hash"].hex(), "witnesses": list(row["witnesses"])}


def _times(row: Row, *names: str) -> dict[str, str | None]:
    return {name: instant(row[name]) for name in names}


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _record_fields(row: Row) -> dict[str, Any]:
    return {
        "key": row["key"],
        "value": row["value"],
        "event": row["event_id"] and str(row["event_id"]),
        **_times(row, "created_at", "updated_at"),
        "ttl": _seconds(row["ttl"]),
        "expires_at": instant(row["expires_at"]),
    }


def _retraction_fields(row: Row) -> dict[str, Any]:
    said = {"event": str(row["event_id"]), "statement_hash": row["statement_hash"].hex()}
    return said | {"quote": row["quote"], "at": instant(row["at"])}


def _fact_fields(row: Row) -> dict[str, Any]:
    plain = ("version", "subject", "text", "category", "confidence", "importance")
    sources = zip(row["event_ids"], row["quotes"], row["own_words"], strict=True)
    return {
        "id": str(row["id"]),
        "thread": str(row["thread"]),
        **{name: row[name] for name in plain},
        **_times(row, "valid_from", "valid_to"),
        **{name: row[name] for name in ("precision", "trust")},
        **_times(row, "said_at"),
        "utc_offset": _seconds(row["utc_offset"]),
        **_times(row, "recorded_at", "superseded_at"),
        "sources": [{"event": str(event), "quote": quote, "own_words": own} for event, quote, own in sources],
    }


def _summary_fields(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in ("session", "text", "version")},
        "through": str(row["through"]),
        "recorded_at": instant(row["recorded_at"]),
        "events": [str(event) for event in row["event_ids"]],
    }


def _dead_letter_fields(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in ("stage", "reason", "detail")},
        "events": [str(event) for event in row["event_ids"]],
        **_times(row, "recorded_at", "replayed_at"),
    }


FIELDS_OF = {
    "event": _event_fields,
    "record": _record_fields,
    "retraction": _retraction_fields,
    "fact": _fact_fields,
    "summary": _summary_fields,
    "dead_letter": _dead_letter_fields,
}
