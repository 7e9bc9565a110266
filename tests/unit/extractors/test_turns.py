"""Rules that read a long text leave the loop to others meanwhile."""

import asyncio

from semmem.extractors.offline import OfflineExtractor
from tests.unit.extractors.builders import event


async def test_a_long_event_holds_nobody_up() -> None:
    text = "".join(f"I stopped x{number} y{number}. " for number in range(150))
    reading = asyncio.create_task(OfflineExtractor().extract([event(text)], {}))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert len((await reading).drafts) > 0
    assert turns > 10
