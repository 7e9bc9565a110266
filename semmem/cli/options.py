"""Options that several commands share."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from semmem.domain.fact import Category
from semmem.errors import InvalidInput
from semmem.wiring.durations import read_duration


def instant(text: str) -> datetime:
    """ISO 8601 with a time zone; a date alone is its first moment in UTC."""
    return _read(text, time.min)


def end_of(text: str) -> datetime:
    """As `instant`, but a date alone is its last moment in UTC."""
    return _read(text, time.max)


def _read(text: str, of_day: time) -> datetime:
    text = text.strip()
    with suppress(ValueError):
        return datetime.combine(date.fromisoformat(text), of_day, UTC)
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it like 2026-05-01 or 2026-05-01T09:30:00Z") from None
    if value.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no time zone; append Z for UTC, or an offset such as +02:00")
    return value


def json_object(field: str, text: str) -> dict[str, Any]:
    """Raises InvalidInput for any other JSON, or none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidInput(field, "must be a JSON object", """write it like '{"channel": "chat"}'""")
    return found


def condition(text: str | None) -> dict[str, Any] | None:
    """What --where says. Raises InvalidInput."""
    return None if text is None else json_object("where", text)


def duration(field: str, text: str) -> timedelta:
    """A span of time such as 30m or P7D. Raises InvalidInput."""
    try:
        return read_duration(text)
    except ValueError as error:
        raise InvalidInput(field, str(error), "pass 30m or P7D, for example") from None


def _instant(help: str, parser: Callable[[str], datetime] = instant) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(parser=parser, metavar="TIME", help=help)
    return option


Tenant = Annotated[str, typer.Option(envvar="SEMMEM_TENANT", help="The tenant.", show_default=False)]
User = Annotated[str | None, typer.Option(help="The user whose memory it is.")]
Workspace = Annotated[str | None, typer.Option(help="The workspace whose memory it is, in place of a user.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout; an error as JSON on stderr.")
]
Wait = Annotated[
    bool | None,
    typer.Option(
        "--wait/--no-wait",
        help="Wait until what was stored is extracted and indexed.",
        show_default="wait, if this process runs the worker",
    ),
]
Patience = Annotated[float, typer.Option(min=1, help="Seconds without progress after which waiting ends.")]

Session = Annotated[str | None, typer.Option(help="Of this session only.")]
Agent = Annotated[str | None, typer.Option(help="Seen by this agent only.")]
OfCategory = Annotated[Category | None, typer.Option("--category", help="Facts of this category only.")]
Since = Annotated[datetime | None, _instant("From this time or date on, in the world.")]
Until = Annotated[datetime | None, _instant("Up to this time, or the end of this date, in the world.", end_of)]
Where = Annotated[
    str | None,
    typer.Option(metavar="JSON", help='A condition, such as \'{"role": "user", "metadata": {"channel": "chat"}}\'.'),
]
AsOf = Annotated[datetime | None, _instant("What held at this time, or at the end of this date.", end_of)]
Before = Annotated[datetime | None, _instant("What happened before this time or date.")]
OccurredAt = Annotated[datetime | None, _instant("When it happened in the world; now, if left out.")]
ToldAt = Annotated[datetime | None, _instant("When it was seen in the world; now, if left out.")]


def item_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(
            "must be an id, as a list shows it; f1 or e2 of a context is only its label there"
        ) from None


FactId = Annotated[
    UUID | None,
    typer.Option("--fact", parser=item_id, metavar="ID", help="This fact, all its versions, and what they rest on."),
]
EventId = Annotated[UUID | None, typer.Option("--event", parser=item_id, metavar="ID", help="This event.")]
BeforeId = Annotated[
    UUID | None, typer.Option("--before", parser=item_id, metavar="ID", help="Go on below the item of this id.")
]
Limit = Annotated[int, typer.Option("--limit", "-n", help="At most so many.")]
