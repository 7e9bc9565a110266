"""Moves the old part of a place's log into a file."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from semmem.domain.archive import Sum, header, written
from semmem.domain.checks import check_aware, check_text
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput
from semmem.memory.parts import Parts
from semmem.version import __version__

MAX_PATH_BYTES = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A file of events that were taken out of the log, for `import_`.

    `events` are in the file; `removed` of them are gone from the memory, the others stay as what facts, records and
    dead letters rest on. The log goes back to `floor` alone.
    """

    path: Path
    events: int
    removed: int
    floor: int


async def archive(parts: Parts, scope: Scope, before: object, to: object) -> Archive:
    """The file is on the disk before anything is taken out. Raises InvalidInput where it is there already."""
    moment = check_aware("before", before)
    path = _checked(to)
    floor, through = await parts.archiver.reach(scope, moment)
    total = Sum()
    with _new_file(path) as file:
        file.write(header(__version__, parts.clock(), {}).encode() + b"\n")
        async with aclosing(_lines(parts, scope, floor, through)) as lines:
            async for line in lines:
                total.add(line.encode())
                file.write(line.encode() + b"\n")
        file.write(total.line().encode() + b"\n")
        await asyncio.to_thread(_flush, file, path.parent)
    removed, floor = await parts.archiver.take_out(scope, moment, through, parts.clock())
    return Archive(path=path, events=max(0, total.lines - 1), removed=removed, floor=floor)


async def _lines(parts: Parts, scope: Scope, floor: int, through: int) -> AsyncGenerator[str]:
    """Those between the header and the end."""
    yield written("place", {"path": [], "owner": None})
    async for line in parts.archiver.lines(scope, floor, through):
        yield line


def _checked(to: object) -> Path:
    if not isinstance(to, str | Path):
        raise InvalidInput("to", "must be the path of a file", "pass a str or a Path, such as old.jsonl")
    return Path(check_text("to", str(to), MAX_PATH_BYTES))


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """One that nobody else may read. What could not be written whole is not left there."""
    try:
        file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
    except FileExistsError:
        raise InvalidInput("to", f"must be a new file, and {path} exists", "name another one, or move it") from None
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with file:
            yield file
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def _unwritable(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        "to", f"cannot be written: {path}: {error.strerror}", "name a file in a folder with room for it"
    )


def _flush(file: IO[bytes], folder: Path) -> None:
    """What is written, and that there is a file of this name."""
    file.flush()
    os.fsync(file.fileno())
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
