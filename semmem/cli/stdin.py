"""What comes in on stdin: in UTF-8, whatever the locale, and possibly closed."""

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


def confirmed(question: str, field: str) -> bool:
    """Returns whether the caller says yes; raises InvalidInput where nobody can, for stdin has ended or is closed."""
    typer.echo(f"{question} [y/N]: ", err=True, nl=False)
    answer = sys.stdin.readline() if sys.stdin is not None else ""
    if not answer:
        typer.echo(err=True)
        raise InvalidInput(
            field, "asks before it deletes, and stdin gave no answer", "pass --yes, or --dry-run to count"
        )
    return answer.strip().lower() in ("y", "yes")
