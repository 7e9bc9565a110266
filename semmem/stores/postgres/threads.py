"""Threads of graphs: each write is a transaction under the thread's row, which says whose the thread is."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from semmem.domain.scope import Branch, Scope
from semmem.domain.thread import (
    Claim,
    Contents,
    Encoded,
    Found,
    Link,
    NewCheckpoint,
    NewWrites,
    Searched,
    ThreadKey,
    Turn,
)
from semmem.errors import InvalidInput, ThreadLost
from semmem.stores.postgres.branches import make_scope, register
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.rows import Row
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("threads.sql")


class ThreadStore:
    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    @tried_again
    async def put(self, place: Branch, new: NewCheckpoint, claim: Claim, *, first: bool) -> None:
        """With `first`, nothing but this checkpoint may be kept of the thread. Raises ThreadLost."""
        key = new.key
        async with self._postgres.transaction(place) as tx:
            if not await _take(tx, key, claim, by=1):
                await _begin(tx, new, claim)
            await _check_place(tx, new, claim, first=first)
            await tx.execute(
                _SQL["put"],
                **_named(key),
                checkpoint=new.id,
                parent=new.parent,
                run=new.run,
                channels=list(new.versions),
                versions=list(new.versions.values()),
                body_type=new.body.type,
                body=new.body.data,
                metadata_type=new.metadata.type,
                metadata=new.metadata.data,
            )
            if new.values:
                versions, values = zip(*new.values.values(), strict=True)
                await tx.execute(
                    _SQL["put_values"],
                    **_named(key),
                    channels=list(new.values),
                    versions=list(versions),
                    **_columns(values),
                )

    @tried_again
    async def put_writes(self, place: Branch, new: NewWrites, claim: Claim) -> int | None:
        """None once they are stored, or of no more use. Writes may be faster than their checkpoint: then the thread's
        last turn, or 0.

        Raises ThreadLost.
        """
        async with self._postgres.transaction(place) as tx:
            if not await _take(tx, new.key, claim, by=0) or not await _goes_on(tx, new.key, new.checkpoint, claim):
                return await _last_turn(tx, new, claim)
            await tx.execute(_SQL["end_turn"], **_named(new.key), checkpoint=new.checkpoint)
            await tx.execute(
                _SQL["put_writes"],
                **_named(new.key),
                checkpoint=new.checkpoint,
                task=new.task,
                task_path=new.path,
                ordinals=[write.ordinal for write in new.writes],
                channels=[write.channel for write in new.writes],
                **_columns([write.value for write in new.writes]),
            )
        return None

    async def get(self, scope: Scope, key: ThreadKey, checkpoint: str | None) -> tuple[Found, Contents] | None:
        """One checkpoint of the thread, or its latest."""
        async with self._postgres.transaction(scope) as tx:
            row = await tx.fetchrow(_SQL["get"], **_named(key), checkpoint=checkpoint)
            if row is None:
                return None
            found = _found(row)
            (contents,) = await _contents(tx, [found])
        return found, contents

    async def page(self, scope: Scope, searched: Searched, *, after: Found | None, limit: int) -> list[Found]:
        """Newest first, behind one of them."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(
                _SQL["page"],
                thread=searched.thread,
                namespace=searched.namespace,
                checkpoint=searched.checkpoint,
                before=searched.before,
                after_checkpoint=after.id if after else None,
                after_thread=after.key.thread if after else None,
                after_namespace=after.key.namespace if after else None,
                limit=limit,
            )
        return [_found(row) for row in rows]

    async def contents(self, scope: Scope, found: Sequence[Found]) -> list[Contents]:
        """Of each of these checkpoints."""
        async with self._postgres.transaction(scope) as tx:
            return await _contents(tx, found)

    async def chain(self, scope: Scope, thread: str) -> list[Link]:
        """All checkpoints of a thread, one graph after the other, newest first."""
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["chain"], thread=thread)
        return [
            Link(
                key=ThreadKey(row["thread"], row["namespace"]),
                id=row["checkpoint"],
                parent=row["parent"],
                metadata=Encoded(row["metadata_type"], row["metadata"]),
                stored=frozenset(row["stored"]),
            )
            for row in rows
        ]

    @tried_again
    async def drop(self, scope: Scope, links: Sequence[Link]) -> None:
        """Takes these checkpoints out, with what only they hold."""
        doomed = [(link.key.thread, link.key.namespace, link.id) for link in links]
        async with self._postgres.transaction(scope) as tx:
            await _drop(tx, doomed)

    @tried_again
    async def delete_runs(self, scope: Scope, runs: Sequence[str]) -> None:
        async with self._postgres.transaction(scope) as tx:
            rows = await tx.fetch(_SQL["of_runs"], runs=list(runs))
            await _drop(tx, [(row["thread"], row["namespace"], row["checkpoint"]) for row in rows])

    @tried_again
    async def delete(self, scope: Scope, threads: Sequence[str]) -> None:
        async with self._postgres.transaction(scope) as tx:
            await tx.execute(_SQL["hold"], threads=list(threads))
            await tx.execute(_SQL["delete"], threads=list(threads))

    @tried_again
    async def copy(self, scope: Scope, source: str, target: str) -> None:
        """Raises InvalidInput for a target that is there."""
        async with self._postgres.transaction(scope) as tx:
            taken = await tx.execute(_SQL["hold"], threads=[target])
            graphs = await tx.execute(_SQL["hold"], threads=[source])
            if taken or await tx.execute(_SQL["copy"], source=source, target=target, run=uuid4()) < graphs:
                raise InvalidInput("target_thread_id", "holds checkpoints already", "delete it first, or name another")
            for statement in ("copy_checkpoints", "copy_values", "copy_writes"):
                await tx.execute(_SQL[statement], source=source, target=target)


