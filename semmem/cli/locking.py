"""The command that holds a lock while another one runs: lock."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from semmem.cli import options
from semmem.cli.agents import As, acting
from semmem.cli.output import print_json
from semmem.cli.places import at_place
from semmem.cli.running import SIGNALLED, run
from semmem.domain.scope import Branch
from semmem.errors import InvalidInput, StoreUnavailable

if TYPE_CHECKING:
    from semmem.memory.locks import Lock

STDERR = 2
TOKEN = "SEMMEM_LOCK_TOKEN"
RENEWALS_A_TIME = 3  # so that one which comes late loses nothing


@at_place
def lock(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What is locked.", show_default=False)],
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- COMMAND...", help="What runs while the lock is held.", show_default=False),
    ],
    place: Branch,
    ttl: Annotated[
        str, typer.Option(metavar="DURATION", help="It is free so long after this process died: 1s to 1h.")
    ] = "1m",
    and_: Annotated[
        list[str] | None, typer.Option("--and", metavar="NAME", help="Together with this one; may be repeated.")
    ] = None,
    within: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Wait so long for it.", show_default="not at all")
    ] = None,
    as_agent: As = None,
    as_json: options.AsJson = False,
) -> None:
    """Run a command while a lock of this place is held, and end with its exit code.

    The lock is renewed while the command runs; where it is lost all the same, the command gets a SIGTERM and the exit
    code is 4, as where somebody else holds it. Its token is in SEMMEM_LOCK_TOKEN: it rises with each holder, so that
    what the command writes to can refuse a lower one. With --json what the command prints goes to stderr.

    Example: semmem lock report --ttl 2m --tenant acme --workspace launch -- python write_report.py
    """

    async def work() -> dict[str, int]:
        if shutil.which(command[0]) is None:
            raise InvalidInput(
                "command", f"{command[0]!r:.100} is no program here", "write it behind --, as in a shell"
            )
        wait = timedelta() if within is None else options.duration("within", within)
        span = options.duration("ttl", ttl)
        async with (
            acting(ctx, place, as_agent) as memory,
            memory.lock(name, *(and_ or ()), ttl=span, wait=wait) as held,
        ):
            code = await _run_while_held(held, command, span, STDERR if as_json else None)
            return {"token": held.token, "exit_code": code}

    done = run(work())
    if as_json:
        print_json(done, indent=2)
    if code := done["exit_code"]:
        raise typer.Exit(code if code > 0 else SIGNALLED - code)


async def _run_while_held(held: "Lock", command: Sequence[str], ttl: timedelta, stdout: int | None) -> int:
    """Returns the command's exit code, negative for a signal. Raises LockLost, and ends the command first."""
    environment = os.environ | {TOKEN: str(held.token)}
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=stdout, env=environment)
    except OSError as error:
        fix = "name a program, or a script that begins with #!"
        raise InvalidInput("command", f"cannot be started ({error.strerror})", fix) from error
    renewing = asyncio.create_task(_renew(held, ttl))
    running = asyncio.create_task(process.wait())
    try:
        await asyncio.wait({renewing, running}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await renewing  # which has ended, since the lock is lost
        return await running
    finally:
        renewing.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
        await process.wait()


async def _renew(held: "Lock", ttl: timedelta) -> None:
    """Renews it until it is lost. While Postgres is away it tries on: a lock that nobody took is still its holder's."""
    while True:
        await asyncio.sleep(ttl.total_seconds() / RENEWALS_A_TIME)
        with suppress(StoreUnavailable):
            await held.renew()


COMMANDS = {"lock": lock}
