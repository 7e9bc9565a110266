"""The commands that answer from a memory: recall, context, facts, timeline, history and summaries."""

from typing import Annotated, cast
from uuid import UUID

import typer

from semmem.cli import options, output
from semmem.cli.output import note_degraded, note_usage, notes, show
from semmem.cli.places import Also, at_place
from semmem.cli.running import run, scoped, viewed
from semmem.domain.context import TIERS, Context, Format, Tier
from semmem.domain.event import Event
from semmem.domain.fact import Fact, Summary
from semmem.domain.hit import Recall
from semmem.domain.scope import Branch
from semmem.errors import InvalidInput


@at_place
def recall(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="A question, or what it is about.", show_default=False)],
    place: Branch,
    limit: options.Limit = 10,
    min_score: Annotated[float, typer.Option(help="From 0 to 1: leave out what scores below.")] = 0.0,
    agent: options.Agent = None,
    session: options.Session = None,
    category: options.OfCategory = None,
    since: options.Since = None,
    until: options.Until = None,
    min_importance: Annotated[float, typer.Option(help="From 0 to 1: leave out what weighs less.")] = 0.0,
    as_of: options.AsOf = None,
    where: options.Where = None,
    also: Also = None,
    as_json: options.AsJson = False,
) -> None:
    """Show the memories that answer a question, best first, with their scores, why, and their ids.

    Example: semmem recall "Where does she live?" --tenant acme --user alice --limit 5

    Example: semmem recall "What was decided?" --tenant acme --user alice --also workspace:launch --since 2026-05-04

    Example: semmem recall "What was tried?" --tenant acme --user alice --where '{"role": "tool"}'
    """

    async def work() -> Recall:
        async with viewed(ctx, place, also) as (memory, others):
            return await memory.recall(
                query,
                limit=limit,
                also=others,
                min_score=min_score,
                agent=agent,
                session=session,
                category=category,
                since=since,
                until=until,
                min_importance=min_importance,
                as_of=as_of,
                where=options.condition(where),
            )

    found = run(work())
    show(found, as_json, output.hits)
    note_usage(found.usage)
    note_degraded(found.degraded)


@at_place
def context(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="What the agent is about to answer.", show_default=False)],
    place: Branch,
    budget: Annotated[int, typer.Option("--budget", "-b", help="At most so many tokens, markup included.")] = 2000,
    session: Annotated[str | None, typer.Option(help="The session at hand; its events come first.")] = None,
    format: Annotated[Format, typer.Option(help="How it is rendered.")] = "text",
    tiers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIER,...", help="Of profile, summary, state, recent, retrieved these only; all, if left out."
        ),
    ] = None,
    where: options.Where = None,
    also: Also = None,
    as_json: options.AsJson = False,
) -> None:
    """Assemble what an agent should know before it answers: what holds, summaries, recent and recalled memories.

    Example: semmem context "Plan her weekend" --tenant acme --user alice --budget 2000

    Example: semmem context "Plan her weekend" --tenant acme --user alice --tiers summary,retrieved
    """

    async def work() -> Context:
        wanted = [name.strip().lower() for each in tiers or [",".join(TIERS)] for name in each.split(",")]
        if not set(wanted) <= set(TIERS):
            limit = f"must name one or more of {', '.join(TIERS)}"
            raise InvalidInput("tiers", limit, "write them like summary,retrieved")
        async with viewed(ctx, place, also) as (memory, others):
            return await memory.context(
                query,
                budget=budget,
                session=session,
                also=others,
                format=format,
                tiers=cast("list[Tier]", wanted),
                where=options.condition(where),
            )

    made = run(work())
    show(made, as_json, output.context)
    notes.print(output.spent(made), style="dim")
    note_usage(made.usage)
    note_degraded(made.degraded)


@at_place
def facts(
    ctx: typer.Context,
    place: Branch,
    category: options.OfCategory = None,
    subject: Annotated[str | None, typer.Option(help="About this subject only.")] = None,
    superseded: Annotated[bool, typer.Option("--superseded", help="Older versions too.")] = False,
    before: options.BeforeId = None,
    limit: options.Limit = 100,
    as_json: options.AsJson = False,
) -> None:
    """List what was learnt, newest first, with the words it rests on.

    Example: semmem facts --tenant acme --user alice --category preference
    """

    async def work() -> list[Fact]:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.facts(
                category=category, subject=subject, superseded=superseded, before=before, limit=limit
            )

    show(run(work()), as_json, output.facts)


@at_place
def timeline(
    ctx: typer.Context,
    fact: Annotated[
        UUID, typer.Argument(parser=options.item_id, help="The id of any version, as `semmem facts` shows it.")
    ],
    place: Branch,
    as_json: options.AsJson = False,
) -> None:
    """Show all versions of a fact, oldest first.

    Example: semmem timeline 0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55 --tenant acme --user alice
    """

    async def work() -> list[Fact]:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.timeline(fact)

    show(run(work()), as_json, output.versions)


@at_place
def history(
    ctx: typer.Context,
    place: Branch,
    agent: options.Agent = None,
    session: options.Session = None,
    before: Annotated[int | None, typer.Option(help="Go on below this seq.")] = None,
    limit: options.Limit = 50,
    as_json: options.AsJson = False,
) -> None:
    """List events as they were remembered, newest first.

    Example: semmem history --tenant acme --user alice --session s1
    """

    async def work() -> list[Event]:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.history(agent=agent, session=session, before=before, limit=limit)

    show(run(work()), as_json, output.events)


@at_place
def summaries(
    ctx: typer.Context,
    place: Branch,
    before: options.BeforeId = None,
    limit: options.Limit = 100,
    as_json: options.AsJson = False,
) -> None:
    """Show the rolling summaries: the scope's own, then its sessions'.

    Example: semmem summaries --tenant acme --user alice
    """

    async def work() -> list[Summary]:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.summaries(before=before, limit=limit)

    show(run(work()), as_json, output.summaries)


@at_place
def branches(
    ctx: typer.Context,
    place: Branch,
    as_json: options.AsJson = False,
) -> None:
    """List this place and the branches below it that hold something, as --branch and --owner take them.

    Example: semmem branches --tenant acme --user alice
    """

    async def work() -> list[Branch]:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.branches()

    show(run(work()), as_json, output.branches)


COMMANDS = {
    "recall": recall,
    "context": context,
    "facts": facts,
    "timeline": timeline,
    "history": history,
    "summaries": summaries,
    "branches": branches,
}