async def named_threads(tx: Unit) -> list[str]:
    return [row["thread"] for row in await tx.fetch(_SQL["named"])]


async def clear_threads(tx: Unit) -> None:
    """Forgets all threads of a scope. A run that goes on has lost its thread."""
    await tx.execute(_SQL["clear"])


async def _take(tx: Unit, key: ThreadKey, claim: Claim, *, by: int) -> bool:
    """Whether the thread is this run's, by so many turns; then nobody else writes to it until the transaction ends."""
    owner, turn = (claim.seen.owner, claim.seen.turn) if claim.seen else (None, None)
    return bool(await tx.execute(_SQL["take"], **_named(key), run=claim.run, seen=owner, turn=turn, by=by))


async def _begin(tx: Unit, new: NewCheckpoint, claim: Claim) -> None:
    """A thread begins with a checkpoint that has none before it: what was deleted does not come back."""
    if claim.seen is None and new.parent is None:
        await register(tx)
        await make_scope(tx)
        if await tx.execute(_SQL["begin"], **_named(new.key), run=claim.run):
            return
    raise ThreadLost(new.key.thread)


async def _check_place(tx: Unit, new: NewCheckpoint, claim: Claim, *, first: bool) -> None:
    """A checkpoint comes first, or behind one that is there: the thread may be another one of the same name."""
    lost = first and await tx.fetchval(_SQL["started"], **_named(new.key), checkpoint=new.id)
    if lost or (new.parent is not None and not await _goes_on(tx, new.key, new.parent, claim)):
        raise ThreadLost(new.key.thread)


async def _goes_on(tx: Unit, key: ThreadKey, checkpoint: str, claim: Claim) -> bool:
    """Runs that begin a thread in one process share a claim, so theirs is told by the checkpoint that they name."""
    return claim.seen is not None or bool(await tx.fetchval(_SQL["kept"], **_named(key), checkpoint=checkpoint))


async def _last_turn(tx: Unit, new: NewWrites, claim: Claim) -> int | None:
    """Of a thread whose next checkpoint is on its way; 0 before its first one, and None where it went on without it.

    Raises ThreadLost where the thread is another run's.
    """
    row = await tx.fetchrow(_SQL["standing"], **_named(new.key), checkpoint=new.checkpoint)
    if claim.seen is not None or (row and row["owner"] != claim.run):
        raise ThreadLost(new.key.thread)
    if row is None:
        return 0
    return None if row["passed"] else row["turn"]  # of a checkpoint that was pruned, which nobody goes on from


async def _contents(tx: Unit, found: Sequence[Found]) -> list[Contents]:
    keys = {
        "threads": [one.key.thread for one in found],
        "namespaces": [one.key.namespace for one in found],
        "checkpoints": [one.id for one in found],
    }
    contents = [Contents() for _ in found]
    for row in await tx.fetch(_SQL["values"], **keys):
        contents[row["place"] - 1].values[row["channel"]] = Encoded(row["value_type"], row["value"])
    for row in await tx.fetch(_SQL["writes"], **keys):
        value = Encoded(row["value_type"], row["value"])
        contents[row["place"] - 1].writes.append((row["task"], row["channel"], value))
    return contents


async def _drop(tx: Unit, doomed: Sequence[tuple[str, str, str]]) -> None:
    if not doomed:
        return
    threads, namespaces, checkpoints = (list(column) for column in zip(*doomed, strict=True))
    concerned = sorted(set(threads))
    await tx.execute(_SQL["hold"], threads=concerned)
    for statement in ("drop", "drop_writes"):
        await tx.execute(_SQL[statement], threads=threads, namespaces=namespaces, checkpoints=checkpoints)
    for statement in ("sweep_values", "sweep_threads"):
        await tx.execute(_SQL[statement], threads=concerned)


def _named(key: ThreadKey) -> dict[str, str]:
    return {"thread": key.thread, "namespace": key.namespace}


def _columns(values: Sequence[Encoded]) -> dict[str, Any]:
    return {"types": [value.type for value in values], "values": [value.data for value in values]}


def _found(row: Row) -> Found:
    return Found(
        key=ThreadKey(row["thread"], row["namespace"]),
        id=row["checkpoint"],
        parent=row["parent"],
        body=Encoded(row["body_type"], row["body"]),
        metadata=Encoded(row["metadata_type"], row["metadata"]),
        turn=Turn(row["owner"], row["turn"]),
    )
