"""What the commands print: answers on stdout, as JSON or for people, and notes on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from semmem.cli.paths import path_text
from semmem.domain.context import TIERS, Context
from semmem.domain.event import Ack, Event
from semmem.domain.fact import Fact, Summary, Validity
from semmem.domain.hit import Hit, Recall
from semmem.domain.receipt import Receipt
from semmem.domain.record import Record
from semmem.domain.scope import Branch
from semmem.retrieval.quote import UNPRINTABLE, visible

if TYPE_CHECKING:
    from semmem.domain.extraction import Usage
    from semmem.memory.transfer import Imported
    from semmem.stores.postgres.ledger import DeadLetter
    from semmem.wiring.followers import Follower
    from semmem.wiring.inventory import Holding

MOST_COLUMNS = 10_000  # of a table that nobody looks at in a terminal
T = TypeVar("T")


class _Answers(Console):
    def on_broken_pipe(self) -> None:
        """The command ends like any other whose reader has gone, and not with an exit code of rich's own."""
        raise BrokenPipeError


answers = _Answers(highlight=False)
notes = Console(stderr=True, highlight=False)


def plain(value: object) -> Any:
    """Returns the value as JSON has it. A recall's hits carry what they only compute: kind, text and why."""
    from pydantic import TypeAdapter

    if isinstance(value, Recall):
        cost = {"usage": plain(value.usage)} if value.usage.calls else {}
        return {"hits": [plain(hit) for hit in value], "degraded": sorted(value.degraded), **cost}
    if isinstance(value, Hit):
        computed = {"id": str(value.id), "kind": value.kind, "text": value.text, "why": value.why}
        return computed | TypeAdapter(Hit).dump_python(value, mode="json")
    if isinstance(value, list):
        return [plain(each) for each in value]
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def print_json(value: object, indent: int | None = None) -> None:
    """Prints in any locale: where stdout cannot write every character, they are escaped."""
    written = json.dumps(plain(value), ensure_ascii=False, indent=indent)
    text = UNPRINTABLE.sub(lambda match: json.dumps(match[0])[1:-1].replace("\x7f", "\\u007f"), written)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(plain(value), indent=indent)
    print(text)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Writes a number with its noun, such as 1 event, 2 events."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def show(value: T, as_json: bool, picture: Callable[[T], RenderableType]) -> None:
    if as_json:
        print_json(value, indent=2)
    else:
        drawn = picture(value)
        if isinstance(drawn, str):  # what people named, in which brackets are no markup
            drawn = Text(visible(drawn))
        # Plain text may go into a file or a prompt, and must not be broken there.
        into = answers
        if isinstance(drawn, Table) and not answers.is_terminal:  # a row is a line there
            into = _Answers(highlight=False, width=MOST_COLUMNS)
        into.print(drawn, soft_wrap=isinstance(drawn, Text))


