"""How the demo looks: at 80 columns, with or without a terminal."""

from collections.abc import Sequence
from uuid import UUID

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from semmem.cli.demo.dialogue import Customer
from semmem.cli.output import counts, day, minute, spent
from semmem.domain.context import Context
from semmem.domain.event import Ack, NewEvent
from semmem.domain.fact import Fact
from semmem.domain.hit import Recall
from semmem.domain.receipt import Receipt
from semmem.retrieval.quote import visible

OFFLINE = "offline"
BAR_WIDTH = 20
VERDICTS = {"added": "green", "confirmed": "cyan", "superseded": "yellow"}


def opening(extractor: str, embedder: str) -> RenderableType:
    facts = (
        "the offline extractor, by rules (set OPENAI_API_KEY or SEMMEM_LLM_BASE_URL for a model)"
        if extractor == OFFLINE
        else f"the model {extractor}"
    )
    return Panel(
        f"An agent of Northwind remembers a customer across sessions.\n"
        f"[dim]Postgres, Valkey and Qdrant run as real servers, in a folder of their own.\n"
        f"Facts are found by {facts}.\nVectors: {embedder}.[/dim]",
        title="semmem demo",
        title_align="left",
        border_style="cyan",
    )


def chapter(title: str) -> RenderableType:
    return Text(f"\n● {title}\n", style="bold cyan")


def acknowledged(events: Sequence[NewEvent], acks: Sequence[Ack]) -> RenderableType:
    made = grid("said", "who", "what", "ack", wide=2)
    for event, ack in zip(events, acks, strict=True):
        who = event.speaker.split()[0] if event.speaker else event.agent or event.role
        made.add_row(minute(event.occurred_at), who, visible(event.content), Text(ack.status, style="green"))
    return Group(Text(f"session {events[0].session}", style="dim"), made, Text())


def redelivered(event: NewEvent, ack: Ack) -> RenderableType:
    return Text.assemble(
        "The last event is delivered once more, with its key: ",
        (ack.status, "yellow"),
        f" of event {ack.id.hex[:8]}. Nothing is stored twice.",
    )


def facts(found: Sequence[Fact]) -> RenderableType:
    made = grid("", "fact, and its sources", wide=1)
    for fact in found:
        verdict = verdict_of(fact)
        body = Text(visible(fact.text))
        for source in fact.sources:
            body.append(f"\n“{visible(source.quote)}”", style="dim")
        made.add_row(Text(verdict, style=VERDICTS[verdict]), body)
    return made


def verdict_of(fact: Fact) -> str:
    if not fact.current:
        return "superseded"
    return "confirmed" if len(fact.sources) > 1 else "added"


def timeline(title: str, versions: Sequence[Fact]) -> RenderableType:
    """What a person took back never held; it says who did it."""
    made = grid("version", "holds from", "to", title, wide=3)
    for fact in versions:
        start, end = day(fact.validity.start or fact.said_at), day(fact.validity.end) or "now"
        if fact.ended:
            start, end = "never", ""
        body = Text(visible(fact.text))
        if fact.made:
            body.append(f"\n{fact.made.kind} by {fact.made.by}", style="cyan")
        made.add_row(str(fact.version), start, end, body)
    return made


def left_alone(mailed: Sequence[Fact], trip: Fact | None) -> RenderableType:
    """What is no news of hers: a mail that she pasted, and a trip."""
    made = grid(wide=1)
    made.add_row("the pasted mail", f"{len(mailed)} facts: its words are not hers")
    if trip:
        made.add_row("the trip", f"{trip.text} It moved her nowhere." if trip.version == 1 else "taken for a move")
    return Group(Text(), made)


def recalled(question: str, found: Recall) -> RenderableType:
    title = Text.assemble((question, "bold"))
    if found.degraded:
        title.append(f"   degraded: {', '.join(sorted(found.degraded))}", style="yellow")
    made = grid(wide=1)
    for hit in found:
        first, _, more = hit.text.partition("\n")
        body = Text(visible(first) + (" …" if more else ""))
        body.append(f"\n{hit.kind} of {day(hit.said_at)}: {hit.why}", style="dim")
        made.add_row(Text(f"{hit.score:.2f}", style="green"), body)
    if not found:
        made.add_row("", Text("nothing that is remembered answers it", style="dim"))
    return Group(title, made, Text())


def context(made: Context) -> RenderableType:
    filled = round(BAR_WIDTH * made.tokens / made.budget)
    bar = "█" * filled + "░" * (BAR_WIDTH - filled)
    return Group(
        Panel(Text(visible(made.text)), border_style="dim"),
        Text.assemble((bar, "green"), f" {spent(made)}"),
    )


def stranger(customer: Customer, questions: Sequence[str], found: Sequence[Recall], mayas: set[UUID]) -> RenderableType:
    """Shows each question's best answer, and how much of all that came back is Maya Lindqvist's."""
    scope = customer.scope
    made = grid("question", "the best there is", wide=1)
    for question, recall in zip(questions, found, strict=True):
        made.add_row(question, visible(recall[0].text) if recall else Text("nothing", style="dim"))
    leaked = {source.event_id for recall in found for hit in recall for source in hit.sources} & mayas
    verdict = Text(f"{len(leaked)} of Maya Lindqvist's {len(mayas)} events", style="red" if leaked else "green")
    title = Text.assemble((customer.name, "bold"), f", tenant {scope.tenant}, user {scope.id}: ", verdict)
    return Group(title, made, Text())


def forgotten(fact: Fact, receipt: Receipt) -> RenderableType:
    made = grid(wide=1)
    made.add_row("forgotten", Text(f"“{visible(fact.text)}” and what it rests on", style="bold"))
    made.add_row("removed", ", ".join(f"{kind}: {count}" for kind, count in counts(receipt.counts)))
    for store, at in receipt.stores.items():
        made.add_row(
            store, Text(f"clean since {at:%H:%M:%S}" if at else "not yet clean", style="green" if at else "red")
        )
    return Group(made, Text())


def ending() -> RenderableType:
    return Panel(
        "[bold]Next, on a memory that stays:[/bold]\n"
        'semmem remember "I moved to Berlin." --tenant acme --user alice\n'
        'semmem recall "Where does she live?" --tenant acme --user alice\n'
        "semmem doctor\n"
        "[bold]Several agents on one memory:[/bold] semmem demo --fleet\n"
        "[dim]In code: async with semmem.open() as memory: ...  (see README.md)[/dim]",
        border_style="cyan",
    )


def grid(*columns: str, wide: int) -> Table:
    """Columns without lines; the one at index `wide` takes the room that is left."""
    made = Table(
        box=None, padding=(0, 2, 0, 0), show_header=any(columns), header_style="dim", show_edge=False, expand=True
    )
    for at, name in enumerate(columns or ("",) * (wide + 1)):
        made.add_column(name, no_wrap=at != wide, ratio=1 if at == wide else None, overflow="fold")
    return made
