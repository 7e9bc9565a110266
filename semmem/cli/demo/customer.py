"""The demo: a returning customer is recalled across sessions, and by nobody else."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from semmem.cli.demo import pictures
from semmem.cli.demo.dialogue import (
    ADDRESS,
    ALLERGY,
    BUDGET,
    CORRECTED_BY,
    HEARD,
    MAYA,
    NEW_SESSION,
    OTHERS,
    PASTED,
    QUESTIONS,
    SAID,
    TRIP,
    UNANSWERED,
    Customer,
)
from semmem.cli.output import answers, notes
from semmem.cli.running import application, memory_of, run
from semmem.cli.settling import followed, settle
from semmem.domain.event import Ack, NewEvent
from semmem.domain.fact import Fact, events_of
from semmem.domain.hit import RELEVANT

if TYPE_CHECKING:
    from semmem.memory.scoped import ScopedMemory
    from semmem.wiring.bootstrap import Application

EMBEDDED: dict[str, Any] = {
    "postgres_url": None,
    "postgres_admin_url": None,
    "redis_url": None,
    "qdrant_url": None,
    "vector_index": "qdrant",
    "worker": True,
}


def demo(
    ctx: typer.Context,
    fleet: Annotated[
        bool, typer.Option("--fleet", help="Three agents in three processes, of whom one is killed in its work.")
    ] = False,
) -> None:
    """Watch an agent recall a returning customer, or agents work together, on real servers that are started for it.

    Everything happens in a temporary folder that is removed afterwards, unless --data names one. With OPENAI_API_KEY
    or SEMMEM_LLM_BASE_URL that model finds the facts; without, rules do. With --fleet no model is asked.

    Example: semmem demo

    Example: semmem demo --fleet
    """

    async def work() -> None:
        async with AsyncExitStack() as stack:
            folder = await _folder(ctx, stack)
            if fleet:
                await _fleet(ctx, stack, folder)
                return
            opened = await stack.enter_async_context(application(ctx, **(EMBEDDED | {"data": folder})))
            answers.print(pictures.opening(opened.models.extractor.name, opened.models.embedder.model))
            story = Story(opened, memory_of(opened, MAYA.scope), datetime.now(UTC))
            said = await story.events_go_in()
            await story.facts_come_out(said)
            await story.a_person_corrects(said)
            await story.a_new_session_recalls()
            await story.context_fits_its_budget()
            await story.others_get_nothing_of_it(said)
            await story.qdrant_stops()
            await story.a_fact_is_forgotten(said)
        answers.print(pictures.ending())

    run(work())


async def _folder(ctx: typer.Context, stack: AsyncExitStack) -> Path:
    """Returns the data folder that --data names, or one that goes with the stack."""
    if "data" in ctx.obj:
        return Path(ctx.obj["data"])
    from semmem.embedded.layout import temporary_folder

    return await stack.enter_async_context(temporary_folder("semmem-demo-"))


async def _fleet(ctx: typer.Context, stack: AsyncExitStack, folder: Path) -> None:
    from semmem.cli.demo.fleet import FleetStory
    from semmem.cli.demo.fleet_agents import Launch

    settings = EMBEDDED | {"data": str(folder), "worker": False}
    opened = await stack.enter_async_context(application(ctx, **settings))
    # A workspace of its own, so that the demo may run on a data folder that is kept.
    launch = opened.memory.scope(tenant="acme", workspace=f"launch-{datetime.now(UTC):%Y%m%dT%H%M%S}", state=Launch)
    await FleetStory(launch, settings, stack).tell()


@dataclass(frozen=True, slots=True)
class Story:
    """The demo's chapters, each told from what the memory answers. `now` is when it is told."""

    application: "Application"
    maya: "ScopedMemory"
    now: datetime

    async def events_go_in(self) -> dict[str, set[UUID]]:
        """Returns the ids of Maya's events, by what was said in them."""
        answers.print(pictures.chapter("Three sessions with Maya Lindqvist, over two months, go in"))
        said: dict[str, set[UUID]] = {}
        for events, acks in await self._remembered(MAYA):
            answers.print(pictures.acknowledged(events, acks))
            for event, ack in zip(events, acks, strict=True):
                said.setdefault(event.content, set()).add(ack.id)
        [again] = await self.maya.remember_many([events[-1]])
        answers.print(pictures.redelivered(events[-1], again))
        return said

    async def _remembered(self, customer: Customer) -> list[tuple[list[NewEvent], list[Ack]]]:
        memory, remembered = memory_of(self.application, customer.scope), []
        for session in customer.sessions:
            events = list(customer.events(session, self.now))
            remembered.append((events, await memory.remember_many(events)))
            await settle([memory])
        return remembered

    async def facts_come_out(self, said: dict[str, set[UUID]]) -> None:
        answers.print(pictures.chapter("What was learnt, with the words it rests on"))
        facts = await self.maya.facts(superseded=True)
        answers.print(pictures.facts(sorted(facts, key=lambda fact: (fact.said_at, fact.version))))
        address = _resting_on(facts, said[ADDRESS])
        if address:
            answers.print("", pictures.timeline("the address over time", await self.maya.timeline(address.id)))
        mailed = [fact for fact in facts if said[PASTED] & set(events_of(fact))]
        trip = _resting_on(facts, said[TRIP])
        answers.print(pictures.left_alone(mailed, trip))

    async def a_person_corrects(self, said: dict[str, set[UUID]]) -> None:
        answers.print(pictures.chapter(f"{CORRECTED_BY} knows better: the line was bad"))
        wrong = _resting_on(await self.maya.facts(), said[ALLERGY])
        if wrong is None or HEARD not in wrong.text:
            answers.print("The model drew no fact from it.")
            return
        right = await self.maya.correct(wrong.id, text=wrong.text.replace(HEARD, SAID), by=CORRECTED_BY)
        await settle([self.maya])
        answers.print(pictures.timeline("the allergy", await self.maya.timeline(right.id)))

    async def a_new_session_recalls(self) -> None:
        answers.print(pictures.chapter("Today Maya is back: what the agent recalls, and why"))
        for question in QUESTIONS:
            answers.print(pictures.recalled(question, await self.maya.recall(question, limit=2)))
        nothing = await self.maya.recall(UNANSWERED, limit=2, min_score=RELEVANT)
        answers.print(pictures.recalled(UNANSWERED, nothing))

    async def context_fits_its_budget(self) -> None:
        answers.print(pictures.chapter("What the agent's model is given"))
        made = await self.maya.context(QUESTIONS[0], budget=BUDGET, session=NEW_SESSION)
        answers.print(pictures.context(made))

    async def others_get_nothing_of_it(self, said: dict[str, set[UUID]]) -> None:
        answers.print(pictures.chapter("Two other customers ask the same"))
        mayas = set().union(*said.values())
        for customer in OTHERS:
            await self._remembered(customer)
            memory = memory_of(self.application, customer.scope)
            found = [await memory.recall(question, limit=100) for question in QUESTIONS]
            answers.print(pictures.stranger(customer, QUESTIONS, found, mayas))

    async def qdrant_stops(self) -> None:
        answers.print(pictures.chapter("Qdrant is stopped: Postgres answers in its place"))
        servers = self.application.stores.servers
        assert servers is not None
        await servers.stop("qdrant")
        answers.print(pictures.recalled(QUESTIONS[0], await self.maya.recall(QUESTIONS[0], limit=2)))
        with notes.status("Qdrant starts again"):
            await servers.start("qdrant")
        answers.print(pictures.recalled(QUESTIONS[0], await self.maya.recall(QUESTIONS[0], limit=1)))

    async def a_fact_is_forgotten(self, said: dict[str, set[UUID]]) -> None:
        answers.print(pictures.chapter("Maya asks that Sven's allergy be forgotten"))
        fact = _resting_on(await self.maya.facts(), said[ALLERGY])
        if fact is None:
            answers.print("The model drew no fact from it.")
            return
        receipt = await followed(self.maya, await self.maya.forget(fact=fact.id))
        answers.print(pictures.forgotten(fact, receipt))
        answers.print(pictures.recalled(QUESTIONS[2], await self.maya.recall(QUESTIONS[2], limit=2)))


def _resting_on(facts: Sequence[Fact], events: set[UUID]) -> Fact | None:
    return next((fact for fact in facts if events & set(events_of(fact))), None)
