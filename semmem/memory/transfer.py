"""Takes a memory out whole, and in again: into another database, or for another user."""

import asyncio
import io
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import IO, Any

from semmem.domain.archive import MAX_LINE_BYTES, Header, Sum, header, object_of, read, read_header, written
from semmem.domain.consistency import Consistency, place_of
from semmem.domain.scope import Branch
from semmem.errors import InvalidInput
from semmem.memory.parts import Parts
from semmem.stores.postgres.archive_writing import Line, Moved
from semmem.version import __version__

BATCH = 500
MAX_BATCH_BYTES = 4 * 1024 * 1024
_PAUSE_EVERY = 200  # lines, so that others in the loop get their turn
_IN_MEMORY = 1024 * 1024

Lines = Iterable[str | bytes] | AsyncIterable[str | bytes]
Progress = Callable[[int, int], None]

_CUT = "copy the file whole, or export the memory again"
_LEFT_BEHIND = {
    "receipts": "{} receipts of earlier forgets stay behind: they prove what that database erased",
    "audit_rows": "{} audit rows stay behind, and the token usage they count: they tell what that database did",
    "fields": "{} fields of shared state stay behind: agents that work there go on with it",
    "questions": "{} questions of agents stay behind: who asked them waits there",
    "members": "{} agents on the roster stay behind, with the task that they work on",
    "settings": "{} places' settings stay behind, their time zone and how long events are kept: configure them again",
    "groups": "{} groups of consumers stay behind, and where they are in the log",
    "threads": "{} threads of graphs stay behind: what runs there goes on with them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import stored now and what was here before, by kind; `warnings` say what did not come as it was."""

    stored: Mapping[str, int]
    known: Mapping[str, int]
    warnings: tuple[str, ...]


async def export(parts: Parts, place: Branch) -> AsyncGenerator[str]:
    """Yields the lines of an archive, without their ends, as of one moment."""
    total = Sum()
    async with parts.archive.snapshot(place) as snapshot:
        places = await snapshot.places()
        yield header(__version__, parts.clock(), await snapshot.left_behind(places))
        for found in places:
            owner = None if found.owner == place.owner else found.owner
            opening: str | None = written("place", {"path": found.path[len(place.path) :], "owner": owner})
            async with aclosing(snapshot.lines(found)) as lines:
                async for line in lines:
                    for each in (opening, line) if opening else (line,):
                        total.add(each.encode())
                        yield each
                    opening = None
    yield total.line()


async def import_(parts: Parts, place: Branch, lines: Lines, progress: Progress | None = None) -> Imported:
    """Reads and checks everything first; then stores it batch by batch."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        intake = Intake(parts, place, copy)
        await intake.check(lines)
        await intake.compare()
        return await intake.store(progress)


def left_out(counts: Mapping[str, int]) -> list[str]:
    """Says in words what the header says was left behind."""
    return [_LEFT_BEHIND[name].format(count) for name, count in counts.items() if name in _LEFT_BEHIND]


class Intake:
    """One archive on its way in. `copy` keeps its lines from the first reading to the last."""

    def __init__(self, parts: Parts, place: Branch, copy: IO[bytes]) -> None:
        self._parts, self._place, self._copy = parts, place, copy
        self._consistency = Consistency(place, parts.clock())
        self._header: Header | None = None  # until the first line is read
        self._retracted: dict[str, list[Line]] = {}  # by event

    async def check(self, lines: Lines) -> None:
        """Raises InvalidInput that names the line and its field."""
        number, total, ended = 0, Sum(), False
        async with aclosing(_bytes(lines)) as given:
            async for line in given:
                number += 1
                self._copy.write(line + b"\n")
                if not line.strip():
                    continue
                with _named(number):
                    if ended:
                        raise InvalidInput("line", "must not come after the end", "pass one exported file at a time")
                    ended = self._take(line, number, total)
                if number % _PAUSE_EVERY == 0:
                    await asyncio.sleep(0)
        if not ended:
            raise InvalidInput("lines", f"end after line {number} without an end line", _CUT)

    def _take(self, line: bytes, number: int, total: Sum) -> bool:
        said = object_of(line)
        if self._header is None:
            self._header = read_header(said)
            return False
        kind, fields = self._read(said)
        if kind == "end":
            if (fields["lines"], fields["sha256"]) != (total.lines, total.sha256):
                raise InvalidInput("sha256", f"does not fit the {total.lines} lines before it", _CUT)
            return True
        self._consistency.take(kind, fields)
        if kind == "retraction":
            self._retracted.setdefault(fields["event"], []).append((number, fields))
        total.add(line)
        return False

    def _read(self, said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        assert self._header is not None, "the header is the first line, and read before any other"
        return read(said, self._header.version)

    async def compare(self) -> None:
        """Raises InvalidInput for what contradicts the memory as it stands."""
        async for place, kind, lines in self._batches():
            if kind in ("event", "record"):
                await self._parts.archive.check(place, kind, lines)

    async def store(self, progress: Progress | None) -> Imported:
        done, total = 0, self._consistency.counts.total()
        moved: dict[Branch, Moved] = {}
        async for place, kind, lines in self._batches():
            if kind == "retraction":
                continue  # it came with its event, which may be extracted from then on
            events = [said["id"] for _, said in lines] if kind == "event" else []
            retracted = [line for id in events for line in self._retracted.get(id, ())]
            of_place = moved.setdefault(place, Moved())
            await self._parts.archive.write(place, kind, lines, of_place, self._parts.clock(), retracted)
            done += len(lines) + len(retracted)
            if progress:
                progress(done, total)
        all_moved = list(moved.values())
        return Imported(
            stored=_sum(one.stored for one in all_moved),
            known=_sum(one.known for one in all_moved),
            warnings=tuple(self._warnings(all_moved)),
        )

    def _warnings(self, moved: list[Moved]) -> Iterable[str]:
        yield from left_out(self._header.left_behind if self._header else {})
        if renamed := sum(one.renamed for one in moved):
            yield f"{renamed} items have new ids: their own are taken elsewhere in this tenant"
        if self._consistency.lowered:
            yield f"{self._consistency.lowered} facts claimed more trust than their sources have, and got the sources'"
        if self._consistency.vouched:
            yield f"{self._consistency.vouched} facts are trusted as a user's word, for people corrected them, it says"
        if forgotten := sum(one.forgotten for one in moved):
            yield f"{forgotten} items were left out: the events that they rest on were forgotten during the import"
        for kind, count in _sum(one.kept for one in moved).items():
            yield f"{count} of kind {kind} were left out: this memory has its own in their place"

    async def _batches(self) -> AsyncIterator[tuple[Branch, str, list[Line]]]:
        """Yields lines of one kind and one place; no fact's versions are torn apart."""
        self._copy.seek(0)
        place, kind, size = self._place, "", 0
        lines: list[Line] = []
        written = ((number, line) for number, line in enumerate(self._copy, start=1) if line.strip())
        next(written)  # the header
        for number, line in written:
            next_kind, fields = self._read(object_of(line))
            if next_kind == "end":
                break
            full = len(lines) >= BATCH or size >= MAX_BATCH_BYTES
            same_thread = bool(lines) and "thread" in fields and fields["thread"] == lines[-1][1].get("thread")
            if lines and (next_kind != kind or (full and not same_thread)):
                yield place, kind, lines
                lines, size = [], 0
            kind = next_kind
            if kind == "place":
                place = place_of(self._place, fields)
                continue
            lines.append((number, fields))
            size += len(line)
        if lines:
            yield place, kind, lines


@contextmanager
def _named(number: int) -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"line {number}: {error.field}", error.limit, error.fix) from None


