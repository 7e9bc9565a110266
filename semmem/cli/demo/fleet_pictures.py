"""How `semmem demo --fleet` looks: at 80 columns, with or without a terminal."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from semmem.cli.demo.pictures import grid
from semmem.cli.output import counted, plain
from semmem.domain.entry import Entry
from semmem.domain.state import Change, Snapshot
from semmem.retrieval.quote import visible

COLOURS = {"r1": "green", "a1": "magenta", "w1": "cyan", "i1": "yellow"}
AGENT, KIND, POSITION = 7, 11, 4  # columns


def opening() -> RenderableType:
    return Panel(
        "Three agents in three processes work on one question.\n"
        "[dim]They share a workspace, and nothing else. One is killed in its work, and one\n"
        "stands still for too long. Postgres, Valkey and Qdrant run as real servers, in a\n"
        "folder of their own; no model is asked: what agents say is written down.[/dim]",
        title="semmem demo --fleet",
        title_align="left",
        border_style="cyan",
    )


def begun(task: str, roster: Mapping[str, str], processes: Mapping[str, int]) -> RenderableType:
    made = grid("agent", "role", "process", wide=2)
    for agent, role in roster.items():
        made.add_row(_agent(agent), role, str(processes[agent]))
    return Group(Text.assemble(("The task: ", "dim"), (task, "bold"), "\n"), made, Text())


def entry(found: Entry) -> RenderableType:
    """Draws a line of the log as it is followed."""
    return _line(f"{found.position:>{POSITION}}", found.agent, found.kind, Text(visible(_about(found))))


def _about(found: Entry) -> str:
    if found.event is not None:
        return found.event.content
    if found.kind == "lock":
        return f"{found.subject}, token {found.position}"
    return found.subject or ", ".join(found.fields)


def note(agent: str, text: str, style: str = "yellow") -> RenderableType:
    """Draws what an agent met that is no entry of the log: it goes where a position would stand."""
    return _line(" " * POSITION, agent, "", Text(visible(text), style=style))


def _line(position: str, agent: str | None, kind: str, text: Text) -> RenderableType:
    made = Table.grid(padding=(0, 2, 0, 0), expand=True)
    made.add_column(width=POSITION)
    made.add_column(width=AGENT)
    made.add_column(width=KIND)
    made.add_column(ratio=1, overflow="fold")
    made.add_row(Text(position, style="bold"), _agent(agent), Text(kind, style="dim"), text)
    return made


def _agent(name: str | None) -> Text:
    return Text(name or "nobody", style=COLOURS.get(name or "", "dim"))


def news(text: str) -> RenderableType:
    return Text(f"\n{text}\n", style="bold")


def state(found: Snapshot) -> RenderableType:
    values = plain(found)["values"]
    made = grid("field", "position", "by", "value", wide=3)
    for name, value in values.items():
        shown = json.dumps(sorted(value) if name == "read" else value, ensure_ascii=False)
        by = found.by.get(name)
        made.add_row(name, str(found.positions.get(name) or "default"), _agent(by) if by else "", visible(shown))
    return Group(made, Text())


def calls(found: Snapshot, all_of_them: int, by: Mapping[str, int]) -> RenderableType:
    """Shows whether each agent's share of a common counter is in it."""
    used = " and ".join(f"{count} by {agent}" for agent, count in by.items())
    right = found["calls_left"] == all_of_them - sum(by.values())
    return Text.assemble(
        f"Both have counted down calls_left at the same time: {used}, of {all_of_them}, leave {found['calls_left']}. ",
        ("No update is lost." if right else "UPDATES ARE LOST.", "green" if right else "red"),
    )


def context(about: Mapping[str, Any]) -> RenderableType:
    title = f"what w1's model is given: {about['tokens']} of {about['budget']} tokens"
    return Panel(Text(visible(about["text"])), title=title, title_align="left", border_style="dim")


def before_and_after(before: Snapshot, after: Snapshot) -> RenderableType:
    made = grid("field", "", "value", wide=2)
    for name, value in before.values.items():
        if after[name] != value:
            made.add_row(name, "at the checkpoint", visible(str(value)))
            made.add_row("", "now", Text(visible(str(after[name])), "yellow"))
    return Group(Text(), made, Text())


def restored(change: Change, same: bool) -> RenderableType:
    verdict = Text("all fields are as they were", "green") if same else Text("FIELDS DIFFER", "red")
    return Text.assemble(f"{', '.join(change.written)} restored at position {change.position}: ", verdict, ".")


def account(*, head: int, entries: int, sources: int, stored: int, tried: int, refused: int) -> RenderableType:
    """Shows what the whole story comes to, counted in the log."""
    whole, once = head == entries, sources == stored
    made = grid(wide=1)
    made.add_row("log", Text(f"{counted(entries, 'entry', 'entries')} at positions 1 to {head}", _good(whole)))
    made.add_row("sources", Text(f"{sources} read, {stored} stored, with one reader killed", _good(once)))
    made.add_row("stale writes", Text(f"{tried} tried, {refused} refused", _good(refused == tried)))
    return Group(made, Text())


def _good(right: bool) -> str:
    return "green" if right else "red"


def ending() -> RenderableType:
    return Panel(
        "[bold]Next, on a memory that stays:[/bold]\n"
        'semmem begin "Enter Vietnam?" --tenant acme --workspace launch\n'
        "semmem follow --after 0 --tenant acme --workspace launch\n"
        "semmem overview --tenant acme --workspace launch\n"
        "[dim]In code: launch = memory.scope(tenant=..., workspace=...)  (docs/fleet.md)[/dim]",
        border_style="cyan",
    )
