"""A local log: one file of SQLite, which belongs to one process at a time and outlives it."""

import asyncio
import fcntl
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from errno import ENOSPC
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from semmem.domain.change import KeptChange
from semmem.domain.kept import KeptEvent, LocalLogHealth
from semmem.domain.schema import Declaration
from semmem.domain.scope import Branch, Scope
from semmem.errors import KeyConflict, LocalLogFull, StoreUnavailable
from semmem.postgres.scripts import named_parts
from semmem.runtime import forking
from semmem.stores.local import declarations
from semmem.stores.local.rows import Kept, KeptRow, kept_of, row_of

T = TypeVar("T")

MAX_BYTES = 64 * 2**20
PAGE = 4_096
BATCH = 1_000  # events that are replayed in one transaction
UPDATES = 100  # the same of updates, each of which takes some milliseconds in which nobody else writes there
BUSY_SECONDS = 5.0  # that another process may take, which forgets
REASONS = 5  # of what was refused, that are told


@cache
def _statements() -> dict[str, str]:
    return named_parts((files("semmem.stores.local") / "log.sql").read_text(encoding="utf-8"))


class LocalLog:
    """Whoever holds the lock beside the file replays it. All calls run one after the other, in a thread of its own."""

    def __init__(self, path: Path, lock: ExitStack) -> None:
        self.path, self._lock = path, lock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="semmem-local-log")
        self._connection: sqlite3.Connection | None = None
        # What a full disk does not let us take out of the file, though it is dealt with.
        self._through, self._refused = 0, set[int]()
        # Both are changed in the log's thread alone. Classes that this process has can upgrade, unlike those of a file.
        self.waiting: Counter[Scope] = Counter()
        self._classes: dict[str, Declaration] = {}

    @classmethod
    async def open(cls, path: Path) -> "LocalLog | None":
        """None where another process holds it, or has just removed it."""
        lock = _mapped(path, _locked, path)
        if lock is None:
            return None
        log = cls(path, lock)
        try:
            await log._run(log._read_waiting)
        except BaseException:
            await log.aclose()
            raise
        return log

    async def keep(self, place: Branch, given: Sequence[Kept]) -> list[UUID]:
        """On the disk when it answers, all of them or none. What is kept under the same key answers with its id.

        Raises LocalLogFull, and KeyConflict where a key is kept for another body.
        """
        return await self._run(self._keep, place, given)

    async def oldest(self) -> list[KeptRow]:
        """What comes next, all of one place: events, or updates of one class."""
        return await self._run(self._oldest)

    async def settle(self, rows: Sequence[KeptRow]) -> None:
        """They are in Postgres, in the order in which they came."""
        self._through = rows[-1].position
        await self._run(self._change, "settle", rows, [{"position": row.position} for row in rows])

    async def refuse(self, row: KeptRow, reason: str) -> None:
        self._refused.add(row.position)
        await self._run(self._change, "refuse", [row], [{"position": row.position, "reason": reason}])

    async def is_done(self) -> bool:
        """Whether nothing waits, and nothing was refused."""
        return not (self._refused or await self.oldest() or (await self.counts()).refused)

    async def counts(self, scope: Scope | None = None) -> LocalLogHealth:
        return await self._run(lambda: counts_in(self._database, scope))

    async def remove(self) -> None:
        """The file with all that is in it."""
        await self._run(self._close)
        for path in (self.path, *_beside(self.path)):
            path.unlink(missing_ok=True)
        _lock_path(self.path).unlink(missing_ok=True)  # before it is let go, or it would be another's
        await self.aclose()

    async def aclose(self) -> None:
        await self._run(self._close)
        self._thread.shutdown()
        self._lock.close()

    async def _run(self, call: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: _mapped(self.path, call, *arguments))

    @property
    def _database(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.touch(mode=0o600)  # with the rights that files of SQLite beside it take over
            self._connection = connected(self.path)
            self._connection.execute(f"pragma max_page_count = {MAX_BYTES // PAGE}")
            for name in ("make_classes", "make", "make_index"):
                self._connection.execute(_statements()[name])
            if not any(row["name"] == "class" for row in self._connection.execute(_statements()["columns"])):
                self._connection.execute(_statements()["add_class"])
        return self._connection

    def _keep(self, place: Branch, given: Sequence[Kept]) -> list[UUID]:
        ids, added = [], 0
        with _writing(self._database) as database:
            for index, kept in enumerate(given):
                row = row_of(place, kept, None if isinstance(kept, KeptEvent) else self._keep_class(kept))
                known = database.execute(_statements()["known"], row).fetchone()
                if known is None:
                    database.execute(_statements()["keep"], row)
                elif known["body_hash"] != row["body_hash"]:
                    raise KeyConflict(index)
                ids.append(UUID(known["id"]) if known else kept.id)
                added += known is None
        self.waiting[place.scope] += added  # not before it is written: what is undone does not wait
        return ids

    def _keep_class(self, kept: KeptChange) -> str:
        """Its digest, under which each class is in the file once."""
        declaration = kept.change.declaration
        body = declarations.written(declaration)
        digest = declarations.digest_of(body)
        self._database.execute(_statements()["keep_class"], {"digest": digest, "body": body})
        self._classes[digest] = declaration
        return digest

    def _declared(self, digest: str) -> Declaration:
        if digest not in self._classes:
            self._classes[digest] = read_class(self._database, digest)
        return self._classes[digest]

    def _oldest(self) -> list[KeptRow]:
        named = {"after": self._through, "limit": BATCH}
        with _reading(self._database) as database:
            found = [kept_of(row, self._declared) for row in database.execute(_statements()["oldest"], named)]
        found = [row for row in found if row.position not in self._refused]
        if not found:
            self.waiting.clear()  # another process may have forgotten the rest
        kinds = [(row.place, row.state_class) for row in found]
        together = next((index for index, kind in enumerate(kinds) if kind != kinds[0]), len(found))
        return found[: min(together, UPDATES) if found and found[0].state_class else together]

    def _change(self, statement: str, rows: Sequence[KeptRow], named: Sequence[Mapping[str, Any]]) -> None:
        self.waiting.subtract(row.place.scope for row in rows)
        try:
            with _writing(self._database) as database:
                database.executemany(_statements()[statement], named)
            database.execute("pragma wal_checkpoint(truncate)")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:  # the file goes when all of it is dealt with
                raise

    def _read_waiting(self) -> None:
        for row in self._database.execute(_statements()["waiting"]):
            self.waiting[Scope(row["tenant"], row["scope_kind"], row["scope_id"])] = row["number"]

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _mapped(path: Path, call: Callable[..., T], *arguments: Any) -> T:
    """Raises LocalLogFull or StoreUnavailable where the disk does not do what is asked."""
    try:
        return call(*arguments)
    except (sqlite3.Error, OSError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == ENOSPC:
            raise LocalLogFull(str(path), MAX_BYTES) from error
        raise StoreUnavailable("local_log", f"{path}: {error}") from error


def connected(path: Path) -> sqlite3.Connection:
    """Opens a file that is there: what a commit has answered is on the disk, and what is deleted is overwritten."""
    url = f"{path.absolute().as_uri()}?mode=rw"
    database = sqlite3.connect(url, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    database.row_factory = sqlite3.Row
    for pragma in ("page_size = 4096", "journal_mode = wal", "synchronous = full", "secure_delete = on"):
        database.execute(f"pragma {pragma}")
    return database


def forget_in(database: sqlite3.Connection, root: Scope, doomed: Callable[[KeptRow], bool]) -> int:
    named = {"tenant": root.tenant, "root_kind": root.kind, "root_id": root.id}
    with _writing(database):
        found = database.execute(_statements()["of_root"], named)
        rows = [kept_of(row, lambda digest: read_class(database, digest)) for row in found]
        gone = [{"position": row.position} for row in rows if doomed(row)]
        database.executemany(_statements()["settle"], gone)
        database.execute(_statements()["drop_classes"])
    database.execute("pragma wal_checkpoint(truncate)")
    return len(gone)


def read_class(database: sqlite3.Connection, digest: str) -> Declaration:
    return declarations.read(database.execute(_statements()["class"], {"digest": digest}).fetchone()["body"])


def counts_in(database: sqlite3.Connection, scope: Scope | None = None) -> LocalLogHealth:
    named = {
        "tenant": scope and scope.tenant,
        "scope_kind": scope and scope.kind,
        "scope_id": scope and scope.id,
    }
    row = database.execute(_statements()["counts"], named).fetchone()
    oldest = datetime.fromisoformat(row["oldest"]) if row["oldest"] else None
    refused = database.execute(_statements()["reasons"], named | {"limit": REASONS})
    return LocalLogHealth(
        events=row["events"],
        changes=row["changes"],
        bytes=row["bytes"],
        oldest=oldest,
        refused=row["refused"],
        reasons=tuple(each["refused"] for each in refused),
    )


def is_held(path: Path) -> bool:
    """Whether a process that lives has the file."""
    lock = _locked(path)
    if lock is None:
        return path.exists()
    lock.close()
    return False


@contextmanager
def _writing(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction, which waits its turn where it begins."""
    database.execute("begin immediate")
    try:
        yield database
        database.execute("commit")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has ended it already
            database.execute("rollback")
        raise


@contextmanager
def _reading(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """As of one moment: another process may forget meanwhile."""
    database.execute("begin")
    try:
        yield database
    finally:
        database.execute("rollback")


def _locked(path: Path) -> ExitStack | None:
    """The lock beside a file, which the kernel lets go of when the process dies; None where another process has it."""
    beside = _lock_path(path)
    with ExitStack() as stack:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        stack.callback(os.close, descriptor)
        stack.enter_context(forking.unshared(descriptor))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        if not beside.exists() or beside.stat().st_ino != os.fstat(descriptor).st_ino:
            return None  # whoever had it has removed it with its file
        return stack.pop_all()


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}-lock")


def _beside(path: Path) -> list[Path]:
    """What SQLite has beside a file."""
    return [path.with_name(f"{path.name}-{end}") for end in ("wal", "shm")]
