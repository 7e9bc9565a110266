"""The folder that the local logs of a machine's processes share."""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from semmem.domain.kept import LocalLogHealth
from semmem.domain.scope import Scope
from semmem.errors import ConfigurationError, StoreUnavailable
from semmem.runtime.faults import FaultLog
from semmem.stores.local.log import LocalLog, connected, counts_in, forget_in, is_held
from semmem.stores.local.rows import KeptRow
from semmem.stores.postgres.identity import Identity

T = TypeVar("T")

faults = FaultLog(logging.getLogger(__name__))

SUFFIX = ".kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A file of the folder: of which database, whether a process that lives has it, and what is in it."""

    name: str
    database: str
    held: bool
    counts: LocalLogHealth


class LocalFolder:
    """A file's name begins with the database whose events it keeps, so that no other one is given them."""

    def __init__(self, folder: Path, identity: Identity) -> None:
        self._folder, self._identity = folder, identity

    def prepare(self) -> None:
        """Raises ConfigurationError where nothing can be written there."""
        probe = self._folder / f"{uuid4().hex}.probe"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ConfigurationError(
                f"SEMMEM_LOCAL_LOG={self._folder} cannot be written to ({error.strerror}); name a folder that can"
            ) from error

    async def make(self) -> LocalLog:
        """A new file, of this process."""
        made = await LocalLog.open(self._folder / f"{self._identity.database}-{uuid4().hex}{SUFFIX}")
        assert made is not None
        return made

    async def inherit(self) -> list[LocalLog]:
        """The files of processes that are dead, which are this one's from here on."""
        found = []
        for path in _paths(self._folder, self._identity.database):
            try:
                if log := await LocalLog.open(path):
                    found.append(log)
            except StoreUnavailable as error:  # one that is damaged keeps no memory from being opened
                faults.warn("a local log cannot be read", error)
        return found

    def forget(self, root: Scope, doomed: Callable[[KeptRow], bool]) -> None:
        """In the files of all processes."""
        for path in _paths(self._folder, self._identity.database):
            _on_others(path, lambda database: forget_in(database, root, doomed))


def survey(folder: Path) -> list[Survey]:
    """All files, of any database."""
    found = []
    for path in _paths(folder, ""):
        if counts := _on_others(path, counts_in):
            database = path.name.partition("-")[0]
            found.append(Survey(name=path.name, database=database, held=is_held(path), counts=counts))
    return found


def _paths(folder: Path, database: str) -> list[Path]:
    """Oldest first; a file that goes meanwhile is left out."""
    found = []
    for path in folder.glob(f"{database}*{SUFFIX}"):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def _on_others(path: Path, work: Callable[[sqlite3.Connection], T]) -> T | None:
    """Works on a file of another process; None where it has made it just now, with nothing in it yet, or removes it."""
    try:
        with closing(connected(path)) as database:
            return work(database)
    except sqlite3.Error as error:
        if path.exists() and "no such table" not in str(error):
            raise StoreUnavailable("local_log", f"{path}: {error}") from error
        return None
