"""What the commands for agents share: in whose name a command acts, and the class of a state."""

import importlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semmem.cli.running import briefly
from semmem.domain.checks import check_optional_id
from semmem.domain.scope import Branch
from semmem.errors import InvalidInput, SemmemError

if TYPE_CHECKING:
    from semmem.domain.schema import State
    from semmem.memory.scoped import ScopedMemory

As = Annotated[
    str | None, typer.Option("--as", metavar="AGENT", help="The agent that does it, and signs it with its name.")
]
_CLASS: dict[str, Any] = {
    "envvar": "SEMMEM_STATE_CLASS",
    "metavar": "MODULE:CLASS",
    "help": "The class below semmem.State that declares the fields, such as app.agents:Launch.",
}
StateClass = Annotated[str, typer.Option(**_CLASS, show_default=False)]
StateClassIfAny = Annotated[str | None, typer.Option(**_CLASS, show_default="the one that stands")]


@asynccontextmanager
async def acting(
    ctx: typer.Context, place: Branch, agent: str | None, *, state: "type[State] | None" = None
) -> "AsyncIterator[ScopedMemory]":
    """Opens the memory of a place, an agent's own where one is named. No command for agents waits for a model.

    Raises InvalidInput.
    """
    check_optional_id("as", agent)
    async with briefly(ctx, reads=True) as opened:
        memory = opened.memory.at(place, state=state)
        yield memory if agent is None else memory.agent(agent)


def imported_class(name: str) -> "type[State]":
    """Imports a class that is named like app.agents:Launch, from the working directory too. Raises InvalidInput."""
    from semmem.domain.schema import State

    module_name, colon, class_name = name.partition(":")
    if not colon or not all(part.isidentifier() for part in [*module_name.split("."), class_name]):
        raise InvalidInput("state_class", "must be MODULE:CLASS", "write it like app.agents:Launch")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except SemmemError:
        raise
    except Exception as error:  # whatever a module raises while it is imported
        limit = f"cannot be imported ({type(error).__name__}: {error})"
        raise InvalidInput("state_class", limit, "run it in the project's directory and environment") from error
    if not isinstance(found, type) or not issubclass(found, State) or found is State:
        limit = f"{name:.200} is no class below semmem.State"
        raise InvalidInput("state_class", limit, "name the one that agents open their memory with")
    return found
