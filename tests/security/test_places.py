"""Every read of every place hears its own word and no other's, whatever the places are called (P4)."""

import asyncio
import re
from collections.abc import Awaitable
from itertools import chain
from uuid import uuid4

import pytest

from semmem import Memory, ScopedMemory
from semmem.domain.scope import Branch, Scope
from tests.contract.adversarial import ARRAYS, IDS, PATHS

pytestmark = pytest.mark.soak

ACME = Scope("acme", "user", "root")
NAMES = list(
    dict.fromkeys([*IDS, *ARRAYS, *PATHS, "a' or '1'='1", '"},{"id":"b', "[!a]?", "\uff41", "a\u0301", "ﬁ", "fi"])
)
PLACES = list(
    dict.fromkeys(
        chain.from_iterable(
            (
                Branch(Scope("acme", "user", name)),
                Branch(Scope(name, "workspace", "a")),
                Branch(ACME, (name,)),
                Branch(ACME, ("a",), name),
            )
            for name in NAMES
        )
    )
)
WORD = re.compile(r"word[0-9a-f]{32}")
AT_ONCE = 8


async def _gently(work: list[Awaitable[object]]) -> None:
    """A few at the same time: a memory holds ten connections."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[object]) -> None:
        async with slots:
            await each

    await asyncio.gather(*map(one, work))


async def _reads(memory: ScopedMemory, others: str) -> dict[str, object]:
    """All that a place answers, asked for every place's word."""
    return {
        "recall": await memory.recall(others, limit=100),
        "recall by meaning": await memory.recall("What is the word?", limit=100),
        "context": await memory.context("What is the word?", budget=2_000),
        "messages": await memory.context("What is the word?", budget=2_000, format="messages"),
        "facts": await memory.facts(superseded=True),
        "history": await memory.history(),
        "summaries": await memory.summaries(),
        "events": [event async for event in memory.events()],
    }


async def test_a_thousand_reads_of_places_that_look_alike(memory: Memory) -> None:
    words = {place: f"word{uuid4().hex}" for place in PLACES}
    assert len(words) >= 146
    await _gently([memory.at(place).remember(f"My word is {word}.") for place, word in words.items()])
    await _gently([memory.at(place).settled(timeout=300) for place in words])
    foreign: dict[str, set[str]] = {}

    async def read(place: Branch) -> None:
        some = " ".join([words[place], *list(words.values())[:40]])
        for name, answer in (await _reads(memory.at(place), some)).items():
            if (heard := set(WORD.findall(repr(answer)))) != {words[place]}:
                foreign[f"{name} at {place}"] = heard

    await _gently([read(place) for place in words])
    assert foreign == {}
