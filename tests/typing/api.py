"""The whole public face as its users have it in their code: never run, but read by `mypy --strict` in `make test`.

A signature that becomes narrower or loses its type fails here; `tests/unit/test_signatures.py` says what is left out.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, assert_type
from uuid import UUID

import semmem
from semmem import (
    Ack,
    AckStatus,
    AgentMemory,
    Archive,
    BadAnswer,
    Branch,
    Category,
    Change,
    ChangeStatus,
    Checkpoint,
    Clock,
    Closed,
    ConfigurationError,
    Conflict,
    Context,
    Correction,
    CorrectionKind,
    Damaged,
    DeadLetter,
    Delivery,
    Drift,
    DriftKind,
    EmbeddedServerError,
    Entry,
    EntryKind,
    Event,
    EventFields,
    Fact,
    FactChanged,
    FieldHealth,
    Forbidden,
    Format,
    Group,
    GroupLag,
    GroupStart,
    Health,
    Hit,
    Imported,
    Inbox,
    IndexMismatch,
    Installation,
    InvalidInput,
    Item,
    KeyConflict,
    LeaseLost,
    LocalLogFull,
    LocalLogHealth,
    Lock,
    LockHeld,
    LockLost,
    Member,
    Memory,
    MissingExtra,
    ModelError,
    ModelUnavailable,
    NewEvent,
    NewRecord,
    NotFound,
    NotSettled,
    Outdated,
    Overview,
    Place,
    PoolExhausted,
    Precision,
    Question,
    QuestionClosed,
    Recall,
    Receipt,
    Record,
    Records,
    Reducer,
    RequestFailed,
    RequestRefused,
    Reranker,
    Role,
    SchemaOutdated,
    Scope,
    ScopedMemory,
    ScopeKind,
    ScopeSettings,
    Scores,
    SemmemError,
    Since,
    Snapshot,
    Source,
    Stage,
    State,
    StateMismatch,
    StoreUnavailable,
    Summary,
    ThreadLost,
    Tier,
    TimedOut,
    Told,
    TooFarBehind,
    Unconfirmed,
    Unseen,
    Usage,
    Validity,
    View,
    Waiting,
    Workspace,
    WriteConflict,
    add,
    append,
    best,
    latest,
    merge,
    replace,
    told,
    union,
)

MAY = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Shortest:
    """A reranker of the caller's own, which needs no base class."""

    async def score(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        return [-len(text) for text in texts]


class Priced:
    """One that tells what it cost."""

    async def score(self, query: str, texts: Sequence[str]) -> Scores:
        return Scores([0.5 for _ in texts], Usage(calls=1, prompt_tokens=100, completion_tokens=5))


def at_noon() -> datetime:
    return MAY


async def opening(clock: Clock, reranker: Reranker) -> None:
    async with semmem.open() as memory:
        assert_type(memory, Memory)
    async with semmem.open(clock=clock, reranker=reranker, postgres_url="postgresql:///semmem", worker=False) as memory:
        assert_type(memory.scope(tenant="acme", workspace="launch"), ScopedMemory)
    async with semmem.open(clock=at_noon, reranker=Shortest()):
        pass
    async with semmem.open(reranker=Priced()):
        pass
    assert_type(semmem.__version__, str)


async def an_open_memory(memory: Memory) -> None:
    alice = memory.scope(tenant="acme", user="alice")
    assert_type(memory.at(alice.place), ScopedMemory)
    assert_type(await memory.reindex(tenant="acme", dry_run=True, progress=lambda done, of: None), Drift)
    memory.close()


async def places(alice: ScopedMemory) -> None:
    assert_type(alice.scope, Scope)
    assert_type(alice.place, Branch)
    assert_type(alice.branch("projects", "apollo", owner="scout", state=Launch), ScopedMemory)
    found = assert_type(await alice.branches(limit=10, timeout=1.0), list[Branch])
    await alice.branches(after=found[-1])
    place: Place = alice
    assert_type(place.view([alice]), View)


async def remembering(alice: ScopedMemory) -> None:
    role: Role = "assistant"
    ack = await alice.remember("I moved to Berlin.", role=role, session="s1", occurred_at=MAY, key="k1", timeout=2.0)
    assert_type(ack, Ack)
    assert_type(ack.id, UUID)
    assert_type(ack.status, AckStatus)
    said: EventFields = {"agent": "support", "speaker": "Ana", "importance": 0.9, "metadata": {"channel": "chat"}}
    await alice.remember("I moved to Berlin.", **said)
    assert_type(await alice.remember_many([NewEvent(content="I like tea.", event_type="message")]), list[Ack])


async def asking(alice: ScopedMemory, team: ScopedMemory, category: Category) -> None:
    recall = await alice.recall(
        "Where does she live?", limit=5, also=[team], min_score=0.1, agent="support", session="s1", category=category,
        since=MAY - DAY, until=MAY, min_importance=0.2, as_of=MAY, where={"role": "user"}, timeout=2,
    )  # fmt: skip
    assert_type(recall, Recall)
    assert_type(recall[0], Hit)
    assert_type(recall[:2], tuple[Hit, ...])
    assert_type(recall.hits, tuple[Hit, ...])
    assert_type([hit for hit in recall], list[Hit])  # noqa: C416 - what iterating gives
    assert_type((len(recall), recall.degraded, recall.waited), tuple[int, frozenset[str], timedelta | None])
    assert_type(recall.usage, Usage)


def a_hit(hit: Hit) -> None:
    assert_type(
        (hit.id, hit.kind, hit.text, hit.said_at, hit.score, hit.why), tuple[UUID, str, str, datetime, float, str]
    )
    assert_type(hit.signals, Mapping[str, float])
    assert_type(hit.sources, tuple[Source, ...])
    assert_type((hit.moved(0.5, because="pinned"), hit.doubted(0.5)), tuple[Hit, Hit])
    assert_type(hit.undoubted, float)
    assert_type((hit.item.text, hit.item.said_at, hit.item.voice), tuple[str, datetime, str])
    assert_type((hit.item.role, hit.item.importance, hit.item.scope), tuple[Role, float, Scope])
    if hit.item.kind == "event":
        assert_type(hit.item, Event)
    else:
        assert_type(hit.item, Fact)
    match hit.item:
        case Event() as event:
            assert_type(event.content, str)
        case fact:
            assert_type(fact, Fact)


async def a_context(alice: ScopedMemory, format: Format, tier: Tier) -> None:
    context = await alice.context("Plan her day", budget=800, session="s1", also=[alice], format=format, timeout=2)
    assert_type(context, Context)
    await alice.context("Plan her day", budget=800, format="xml", tiers=("summary", "retrieved"))
    await alice.context("Plan her day", budget=800, tiers={tier}, where={"metadata": {"n": {"$gte": 3}}})
    assert_type(context.text, str)
    assert_type(context.messages, tuple[Mapping[str, str], ...])
    assert_type((context.tokens, context.budget, context.exact), tuple[int, int, bool])
    assert_type((context.degraded, context.waited), tuple[frozenset[str], timedelta | None])
    assert_type(context.nothing_relevant, bool)
    [item] = assert_type(context.tier("recent"), tuple[Item, ...])
    assert_type(context.items, tuple[Item, ...])
    assert_type((item.tier, item.id, item.scope, item.role), tuple[Tier, UUID, Scope, Role])
    assert_type((item.text, item.voice, item.session), tuple[str, str, str | None])
    assert_type((item.at, item.worth, item.whole), tuple[datetime, float, bool])
    assert_type((item.since, item.outdated), tuple[Since | None, tuple[Outdated, ...]])
    since = Since(at=item.at)
    assert_type((since.at, since.precision, since.stated), tuple[datetime, Precision, bool])
    [outdated] = item.outdated
    assert_type((outdated.words, outdated.since, outdated.now), tuple[str, Since, str | None])


async def events(alice: ScopedMemory) -> None:
    history = await alice.history(agent="support", session="s1", before=7, limit=10, timeout=1)
    assert_type(history, list[Event])
    event = assert_type(await alice.event(history[0].id, timeout=1), Event)
    assert_type([each async for each in alice.events()], list[Event])
    assert_type((event.id, event.seq, event.scope, event.content), tuple[UUID, int, Scope, str])
    assert_type((event.role, event.voice, event.event_type), tuple[Role, str, str])
    assert_type((event.speaker, event.agent, event.agent_type), tuple[str | None, str | None, str | None])
    assert_type((event.session, event.key, event.importance), tuple[str | None, str | None, float])
    assert_type((event.occurred_at, event.recorded_at), tuple[datetime, datetime])
    assert_type(event.metadata, Mapping[str, Any])
    assert_type(event.witnesses, tuple[str, ...])


async def following(alice: ScopedMemory) -> None:
    follower = alice.follow(
        after=7, event_types={"invoice"}, agents=["r1"], fields=("verdict",), min_importance=0.5, own=True
    )
    async for entry in assert_type(follower, AsyncGenerator[Entry, None]):
        assert_type((entry.position, entry.kind, entry.scope, entry.at), tuple[int, EntryKind, Scope, datetime])
        assert_type((entry.agent, entry.event, entry.subject), tuple[str | None, Event | None, str | None])
        assert_type((entry.fields, entry.ids), tuple[tuple[str, ...], tuple[UUID, ...]])
        assert_type((entry.detail, entry.forgets_everything), tuple[Mapping[str, Any], bool])
    assert_type(await alice.entries(after=7, until=9, limit=10, wait=2.5), list[Entry])
    assert_type(await alice.latest(agent="r1", event_type="status", limit=10, timeout=1), list[Event])


async def sharing(alice: ScopedMemory) -> None:
    start: GroupStart = "first"
    group = assert_type(alice.group("billing", event_types={"invoice"}, ordered=True, start=start), Group)
    assert_type(alice.group("audit", start=7).name, str)
    async with group.deliveries(consumer="b-1", lease=DAY) as inbox:
        assert_type((inbox, inbox.group), tuple[Inbox, str])
        async for delivery in inbox:
            assert_type(delivery, Delivery)
            assert_type((delivery.entry, delivery.attempt, delivery.key), tuple[Entry, int, str])
            await delivery.settle(remember=[NewEvent(content="Paid.")])
            async with alice.lock("books", ttl=DAY) as lock:
                await delivery.settle(update={"calls_left": -1}, lock=lock)
            await delivery.release(after=DAY)
    lag = assert_type(await group.lag(), GroupLag)
    assert_type((lag.behind, lag.leased, lag.dead), tuple[int, int, int])
    letters = assert_type(await group.dead_letters(limit=10), list[Entry])
    assert_type(await group.replay([letters[0].position]), int)
    assert_type(await group.delete(), bool)


async def facts(alice: ScopedMemory, category: Category) -> None:
    found = await alice.facts(category=category, subject="Ana", superseded=True, limit=10, timeout=1)
    fact = assert_type(found, list[Fact])[0]
    await alice.facts(before=fact.id)
    assert_type(await alice.timeline(fact.id, timeout=1), list[Fact])
    assert_type((fact.id, fact.thread, fact.version, fact.scope), tuple[UUID, UUID, int, Scope])
    assert_type((fact.subject, fact.text, fact.category, fact.trust), tuple[str, str, Category, Role])
    assert_type((fact.confidence, fact.importance, fact.current), tuple[float, float, bool])
    assert_type((fact.said_at, fact.recorded_at, fact.superseded_at), tuple[datetime, datetime, datetime | None])
    assert_type((fact.sources[0].event_id, fact.sources[0].quote), tuple[UUID, str])
    held = assert_type(fact.validity, Validity)
    assert_type((held.start, held.end, held.precision), tuple[datetime | None, datetime | None, Precision | None])


async def correcting(alice: ScopedMemory) -> None:
    [fact] = await alice.facts()
    right = assert_type(await alice.correct(fact.id, text="Ana is 42.", by="nurse", version=1, timeout=2), Fact)
    await alice.correct(right.id, validity=Validity(start=MAY), by="nurse")
    assert_type(await alice.reject(right.id, by="nurse", version=2, timeout=2), Fact | None)
    assert_type(await alice.restore_fact(right.id, by="nurse", version=2, timeout=2), Fact)
    assert_type(await alice.pin_fact(right.id, by="nurse", pinned=False, version=2, timeout=2), Fact)
    assert_type((right.made, right.ended, right.pinned), tuple[Correction | None, Correction | None, Correction | None])
    if right.made:
        assert_type((right.made.kind, right.made.by, right.made.at), tuple[CorrectionKind, str, datetime])
    assert_type(right.in_own_words, bool)
    try:
        await alice.reject(right.id, by="nurse", version=1)
    except FactChanged as error:
        assert_type((error.seen, error.found, error.by), tuple[int, int, str | None])


async def summaries(alice: ScopedMemory) -> None:
    [summary] = assert_type(await alice.summaries(limit=10, timeout=1), list[Summary])
    await alice.summaries(before=summary.id)
    assert_type((summary.scope, summary.session, summary.text), tuple[Scope, str | None, str])
    assert_type((summary.version, summary.through_seq, summary.recorded_at), tuple[int, int, datetime])
    assert_type((summary.since, summary.until), tuple[datetime, datetime])
    assert_type(summary.events, tuple[UUID, ...])


async def forgetting(alice: ScopedMemory, category: Category) -> None:
    receipt = await alice.forget(everything=True, dry_run=True, timeout=2)
    await alice.forget(session="s1", event=UUID(int=1), agent="support", category=category, before=MAY)
    await alice.forget(fact=UUID(int=1), keep_events=True)
    assert_type(receipt, Receipt)
    assert_type((receipt.id, receipt.scope, receipt.complete), tuple[UUID | None, Scope, bool])
    assert_type((receipt.counts, receipt.bytes), tuple[Mapping[str, int], str])
    assert_type(receipt.stores, Mapping[str, datetime | None])
    assert_type(receipt.committed_at, datetime | None)
    assert_type((receipt.scrub_due, receipt.scrubbed_at), tuple[datetime | None, datetime | None])
    assert_type(await alice.receipt(UUID(int=1), timeout=1), Receipt)
    assert_type(await alice.receipts(before=receipt.id, limit=10, timeout=1), list[Receipt])


class Launch(State, version=2):
    title: str = ""
    report: Annotated[str, replace(unseen="refuse")] = ""
    status: Annotated[str, latest] = ""
    findings: Annotated[list[str], append(keep=100)]
    owners: Annotated[dict[str, str], merge]
    tags: Annotated[set[str], union]
    calls_left: Annotated[int, add] = 100
    highest: Annotated[int, semmem.max] = 0
    lowest: Annotated[float, semmem.min] = 1.0
    verdict: Annotated[str, best] = ""


async def sharing_state(memory: Memory) -> None:
    launch = memory.scope(tenant="acme", workspace="launch", state=Launch)
    assert_type(memory.at(launch.place, state=Launch), ScopedMemory)
    me = assert_type(launch.agent("r1", role="researcher"), AgentMemory)
    change = await me.update(findings=["market 4.2 bn"], verdict=told("enter", confidence=0.7), told_at=MAY, timeout=2)
    assert_type(change, Change)
    assert_type((change.position, change.written, change.unseen), tuple[int, tuple[str, ...], tuple[str, ...]])
    assert_type((change.status, change.id), tuple[ChangeStatus, UUID | None])
    snapshot = assert_type(await me.state(fields={"title"}, timeout=2), Snapshot)
    assert_type((snapshot.scope, snapshot.position, snapshot["title"]), tuple[Scope, int, Any])
    assert_type((snapshot.values, snapshot.positions), tuple[Mapping[str, Any], Mapping[str, int]])
    assert_type((snapshot.told_at, snapshot.by), tuple[Mapping[str, datetime], Mapping[str, str | None]])
    await me.update(expected=snapshot, title="One")
    await me.update(expected={"title": 3}, seen=me.seen, title="Two")
    await me.update(lambda state: {"title": state["title"] + "!"})
    await me.update(later)
    await me.state(at=MAY)
    unseen: Unseen = "refuse"
    assert_type(append(unseen=unseen, keep=5), Reducer)
    assert_type((append.name, append.unseen, append.keep), tuple[str, Unseen, int | None])
    salaries = replace(readable={"hr"}, writable=["hr", "boss"])
    assert_type((salaries.readable, salaries.writable), tuple[frozenset[str] | None, frozenset[str] | None])
    assert_type(told("enter", confidence=0.7), Told)


async def later(state: Snapshot) -> Mapping[str, Any]:
    return {"title": state["title"] + "!"}


async def locking(me: ScopedMemory) -> None:
    async with me.lock("report", "draft", ttl=timedelta(minutes=2), wait=DAY) as lock:
        assert_type(lock, Lock)
        assert_type((lock.token, lock.names, lock.held, lock.scope), tuple[int, tuple[str, ...], bool, Scope])
        await lock.renew(timedelta(minutes=5))
        await me.update(report="...", lock=lock)
        await me.remember("The report is written.", lock=lock)
        await me.remember_many([NewEvent(content="It is sent.")], lock=lock)


async def going_back(me: ScopedMemory) -> None:
    before = assert_type(await me.checkpoint("before-sending", pinned=True, timeout=2), Checkpoint)
    assert_type((before.name, before.scope, before.position), tuple[str, Scope, int])
    assert_type((before.digest, before.agent), tuple[str, str | None])
    assert_type((before.at, before.pinned), tuple[datetime, bool])
    assert_type(await me.checkpoints(timeout=2), list[Checkpoint])
    await me.verify(before, timeout=2)
    await me.pin(before, pinned=False)
    assert_type(await me.restore(before, timeout=2), Change)
    await me.restore(7)


async def working_together(launch: ScopedMemory) -> None:
    begun = await launch.begin("Enter Vietnam?", roster={"r1": "researcher"}, state=Launch, timeout=2)
    assert_type((begun.scope, begun.task, begun.position), tuple[Scope, str, int])
    assert_type((begun.begun_at, begun.begun_by), tuple[datetime, str | None])
    assert_type((begun.ended_at, begun.status, begun.lasts), tuple[datetime | None, str | None, bool])
    assert_type(await launch.workspace(timeout=2), Workspace | None)
    [member] = assert_type(await launch.roster(timeout=2), list[Member])
    assert_type((member.agent, member.role, member.status, member.detail), tuple[str, str, str | None, str])
    assert_type((member.told_at, member.until), tuple[datetime | None, datetime | None])
    assert_type((member.ago, member.current), tuple[timedelta | None, bool])
    [question] = assert_type(await launch.questions(of="human", answered=True, before=9, limit=10), list[Question])
    assert_type(await launch.answer(question.id, "yes", timeout=2), Question)
    assert_type((question.scope, question.position, question.agent, question.of), tuple[Scope, int, str, str])
    assert_type((question.question, question.options), tuple[str, tuple[str, ...]])
    assert_type((question.asked_at, question.until), tuple[datetime, datetime])
    assert_type((question.choice, question.answered_by), tuple[str | None, str | None])
    assert_type((question.answered_at, question.over, question.open), tuple[datetime | None, bool, bool])
    seen = assert_type(await launch.overview(recent=20, own=False, timeout=2), Overview)
    assert_type((seen.workspace, seen.roster), tuple[Workspace | None, tuple[Member, ...]])
    assert_type((seen.questions, seen.results), tuple[tuple[Question, ...], tuple[Event, ...]])
    assert_type((seen.recent, seen.summary, seen.position), tuple[tuple[Entry, ...], str | None, int])
    await launch.end("decided", "Enter Vietnam in May.", timeout=2)


async def an_agent(me: AgentMemory) -> None:
    await me.context("Write the report", budget=4_000, others=10, min_importance=0.3)
    assert_type((me.name, me.seen, await me.role(timeout=2)), tuple[str, int, str])
    await me.status("searching", "in the archives", ttl=timedelta(minutes=1), timeout=2)
    assert_type(await me.result("The market is 4.2 bn USD.", importance=0.9, timeout=2), Ack)
    assert_type(await me.remember("The market is 4.2 bn USD.", key="src-7"), Ack)
    assert_type(await me.ask("Send it?", ("yes", "no"), of="human", within=DAY, key="send", timeout=2), str)
    assert_type(await me.ask("Send it?", ("yes", "no"), within=DAY, wait=25.0), str | None)
    assert_type(me.branch("drafts", owner="r1", state=Launch), AgentMemory)


async def moving(alice: ScopedMemory, bob: ScopedMemory) -> None:
    lines = assert_type(alice.export(), AsyncGenerator[str, None])
    imported = assert_type(await bob.import_(lines, progress=lambda done, of: None), Imported)
    await bob.import_([b"{}", "{}"])
    assert_type((imported.stored, imported.known), tuple[Mapping[str, int], Mapping[str, int]])
    assert_type(imported.warnings, tuple[str, ...])


async def operating(alice: ScopedMemory) -> None:
    await alice.settled(also=[alice], facts=False, timeout=10.0, progress=lambda left: None)
    waiting = assert_type(await alice.waiting(also=[alice], timeout=1), Waiting)
    assert_type((waiting.unindexed, waiting.unextracted, waiting.unembedded), tuple[int, int, int])
    assert_type((waiting.unindexed_for, waiting.unextracted_for), tuple[timedelta | None, timedelta | None])
    assert_type(waiting.workers, int)
    drift = assert_type(await alice.reindex(dry_run=True, progress=lambda done, of: None), Drift)
    assert_type((drift.compared, drift.drift, drift.filling), tuple[int, int, bool])
    assert_type(drift.kinds, dict[DriftKind, int])
    [letter] = assert_type(await alice.dead_letters(replayed=True, limit=10, timeout=1), list[DeadLetter])
    await alice.dead_letters(before=letter.id)
    assert_type((letter.stage, letter.reason, letter.detail), tuple[Stage, str, str])
    assert_type((letter.event_ids, letter.recorded_at), tuple[tuple[UUID, ...], datetime])
    assert_type((letter.scope, letter.replayed_at), tuple[Scope, datetime | None])
    assert_type(await alice.replay([letter.id], timeout=1), int)
    usage = assert_type(await alice.usage(timeout=1), Usage)
    assert_type(usage + usage, Usage)
    assert_type((usage.calls, usage.prompt_tokens, usage.completion_tokens), tuple[int, int, int])


async def keeping(alice: ScopedMemory) -> None:
    records = assert_type(alice.records, Records)
    record = await records.put("home", {"city": "Berlin"}, event=NewEvent(content="I live in Berlin."), ttl=DAY)
    assert_type(record, Record)
    new = NewRecord(key="home", value={"city": "Berlin"})
    assert_type((new.event, new.ttl), tuple[NewEvent | None, timedelta | None])
    assert_type(await records.put_many([new]), list[Record])
    assert_type(await records.get("home", refresh=True), Record | None)
    assert_type(await records.named(["home"], also=[alice], refresh=True), list[Record])
    page = await records.find(also=[alice], matching={"city": "Berlin"}, refresh=True, limit=10, offset=20)
    assert_type(page, list[Record])
    await records.find(after=page[-1], where={"stars": {"$in": [4, 5]}})
    assert_type(await records.of([UUID(int=1)], also=[alice]), dict[UUID, Record])
    assert_type(await records.delete(["home"]), int)
    assert_type((record.key, record.scope, record.event), tuple[str, Scope, UUID | None])
    assert_type(record.value, Mapping[str, Any])
    assert_type((record.created_at, record.updated_at), tuple[datetime, datetime])
    assert_type((record.ttl, record.expires_at), tuple[timedelta | None, datetime | None])


async def settling(alice: ScopedMemory) -> None:
    await alice.configure(ScopeSettings(zone="Europe/Berlin", keep_events_for=365 * DAY), timeout=1.0)
    found = assert_type(await alice.settings(timeout=1.0), ScopeSettings)
    assert_type((found.zone, found.keep_events_for), tuple[str | None, timedelta | None])


async def archiving(alice: ScopedMemory) -> None:
    found = assert_type(await alice.archive(MAY, "old.jsonl"), Archive)
    await alice.archive(MAY, found.path)
    assert_type((found.events, found.removed, found.floor), tuple[int, int, int])


async def health(memory: Memory, launch: ScopedMemory) -> None:
    found = assert_type(await launch.health(budget=2_000, timeout=1.0), Health)
    assert_type(found.fields, Mapping[str, FieldHealth])
    assert_type((found.groups, found.oldest_lease), tuple[Mapping[str, GroupLag], datetime | None])
    assert_type((found.checkpoint, found.checkpoint_age), tuple[Checkpoint | None, timedelta | None])
    assert_type((found.waiting, found.warnings), tuple[Waiting, tuple[str, ...]])
    assert_type(await memory.health(timeout=1.0), Installation)
    if found.local_log is not None:
        assert_type(found.local_log, LocalLogHealth)
        assert_type((found.local_log.changes, found.local_log.reasons), tuple[int, tuple[str, ...]])


def values() -> Iterator[Scope]:
    kind: ScopeKind = "workspace"
    yield Scope("acme", kind, "launch")
    yield Scope.user("acme", "alice")
    yield Scope.workspace("acme", "launch")
    yield Scope.one_of("acme", user="alice", workspace=None)
    root = Scope.user("acme", "alice")
    branch = Branch(root, ("projects",), owner="scout").below("apollo", owner=None)
    assert_type((branch.root, branch.path, branch.owner), tuple[Scope, tuple[str, ...], str | None])
    assert_type((branch.scope, branch.is_root, root.digest), tuple[Scope, bool, str])
    view = View.of(root, branch.scope)
    assert_type((view.scopes, view.tenant, view.ids("user")), tuple[tuple[Scope, ...], str, list[str]])
    Validity(start=MAY, end=None, precision="month")
    Source(event_id=UUID(int=1), quote="I live in Berlin.")


async def errors(alice: ScopedMemory) -> None:
    try:
        await alice.remember("I like tea.")
    except StateMismatch as error:
        assert_type((error.field, error.limit, error.fix), tuple[str, str, str])
    except Conflict as error:
        assert_type((error.field, error.seen, error.found), tuple[str, int, int])
        assert_type((error.by, error.value), tuple[str | None, Any])
    except Forbidden as error:
        assert_type((error.agent, error.role), tuple[str | None, str])
        assert_type((error.field, error.action), tuple[str, str])
    except LockHeld as error:
        assert_type((error.name, error.by, error.until), tuple[str, str | None, datetime])
    except LockLost as error:
        assert_type((error.name, error.token), tuple[str, int])
    except ThreadLost as error:
        assert_type(error.thread, str)
    except Damaged as error:
        assert_type(error.checkpoint, str)
    except KeyConflict as error:
        assert_type((error.index, error.field), tuple[int, str])
    except InvalidInput as error:
        assert_type((error.field, error.limit, error.fix), tuple[str, str, str])
    except TimedOut as error:
        assert_type((error.seconds, error.sent), tuple[float, bool])
    except QuestionClosed as error:
        assert_type((error.question, error.choice, error.by), tuple[UUID, str | None, str | None])
    except LeaseLost as error:
        assert_type((error.group, error.position), tuple[str, int])
    except TooFarBehind as error:
        assert_type((error.after, error.floor), tuple[int, int])
    except PoolExhausted as error:
        assert_type(error.size, int)
    except LocalLogFull as error:
        assert_type((error.path, error.limit), tuple[str, int])
    except (Unconfirmed, WriteConflict, StoreUnavailable) as error:
        assert_type((error.store, error.sent), tuple[str, bool])
    except MissingExtra as error:
        assert_type(error.extra, str)
    except SchemaOutdated as error:
        assert_type(error.lacking, tuple[str, ...])
    except BadAnswer as error:
        assert_type((error.reason, error.detail), tuple[str, str])
    except (RequestFailed, RequestRefused, ModelUnavailable, ModelError) as error:
        assert_type(str(error), str)
    except (IndexMismatch, ConfigurationError, EmbeddedServerError) as error:
        assert_type(str(error), str)
    except (Closed, NotFound, NotSettled) as error:
        assert_type(str(error), str)
    except SemmemError:
        raise
