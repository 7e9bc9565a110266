"""What comes in on stdin: in UTF-8, whatever the locale, and possibly closed."""

import asyncio
import sys

import typer

from semmem.errors import InvalidInput

STDIN = "-"


def text_or_stdin(field: str, text: str) -> str:
    """Returns the text, or for `-` all of stdin without its last line end. Raises InvalidInput that names the field."""
    if text != STDIN:
        return text
    if sys.stdin is None:
        raise InvalidInput(field, "cannot be read, since stdin is closed", "pass it as an argument, or pipe it in")
    try:
        read = typer.get_binary_stream("stdin").read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(field, f"is not UTF-8 at byte {error.start}", "convert it first, such as by iconv") from None
    return read.replace("\r\n", "\n").removesuffix("\n")


async def confirmed(question: str, field: str) -> bool:
    """Returns whether the caller says yes; raises InvalidInput where nobody can, for stdin has ended or is closed."""
    typer.echo(f"{question} [y/N]: ", err=True, nl=False)
    answer = await _line()
    if not answer:
        typer.echo(err=True)
        raise InvalidInput(
            field, "asks before it deletes, and stdin gave no answer", "pass --yes, or --dry-run to count"
        )
    return answer.strip().lower() in ("y", "yes")


async def _line() -> str:
    """A line of stdin; the loop goes on meanwhile, so that Ctrl-C is heard."""
    if sys.stdin is None:
        return ""
    there, loop = asyncio.Event(), asyncio.get_running_loop()
    try:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, there.set)
    except (OSError, ValueError):  # a file, which has all there is
        return sys.stdin.readline()
    try:
        await there.wait()
    finally:
        loop.remove_reader(descriptor)
    return sys.stdin.readline()
