"""Corrections by people: each makes or ends a version of a fact, in one transaction with all that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from semmem.domain.fact import MAX_PINS, CorrectionKind, Fact, Validity, statement_hash
from semmem.domain.scope import Scope
from semmem.errors import FactChanged, InvalidInput, NotFound
from semmem.stores.postgres.events import lock_scope, make_stale
from semmem.stores.postgres.facts import carry_endings, current_with_statement, go_on, hydrate_facts, versions_of
from semmem.stores.postgres.jobs import queue
from semmem.stores.postgres.ledger import add_audit
from semmem.stores.postgres.log import hold_head, tell_corrected
from semmem.stores.postgres.points import add_work, retire_points
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.retractions import allow, retract
from semmem.stores.postgres.sql import statements
from semmem.stores.postgres.summaries import outdate_summaries
from semmem.stores.postgres.trying import tried_again
from semmem.stores.postgres.unit import Unit

_SQL = statements("corrections.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Which fact a person corrects, who it is, which version they saw, and the agent that carries it out, if any."""

    fact: UUID
    by: str
    seen: int | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What holds of the fact after an act, and the position of the entry that tells of it."""

    fact: Fact | None
    position: int


class CorrectionStore:
    """Each method is a whole transaction, under the lock of its scope.

    It raises the scope's epoch: what a worker has read before, and decided upon, is decided anew.
    """

    def __init__(self, postgres: Postgres, *, mirrored: bool) -> None:
        """`mirrored` says that this process has another index, which has to follow Postgres."""
        self._postgres, self._mirrored = postgres, mirrored

    @tried_again
    async def correct(self, scope: Scope, act: Act, text: str | None, validity: Validity | None, now: datetime) -> Done:
        """Other words or dates, in place of what holds: it never held. Raises NotFound, InvalidInput, FactChanged."""
        async with self._postgres.transaction(scope, now) as tx:
            versions = await _locked(tx, act)
            wrong = _holding(versions, act)
            text, validity = text or wrong.text, validity or wrong.validity
            if (text, validity) == (wrong.text, wrong.validity):
                raise InvalidInput("text", "is what the fact says already", "pass other words, or other dates")
            await _close(tx, versions, wrong, "corrected", act.by)
            made = await _write(tx, versions, wrong, act.by, "corrected", text=text, validity=validity)
            return await self._finish(tx, act, "corrected", [wrong.id], made)

    @tried_again
    async def reject(self, scope: Scope, act: Act, now: datetime) -> Done:
        """What holds never held; what it had superseded holds again. Raises NotFound, InvalidInput, FactChanged."""
        async with self._postgres.transaction(scope, now) as tx:
            versions = await _locked(tx, act)
            wrong = _holding(versions, act)
            await _close(tx, versions, wrong, "rejected", act.by)
            await go_on(tx, [wrong.id])
            before = await _superseded_by(tx, versions, wrong)
            made = None
            if before is None:
                await tx.execute(_SQL["pin"], thread=wrong.thread, at=None, by=None)
            else:
                validity = await _reopened(tx, before, versions)
                made = await _write(tx, versions, before, act.by, "reopened", validity=validity)
            also = await _reopen_elsewhere(tx, wrong, act.by)
            return await self._finish(tx, act, "rejected", [wrong.id], made, also)

    @tried_again
    async def restore(self, scope: Scope, act: Act, now: datetime) -> Done:
        """Undoes a correction: a version that a person took back is the last one again, as of now.

        Raises NotFound, InvalidInput, and FactChanged.
        """
        async with self._postgres.transaction(scope, now) as tx:
            versions = await _locked(tx, act)
            again = _taken_back(versions, act)
            last = versions[-1]
            if last.current:
                await _close(tx, versions, last, "restored", act.by)
            kind: CorrectionKind = "corrected" if again.in_own_words else "restored"
            made = await _write(tx, versions, again, act.by, kind)
            await tx.execute(_SQL["yield"], fact=last.id, made=made)
            if last.made and last.made.kind != "reopened":
                await carry_endings(tx, last.id, made=made)
            ended = [row["id"] for row in await tx.fetch(_SQL["end_again"], fact=made)]
            return await self._finish(tx, act, "restored", [*{again.id, last.id}, *ended], made)

    @tried_again
    async def pin(self, scope: Scope, act: Act, now: datetime, *, pinned: bool) -> Done:
        """Raises NotFound, InvalidInput, also where MAX_PINS are pinned, and FactChanged."""
        async with self._postgres.transaction(scope, now) as tx:
            versions = await _locked(tx, act)
            fact = _holding(versions, act)
            if pinned and fact.pinned is None and await tx.fetchval(_SQL["count_pinned"]) >= MAX_PINS:
                limit = f"{MAX_PINS} facts of this scope are pinned, which is the most"
                raise InvalidInput("fact", limit, "unpin one that matters less; `facts` shows which are pinned")
            if pinned != (fact.pinned is not None):
                at, by = (now, act.by) if pinned else (None, None)
                await tx.execute(_SQL["pin"], thread=fact.thread, at=at, by=by)
            return await self._finish(tx, act, "pinned" if pinned else "unpinned", [], fact.id)

    async def _finish(
        self,
        tx: Unit,
        act: Act,
        what: str,
        changed: Sequence[UUID],
        holds: UUID | None,
        also: Sequence[UUID] = (),
    ) -> Done:
        """What follows from an act: recall, summaries, the mirror, followers and the audit learn of it.

        `also` hold again outside the thread of the fact.
        """
        written = [*([holds] if holds else []), *also]
        await retire_points(tx, changed)
        await add_work(tx, changed, mirrored=self._mirrored)
        if await outdate_summaries(tx, changed, besides=[]):
            await queue(tx, "erase")
        if changed and written:
            await queue(tx, "index")
        position = await tell_corrected(tx, what, list(dict.fromkeys([act.fact, *written])), act.agent)
        await add_audit(tx, what, "caller", [*changed, *written])
        facts = await hydrate_facts(tx, [holds] if holds else [])
        return Done(facts[0] if facts else None, position)


async def _locked(tx: Unit, act: Act) -> list[Fact]:
    """All versions of the fact, which nobody else changes from here on. Raises NotFound."""
    await make_stale(tx)
    await lock_scope(tx)
    await hold_head(tx)
    versions = await versions_of(tx, act.fact)
    if not versions:
        raise NotFound(f"no fact {act.fact} in this scope; `facts` lists those that are there")
    return versions


def _holding(versions: Sequence[Fact], act: Act) -> Fact:
    """The version that holds, where it is the one that is meant. Raises InvalidInput, and FactChanged."""
    last = versions[-1]
    _check_seen(versions, act)
    if not last.current:
        how = f"was {last.ended.kind} by {last.ended.by}" if last.ended else "was superseded by another fact"
        fix = "restore it first" if last.ended else "remember what holds, or correct the other fact"
        raise InvalidInput("fact", how, fix)
    if act.seen is None and act.fact != last.id:
        raise InvalidInput("fact", f"was superseded by version {last.version}, {last.id}", "pass the id of that one")
    return last


def _taken_back(versions: Sequence[Fact], act: Act) -> Fact:
    """The version to restore. Raises InvalidInput, and FactChanged."""
    _check_seen(versions, act)
    last = versions[-1]
    named = next(version for version in versions if version.id == act.fact)
    if named.current:
        raise InvalidInput("fact", "holds already", "pass the id of the version to go back to; its timeline shows it")
    if named.ended is None:
        limit = "was superseded by a later statement, and by no person"
        raise InvalidInput("fact", limit, f"correct version {last.version}, {last.id}, where that one is wrong")
    if last.ended is None and (last.made is None or not last.current):
        limit = f"a later statement took its place, version {last.version}, {last.id}"
        raise InvalidInput("fact", limit, "correct or reject that one, where it is wrong")
    return named


def _check_seen(versions: Sequence[Fact], act: Act) -> None:
    """Raises FactChanged where the caller had seen another version."""
    last = versions[-1]
    held = last.version if last.current else None
    if act.seen is not None and act.seen != held:
        by = last.made or last.ended if last.current else last.ended
        value = last.text if last.current else None
        raise FactChanged(act.fact, seen=act.seen, found=held, by=by.by if by else None, value=value)


async def _close(tx: Unit, versions: Sequence[Fact], wrong: Fact, how: CorrectionKind, by: str) -> None:
    """Takes back what holds. It is not drawn from its events again, unless the words were a person's own."""
    await tx.execute(_SQL["close"], fact=wrong.id, how=how, by=by)
    if wrong.made and wrong.made.kind == "reopened":
        same = [version.id for version in versions if _statement(version) == _statement(wrong)]
        await tx.execute(_SQL["disown"], facts=same, how=how, by=by)
    if not wrong.in_own_words:
        await retract(tx, [wrong.id])


