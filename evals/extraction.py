"""What an extractor made of conversations: whether its facts are right, as far as rules can tell, and their cost."""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from semmem.domain.extraction import Usage
from semmem.domain.fact import Fact
from semmem.embedded.layout import Layout, temporary_folder
from semmem.evals.course import Progress, settled, store
from semmem.evals.datasets.dataset import Conversation, Question
from semmem.evals.datasets.locomo import ADVERSARIAL
from semmem.evals.fact_checks import (
    Events,
    duplicates,
    has_wrong_subject,
    is_grounded,
    is_junk,
    is_undated,
    is_wrongly_dated,
    keeps_relative_time,
)
from semmem.evals.journal import Journal
from semmem.evals.retrieved import read
from semmem.extractors.gate import speaker_of
from semmem.memory.scoped import ScopedMemory
from semmem.stores.postgres.ledger import DeadLetter
from semmem.stores.postgres.sql import Statement
from semmem.wiring.bootstrap import Application, open_application
from semmem.wiring.settings import Settings

PATIENCE = 120.0  # seconds without progress
EXAMPLES = 10  # facts of each fault that a result shows
SUPERSEDED = 200  # pairs of facts that it shows
PAGE = 1_000  # rows
T = TypeVar("T", Fact, DeadLetter)


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """A conversation's facts, all versions, beside its events and the keys that these were stored under.

    `refused` counts drafts by reason, `failed` events that no answer could be had for, `depth` the calls of the
    largest batch, each of which waits for the one before.
    """

    conversation: Conversation
    events: Events
    keys: Mapping[UUID, Sequence[str]]
    facts: tuple[Fact, ...]
    refused: Mapping[str, int]
    failed: int
    usage: Usage
    depth: int
    complete: bool

    def keys_of(self, fact: Fact) -> set[str]:
        return {key for source in fact.sources for key in self.keys.get(source.event_id, ())}

    @cached_property
    def faults(self) -> dict[str, list[Fact]]:
        """The facts that each check finds fault with, by its name."""
        speakers = {speaker_of(event) for event in self.events.values()}
        checks: dict[str, Callable[[Fact], bool]] = {
            "ungrounded": lambda fact: not is_grounded(fact, self.events),
            "junk": is_junk,
            "wrong_subject": partial(has_wrong_subject, events=self.events, speakers=speakers),
            "undated": partial(is_undated, events=self.events),
            "wrongly_dated": partial(is_wrongly_dated, events=self.events),
            "relative_time_left": keeps_relative_time,
        }
        return {name: [fact for fact in self.facts if check(fact)] for name, check in checks.items()}


async def run(
    conversations: Sequence[Conversation],
    settings: Settings,
    progress: Progress,
    *,
    about: Mapping[str, Any] = MappingProxyType({}),
    work: Path | None = None,
    patience: float = PATIENCE,
) -> dict[str, Any]:
    """Takes the conversations through the product with the extractor of `settings`: `about`, what `measured` has, and
    "partial".

    `progress` hears of "ingest" for each conversation. Where nothing moves for `patience` seconds, because a model went
    away, the run ends with what was extracted until then. That is partial, and so is a run where the model gave no
    usable answer for some events. In the folder `work` it goes on where an earlier run ended; InvalidInput is raised
    where that run was of another kind.
    """
    model = settings.llm_model if about.get("extractor") == "llm" else None
    head = {**about, "llm_model": model, "conversations": [each.id for each in conversations]}
    async with _folder(work) as folder:
        with closing(Journal.open(folder, head, read)):  # of its head alone: what was extracted is in the stores
            extracted: list[Extracted] = []
            async with open_application(settings.model_copy(update={"data": folder})) as application:
                for conversation in conversations:
                    extracted.append(await _extracted(application, conversation, progress, patience))
                    if not extracted[-1].complete:
                        break
    partial = not all(each.complete and not each.failed for each in extracted)
    return head | measured(extracted) | {"partial": partial}


@asynccontextmanager
async def _folder(work: Path | None) -> AsyncGenerator[Path, None]:
    """The folder that a run works in; one that goes afterwards, where none is named."""
    if work is None:
        async with temporary_folder("semmem-eval-") as folder:
            yield folder
    else:
        Layout.of(work).create()
        yield work


async def _extracted(
    application: Application, conversation: Conversation, progress: Progress, patience: float
) -> Extracted:
    stored = await store(application, conversation)
    complete = await settled(stored.memory, conversation, progress, patience)
    letters = await _all(lambda before: stored.memory.dead_letters(before=before, limit=PAGE))
    facts = await _all(lambda before: stored.memory.facts(superseded=True, before=before, limit=PAGE))
    return Extracted(
        conversation=conversation,
        events={event.id: event async for event in stored.memory.events()},
        keys=stored.keys,
        facts=tuple(facts),
        refused=Counter(letter.reason for letter in letters if letter.stage == "draft"),
        failed=sum(len(letter.event_ids) for letter in letters if letter.stage == "extraction"),
        usage=await stored.memory.usage(),
        depth=await most_calls(application, stored.memory),
        complete=complete,
    )


async def _all(page: Callable[[UUID | None], Awaitable[list[T]]]) -> list[T]:
    """Puts the pages of a list together."""
    found: list[T] = []
    while part := await page(found[-1].id if found else None):
        found += part
    return found


