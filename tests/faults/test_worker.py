"""The worker: no job is lost, none is done twice, and it stops when it is told to (P1, P2, P7)."""

import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from semmem import ConfigurationError, NewEvent, ScopedMemory, StoreUnavailable
from semmem.domain.scope import Scope
from semmem.engine.consolidation import Consolidator
from semmem.engine.summaries import SummaryRebuilder
from semmem.stores.postgres.jobs import JobQueue
from semmem.testing import ManualClock, ModelServer, Reply, wait_until
from semmem.wiring.bootstrap import Application
from semmem.wiring.settings import EXTRACT_AFTER, load_settings
from tests.applications import Opener
from tests.faults.oracle import nothing_lost_and_nothing_doubled
from tests.unit.extractors.builders import answer, said_fact

NEVER = 600  # seconds until a sweep: none in a test
END_OURS = (
    "select pg_terminate_backend(pid) from pg_stat_activity "
    "where datname = current_database() and pid <> pg_backend_pid() and application_name = 'semmem'"
)


def _alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


def _with_model(opener: Opener, server: ModelServer, **given: Any) -> AbstractAsyncContextManager[Application]:
    return opener(llm_base_url=server.base_url, llm_api_key="test", llm_model="test", **given)


async def test_a_lost_job_is_swept_up(opener: Opener, owner: asyncpg.Connection) -> None:
    async with opener(worker=False) as application:
        await _alice(application).remember("I am allergic to peanuts.")
        assert await owner.execute("delete from semmem.pgqueuer") == "DELETE 2"
    async with opener() as application:
        await _alice(application).settled()
        assert len(await _alice(application).facts()) == 1


async def test_the_planner_knows_a_table_from_its_first_rows_on_and_when_it_has_grown(
    opener: Opener, owner: asyncpg.Connection
) -> None:
    unknown = "select relname from pg_class where relname = any ($1) and relkind = 'r' and reltuples <= 0"
    filled = ["events", "facts", "fact_sources", "passages", "terms", "vectors"]
    async with opener() as application:
        assert len(await owner.fetch(unknown, filled)) == len(filled)

        async def known_after_a_batch() -> bool:  # or a further one: two analyses at once leave a table out
            await _alice(application).remember("I am allergic to peanuts.")
            await _alice(application).settled()
            return await owner.fetch(unknown, filled) == []

        await wait_until(known_after_a_batch)
        await _alice(application).remember_many([NewEvent(content=f"I am {at} years old.") for at in range(100)])
        await _alice(application).settled()
    assert await owner.fetchval("select reltuples from pg_class where relname = 'vectors'") > len(filled)