async def _bytes(lines: Lines) -> AsyncGenerator[bytes, None]:
    """Yields each line in UTF-8, without its end. Raises InvalidInput for what is no line, or is too long."""
    number = 0
    async with aclosing(_each(lines)) as given:
        async for line in given:
            number += 1
            with _named(number):
                if not isinstance(line, str | bytes):
                    raise InvalidInput("line", f"must be a string, not {type(line).__name__}", "pass what export wrote")
                try:
                    encoded = line.encode() if isinstance(line, str) else line
                except UnicodeEncodeError:
                    fix = "open the file as UTF-8"
                    raise InvalidInput("line", "must not contain lone surrogates", fix) from None
                if len(encoded) > MAX_LINE_BYTES:
                    raise InvalidInput("line", f"must be at most {MAX_LINE_BYTES} bytes", "export the memory again")
            yield encoded.removesuffix(b"\n").removesuffix(b"\r")


async def _each(lines: Lines) -> AsyncGenerator[Any, None]:
    if isinstance(lines, io.TextIOBase | io.BufferedIOBase):  # whose own lines may be of any length
        while line := lines.readline(MAX_LINE_BYTES + 2):
            yield line
    elif isinstance(lines, AsyncGenerator):  # such as an export, which holds a connection until it is closed
        async with aclosing(lines):
            async for each in lines:
                yield each
    elif isinstance(lines, AsyncIterable):
        async for each in lines:
            yield each
    elif isinstance(lines, Iterable) and not isinstance(lines, str | bytes | bytearray | Mapping):
        for each in lines:
            yield each
    else:
        raise InvalidInput("lines", "must be the lines of an export", "pass an open file, or alice.export()")


def _sum(counts: Iterable[Counter[str]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return {kind: count for kind, count in total.items() if count}
