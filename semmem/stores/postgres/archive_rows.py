"""What the rows of a memory say, in the fields of an archive's lines."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from semmem.domain.archive import FIELDS, instant
from semmem.stores.postgres.rows import Row


def fields_of(kind: str, row: Row) -> dict[str, Any]:
    """A row has them under the names of the line's fields."""
    return {name: _written(row[name]) for name in FIELDS[kind]}


def _written(value: Any) -> Any:
    """As JSON has it."""
    match value:
        case UUID():
            return str(value)
        case datetime():
            return instant(value)
        case timedelta():
            return value.total_seconds()
        case bytes():
            return value.hex()
        case list():
            return [_written(each) for each in value]
    return value
