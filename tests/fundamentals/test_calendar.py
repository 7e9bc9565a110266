"""Times at the ends of the calendar and in odd zones: kept exactly, or refused; what stands there already is read."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from semmem import InvalidInput, NewEvent, ScopedMemory
from semmem.domain.checks import EARLIEST, LATEST
from semmem.domain.fact import Validity
from semmem.extractors.dates import annotate, resolve
from semmem.wiring.bootstrap import Application
from tests.cached import cached_events

pytestmark = pytest.mark.shared

GO_ZERO = datetime(1, 1, 1, tzinfo=UTC)  # of Go and of .NET, where nobody set a time
REFUSED = [
    GO_ZERO,
    datetime(1, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    datetime(1, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1, 1, 2, 5, tzinfo=timezone(timedelta(hours=14))),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=-12))),
    datetime.max.replace(tzinfo=timezone(timedelta(minutes=-1))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
]


@pytest.mark.parametrize("moment", REFUSED, ids=str)
async def test_a_time_that_no_store_can_keep_is_refused(moment: datetime) -> None:
    for make in (lambda: NewEvent(content="tea", occurred_at=moment), lambda: Validity(start=moment)):
        with pytest.raises(InvalidInput, match=r"0001-01-02 and 9999-12-31.*leave it out"):
            make()


@pytest.mark.parametrize("name", ["since", "until", "as_of"])
async def test_nor_can_be_asked_for(alice: ScopedMemory, name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        await alice.recall("tea", **{name: GO_ZERO})  # type: ignore[arg-type]


KEPT = [
    EARLIEST,
    EARLIEST.astimezone(timezone(timedelta(hours=-12))),
    datetime(2, 1, 1, tzinfo=UTC),
    datetime(1582, 10, 10, tzinfo=timezone(timedelta(hours=14))),
    datetime(1880, 1, 1, 12, 0, 0, 1, tzinfo=ZoneInfo("Europe/Berlin")),  # 53 minutes and 28 seconds east
    datetime(1844, 12, 30, tzinfo=ZoneInfo("Asia/Manila")),  # nearly 16 hours west
    datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59))),
    datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=-23, minutes=-59, seconds=-59))),
    datetime(2020, 1, 1, tzinfo=timezone(timedelta(microseconds=7))),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
]


async def test_any_other_comes_back_as_it_was_from_every_store(application: Application, tenant: str) -> None:
    for number, moment in enumerate(KEPT):
        bob = application.memory.scope(tenant=tenant, user=f"bob-{number}")
        await bob.remember("I met Anna yesterday, and last week, and 900 years ago.", occurred_at=moment)
        await bob.settled()
        [kept] = await bob.history()  # from Postgres
        found = await bob.recall("Anna")  # through Qdrant
        near = await bob.recall("Anna", since=moment, until=moment)
        cached = await cached_events(application, bob)
        said = [kept.occurred_at, cached[0].occurred_at, *(hit.said_at for hit in (*found, *near))]
        assert {(at.astimezone(UTC), at.utcoffset()) for at in said} == {(moment.astimezone(UTC), moment.utcoffset())}
        assert len(near) >= 1
        assert found.degraded == frozenset()


@pytest.mark.parametrize("stored", ["-infinity", "infinity", "0001-01-01T00:00Z", "0044-03-15 BC", "294276-12-31"])
async def test_a_row_with_such_a_time_is_read_learnt_from_and_forgotten(
    application: Application, alice: ScopedMemory, tenant: str, stored: str
) -> None:
    ack = await alice.remember("I met Anna yesterday, and I live in Berlin since last week.", session="s1")
    await alice.remember("I like jasmine tea.")
    connection = await asyncpg.connect(application.settings.postgres_url)
    await connection.execute(f"update semmem.events set occurred_at = '{stored}' where id = $1", ack.id)  # noqa: S608
    await alice.settled()
    for table, times in (("facts", ("said_at", "valid_from")), ("vectors", ("at",)), ("passages", ("at",))):
        for time in times:
            await connection.execute(f"update semmem.{table} set {time} = '{stored}' where tenant = $1", tenant)  # noqa: S608
    await connection.close()

    assert any("Anna" in hit.text for hit in await alice.recall("Whom did I meet?"))
    assert "jasmine" in (await alice.context("tea", budget=500)).text
    assert all(EARLIEST <= event.occurred_at <= LATEST for event in await alice.history())
    assert await alice.facts()
    assert [line async for line in alice.export()]
    await alice.remember("I moved to Munich.")  # the scope goes on learning
    await alice.settled()
    assert (await alice.forget(event=ack.id)).counts["events"] == 1
    assert not any("Anna" in hit.text for hit in await alice.recall("Whom did I meet?"))


@pytest.mark.parametrize("said_at", [EARLIEST, LATEST, datetime(2026, 3, 1, tzinfo=UTC)], ids=str)
def test_a_date_beyond_the_calendar_dates_nothing(said_at: datetime) -> None:
    for text in (
        *("yesterday", "last week", "last weekend", "last month", "last year", "on Monday", "in June", "next year"),
        *("999 years ago", "999 weeks ago", "999 days ago", "I will be there in 999 years", "tomorrow", "until May"),
        *("0000-00-00", "1999-99-99", "31 February 2020", "from May to June", "until 31 December", "since January"),
    ):
        for validity in (resolve(text, said_at), resolve(f"We will meet {text}.", said_at)):
            assert all(at is None or EARLIEST <= at <= LATEST for at in (validity.start, validity.end))
        assert annotate(text, said_at).startswith(text[:3])
