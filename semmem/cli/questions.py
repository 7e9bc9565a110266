"""The commands for what agents ask, of humans and of each other: ask, questions and answer."""

from typing import Annotated
from uuid import UUID

import typer

from semmem.cli import agent_pictures, options
from semmem.cli.agents import As, acting
from semmem.cli.output import show
from semmem.cli.places import at_place
from semmem.cli.running import run, scoped
from semmem.domain.checks import check_id
from semmem.domain.scope import Branch
from semmem.domain.workspace import HUMAN, Question


@at_place
def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="What is asked.", show_default=False)],
    choices: Annotated[
        list[str], typer.Argument(metavar="CHOICE...", help="What can be answered.", show_default=False)
    ],
    place: Branch,
    as_agent: Annotated[str, typer.Option("--as", metavar="AGENT", help="The agent that asks.", show_default=False)],
    of: Annotated[str, typer.Option(metavar="WHO", help="Human, or an agent or a role of the roster.")] = HUMAN,
    within: Annotated[str, typer.Option(metavar="DURATION", help="How long an answer is waited for.")] = "8h",
    key: Annotated[
        str | None, typer.Option(help="The same key has the same answer ever after.", show_default="the words")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Ask, wait, and print the answer; exit code 4 where nobody gives one in time, or before the work ends.

    Ctrl-C ends the wait and not the question: asked again in the same words, or under the same --key, it goes on, and
    an answer that was given meanwhile counts.

    Example: semmem ask "Send the report?" yes no --as w1 --within 8h --tenant acme --workspace launch
    """

    async def work() -> dict[str, str]:
        check_id("as", as_agent)
        span = options.duration("within", within)
        async with scoped(ctx, place, reads=True) as memory:
            choice = await memory.agent(as_agent).ask(question, choices, of=of, within=span, key=key)
            return {"choice": choice}

    show(run(work()), as_json, lambda found: found["choice"])


@at_place
def questions(
    ctx: typer.Context,
    place: Branch,
    of: Annotated[str | None, typer.Option(metavar="WHO", help="Asked of these only.", show_default="anybody")] = None,
    answered: Annotated[bool, typer.Option("--answered", help="Those that are answered or over, too.")] = False,
    before: Annotated[int | None, typer.Option(metavar="POSITION", help="Go on below this position.")] = None,
    limit: options.Limit = 100,
    as_json: options.AsJson = False,
) -> None:
    """List the questions that wait for an answer, newest first, with the ids that `semmem answer` takes.

    Example: semmem questions --of human --tenant acme --workspace launch
    """

    async def work() -> list[Question]:
        async with scoped(ctx, place, reads=True) as memory:
            return await memory.questions(of=of, answered=answered, before=before, limit=limit)

    show(run(work()), as_json, agent_pictures.questions)


@at_place
def answer(
    ctx: typer.Context,
    id: Annotated[
        UUID,
        typer.Argument(
            parser=options.item_id, help="The question's id, as `semmem questions` shows it.", show_default=False
        ),
    ],
    choice: Annotated[str, typer.Argument(help="One of its choices.", show_default=False)],
    place: Branch,
    as_agent: As = None,
    as_json: options.AsJson = False,
) -> None:
    """Answer a question for good, and wake the agent that waits; exit code 4 where somebody else was first.

    Example: semmem answer 0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55 yes --tenant acme --workspace launch
    """

    async def work() -> Question:
        async with acting(ctx, place, as_agent) as memory:
            return await memory.answer(id, choice)

    show(run(work()), as_json, lambda answered: agent_pictures.questions([answered]))


COMMANDS = {"ask": ask, "questions": questions, "answer": answer}
