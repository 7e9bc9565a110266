"""PrecisionMemBench (Tenure, 2026): 35 beliefs of two users, and cases that say what may and may not come back.

A belief goes in as its harness gives it to every system: name, aliases, content and why it matters, in one text.
What a search can not answer for is left out: the persona's text, and in which section of a prompt a belief is shown.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from semmem.domain.event import NewEvent
from semmem.domain.hit import Recall
from semmem.errors import InvalidInput
from semmem.evals.precision_report import Case, Outcome, Update, reported
from semmem.memory.memory import Memory
from semmem.memory.scoped import ScopedMemory
from semmem.wiring.bootstrap import open_application
from semmem.wiring.settings import Settings

SOURCE = "fixtures/*.json of github.com/tenurehq/precisionMemBench, MIT"
TENANT = "precisionmembench"
USER = "test-user"  # who asks, where a case names nobody
UNIVERSAL = "user:universal"
LIMIT = 20  # hits that the harness asks every system for, where a case sets no budget
SETTLE_SECONDS = 600.0

_BELIEFS, _CASES = "beliefs.seed.json", "retrieval.cases.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """A statement in one scope of one user; `resolved` is an open question that its owner has closed."""

    id: str
    user: str
    scope: str
    names: str
    text: str
    since: datetime
    resolved: bool
    successor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """The beliefs and cases; `skipped` counts those that no recall can be asked, for want of a query or a budget."""

    beliefs: Mapping[str, Belief]
    cases: tuple[Case, ...]
    skipped: int


def load(folder: Path) -> Benchmark:
    """Reads the two JSON files as they were published. Raises InvalidInput where one is missing or of another shape."""
    for name in (_BELIEFS, _CASES):
        if not (folder / name).is_file():
            raise InvalidInput("folder", f"{folder} holds no {name}", f"get PrecisionMemBench: {SOURCE}")
    try:
        beliefs = [_belief(each) for each in _json(folder / _BELIEFS)]
        cases = [_case(each) for each in _json(folder / _CASES)]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        limit = f"{folder} is not PrecisionMemBench ({type(error).__name__}: {error})"
        raise InvalidInput("folder", limit, "pass the folder with the files as they were published") from error
    asked = tuple(case for case in cases if case.query.strip() and case.limit)
    return Benchmark(beliefs={each.id: each for each in beliefs}, cases=asked, skipped=len(cases) - len(asked))


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _belief(raw: Mapping[str, Any]) -> Belief:
    [scope] = raw["scope"]
    names = ", ".join((raw["canonical_name"], *raw["aliases"]))
    return Belief(
        id=raw["_id"],
        user=raw["user_id"],
        scope=scope,
        names=names,
        text=f"{names}: {raw['content']} {raw['why_it_matters']}",
        since=datetime.fromisoformat(raw["created_at"]),
        resolved=raw["resolved_at"] is not None,
        successor=raw["superseded_by"],
    )


def _case(raw: Mapping[str, Any]) -> Case:
    expect = raw["expect"]
    relevant = expect.get("relevantBeliefs", {}).get("shouldOnlyInclude", ())
    pinned, questions = (expect.get(name, {}).get("mustInclude", ()) for name in ("pinnedFacts", "openQuestions"))
    wanted = {*relevant, *pinned, *questions}
    excluded = (id for section in expect.values() for id in section.get("mustExclude", ()))
    return Case(
        id=raw["caseId"],
        category=raw["category"],
        user=raw.get("userId", USER),
        scopes=tuple(raw["scope"]),
        query=raw["query"],
        limit=raw.get("budget", {}).get("maxBeliefs", LIMIT),
        relevant=tuple(relevant),
        pinned=tuple(pinned),
        questions=tuple(questions),
        # Kept out of one section because it belongs in another: wanted all the same.
        excluded=tuple(dict.fromkeys(id for id in excluded if id not in wanted)),
    )


async def run(folder: Path, settings: Settings, progress: Callable[[str], None]) -> dict[str, Any]:
    """Stores the beliefs of `folder` in the stores of `settings`, asks every case, and returns the figures.

    `progress` is told in words what is being done. The result is plain JSON: {"dataset", "skipped"} and what
    `precision_report.reported` has. Raises InvalidInput (the data), NotSettled, and what open_application does.
    """
    benchmark = load(folder)
    updates: list[Update] = []
    async with open_application(settings) as application:
        memory = application.memory
        progress(f"storing {len(benchmark.beliefs)} beliefs")
        known = await store(memory, benchmark)
        progress(f"asking {len(benchmark.cases)} cases")
        outcomes = await evaluate(memory, benchmark, known)
        for old in benchmark.beliefs.values():
            if old.successor is None:
                continue
            # By the names of both, for now and for just before there was a successor.
            new, scoped = benchmark.beliefs[old.successor], _scope(memory, old.user, old.scope)
            query, before = f"{old.names}, {new.names}", new.since - timedelta(seconds=1)
            now = _beliefs(await scoped.recall(query, limit=LIMIT), known)
            then = _beliefs(await scoped.recall(query, limit=LIMIT, as_of=before), known)
            updates.append(Update(old=old.id, new=new.id, now=tuple(now), then=tuple(then)))
    return {"dataset": TENANT, "skipped": benchmark.skipped, **reported(outcomes, updates)}


async def store(memory: Memory, benchmark: Benchmark) -> dict[UUID, str]:
    """Remembers the beliefs in the order they were formed, each in its scope; the ids of the events, by belief.

    Which belief replaces which is left to the product to find out. A resolved question is forgotten afterwards, as
    its owner would: no later statement says that it is settled.
    """
    known: dict[UUID, str] = {}
    for belief in sorted(benchmark.beliefs.values(), key=lambda each: each.since):
        event = NewEvent(content=belief.text, occurred_at=belief.since, key=belief.id)
        [ack] = await _scope(memory, belief.user, belief.scope).remember_many([event])
        known[ack.id] = belief.id
    for user, scope in {(each.user, each.scope) for each in benchmark.beliefs.values()}:
        await _scope(memory, user, scope).settled(timeout=SETTLE_SECONDS)
    for id, belief in ((id, benchmark.beliefs[name]) for id, name in known.items()):
        if belief.resolved:
            await _scope(memory, belief.user, belief.scope).forget(event=id)
    return known


async def evaluate(memory: Memory, benchmark: Benchmark, known: Mapping[UUID, str]) -> list[Outcome]:
    """Asks every case in the view of the scopes it names; `known` is what `store` gave."""
    outcomes: list[Outcome] = []
    for case in benchmark.cases:
        first, *others = (_scope(memory, case.user, scope) for scope in case.scopes)
        found = _beliefs(await first.recall(case.query, limit=case.limit, also=others), known)
        foreign, outdated = [], []
        for id in found:
            belief = benchmark.beliefs[id]
            if belief.user != case.user or belief.scope not in case.scopes:
                foreign.append(id)
            if belief.successor or belief.resolved:
                outdated.append(id)
        outcome = Outcome(case=case, returned=tuple(found), foreign=tuple(foreign), outdated=tuple(outdated))
        outcomes.append(outcome)
    return outcomes


def _scope(memory: Memory, user: str, scope: str) -> ScopedMemory:
    """What holds everywhere is the user's own memory; a domain is a workspace of that user's."""
    if scope == UNIVERSAL:
        return memory.scope(tenant=TENANT, user=user)
    return memory.scope(tenant=TENANT, workspace=f"{user} {scope}")


def _beliefs(found: Recall, known: Mapping[UUID, str]) -> list[str]:
    """Returns the beliefs that the hits rest on, best first, each once."""
    return list(dict.fromkeys(known[source.event_id] for hit in found for source in hit.sources))