async def test_a_sweep_that_fails_is_not_the_last(
    opener: Opener, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([ConfigurationError("no such database"), asyncpg.UndefinedTableError("no such table")])
    sweep = JobQueue.sweep

    async def failing(queue: JobQueue) -> int:
        for failure in failures:
            raise failure
        return await sweep(queue)

    monkeypatch.setattr(JobQueue, "sweep", failing)
    async with opener(worker=False) as application:
        await _alice(application).remember("I am allergic to peanuts.")
        await owner.execute("delete from semmem.pgqueuer")
    async with opener() as application:
        await _alice(application).settled()
        assert len(await _alice(application).facts()) == 1


async def test_lost_work_for_the_mirror_and_for_a_receipt_is_swept_up(
    opener: Opener, owner: asyncpg.Connection
) -> None:
    async with opener() as application:
        await _alice(application).remember("I am allergic to peanuts.", session="s1")
        await _alice(application).settled()
    async with opener(worker=False) as application:
        receipt = await _alice(application).forget(session="s1")
        await owner.execute("delete from semmem.pgqueuer")
    async with opener() as application:
        await _alice(application).settled()
        assert receipt.id is not None
        assert (await _alice(application).receipt(receipt.id)).complete


async def test_a_record_that_expires_while_a_job_is_finishing_does_not_wait_for_a_sweep(
    opener: Opener, owner: asyncpg.Connection, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild = SummaryRebuilder.run

    async def slow(rebuilder: SummaryRebuilder, scope: Scope) -> None:
        """What an erase job does last, while time goes on."""
        clock.advance(minutes=2)
        await rebuild(rebuilder, scope)

    monkeypatch.setattr(SummaryRebuilder, "run", slow)
    async with opener(sweep_every=NEVER) as application:
        alice = _alice(application)
        await alice.records.put("door", {"code": 4711}, ttl=timedelta(minutes=1))
        ack = await alice.remember("I am allergic to peanuts.")
        await alice.settled()
        await alice.forget(event=ack.id)
        await wait_until(lambda: _no_record_is_left(owner))


async def _no_record_is_left(connection: asyncpg.Connection) -> bool:
    return not await connection.fetchval("select exists (select from semmem.records)")


async def test_an_event_that_comes_while_a_job_is_finishing_does_not_wait_for_a_sweep(
    opener: Opener, postgres_url: str, owner: asyncpg.Connection
) -> None:
    """Its writer commits after the job has looked for more, and before the job is gone."""
    answered = threading.Event()
    server = ModelServer(lambda body: Reply(text=answer(), after=answered))
    with server:
        async with _with_model(opener, server, sweep_every=NEVER) as application:
            alice = _alice(application)
            await alice.remember("I moved to Berlin.")
            await wait_until(lambda: server.requests)
            async with owner.transaction():
                await _remember_uncommitted(owner)
                answered.set()
                await wait_until(lambda: _somebody_waits_for_a_lock(postgres_url))
            await alice.settled(timeout=180)
            assert len(server.requests) == 2
            assert len(await alice.history()) == 2


async def _remember_uncommitted(connection: asyncpg.Connection) -> None:
    """What another process does that has not committed yet."""
    event: dict[str, Any] = {
        "id": str(uuid4()),
        "role": "user",
        "event_type": "message",
        "content": "I moved on to Rome.",
    }
    event |= {
        "importance": 0.5,
        "metadata": {},
        "occurred_at": "2026-03-01T12:00Z",
        "body_hash": "aa",
    }
    await connection.execute("set local role semmem_app")
    said = "select semmem.remember('acme', 'user', 'alice', '2026-03-01T12:00Z', '0 s', '0 s', $1)"
    await connection.execute(said, json.dumps([event]))


async def _somebody_waits_for_a_lock(postgres_url: str) -> bool:
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    connection = await asyncpg.connect(postgres_url)
    try:
        return bool(await connection.fetchval(waiting))
    finally:
        await connection.close()


async def test_many_events_racing_with_the_worker_are_all_done_without_a_sweep(opener: Opener) -> None:
    async with opener(sweep_every=NEVER) as application:
        alice = _alice(application)
        acknowledged = {}
        for number in range(60):
            ack = await alice.remember(f"My note {number} is in drawer {number}.", key=f"k{number}")
            acknowledged[f"k{number}"] = ack.id
            await asyncio.sleep(number % 7 * 0.01)
        await alice.settled(timeout=180)
        await nothing_lost_and_nothing_doubled(application, alice, acknowledged)


async def test_forgetting_beside_the_worker_never_deadlocks(opener: Opener, caplog: pytest.LogCaptureFixture) -> None:
    async with opener() as application:
        alice = _alice(application)
        for number in range(25):
            acks = [await alice.remember(f"My note {number} is in drawer {drawer}.") for drawer in range(3)]
            await asyncio.sleep(number % 5 * 0.01)
            await asyncio.gather(*(alice.forget(event=ack.id) for ack in acks[:2]))
        await alice.settled()
        assert len(await alice.history(limit=100)) == len(await alice.facts(limit=100)) == 25
    assert "DeadlockDetected" not in caplog.text
    assert "ForeignKeyViolation" not in caplog.text


async def test_what_is_forgotten_while_the_model_thinks_does_not_come_back_in_its_answer(opener: Opener) -> None:
    answered = threading.Event()
    answered.set()

    def said(body: dict[str, Any]) -> Reply:
        known = "heliotrope" in body["messages"][1]["content"]
        summary = "The safe word is heliotrope." if known else "There is a dog."
        return Reply(text=answer(summaries=[{"session": 0, "text": summary}]), after=answered)

    with ModelServer(said) as server:
        async with _with_model(opener, server) as application:
            alice = _alice(application)
            secret = await alice.remember("My safe word is heliotrope.")
            await alice.settled()
            assert "heliotrope" in str(await alice.summaries())
            answered.clear()
            await alice.remember("I have a dog.")
            await wait_until(lambda: len(server.requests) == 2)
            await alice.forget(event=secret.id)
            answered.set()
            await alice.settled()

            assert [summary.text for summary in await alice.summaries()] == ["There is a dog."]
            assert "heliotrope" not in (await alice.context("What is the safe word?", budget=500)).text


async def test_what_is_forgotten_before_the_next_batch_is_read_does_not_come_back_in_its_summary(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next batch is read ahead with the summary in hand, and the forget comes between."""
    extract, reading, forgotten = Consolidator._extract, asyncio.Event(), asyncio.Event()

    async def slowly(self: Consolidator, *given: Any) -> Any:
        if given[-1] is not None:  # ahead of the batch before
            reading.set()
            await forgotten.wait()
        return await extract(self, *given)

    def said(body: dict[str, Any]) -> Reply:
        known = "heliotrope" in body["messages"][1]["content"]
        summary = "The safe word is heliotrope." if known else "There is a dog."
        return Reply(text=answer(summaries=[{"session": 0, "text": summary}]))

    monkeypatch.setattr(Consolidator, "_extract", slowly)
    with ModelServer(said) as server:
        async with _with_model(opener, server, extract_after=1) as application:
            alice = _alice(application)
            padding = " ".join(["and so on"] * 900)  # so that each is a batch of its own
            secret, _ = await alice.remember_many(
                [
                    NewEvent(content=f"My safe word is heliotrope. {padding}"),
                    NewEvent(content=f"I have a dog. {padding}"),
                ]
            )
            await reading.wait()
            await wait_until(lambda: _tells_heliotrope(alice))
            await alice.forget(event=secret.id)
            forgotten.set()
            await alice.settled()
            assert [summary.text for summary in await alice.summaries()] == ["There is a dog."]


async def _tells_heliotrope(alice: ScopedMemory) -> bool:
    return "heliotrope" in str(await alice.summaries())


async def test_what_is_forgotten_again_and_again_is_no_outage_of_the_model(opener: Opener) -> None:
    """Each answer comes too late, for a record was replaced meanwhile; once it stays, the facts are learnt at once."""
    alices: list[ScopedMemory] = []
    replaced, loop = 0, asyncio.get_running_loop()

    def said(body: dict[str, Any]) -> str:
        nonlocal replaced
        if replaced < 5:
            replaced += 1
            status = NewEvent(content=f"The status is {replaced}.", role="tool")
            put = alices[0].records.put("status", {"n": replaced}, event=status)
            asyncio.run_coroutine_threadsafe(put, loop).result(60)
        return answer(said_fact(text="alice has a dog.", quote="I have a dog.", when=None))

    with ModelServer(said) as server:
        async with _with_model(opener, server, backoff=NEVER) as application:
            alices.append(_alice(application))
            await alices[0].records.put("status", {"n": 0}, event=NewEvent(content="The status is 0.", role="tool"))
            await alices[0].remember("I have a dog.")
            await wait_until(lambda: replaced == 5)
            await wait_until(lambda: _knows(alices[0], "alice has a dog."))
            assert (await alices[0].context("Is there a dog?", budget=500)).degraded == frozenset()


async def test_a_scope_that_forgets_faster_than_its_model_answers_learns_what_is_left(opener: Opener) -> None:
    """A record is replaced with each answer, and never stays; the model puts its word into one of two facts."""
    alices: list[ScopedMemory] = []
    replaced, loop = 0, asyncio.get_running_loop()
    dog = said_fact(text="alice has a dog.", quote="I have a dog.", when=None)

    def said(body: dict[str, Any]) -> str:
        nonlocal replaced
        replaced += 1
        status = NewEvent(content=f"The door code is {4710 + replaced}.", role="tool")
        put = alices[0].records.put("status", {"n": replaced}, event=status)
        asyncio.run_coroutine_threadsafe(put, loop).result(60)
        cat = said_fact(text=f"alice has a cat called {4709 + replaced}.", quote="I have a cat.", when=None)
        known = "I have a cat" in body["messages"][1]["content"]
        return answer(dog, *([cat] if known else []), summaries=[{"session": 0, "text": "Pets, 4710 and 4711."}])

    with ModelServer(said) as server:
        async with _with_model(opener, server) as application:
            alices.append(_alice(application))
            first = NewEvent(content="The door code is 4710.", role="tool")
            await alices[0].records.put("status", {"n": 0}, event=first)
            await alices[0].remember_many([NewEvent(content="I have a dog."), NewEvent(content="I have a cat.")])
            await wait_until(lambda: _knows(alices[0], "alice has a dog."))
            known = str([*await alices[0].facts(superseded=True), *await alices[0].summaries()])
            assert "4711" not in known, "the second answer was written, after which that record was replaced"


async def _knows(alice: ScopedMemory, text: str) -> bool:
    return text in [fact.text for fact in await alice.facts()]


async def test_a_lost_connection_of_the_queue_lets_no_hung_model_hold_up_other_tenants(
    opener: Opener, owner: asyncpg.Connection
) -> None:
    never = threading.Event()
    with ModelServer(lambda body: Reply(text=answer(), after=never)) as server:
        async with _with_model(opener, server, llm_timeout=NEVER) as application:
            await _alice(application).remember("I have a dog.")
            await wait_until(lambda: server.requests)
            await owner.fetch(END_OURS)
            bob = application.memory.scope(tenant="globex", user="bob")
            await wait_until(lambda: _stores(bob, "I play the cello."))
            await wait_until(lambda: _finds(bob, "I play the cello."))
            never.set()


async def _stores(place: ScopedMemory, text: str) -> bool:
    with suppress(StoreUnavailable):  # on a connection that was lost too
        return bool(await place.remember(text, key=text))
    return False


async def _finds(place: ScopedMemory, text: str) -> bool:
    return text in [hit.text for hit in await place.recall("What does he play?")]


async def test_bad_answers_are_tried_again_and_then_go_to_the_dead_letters(opener: Opener) -> None:
    def said(body: dict[str, Any]) -> str:
        task, events = body["messages"][1]["content"].split("DATA", 1)
        if "TASK: decide" in task:
            return "no idea"
        city = "Rome" if "Rome" in events else "Munich"
        return answer(said_fact(text=f"alice lives in {city}.", quote=f"I live in {city}", when=None))

    with ModelServer(said) as server:
        async with _with_model(opener, server, attempts=3) as application:
            alice = _alice(application)
            await alice.remember("I live in Munich.")
            await alice.settled()
            (munich,) = await alice.facts()
            server.requests.clear()
            ack = await alice.remember("I live in Rome.")
            await alice.settled()

            assert len(server.requests) == 3 * 3  # to extract, to decide, to repair the verdict
            (letter,) = await alice.dead_letters()
            assert (letter.stage, letter.event_ids, bool(letter.reason)) == ("extraction", (ack.id,), True)
            assert await alice.facts(superseded=True) == [munich]
            assert not (await alice.context("Where does she live?", budget=500)).degraded


async def test_what_comes_together_is_extracted_together(opener: Opener) -> None:
    with ModelServer(lambda body: answer()) as server:
        async with _with_model(opener, server, extract_after=NEVER) as application:
            alice = _alice(application)
            for number in range(5):
                await alice.remember(f"My note {number} is in drawer {number}.", session="s1")
                await alice.settled(facts=False)
            assert len(await alice.recall("note in drawer 3", limit=5)) == 5
            assert server.requests == []
            await alice.settled()  # waits no longer
            [request] = server.requests
            assert "note 0" in str(request)
            assert "note 4" in str(request)


def test_only_a_model_is_worth_waiting_for() -> None:
    model = {"llm_base_url": "http://localhost/v1"}
    assert load_settings(llm_base_url=None, llm_api_key=None, openai_api_key=None).extraction_pause == timedelta()
    assert load_settings(**model).extraction_pause == EXTRACT_AFTER > timedelta()
    assert load_settings(**model, extract_after=0).extraction_pause == timedelta()
    with pytest.raises(ConfigurationError, match="extract_after"):
        load_settings(extract_after=-1)


async def test_two_workers_on_one_database_do_everything_once(opener: Opener) -> None:
    async with opener() as one, opener() as other:
        scopes = [f"user-{number}" for number in range(6)]
        said = [(name, number) for number in range(4) for name in scopes]
        acknowledged: dict[str, dict[str, Any]] = {name: {} for name in scopes}
        for name, number in said:
            memory = (one, other)[number % 2].memory.scope(tenant="acme", user=name)
            ack = await memory.remember(f"My note {number} is in drawer {number}.", key=f"k{number}")
            acknowledged[name][f"k{number}"] = ack.id
        for name in scopes:
            memory = other.memory.scope(tenant="acme", user=name)
            await memory.settled()
            await nothing_lost_and_nothing_doubled(other, memory, acknowledged[name])


@pytest.mark.parametrize("table", ["facts", "audit", "vectors", "terms"])
async def test_a_job_that_breaks_in_an_unforeseen_way_comes_back_and_leaves_nothing_half_done(
    table: str, opener: Opener, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        f"""create function public.break() returns trigger language plpgsql as
            $$ begin raise exception 'disk on fire'; end $$;
            create trigger break before insert on semmem.{table} for each row execute function public.break()"""
    )
    async with opener(attempts=100) as application:  # at the last one the event is buried
        alice = _alice(application)
        ack = await alice.remember("I am allergic to peanuts.", key="k1")
        tried = "select coalesce(max(attempts), 0) from semmem.pgqueuer"
        await wait_until(lambda: _at_least(owner, tried, 3))
        assert await alice.facts() == []
        assert await alice.summaries() == []
        assert await alice.dead_letters() == []
        assert "peanuts" in (await alice.context("Any allergies?", budget=500)).text

        await owner.execute(f"drop trigger break on semmem.{table}")
        await alice.settled()

        await nothing_lost_and_nothing_doubled(application, alice, {"k1": ack.id})


async def test_a_failed_job_waits_for_the_backoff_and_then_twice_as_long(
    opener: Opener, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        """create function public.break() returns trigger language plpgsql as
           $$ begin raise exception 'disk on fire'; end $$;
           create trigger break before insert on semmem.terms for each row execute function public.break()"""
    )
    pause = "select min(execute_after - now()) from semmem.pgqueuer where attempts = $1"
    async with opener(backoff=100, attempts=100) as application:
        await _alice(application).remember("I am allergic to peanuts.")
        await wait_until(lambda: _at_least(owner, "select max(attempts) from semmem.pgqueuer", 1))
        assert timedelta(seconds=60) < await owner.fetchval(pause, 1) <= timedelta(seconds=100)
        await owner.execute("update semmem.pgqueuer set execute_after = now() where attempts = 1")
        await wait_until(lambda: _at_least(owner, "select max(attempts) from semmem.pgqueuer", 2))
        assert timedelta(seconds=160) < await owner.fetchval(pause, 2) <= timedelta(seconds=200)


async def _at_least(connection: asyncpg.Connection, query: str, number: int) -> bool:
    return int(await connection.fetchval(query)) >= number


async def test_sigterm_stops_the_worker_cleanly(opener: Opener, urls: dict[str, Any]) -> None:
    environment = {f"SEMMEM_{name.upper()}": str(value) for name, value in urls.items() if value is not None}
    command = (sys.executable, "-m", "semmem", "worker")
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with opener(worker=False) as application:
            alice = _alice(application)
            ack = await alice.remember("I am allergic to peanuts.", key="k1")
            await alice.settled(timeout=180)
            await nothing_lost_and_nothing_doubled(application, alice, {"k1": ack.id})
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(120):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, said.decode()
    assert "Traceback" not in said.decode()
    assert "peanuts" not in said.decode()
