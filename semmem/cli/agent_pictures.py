"""How what agents share is shown to people: entries of a log, state, checkpoints, rosters, questions and groups."""

import json
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from semmem.cli.output import counted, minute, plain, table
from semmem.domain.entry import Entry
from semmem.domain.group import GroupLag
from semmem.domain.state import Change, Checkpoint, Snapshot
from semmem.domain.workspace import Member, Overview, Question, Workspace
from semmem.retrieval.quote import visible

INDENT = "\n  "


def entry(found: Entry) -> Text:
    """Draws one line, or more where an event's text has more."""
    what = f"{minute(found.at)}  {found.kind}  {found.agent or '-'}  "
    shown = Text(f"{found.position:>6}  ", style="bold").append(visible(what), style="not bold dim")
    return shown.append(visible(said(found)).replace("\n", INDENT), style="not bold")


def said(found: Entry) -> str:
    """Returns what an entry tells beside its kind and its agent."""
    if found.event is not None:
        return f"[{found.event.event_type}] {found.event.voice}: {found.event.content}"
    detail = json.dumps(found.detail, ensure_ascii=False) if found.detail else ""
    ids = [str(id) for id in found.ids]
    return "  ".join(filter(None, [found.subject, ", ".join(found.fields), detail, ", ".join(ids)]))


def entries(found: Sequence[Entry]) -> RenderableType:
    return Text("\n").join(map(entry, found)) if found else Text("nothing", style="dim")


def snapshot(found: Snapshot) -> RenderableType:
    values = plain(found)["values"]
    rows = []
    for name, value in values.items():
        position = found.positions.get(name)
        by = found.by.get(name) or ("-" if position else "")
        rows.append((name, str(position or "default"), by, json.dumps(value, ensure_ascii=False)))
    shown = table("field", "position", "by", "value", rows=rows)
    return Group(shown, Text(f"as of position {found.position}", style="dim"))


def change(found: Change) -> Text:
    if found.status == "kept":
        return Text(f"kept on this disk as {found.id}, until Postgres is back", style="yellow")
    if not found.written:
        return Text(f"nothing changed; the log is at position {found.position}")
    unseen = f"; another agent had changed {', '.join(found.unseen)} meanwhile" if found.unseen else ""
    return Text(visible(f"{', '.join(found.written)} changed at position {found.position}{unseen}"))


def checkpoints(found: Sequence[Checkpoint]) -> RenderableType:
    rows = [
        (each.name, str(each.position), minute(each.at), "pinned" if each.pinned else "", each.agent or "-")
        for each in found
    ]
    return table("name", "position", "made", "", "by", rows=rows)


def workspace(found: Workspace | None) -> Text:
    if found is None:
        return Text("no task was begun here", style="dim")
    stands = "lasts" if found.ended_at is None else f"ended {minute(found.ended_at)} with {found.status}"
    about = f"  (position {found.position}, begun {minute(found.begun_at)} by {found.begun_by or 'nobody'}, {stands})"
    return Text(visible(found.task)).append(visible(about), style="dim")


def overview(found: Overview) -> RenderableType:
    parts: list[RenderableType] = [workspace(found.workspace)]
    if found.roster:
        parts += ["", Text("agents", style="bold"), roster(found.roster)]
    if found.questions:
        parts += ["", Text("open questions", style="bold"), questions(found.questions)]
    if found.results:
        rows = [(minute(each.occurred_at), each.agent or "-", each.content) for each in found.results]
        parts += ["", Text("results", style="bold"), table("when", "agent", "result", rows=rows)]
    if found.summary:
        parts += ["", Text("summary", style="bold"), Text(visible(found.summary))]
    log = f"the log up to position {found.position}"
    return Group(*parts, "", Text(log, style="bold"), entries(found.recent))


def roster(found: Sequence[Member]) -> RenderableType:
    rows = []
    for member in found:
        status = ": ".join(filter(None, [member.status, member.detail])) or "-"
        rows.append((member.agent, member.role, _ago(member), status))
    return table("agent", "role", "told", "status", rows=rows)


def _ago(member: Member) -> str:
    if member.ago is None:
        return "-"
    ago = timedelta(seconds=int(member.ago.total_seconds()))
    return f"{ago} ago" + ("" if member.current else ", counts no more")


def questions(found: Sequence[Question]) -> RenderableType:
    rows = []
    for each in found:
        asked = f"{each.question}\n  {' | '.join(each.options)}\n  {each.id}"
        rows.append((each.agent, each.of, _standing(each), asked))
    return table("agent", "asks", "answer", "question", rows=rows)


def _standing(question: Question) -> str:
    if question.choice is not None:
        return f"{question.choice} by {question.answered_by or 'no agent'}"
    return "over" if question.over else f"until {minute(question.until)}"


def lag(found: GroupLag) -> Text:
    behind = counted(found.behind, "entry", "entries")
    return Text(f"{behind} behind; {found.leased:,} leased, {counted(found.dead, 'dead letter')}")
