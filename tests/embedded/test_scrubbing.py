"""Scrubbing holds up nobody for long, and says that bytes are gone only when they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from semmem import ScopedMemory
from semmem.domain.receipt import Receipt
from semmem.embedded import scrubbing
from semmem.errors import EmbeddedServerError
from semmem.stores.postgres.scrubs import Scrubs
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import opened


@pytest_asyncio.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    """Embedded servers of this module's own, whose worker finds nothing due."""
    async with opened({"data": tmp_path_factory.mktemp("scrubbing")}, ManualClock()) as application:
        yield application


@pytest.fixture
def alice(application: Application) -> ScopedMemory:
    return application.memory.scope(tenant="acme", user="alice")


async def _forgotten(alice: ScopedMemory) -> Receipt:
    """The receipt of something that every store has followed."""
    await alice.remember("The door code is 4711.")
    await alice.settled()
    receipt = await alice.forget(everything=True)
    await alice.settled()
    return receipt


async def _is_scrubbed(alice: ScopedMemory, receipt: Receipt) -> bool:
    assert receipt.id is not None
    return (await alice.receipt(receipt.id)).scrubbed_at is not None


@asynccontextmanager
async def _other(application: Application) -> AsyncIterator[asyncpg.Connection]:
    servers = application.stores.servers
    assert servers is not None
    connection = await asyncpg.connect(servers.postgres_url)
    yield connection
    await connection.close()


async def _scrub(application: Application, hold: float | None = 2.0) -> None:
    servers = application.stores.servers
    assert servers is not None
    await scrubbing.scrub(servers, hold=hold)


async def test_recalls_and_writes_go_on_meanwhile(application: Application, alice: ScopedMemory) -> None:
    bob = application.memory.scope(tenant="acme", user="bob")
    await bob.remember("I live in Berlin.")
    await bob.settled()
    receipt = await _forgotten(alice)
    scrubber = application.scrubber
    assert scrubber is not None
    scrubbed = asyncio.create_task(scrubber.scrub())
    calls = 0
    while not scrubbed.done():
        assert any("Berlin" in hit.text for hit in await bob.recall("Where does he live?"))
        await bob.remember(f"Note {calls}.", key=f"note {calls}")
        calls += 1
    assert await scrubbed >= 1
    assert calls > 3
    assert await _is_scrubbed(alice, receipt)
    await bob.settled()
    assert len(await bob.history()) == calls + 1 <= 50


async def test_a_transaction_that_may_still_see_the_rows_puts_it_off(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "OLDER_SECONDS", 0.3)
    async with _other(application) as other, other.transaction(isolation="repeatable_read"):
        await other.fetch("select count(*) from semmem.events")
        with pytest.raises(EmbeddedServerError, match="a transaction has been open"):
            await _scrub(application)
    await _scrub(application)


async def test_a_table_in_use_puts_it_off_and_is_given_up_in_between(
    application: Application, alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "LOCK_TRIES", 2)
    receipt = await _forgotten(alice)
    scrubber = application.scrubber
    assert scrubber is not None
    async with _other(application) as other, other.transaction():
        await other.execute("lock table semmem.events in access share mode")
        with pytest.raises(EmbeddedServerError, match=r"semmem\.events could not be written anew"):
            await scrubber.scrub()
        assert await alice.recall("door code") is not None
    assert not await _is_scrubbed(alice, receipt)
    await scrubber.scrub()
    assert await _is_scrubbed(alice, receipt)


async def test_two_do_not_scrub_at_once(application: Application, alice: ScopedMemory) -> None:
    receipt = await _forgotten(alice)
    assert application.scrubber is not None
    async with _other(application) as other:
        assert await Scrubs(other).alone()
        scrubbed = asyncio.create_task(application.scrubber.scrub())
        assert not (await asyncio.wait({scrubbed}, timeout=1.0))[0]
        assert not await _is_scrubbed(alice, receipt)
    assert await scrubbed >= 1
    assert await _is_scrubbed(alice, receipt)


async def test_a_table_that_takes_too_long_is_left_as_it_is(application: Application) -> None:
    with pytest.raises(EmbeddedServerError, match="too large to be written anew while it is in use; `semmem scrub`"):
        await _scrub(application, hold=0.001)
    await _scrub(application, hold=None)


@pytest.mark.parametrize("name", ["redis", "qdrant", "postgres"])
async def test_a_server_that_is_down_puts_it_off(
    application: Application, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = application.stores.servers
    assert servers is not None
    await servers.stop(name)  # type: ignore[arg-type]
    try:
        with pytest.raises(EmbeddedServerError, match=f"{name} could not be scrubbed"):
            await _scrub(application)
    finally:
        await servers.start(name)  # type: ignore[arg-type]


async def test_the_worker_waits_for_half_of_the_time_and_comes_back_for_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, tries = ManualClock(), list[None]()
    kept = scrubbing.scrub

    async def failing_once(*args: object, **given: object) -> None:
        tries.append(None)
        if len(tries) == 1:
            raise EmbeddedServerError("not now")
        await kept(*args, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(scrubbing, "scrub", failing_once)
    async with opened({"data": tmp_path / "data"}, clock, scrub_within=timedelta(hours=1)) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        receipt = await _forgotten(alice)
        assert receipt.scrub_due == clock.now + timedelta(hours=1)
        clock.advance(minutes=29)
        assert application.scrubber is not None
        await application.scrubber.keep()
        assert not tries
        clock.advance(minutes=1)
        await wait_until(lambda: _is_scrubbed(alice, receipt))
        assert len(tries) == 2
        assert receipt.id is not None
        assert (await alice.receipt(receipt.id)).scrubbed_at == clock.now
