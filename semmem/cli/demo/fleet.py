"""The demo of a fleet: three agents in three processes on one workspace, of whom one is killed and one stands still."""

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from semmem.cli.demo import fleet_pictures as pictures
from semmem.cli.demo.fleet_agents import CALLS, HANGS_AT, ROSTER, SOURCES, Launch
from semmem.cli.demo.pictures import chapter
from semmem.cli.output import answers
from semmem.domain.entry import Entry
from semmem.domain.reducers import told
from semmem.errors import SemmemError
from semmem.memory.scoped import ScopedMemory

TASK = "Should we enter Vietnam?"
WAKING = 0.2  # seconds between two signals to go on
SILENCE = 120.0  # seconds after which the demo gives up
STDERR = 500  # characters of what a process wrote before it died

STALE = ("LockLost", "Conflict")  # what w1's two stale writes are refused with

Said = dict[str, Any]  # what an agent's process printed
Heard = Entry | tuple[str, Said]  # an entry of the log, or what this agent said beside it


class AgentFailed(SemmemError):
    """An agent's process has ended in the middle of its work, or does nothing any more."""


@dataclass(slots=True)
class Agent:
    """An agent's process, whose lines go into `heard`."""

    name: str
    process: asyncio.subprocess.Process
    heard: "asyncio.Queue[Heard]"
    listening: asyncio.Task[None] = field(init=False)
    killed: bool = False

    def __post_init__(self) -> None:
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        async for line in self.process.stdout:
            self.heard.put_nowait((self.name, json.loads(line)))
        stderr = await self.process.stderr.read()
        code = await self.process.wait()
        if code and not self.killed:
            self.heard.put_nowait(
                (self.name, {"what": "died", "code": code, "stderr": stderr.decode()[-STDERR:].strip()})
            )

    async def kill(self) -> None:
        self.killed = True
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self.listening


