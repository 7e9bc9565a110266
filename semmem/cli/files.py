"""Files as they come: what is no lines of JSON is told from what is, before anything is opened for it."""

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import typer

from semmem.domain.archive import MARK, MAX_LINE_BYTES, object_of
from semmem.errors import InvalidInput

STDIN = "-"

_UNPACK = "unpack it: {} FILE | semmem import -"
_TO_UTF8 = "convert it: iconv -f UTF-16 -t UTF-8 FILE | semmem import -"
# How files of other kinds start.
_OTHER_KINDS = (
    (b"\x1f\x8b", "is compressed by gzip", _UNPACK.format("gzip -dc")),
    (b"\x28\xb5\x2f\xfd", "is compressed by zstd", _UNPACK.format("zstd -dc")),
    (b"\xfd7zXZ\x00", "is compressed by xz", _UNPACK.format("xz -dc")),
    (b"BZh", "is compressed by bzip2", _UNPACK.format("bzip2 -dc")),
    (b"PK\x03\x04", "is a zip archive", _UNPACK.format("unzip -p")),
    (b"\xff\xfe", "is UTF-16", _TO_UTF8),
    (b"\xfe\xff", "is UTF-16", _TO_UTF8),
)


def opened(file: Path) -> AbstractContextManager[BinaryIO]:
    """Opens the file, a pipe, or stdin for `-`. Raises InvalidInput where it cannot be opened."""
    if str(file) == STDIN:
        if sys.stdin is None:
            raise InvalidInput("file", "cannot be read, since stdin is closed", "name a file, or pipe it in")
        return nullcontext(typer.get_binary_stream("stdin"))
    try:
        if file.is_dir():  # which raises too, where a name is longer than the system allows
            raise InvalidInput("file", f"{file} is a folder", "name a file, or - for stdin")
        return file.open("rb")
    except OSError as error:
        raise InvalidInput(
            "file", f"{file} cannot be opened ({error.strerror})", "name a file, or - for stdin"
        ) from None


def size_of(file: Path) -> int | None:
    """Returns the size in bytes; None for stdin and pipes, whose end nobody knows."""
    return file.stat().st_size if str(file) != STDIN and file.is_file() else None


def first_of(stream: BinaryIO) -> tuple[bytes, Iterator[bytes]]:
    """Returns the first line, and all of them, each at most a byte longer than a line may be."""

    def cut() -> Iterator[bytes]:
        """Yields the lines; of one that is too long the start, which is enough to refuse it."""
        while line := _read(stream):
            yield line
            rest = line
            while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
                rest = _read(stream)

    lines = cut()
    first = next(lines, b"").removeprefix(BOM_UTF8)
    return first, chain([first] if first else [], lines)


def _read(stream: BinaryIO) -> bytes:
    try:
        return stream.readline(MAX_LINE_BYTES + 1)
    except OSError as error:
        limit = f"{stream.name} cannot be read ({error.strerror})"
        raise InvalidInput("file", limit, "name a file, or - for stdin") from None


def check_is_lines(first: bytes) -> None:
    """Raises InvalidInput for a file of another kind, by its first line: each of its lines would be refused."""
    for start, limit, fix in _OTHER_KINDS:
        if first.startswith(start):
            raise InvalidInput("file", limit, fix)
    if b"\0" in first:
        raise InvalidInput("file", "holds NUL, so it is UTF-16 or no text", _TO_UTF8)
    if first.strip() == b"{" or first.lstrip().startswith(b"["):
        raise InvalidInput("file", "is one JSON document", "write one JSON object a line, such as by jq -c '.[]' FILE")


def is_archive(first: bytes) -> bool:
    """Returns whether a file that starts with this line is one that export wrote whole."""
    try:
        return MARK in object_of(first)
    except InvalidInput:
        return False
