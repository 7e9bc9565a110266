"""A question that is asked, and for which nobody waits any more."""

import asyncio
from datetime import timedelta
from typing import Any

from semmem import AgentMemory, Question, ScopedMemory
from semmem.testing import wait_until

HOUR = timedelta(hours=1)


async def asked(
    agent: AgentMemory, place: ScopedMemory, question: str, options: tuple[str, ...], **given: Any
) -> Question:
    """As stored; who asked was stopped while it waited."""
    how: dict[str, Any] = {"within": HOUR, **given}
    waiting = asyncio.create_task(agent.ask(question, options, **how))
    found = await until_asked(place, question)
    waiting.cancel()
    await asyncio.wait([waiting])
    return found


async def until_asked(place: ScopedMemory, question: str) -> Question:
    found: list[Question] = []

    async def is_asked() -> bool:
        found[:] = [each for each in await place.questions() if each.question == question]
        return bool(found)

    await wait_until(is_asked)
    return found[0]