@dataclass(slots=True)
class FleetStory:
    """The chapters, told from the log as it is followed and from what the agents' processes print."""

    launch: ScopedMemory
    settings: dict[str, Any]  # that agents open the same memory with
    stack: AsyncExitStack
    heard: "asyncio.Queue[Heard]" = field(default_factory=asyncio.Queue)
    agents: dict[str, Agent] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)  # how often agents have said what
    refused: Counter[str] = field(default_factory=Counter)  # how often by which error

    async def tell(self) -> None:
        answers.print(pictures.opening())
        await self.stack.enter_async_context(self._following())
        await self.a_task_begins()
        await self.one_is_killed()
        await self.it_goes_on()
        await self.one_stands_still()
        await self.a_checkpoint_leads_back()
        await self.all_is_counted()
        answers.print(pictures.ending())

    async def a_task_begins(self) -> None:
        answers.print(chapter("A task begins, and three processes work on it at once"))
        await self.launch.begin(TASK, roster=ROSTER, state=Launch)
        for name in ROSTER:
            await self._start(name, hangs=name == "r1")
        processes = {name: agent.process.pid for name, agent in self.agents.items()}
        answers.print(pictures.begun(TASK, ROSTER, processes))

    async def one_is_killed(self) -> None:
        """The researcher hangs between remembering a source and noting in the state that it is read."""
        await self._until(lambda: any(entry.event and entry.event.key == HANGS_AT for entry in self.entries))
        r1 = self.agents["r1"]
        await r1.kill()
        read = sorted((await self.launch.state())["read"])
        answers.print(pictures.news(f"r1 hangs, and its process {r1.process.pid} is killed (SIGKILL)."))
        answers.print(f"It has remembered {HANGS_AT}; the state names {', '.join(read)} as read.")

    async def it_goes_on(self) -> None:
        answers.print(chapter("r1 is started anew: it reads the state, and goes on where it was"))
        await self._start("r1", hangs=False)
        answers.print(f"It is process {self.agents['r1'].process.pid} now.\n")
        used = {"r1": len(SOURCES), "a1": len(SOURCES)}
        await self._until(
            lambda: self._has_result("r1") and all(self._changed("calls_left", by) == used[by] for by in used)
        )
        found = await self.launch.state()
        answers.print(chapter("What they share: typed fields, each with its reducer"))
        answers.print(pictures.state(found))
        answers.print(pictures.calls(found, CALLS, used))

    async def one_stands_still(self) -> None:
        answers.print(chapter("w1 takes the lock for two seconds, and its process stands still for longer"))
        await self._until(lambda: "stops" in self.said)
        await self._until(lambda: self._changed("report", "a1") > 0)
        answers.print(pictures.news("w1 wakes up (SIGCONT), and writes what it had in mind before."))
        waking = asyncio.create_task(self._wake("w1"))
        await self._until(lambda: "wakes" in self.said)
        waking.cancel()
        await self._until(lambda: self._has_result("w1"))
        report = (await self.launch.state(fields=["report"]))["report"]
        answers.print(f"\nIt has read again, and the report holds the words of both:\n“{report}”")

    async def _wake(self, name: str) -> None:
        """Again and again: the process may take a moment to stop."""
        while True:
            with suppress(ProcessLookupError):
                self.agents[name].process.send_signal(signal.SIGCONT)
            await asyncio.sleep(WAKING)

    async def a_checkpoint_leads_back(self) -> None:
        answers.print(chapter("A checkpoint, an agent that spoils things, and the way back"))
        made = await self.launch.checkpoint("before-sending")
        before = await self.launch.state()
        intern = self.launch.agent("i1")
        await intern.state()  # it has seen all, so nothing refuses it
        await intern.update(report="lorem ipsum", verdict=told("stay out", confidence=1.0))
        await self._until(lambda: self._changed("report", "i1") > 0)
        answers.print(pictures.before_and_after(before, await self.launch.state()))
        await self.launch.verify(made)
        answers.print(f"The checkpoint is verified: its SHA-256 is {made.digest[:16]}…")
        change = await self.launch.restore(made)
        after = await self.launch.state()
        answers.print(pictures.restored(change, after.values == before.values))

    async def all_is_counted(self) -> None:
        answers.print(chapter("What the log says of it all"))
        await self.launch.end("decided", "Enter in May.")
        await self._until(lambda: self._has_result(None))
        answers.print()
        log = await self.launch.entries(limit=1_000)
        stored = Counter(entry.event.key for entry in log if entry.event and entry.event.key in SOURCES)
        answers.print(
            pictures.account(
                head=log[-1].position,
                entries=len(log),
                sources=len(SOURCES),
                stored=stored.total(),
                tried=len(STALE),
                refused=sum(self.refused[error] for error in STALE),
            )
        )

    async def _start(self, name: str, *, hangs: bool) -> None:
        scope = self.launch.scope
        place = {"tenant": scope.tenant, "workspace": scope.id}
        given = json.dumps({"name": name, "hangs": hangs, "settings": self.settings, **place})
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "semmem.cli.demo.fleet_agents", given),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            process_group=0,  # Ctrl-C is for the demo, which ends its agents
        )
        self.agents[name] = agent = Agent(name, process, self.heard)
        self.stack.push_async_callback(agent.kill)

    @asynccontextmanager
    async def _following(self) -> AsyncIterator[None]:
        async def follow() -> None:
            async with aclosing(self.launch.follow(after=0)) as coming:
                async for entry in coming:
                    self.heard.put_nowait(entry)

        following = asyncio.create_task(follow())
        try:
            yield
        finally:
            following.cancel()
            await asyncio.wait({following})

    async def _until(self, happened: Callable[[], bool]) -> None:
        """Shows what happens until this has. Raises AgentFailed."""
        while not happened():
            try:
                async with asyncio.timeout(SILENCE):
                    heard = await self.heard.get()
            except TimeoutError:
                raise AgentFailed(f"no agent has done anything for {SILENCE:.0f} s") from None
            if isinstance(heard, Entry):
                self.entries.append(heard)
                answers.print(pictures.entry(heard))
            else:
                name, said = heard
                self.said[said["what"]] += 1
                self._show(name, said)

    def _show(self, name: str, said: Said) -> None:
        match said["what"]:
            case "died":
                raise AgentFailed(f"the process of {name} ended with exit code {said['code']}: {said['stderr']}")
            case "remembered" if said["status"] != "accepted":
                answers.print(
                    pictures.note(name, f"{said['key']} is a {said['status']}: it was stored before the kill")
                )
            case "context":
                answers.print(pictures.context(said))
            case "stops":
                answers.print(pictures.note(name, f"stands still (SIGSTOP), with the lock's token {said['token']}"))
            case "refused":
                self.refused[said["error"]] += 1
                answers.print(pictures.note(name, f"{said['error']}: {said['message']}", style="bold red"))

    def _has_result(self, agent: str | None) -> bool:
        results = [entry for entry in self.entries if entry.event and entry.event.event_type == "result"]
        return any(entry.agent == agent for entry in results)

    def _changed(self, field: str, agent: str) -> int:
        """Returns how often this agent has changed a field."""
        return sum(entry.agent == agent and field in entry.fields for entry in self.entries)