async def most_calls(application: Application, memory: ScopedMemory) -> int:
    """Returns the model calls of the batch that took most; the audit has a row for each batch."""
    statement = "select max(calls) from semmem.audit where (tenant, scope_kind, scope_id) = (:tenant, :kind, :id)"
    async with application.stores.postgres.transaction(memory.scope) as tx:
        most: int | None = await tx.fetchval(Statement("most_calls", statement))
    return most or 0


def measured(extracted: Sequence[Extracted]) -> dict[str, Any]:
    """{"n": facts, "metrics", "refused", "by_conversation", "examples", "superseded"}, plain JSON; see `_metrics`."""
    refused: Counter[str] = Counter()
    faults: dict[str, list[Fact]] = {}
    for each in extracted:
        refused.update(each.refused)
        for name, faulty in each.faults.items():
            faults.setdefault(name, []).extend(faulty)
    examples: dict[str, list[dict[str, Any]]] = {name: [] for name in faults}
    for name, faulty in faults.items():
        for fact in faulty[:EXAMPLES]:
            start = fact.validity.start.isoformat() if fact.validity.start else None
            example = {"subject": fact.subject, "text": fact.text, "start": start, "said_at": fact.said_at.isoformat()}
            examples[name].append(example | {"quotes": [source.quote for source in fact.sources]})
    return {
        "n": sum(len(each.facts) for each in extracted),
        "metrics": _metrics(extracted),
        "refused": dict(refused.most_common()),
        "by_conversation": {each.conversation.id: _metrics([each]) for each in extracted},
        "examples": examples,
        "superseded": [pair for each in extracted for pair in _superseded(each)][:SUPERSEDED],
    }


def _superseded(extracted: Extracted) -> Iterator[dict[str, str]]:
    """Yields what took the place of what, for people to judge: no rule can tell whether that was right."""
    versions = {(fact.thread, fact.version): fact for fact in extracted.facts}
    for fact in extracted.facts:
        if newer := versions.get((fact.thread, fact.version + 1)):
            yield {"subject": fact.subject, "before": fact.text, "after": newer.text}


def _metrics(extracted: Sequence[Extracted]) -> dict[str, float | None]:
    """Returns shares of all facts, from 0 to 1; shares of the evidence; counts; and costs per 100 turns.

    None stands for a share of nothing.
    """
    facts = sum(len(each.facts) for each in extracted)
    found: Counter[str] = Counter()
    for each in extracted:
        found.update({name: len(faulty) for name, faulty in each.faults.items()})
    wrong = {name: _share(found[name], facts) for name in found if name != "ungrounded"}
    turns = sum(len(each.events) for each in extracted)
    usage = sum((each.usage for each in extracted), Usage())
    costs = {
        "turns": turns,
        "calls_per_100_turns": _share(100 * usage.calls, turns),
        "prompt_tokens_per_100_turns": _share(100 * usage.prompt_tokens, turns),
        "completion_tokens_per_100_turns": _share(100 * usage.completion_tokens, turns),
        "calls_of_one_batch": max((each.depth for each in extracted), default=0),
    }
    grounded = {"grounded": _share(facts - found["ungrounded"], facts)}
    return grounded | wrong | _coverage(extracted) | _counts(extracted) | costs


def _coverage(extracted: Sequence[Extracted]) -> dict[str, float | None]:
    """Returns the shares of the events that are evidence, and of the questions, that facts rest on wholly."""
    turns, questions = [], []
    for each in extracted:
        known = {key for fact in each.facts for key in each.keys_of(fact)}
        asked = [question.evidence for question in each.conversation.questions if question.category != ADVERSARIAL]
        turns += [key in known for key in {key for evidence in asked for key in evidence}]
        questions += [known.issuperset(evidence) for evidence in asked]
    return {
        "evidence_covered": _share(sum(turns), len(turns)),
        "questions_covered": _share(sum(questions), len(questions)),
    }


def _counts(extracted: Sequence[Extracted]) -> dict[str, float | None]:
    """`merges` are events that a fact gained beside its first; `updates_*` are BEAM's knowledge updates."""
    decided = Counter(_decided(each, question) for each in extracted for question in each.conversation.questions)
    return {
        "facts": sum(len(each.facts) for each in extracted),
        "duplicates": sum(duplicates(each.facts) for each in extracted),
        "merges": sum(
            len({source.event_id for source in fact.sources}) - 1 for each in extracted for fact in each.facts
        ),
        "supersedes": sum(not fact.current for each in extracted for fact in each.facts),
        "updates_right": decided["right"],
        "updates_missed": decided["missed"],
        "updates_wrong": decided["wrong"],
        "drafts_refused": sum(sum(each.refused.values()) for each in extracted),
        "events_failed": sum(each.failed for each in extracted),
    }


def _decided(extracted: Extracted, question: Question) -> str | None:
    """Judges an update: "right" where a fact of the newest statement took the place of one of the outdated, "wrong"
    where it was the other way round, "missed" where neither; None where one of the two left no fact."""
    outdated = _resting_on(extracted, set(question.original) - set(question.updated))
    newest = _resting_on(extracted, set(question.updated) - set(question.original))
    if not outdated or not newest:
        return None
    pairs = [(old, new) for old in outdated for new in newest if old.thread == new.thread]
    if any(old.version < new.version for old, new in pairs):
        return "right"
    return "wrong" if any(new.version < old.version for old, new in pairs) else "missed"


def _resting_on(extracted: Extracted, keys: set[str]) -> list[Fact]:
    return [fact for fact in extracted.facts if keys & extracted.keys_of(fact)]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