def table(*columns: str, rows: Iterable[Sequence[str]]) -> RenderableType:
    """The last column takes the room that is left."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for name in columns[:-1]:
        made.add_column(name, overflow="fold")
    made.add_column(columns[-1], ratio=1, overflow="fold")
    for row in rows:
        made.add_row(*(Text(visible(cell)) for cell in row))
    return made if made.row_count else Text("nothing", style="dim")


def day(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d") if at else ""


def minute(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""


def acks(found: Sequence[Ack]) -> RenderableType:
    return table("status", "event", rows=[(ack.status, str(ack.id)) for ack in found])


def hits(found: Recall) -> RenderableType:
    rows = [(f"{hit.score:.2f}", hit.kind, day(hit.said_at), f"{hit.text}\n  {hit.why}\n  {hit.id}") for hit in found]
    return table("score", "kind", "said", "memory", rows=rows)


def facts(found: Sequence[Fact]) -> RenderableType:
    shown: list[Text] = []
    for fact in found:
        about = [str(fact.id), fact.category, holds(fact.validity), *_corrections(fact)]
        text = Text(visible(fact.text)).append(f"\n  {', '.join(filter(None, about))}", style="dim")
        for source in fact.sources:
            text.append(f"\n  “{visible(source.quote)}”", style="dim")
        shown.append(text)
    return Group(*shown) if shown else Text("nothing", style="dim")


def _corrections(fact: Fact) -> list[str]:
    """Says what people did to it, or that it was superseded."""
    done = [f"{each.kind} by {each.by}" for each in (fact.made, fact.pinned) if each]
    if fact.current:
        return done
    return [*done, f"then {fact.ended.kind} by {fact.ended.by}" if fact.ended else "superseded"]


def versions(found: Sequence[Fact]) -> RenderableType:
    shown: list[Text] = []
    for fact in found:
        until = f"superseded {minute(fact.superseded_at)}" if fact.superseded_at else "current"
        told = [f"recorded {minute(fact.recorded_at)}", until, *_corrections(fact)]
        text = Text(f"{fact.version}  {visible(fact.text)}")
        text.append(f"\n   {fact.id}\n   {', '.join(each for each in told if each != 'superseded')}", style="dim")
        shown.append(text)
    return Group(*shown) if shown else Text("nothing", style="dim")


def holds(validity: Validity) -> str:
    """From when to when, with the ends that are open left out."""
    if validity.start is None and validity.end is None:
        return ""
    return f"{day(validity.start)} – {day(validity.end)}"  # noqa: RUF001 - a dash between two dates


def events(found: Sequence[Event]) -> RenderableType:
    rows = []
    for event in found:
        # Among them what `forget` takes: the event's id, and its session and agent.
        named = {"session": event.session, "agent": event.agent, "key": event.key}
        ids = ", ".join([str(event.id), *(f"{name} {value}" for name, value in named.items() if value)])
        rows.append((str(event.seq), minute(event.occurred_at), f"{event.voice}: {event.content}\n  {ids}"))
    return table("seq", "occurred", "event", rows=rows)


def branches(found: Sequence[Branch]) -> RenderableType:
    return table("branch", "owner", rows=[(path_text(place.path) or "(root)", place.owner or "") for place in found])


def records(found: Sequence[Record]) -> RenderableType:
    rows = [(record.key, minute(record.updated_at), json.dumps(record.value, ensure_ascii=False)) for record in found]
    return table("key", "updated", "value", rows=rows)


def receipts(found: Sequence[Receipt]) -> RenderableType:
    rows = [
        (
            str(each.id),
            minute(each.committed_at),
            forgotten(each) + ("" if each.complete else f"; {waited_for(each)} has not followed"),
        )
        for each in found
    ]
    return table("receipt", "forgotten", "what", rows=rows)


def waited_for(found: Receipt) -> str:
    """Returns the stores that have not followed."""
    return " and ".join(store for store, at in found.stores.items() if at is None)


def forgotten(found: Receipt) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in counts(found.counts) if count != "0") or "nothing"


def summaries(found: Sequence[Summary]) -> RenderableType:
    rows = [(each.session or "(all)", day(each.since), day(each.until), each.text) for each in found]
    return table("session", "from", "to", "summary", rows=rows)


def receipt(found: Receipt) -> RenderableType:
    known = [("receipt", str(found.id))] if found.id else []
    followed = [(f"gone from {store}", minute(at) or "not yet") for store, at in found.stores.items()]
    remains = [("bytes", found.bytes)] if found.id else []
    return table("what", "how much, or since when", rows=[*known, *counts(found.counts), *followed, *remains])


def counts(found: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(kind.replace("_", " "), str(count)) for kind, count in found.items()]


def context(made: Context) -> RenderableType:
    if made.messages:
        return Text("\n\n".join(f"{message['role']}:\n{visible(message['content'])}" for message in made.messages))
    return Text(visible(made.text))


def spent(made: Context) -> str:
    """Says how many tokens of the budget were spent, and for which tiers."""
    tiers = ", ".join(f"{tier} {len(made.tier(tier))}" for tier in TIERS)
    unsure = "; nothing clearly answers the question" if made.nothing_relevant else ""
    return f"{'' if made.exact else 'at most '}{made.tokens} of {made.budget} tokens; {tiers}{unsure}"


def dead_letters(found: Sequence["DeadLetter"]) -> RenderableType:
    rows = [
        (
            letter.stage,
            letter.reason,
            f"{letter.detail}\n  {letter.id}, {counted(len(letter.event_ids), 'event')}".lstrip(),
        )
        for letter in found
    ]
    return table("stage", "reason", "what", rows=rows)


def note_degraded(degraded: Iterable[str]) -> None:
    parts = ", ".join(sorted(degraded))
    if parts:
        notes.print(Text(f"degraded: answered without {parts}", style="yellow"))


def note_usage(usage: "Usage") -> None:
    """Says what a chat model cost that reranked."""
    if usage.calls:
        notes.print(f"reranked for {usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens", style="dim")


def imported(found: "Imported") -> RenderableType:
    kinds = dict.fromkeys([*found.stored, *found.known])
    rows = [(kind, str(found.stored.get(kind, 0)), str(found.known.get(kind, 0))) for kind in kinds]
    return table("kind", "stored", "known before", rows=rows)


def stores(found: "Sequence[Follower]") -> RenderableType:
    rows = [(each.store, f"{each.receipts:,}", "yes" if each.worker else "no") for each in found]
    return table("store", "receipts that wait", "a running worker has it", rows=rows)


def holdings(found: "Sequence[Holding]") -> RenderableType:
    rows = []
    for one in found:
        counts = map(str, (one.events, one.facts, one.records, one.branches))
        rows.append((visible(one.scope.tenant), one.scope.kind, visible(one.scope.id), *counts))
    return table("tenant", "kind", "id", "events", "facts", "records", "branches", rows=rows)
