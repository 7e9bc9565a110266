"""Writers of one scope never wait for each other in a circle; what Postgres breaks off all the same is tried again."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from semmem import NewEvent, ScopedMemory, WriteConflict
from semmem.domain.scope import Scope
from semmem.memory.memory import Memory
from semmem.stores.postgres.jobs import JobQueue
from semmem.wiring.bootstrap import Application
from tests.applications import Opener

ALICE = Scope("acme", "user", "alice")
SECONDS = 60


@pytest.fixture
def no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semmem.stores.postgres.trying.TRIES", 1)


@pytest.mark.usefixtures("no_second_try")
async def test_the_same_keys_in_any_order_from_many_callers(alice: ScopedMemory) -> None:
    events = [NewEvent(content=f"My note {number}.", key=f"k{number}") for number in range(20)]
    for turn in range(5):
        own = [NewEvent(content=event.content, key=f"{event.key}-{turn}") for event in events]
        orders = [own, own[::-1], own[10:] + own[:10], own[::2] + own[1::2]]
        acks = await asyncio.gather(*(alice.remember_many(order) for order in orders * 2))
        assert len({ack.id for of_caller in acks for ack in of_caller}) == len(events)
        assert sum(ack.status == "accepted" for of_caller in acks for ack in of_caller) == len(events)


@pytest.mark.usefixtures("no_second_try")
async def test_reports_keys_and_forgetting_beside_the_worker(alice: ScopedMemory) -> None:
    def heard(number: int, agent: str) -> NewEvent:
        return NewEvent(content=f"The customer wrote note {number}.", role="system", agent=agent)

    async def report(agent: str, step: int) -> None:
        reports = [heard(number, agent) for number in range(8)][::step]
        keyed = [NewEvent(content=f"My key {number}.", key=f"k{number}") for number in range(8)][::-step]
        await alice.remember_many([*reports, *keyed] if step > 0 else [*keyed, *reports])

    for turn in range(5):
        await asyncio.gather(
            *(report(f"agent-{turn}-{number}", 1 if number % 2 else -1) for number in range(6)),
            alice.forget(session="s"),
            alice.forget(agent=f"agent-{turn - 1}-0"),
        )
    assert len({event.id for event in await alice.history(limit=100) if event.key}) == 8


@pytest.mark.usefixtures("no_second_try")
@pytest.mark.parametrize("below", [(), ("clients", "quixotic")])
async def test_records_events_and_forgetting_in_one_place(memory: Memory, below: tuple[str, ...]) -> None:
    root = memory.scope(tenant="acme", user="alice")
    place = root.branch(*below) if below else root

    def put(number: int) -> Any:
        return place.records.put(f"r{number}", {"n": number}, event=NewEvent(content=f"I own {number} books."))

    for _ in range(5):
        await asyncio.gather(
            *(put(number) for number in range(3)),
            *(place.remember(f"I own {number} books.", key=f"k{number}") for number in range(3)),
            *(
                place.remember(f"The bell rang {number} times.", role="system", agent=f"a{number}")
                for number in range(3)
            ),
            place.records.delete(["r1"]),
            place.forget(everything=True),
        )
    await place.forget(everything=True)
    assert await place.history() == []
    assert await root.branches() == []


async def test_a_writer_locks_no_row_of_the_queue(
    alice: ScopedMemory, application: Application, owner: asyncpg.Connection
) -> None:
    """The queue beats for all its jobs in one statement, in any order."""
    await alice.remember("My first note.")
    async with application.stores.postgres.transaction(ALICE) as tx:
        await tx.connection.execute("select semmem.queue('index', 'acme', 'user', 'alice')")
        await owner.execute("set lock_timeout = '1s'")
        await owner.execute("update semmem.pgqueuer set heartbeat = now()")


async def test_the_end_of_a_job_waits_for_writers_that_counted_on_it(opener: Opener, owner: asyncpg.Connection) -> None:
    async with opener(worker=False) as application:
        postgres, parts = application.stores.postgres, application.parts
        jobs = JobQueue(postgres, parts.clock, extract_after=timedelta())
        async with postgres.transaction(ALICE) as tx:
            await tx.connection.execute("select semmem.queue('index', 'acme', 'user', 'alice')")
        finished = await owner.fetchval("select id from semmem.pgqueuer")
        async with postgres.transaction(ALICE, parts.clock()) as tx:
            await parts.events.append(tx, [NewEvent(content="A late note.")], dedup_window=timedelta())
            ending = asyncio.create_task(jobs.release(finished, "index", ALICE))
            assert not (await asyncio.wait({ending}, timeout=0.5))[0]
        async with asyncio.timeout(SECONDS):
            await ending
        assert await owner.fetchval("select count(*) from semmem.pgqueuer where dedupe_key like 'index:%'") == 1


@pytest.mark.parametrize("code", ["40P01", "40001"])
async def test_a_write_that_postgres_breaks_off_is_done_by_the_next_try(
    alice: ScopedMemory, owner: asyncpg.Connection, code: str
) -> None:
    await _break_off(owner, code, times=2)
    ack = await alice.remember("I am allergic to peanuts.", key="k1")
    await alice.records.put("diet", {"peanuts": False}, event=NewEvent(content="I eat no peanuts."))
    assert (await alice.history())[-1].id == ack.id
    assert len(await alice.history()) == 2


async def test_one_that_is_broken_off_every_time_says_that_nothing_was_written(
    alice: ScopedMemory, owner: asyncpg.Connection
) -> None:
    await _break_off(owner, "40P01", times=1_000)
    with pytest.raises(WriteConflict, match="nothing was written, so call again"):
        await alice.remember("I am allergic to peanuts.")
    assert await alice.history() == []


async def _break_off(owner: asyncpg.Connection, code: str, *, times: int) -> None:
    """Each of the next inserts of events fails; a sequence counts them, for it is not rolled back."""
    await owner.execute(f"""
        create sequence public.tries;
        grant usage on sequence public.tries to semmem_app;
        create function public.break_off() returns trigger language plpgsql as $$
        begin
            if nextval('public.tries') <= {times} then
                raise exception using errcode = '{code}', message = 'broken off';
            end if;
            return new;
        end $$;
        create trigger break_off before insert on semmem.events for each row execute function public.break_off();
    """)
