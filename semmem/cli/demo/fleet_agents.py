"""The three agents of `semmem demo --fleet`, each in a process of its own, on nothing but what `semmem` exports.

Run as `python -m semmem.cli.demo.fleet_agents JSON`, by the demo. Each line that it prints is a JSON object.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import aclosing
from datetime import timedelta
from typing import Annotated, Any

import semmem
from semmem import AgentMemory, State, add, append, best, replace, told, union

ROSTER = {"r1": "researcher", "a1": "analyst", "w1": "writer"}
CALLS = 100
MINUTE, SHORT = timedelta(minutes=1), timedelta(seconds=2)
READING = 0.4  # seconds, so that one can watch
HANGING = 3_600.0

# What each source says, and what is noted of it.
SOURCES = {
    "src-1": ("The market is 4.2 bn USD.", "4.2 bn USD"),
    "src-2": ("It has grown by 11 % a year since 2021.", "grows by 11 %"),
    "src-3": ("Two local firms hold 61 % of it.", "two firms hold 61 %"),
    "src-4": ("A licence takes four months.", "a licence takes 4 months"),
    "src-5": ("The import duty falls to zero in July.", "no duty from July"),
}
HANGS_AT = "src-4"


class Launch(State, version=1):
    findings: Annotated[list[str], append]
    read: Annotated[set[str], union]  # keys of sources
    verdict: Annotated[str, best] = ""
    calls_left: Annotated[int, add] = CALLS
    report: Annotated[str, replace(unseen="refuse")] = ""


async def research(me: AgentMemory, hangs: bool) -> None:
    """Reads the sources that the state does not name as read."""
    done = (await me.state())["read"]
    for key, (text, finding) in SOURCES.items():
        if key in done:
            continue
        await me.status(f"reading {key}", ttl=MINUTE)
        await asyncio.sleep(READING)
        ack = await me.remember(text, key=key, importance=0.8)
        say("remembered", key=key, status=ack.status)
        await asyncio.sleep(HANGING if hangs and key == HANGS_AT else READING)
        await me.update(findings=[finding], read={key}, calls_left=-1)
    await me.result("All sources are read.")


async def analyse(me: AgentMemory) -> None:
    """Weighs each finding as it comes, and writes to the report while the writer stands still."""
    async with aclosing(me.follow(after=0)) as coming:
        async for entry in coming:
            if "findings" in entry.fields:
                weighed = len((await me.state(at=entry.position))["findings"])
                verdict = told("enter" if weighed > 2 else "wait", confidence=weighed / 10)
                await me.update(verdict=verdict, calls_left=-1)
            elif entry.kind == "lock" and entry.agent == "w1":
                break
    try:
        async with me.lock("report", ttl=MINUTE):
            pass
    except semmem.LockHeld as held:
        say("refused", error=type(held).__name__, message=str(held))
    async with me.lock("report", ttl=MINUTE, wait=MINUTE) as lock:
        await me.state()
        await me.update(report="Note: the licence comes first.", lock=lock)


async def write(me: AgentMemory) -> None:
    """Stands still while it holds the lock, and writes what it had in mind when it wakes up."""
    async with aclosing(me.follow(after=0, event_types={"result"})) as coming:
        await anext(coming)
    draft = "Enter in May: 4.2 bn USD, growing, and no duty from July."
    async with me.lock("report", ttl=SHORT) as lock:
        await me.state()
        context = await me.context("Write the report.", budget=800, tiers=("state", "recent"))
        say("context", text=context.text, tokens=context.tokens, budget=context.budget)
        say("stops", token=lock.token)
        os.kill(os.getpid(), signal.SIGSTOP)
        say("wakes")
        for fence in (lock, None):
            try:
                await me.update(report=draft, lock=fence)
            except (semmem.LockLost, semmem.Conflict) as error:
                say("refused", error=type(error).__name__, message=str(error))
    async with me.lock("report", ttl=MINUTE, wait=MINUTE) as lock:
        noted = (await me.state())["report"]
        await me.update(report=f"{draft} {noted}", lock=lock)
    await me.result("The report is written.")


def say(what: str, **about: object) -> None:
    print(json.dumps({"what": what, **about}), flush=True)


async def main(name: str, tenant: str, workspace: str, hangs: bool, settings: dict[str, Any]) -> None:
    async with semmem.open(**settings) as memory:
        me = memory.scope(tenant=tenant, workspace=workspace, state=Launch).agent(name)
        if name == "r1":
            await research(me, hangs)
        elif name == "a1":
            await analyse(me)
        else:
            await write(me)


def _end_with_parent() -> None:
    """The demo holds the other end of stdin; when it is gone, however it ended, so is this process."""
    os.read(sys.stdin.fileno(), 1)  # not stdin.read(), whose lock would be missed where Python ends
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(main(**json.loads(sys.argv[1])))
