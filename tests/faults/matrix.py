"""Every fault before every dependency, met by every verb of one open memory: what it answers, and how long it takes.

`make faults` prints it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from semmem import ScopedMemory, StoreUnavailable, TimedOut
from semmem.embedded import open_servers
from semmem.migrations import upgrade
from semmem.runtime.breaker import FIRST_PAUSE
from semmem.testing import ManualClock, ModelServer, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import opened
from tests.faults.oracle import nothing_lost_and_nothing_doubled
from tests.faults.proxy import BlackHole, Connect, Cut, Delay, Drip, Drop, Fault, Garbage, HalfClose, Proxy, Refuse
from tests.servers import way_to_postgres
from tests.unit.extractors.builders import answer, said_fact, verdicts

DEPENDENCIES = ("postgres", "redis", "qdrant", "chat", "embedder")
VERBS = ("remember", "recall", "context", "forget", "worker")
NAMES = {"chat": "llm"}  # in `degraded`, where that is another one
TRIES = 3
MANY = 60  # deadlines after which a call counts as one that never returns

MakeFault = Callable[[float], Fault]  # of the deadline in seconds

FAULTS: Mapping[str, MakeFault] = {
    "refuse": lambda unit: Refuse(),
    "black hole": lambda unit: BlackHole(),
    "drop": lambda unit: Drop(),
    "delay": lambda unit: Delay(10 * unit),
    "drip": lambda unit: Drip(unit / 4),
    "cut": lambda unit: Cut(after=20),
    "half-close": lambda unit: HalfClose(),
    "garbage": lambda unit: Garbage(),
}


def deadlines(unit: float) -> dict[str, Any]:
    """The settings that give every call and every model the same time, a write twice as long, and a job more."""
    times = dict.fromkeys(("read_timeout", "postgres_wait", "llm_timeout", "embedding_timeout"), unit)
    return times | {"write_timeout": 2 * unit, "statement_timeout": 6 * unit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`answer` is "found", "done" or an error; `took` is in deadlines."""

    answer: str
    degraded: frozenset[str] = frozenset()
    took: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What each verb met while the fault lasted, and how all was well again after it."""

    dependency: str
    fault: str
    cells: Mapping[str, Cell]
    recovery: Cell


def drawers(body: Mapping[str, Any]) -> str:
    """A chat model that knows one kind of sentence, and finds no two facts related."""
    task, _, data = body["messages"][1]["content"].partition("DATA")
    if "decide" in task:
        return verdicts(*((int(number), "add", None) for number in re.findall(r"^D(\d+) ", data, re.MULTILINE)))
    said = re.findall(r"^\[(\d+)\] .*?: (I keep my (\S+) in drawer (\w+))", data, re.MULTILINE)
    return answer(
        *(
            said_fact(text=f"alice keeps her {what} in drawer {where}.", quote=quote, source=int(line), when=None)
            for line, quote, what, where in said
        )
    )


class Bench:
    """One open memory with a proxy before each of its dependencies; they are healed one at a time."""

    def __init__(self, application: Application, proxies: Mapping[str, Proxy], unit: float) -> None:
        self.application, self.proxies, self.unit = application, proxies, unit

    async def episode(self, dependency: str, fault: str, make: MakeFault) -> Episode:
        """A user tells something, the fault begins, each verb is called, the fault ends, and all must be well again."""
        visit = Visit(self.application, self.unit)
        await visit.begin()
        proxy, imposed = self.proxies[dependency], make(self.unit)
        first = len(fault) % len(VERBS)  # with each fault another verb is the first to meet it
        cells = {}
        for verb in (*VERBS[first:], *VERBS[:first]):
            for _ in range(TRIES):  # a slow machine may miss another part's time once; a wrong name stays
                await proxy.impose(imposed)
                cells[verb] = await self._timed(visit.verbs[verb])
                if cells[verb].degraded <= {NAMES.get(dependency, dependency)}:
                    break
                await asyncio.sleep(2 * FIRST_PAUSE)  # until a probe has found that part back
        await proxy.heal()
        for _ in range(TRIES):  # a slow machine may miss a deadline, too
            recovery = await self._timed(visit.recover)
            if not recovery.answer.startswith(TimedOut.__name__):
                break
        return Episode(dependency=dependency, fault=fault, cells=cells, recovery=recovery)

    async def _timed(self, call: Callable[[], Awaitable[Cell]]) -> Cell:
        """What it answered or raised, and when."""
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(MANY * self.unit):
                cell = await call()
        except StoreUnavailable as error:
            cell = Cell(answer=f"{type(error).__name__}({error.store})")
        except Exception as error:  # a cell holds whatever comes of it
            cell = Cell(answer=f"{type(error).__name__}: {error}"[:300])
        return replace(cell, took=(asyncio.get_running_loop().time() - began) / self.unit)


@dataclass
class Visit:
    """One user's calls in an episode, and what of them has to be there when it is over."""

    application: Application
    unit: float
    tried: dict[str, str] = field(default_factory=dict)  # contents by key
    acknowledged: dict[str, UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alice: ScopedMemory = self.application.memory.scope(tenant=f"tenant-{uuid4()}", user="alice")
        self.verbs: Mapping[str, Callable[[], Awaitable[Cell]]] = {
            "remember": self._remembered,
            "recall": self._recalled,
            "context": self._told,
            "forget": self._forgotten,
            "worker": self._worked,
        }

    async def begin(self) -> None:
        for what in ("violin", "passport"):
            await wait_until(partial(_done, partial(self._said, what)))
        await wait_until(partial(_done, self._nothing_degraded))

    async def recover(self) -> Cell:
        """Whatever was refused is said again, as a client would, and then nothing may be missing, twice or degraded."""
        for step in (self._said_again, self._forgotten_again, self._nothing_degraded, partial(self._said, "camera")):
            await wait_until(partial(_done, step))
        await self.alice.settled()
        await nothing_lost_and_nothing_doubled(self.application, self.alice, self.acknowledged)
        open_receipts = [receipt for receipt in await self.alice.receipts() if not receipt.complete]
        return Cell(answer=f"{len(open_receipts)} receipts stay open" if open_receipts else "well")

    async def _remembered(self) -> Cell:
        await self._said("umbrella")
        return Cell(answer="done")

    async def _recalled(self) -> Cell:
        recall = await self.alice.recall("Where is my violin?")
        return Cell(answer="found" if "violin" in str(recall) else "missing", degraded=recall.degraded)

    async def _told(self) -> Cell:
        context = await self.alice.context("Where is my violin?", budget=500)
        return Cell(answer="found" if "violin" in context.text else "missing", degraded=context.degraded)

    async def _forgotten(self) -> Cell:
        await self.alice.forget(event=self.acknowledged["passport"])
        return Cell(answer="done")

    async def _worked(self) -> Cell:
        """What is said now is indexed whatever else is down; its facts are drawn, or an answer says why not."""
        await self._said("compass")
        await self.alice.settled(facts=False, timeout=MANY * self.unit)
        recall = await self.alice.recall("Where is my compass?")
        named: set[str] = set()
        await wait_until(partial(self._drawn_or_named, named))
        return Cell(answer="found" if "compass" in str(recall) else "missing", degraded=recall.degraded | named)

    async def _drawn_or_named(self, named: set[str]) -> bool:
        context = await self.alice.context("Where is my compass?", budget=500)
        named |= context.degraded & {"llm", "embedder"}
        return bool(named) or any("compass" in fact.text for fact in await self.alice.facts())

    async def _said(self, what: str) -> bool:
        self.tried.setdefault(what, f"I keep my {what} in drawer {len(self.tried)}.")
        self.acknowledged[what] = (await self.alice.remember(self.tried[what], key=what)).id
        return True

    async def _said_again(self) -> bool:
        for what in self.tried.keys() - self.acknowledged.keys():
            await self._said(what)
        return True

    async def _forgotten_again(self) -> bool:
        await self.alice.forget(event=self.acknowledged["passport"])
        del self.acknowledged["passport"]
        return True

    async def _nothing_degraded(self) -> bool:
        await self.alice.settled()
        cells = await self._recalled(), await self._told()
        return all(cell.answer == "found" and not cell.degraded for cell in cells)


async def _done(step: Callable[[], Awaitable[bool]]) -> bool:
    """False where the step found a store still away: a breaker takes a moment to find it back."""
    try:
        return await step()
    except StoreUnavailable:
        return False


@asynccontextmanager
async def open_bench(folder: Path, unit: float) -> AsyncIterator[Bench]:
    """On servers of its own; `unit` is the deadline that everything is given, in seconds."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(await open_servers(folder))
        await upgrade(servers.postgres_url)
        model = stack.enter_context(ModelServer(drawers))
        addresses: dict[str, Connect] = {
            "postgres": way_to_postgres(servers.postgres_url),
            "redis": partial(asyncio.open_unix_connection, urlsplit(servers.redis_url).path),
            "qdrant": _tcp(servers.qdrant_url),
            "chat": _tcp(model.base_url),
            "embedder": _tcp(model.base_url),
        }
        proxies = {name: await stack.enter_async_context(Proxy(connect)) for name, connect in addresses.items()}
        ports = {name: proxy.port for name, proxy in proxies.items()}
        settings = {
            "postgres_url": f"postgresql://semmem@127.0.0.1:{ports['postgres']}/semmem",
            "redis_url": f"redis://:{urlsplit(servers.redis_url).password}@127.0.0.1:{ports['redis']}/0",
            "qdrant_url": f"http://127.0.0.1:{ports['qdrant']}",
            "qdrant_api_key": servers.qdrant_api_key,
            "llm_base_url": f"http://127.0.0.1:{ports['chat']}/v1",
            "llm_api_key": "test",
            "llm_model": "drawers",
            "embedder": "openai",
            "embedding_base_url": f"http://127.0.0.1:{ports['embedder']}/v1",
            "embedding_model": "hashed",
            "embedding_api_key": "test",
            "attempts": 1_000,  # an outage is no reason to give an event up
        }
        opening = opened(settings | deadlines(unit), ManualClock())
        yield Bench(await stack.enter_async_context(opening), proxies, unit)


def _tcp(url: str) -> Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    parts = urlsplit(url)
    return partial(asyncio.open_connection, parts.hostname, parts.port)
