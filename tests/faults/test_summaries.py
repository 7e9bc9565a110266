"""A summary is made again while writers go on, and of what stands when it is written."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from semmem.engine import summaries
from semmem.engine.summaries import SummaryRebuilder, _Ground, _told
from semmem.extractors.offline import Weighed, condensed
from semmem.testing import ManualClock
from tests.applications import Opener
from tests.unit.extractors.builders import event

SECONDS = 60


async def test_what_goes_while_the_text_is_made_is_not_in_it(
    opener: Opener, clock: ManualClock, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opener() as filled:
        alice = filled.memory.scope(tenant="acme", user="alice")
        first = await alice.remember("I am allergic to peanuts.", session="s1")
        await alice.remember("My door code is 4711.", session="s1")
        await alice.remember("I live in Bergen.", session="s1")
        await alice.settled()
    made: list[str] = []

    async def meanwhile() -> None:
        owner = await asyncpg.connect(postgres_url)
        try:
            await owner.execute("set lock_timeout = '5s'")
            await owner.execute("select from semmem.scopes where tenant = 'acme' for update")
            await owner.execute("delete from semmem.facts where text like '%4711%'")
        finally:
            await owner.close()

    def interrupted(said: Sequence[Weighed]) -> str:
        if not made:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, meanwhile()).result(SECONDS)
        made.append(condensed(said))
        return made[-1]

    async with opener(worker=False) as idle:
        alice = idle.memory.scope(tenant="acme", user="alice")
        await alice.forget(event=first.id)
        monkeypatch.setattr(summaries, "condensed", interrupted)
        await SummaryRebuilder(idle.stores.postgres, clock).run(alice.scope)
        texts = [summary.text for summary in await alice.summaries()]
    assert "4711" in made[0]
    assert texts
    for text in texts:
        assert "Bergen" in text
        assert "4711" not in text
        assert "peanuts" not in text


async def test_what_is_told_by_the_events_alone_is_all_that_holds_of_them() -> None:
    said = ["I live in Oslo.", "I work as a nurse.", "I live in Bergen now.", "I have a dog called Rex."]
    told = await _told(_Ground([], [event(text) for text in said], {}))
    text = condensed(told)
    assert "Oslo" not in text
    for holds in ("nurse", "Bergen", "Rex"):
        assert holds in text