async def _write(
    tx: Unit,
    versions: Sequence[Fact],
    of: Fact,
    by: str,
    kind: CorrectionKind,
    *,
    text: str | None = None,
    validity: Validity | None = None,
) -> UUID:
    """The next version. What a person says is the newest statement, in full confidence; what is reopened is as it was.

    Raises InvalidInput where another fact says the same.
    """
    text, validity, said = text or of.text, validity or of.validity, kind != "reopened"
    id = await tx.fetchval(
        _SQL["write_version"],
        fact=uuid4(),
        of=of.id,
        version=versions[-1].version + 1,
        text=text,
        hash=statement_hash(of.subject, text),
        confidence=1.0 if said else of.confidence,
        trust="user" if said else of.trust,
        said_at=tx.now if said else of.said_at,
        valid_from=validity.start,
        valid_to=validity.end,
        precision=validity.precision,
        how=kind,
        by=by,
    )
    if id is None:
        other = await current_with_statement(tx, of.subject, text)
        raise InvalidInput("fact", f"another fact, {other}, says this already", "reject this one, or correct the other")
    if kind != "corrected":
        await allow(tx, of.id)
    written: UUID = id
    await carry_endings(tx, of.id, made=written)
    return written


async def _superseded_by(tx: Unit, versions: Sequence[Fact], wrong: Fact) -> Fact | None:
    """The version that a wrong one had superseded, where no person took that back, and no other fact says the same."""
    earlier = [each for each in versions if _stood(each) and each.version < wrong.version]
    others = [each for each in earlier if _statement(each) != _statement(wrong)]
    if not others or await current_with_statement(tx, others[-1].subject, others[-1].text):
        return None
    return others[-1]


