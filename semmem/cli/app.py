"""Puts the commands together."""

import logging
from typing import Annotated

import typer

import semmem
from semmem.cli import (
    configuring,
    correcting,
    following,
    health,
    locking,
    mcp,
    operations,
    questions,
    reading,
    reindexing,
    state,
    stores,
    transfer,
    working,
    writing,
)
from semmem.cli.demo.customer import demo
from semmem.cli.doctor import doctor
from semmem.cli.eval.commands import app as eval_app
from semmem.cli.failures import EXIT_CODES, Commands
from semmem.cli.groups import app as groups_app
from semmem.cli.records import app as records_app
from semmem.cli.settings import settings

app = typer.Typer(
    name="semmem",
    cls=Commands,
    epilog=EXIT_CODES,
    help="A semantic long-term memory for AI agents. Start with `semmem demo`; `semmem COMMAND --help` shows examples, "
    "and `semmem settings` every SEMMEM_* variable.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a bug deserves a plain traceback, and none shows what is remembered
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(semmem.__version__)
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    data: Annotated[
        str | None,
        typer.Option(
            envvar="SEMMEM_DATA", metavar="<path>", help="The embedded servers' folder.", show_default="per user"
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(
            help="How long each call to the memory may take, such as 30 or 1m30s.",
            show_default="SEMMEM_READ_TIMEOUT and SEMMEM_WRITE_TIMEOUT",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    # Every command would repeat it; doctor and context say so where it matters.
    logging.getLogger("semmem.models.tokens").setLevel(logging.ERROR)
    given = {"data": data, "read_timeout": timeout, "write_timeout": timeout}
    ctx.obj = {name: value for name, value in given.items() if value is not None}


MEMORY, AGENTS, DATA = "What is remembered", "Agents that work together", "Data and places"
OPERATION, TRIAL = "Operation", "Trial and measure"
PANELS = {
    MEMORY: (writing, reading, correcting),
    AGENTS: (working, following, state, locking, questions),
    DATA: (transfer, configuring),
    OPERATION: (operations, health, stores, reindexing, mcp),
}

app.command("demo", rich_help_panel=TRIAL)(demo)
for panel, modules in PANELS.items():
    for module in modules:
        for name, command in module.COMMANDS.items():
            app.command(name, rich_help_panel=panel)(command)
app.command("doctor", rich_help_panel=OPERATION)(doctor)
app.command("settings", rich_help_panel=OPERATION)(settings)
app.add_typer(groups_app, name="group", rich_help_panel=AGENTS)
app.add_typer(records_app, name="records", rich_help_panel=MEMORY)
app.add_typer(eval_app, name="eval", no_args_is_help=True, rich_help_panel=TRIAL)