def _stood(fact: Fact) -> bool:
    """Whether no person took it back, but for the return of another version that is taken back in turn."""
    if fact.ended is None:
        return True
    return fact.ended.kind == "restored" and fact.made is not None and fact.made.kind == "reopened"


async def _reopened(tx: Unit, before: Fact, versions: Sequence[Fact]) -> Validity:
    """As it was until another version ended it."""
    if kept := await tx.fetch(_SQL["own_end"], fact=before.id):
        return replace(before.validity, end=kept[0]["said_to"])
    after = next(each for each in versions if each.version > before.version)
    start, end = before.validity.start, before.validity.end
    begun = min(after.validity.start or after.said_at, after.said_at)
    ended = max(filter(None, (begun, start)))
    return replace(before.validity, end=None if end == ended else end)


async def _reopen_elsewhere(tx: Unit, wrong: Fact, by: str) -> list[UUID]:
    """The next versions of what a wrong one had ended outside its thread."""
    written = []
    for row in await tx.fetch(_SQL["ended_elsewhere"], fact=wrong.id):
        versions = await versions_of(tx, row["id"])
        before = versions[-1]
        validity = replace(before.validity, end=row["said_to"])
        written.append(await _write(tx, versions, before, by, "reopened", validity=validity))
    return written


def _statement(fact: Fact) -> bytes:
    return statement_hash(fact.subject, fact.text)
