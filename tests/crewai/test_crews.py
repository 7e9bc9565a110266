"""Crews, agents and flows that work with semmem; their language model is a local server that counts."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from crewai.flow.flow import Flow, listen, start

from semmem.integrations.crewai import SemmemMemory
from semmem.testing import ModelServer, Reply
from tests.crewai.conftest import Remembering
from tests.crewai.crews import agent_of, asked_of, calls_tool, crew_of, said

FACT = "The warehouse in Leipzig closes at 17:30."
TASKS = {"Find out when the warehouse in Leipzig closes.": "Researcher", "Write to the customer.": "Writer"}


@pytest.fixture
def answering(server: ModelServer) -> ModelServer:
    server.answer = lambda body: FACT if "You are Researcher" in said(body) else "Dear customer, all is well."
    return server


def test_a_crew_remembers_and_calls_no_model_for_it(answering: ModelServer, memory: SemmemMemory) -> None:
    crew_of(answering, memory, TASKS).kickoff()

    assert len(answering.requests) == len(TASKS)
    assert len(asked_of("Researcher", answering.requests) + asked_of("Writer", answering.requests)) == len(TASKS)
    assert [FACT in record.content for record in memory.list_records()] == [False, True]


def test_the_second_agent_reads_what_the_first_learnt(answering: ModelServer, memory: SemmemMemory) -> None:
    crew_of(answering, memory, TASKS).kickoff()
    crew_of(answering, memory, {"When does the warehouse in Leipzig close?": "Driver"}).kickoff()

    [asked] = asked_of("Driver", answering.requests)
    assert FACT in asked
    assert "Relevant memories" in asked


def test_agents_below_a_root_scope_have_places_of_their_own(answering: ModelServer, remembering: Remembering) -> None:
    memory = remembering(root_scope="/crew/depot")

    crew_of(answering, memory, TASKS).kickoff()

    assert memory.list_scopes("/agent") == ["/crew/depot/agent/researcher", "/crew/depot/agent/writer"]


@pytest.mark.parametrize("how", ["kickoff", "akickoff", "kickoff_async"])
def test_every_way_to_start_a_crew(answering: ModelServer, memory: SemmemMemory, how: str) -> None:
    memory.remember(FACT)
    crew = crew_of(answering, memory, {"When does the warehouse in Leipzig close?": "Driver"})

    assert crew.kickoff() if how == "kickoff" else asyncio.run(getattr(crew, how)())
    assert FACT in asked_of("Driver", answering.requests)[0]
    assert len(memory.list_records()) == 2


def test_an_agent_without_a_crew(answering: ModelServer, memory: SemmemMemory) -> None:
    memory.remember(FACT)

    agent_of(answering, "Driver", memory=memory).kickoff("When does the warehouse in Leipzig close?")

    assert FACT in asked_of("Driver", answering.requests)[0]
    memory.drain_writes()
    assert len(memory.list_records()) == 2


def test_an_agent_that_may_only_read(answering: ModelServer, memory: SemmemMemory, remembering: Remembering) -> None:
    memory.remember(FACT)
    reader = remembering(read_only=True)

    agent_of(answering, "Driver", memory=reader).kickoff("When does the warehouse in Leipzig close?")
    crew_of(answering, reader, {"When does the warehouse in Leipzig close?": "Pilot"}).kickoff()

    assert all(FACT in asked_of(role, answering.requests)[0] for role in ("Driver", "Pilot"))
    assert len(memory.list_records()) == 1


def test_a_flow(memory: SemmemMemory) -> None:
    class Depot(Flow):  # type: ignore[type-arg]
        @start()
        def learn(self) -> str:
            self.remember(FACT, scope="/depot")
            self.remember(["The depot has two gates."], scope="/depot")
            return "learnt"

        @listen(learn)
        def answer(self, _: str) -> list[str]:
            return [match.record.content for match in self.recall("When does the warehouse close?", scope="/depot")]

    answered = Depot(memory=memory).kickoff()

    assert FACT in answered
    assert len(memory.list_records("/depot")) == 2


def test_the_tools_that_agents_are_given(server: ModelServer, memory: SemmemMemory) -> None:
    memory.remember(FACT)

    def script(body: Any) -> str | Reply:
        turns = sum(message["role"] == "tool" for message in body["messages"])
        if turns == 0:
            return calls_tool("search_memory", {"queries": ["When does the warehouse close?"]})
        if turns == 1:
            return calls_tool("save_to_memory", {"contents": ["The customer was told."]})
        return Reply(text="Half past five.", usage=False)

    server.answer = script
    crew_of(server, memory, {"Answer the customer.": "Driver"}).kickoff()

    answers = [m["content"] for m in server.requests[-1]["messages"] if m["role"] == "tool"]
    assert FACT in answers[0]
    assert "Saved to memory (scope=/, importance=0.5)" in answers[1]
    assert "The customer was told." in [record.content for record in memory.list_records()]


def test_views_in_a_crew(answering: ModelServer, memory: SemmemMemory) -> None:
    memory.remember(FACT, scope="/depot/leipzig")
    memory.remember("The warehouse in Ulm closes at 12:00.", scope="/depot/ulm")
    question = {"When does the warehouse close?": "Driver"}

    crew_of(answering, memory.scope("/depot/leipzig"), question).kickoff()
    crew_of(answering, memory.slice(["/depot/leipzig"]), question).kickoff()

    asked = asked_of("Driver", answering.requests)
    assert len(asked) == 2
    assert all(FACT in text and "12:00" not in text for text in asked)


def test_a_crew_of_another_process_recalls_what_the_first_learnt(
    answering: ModelServer, remembering: Remembering, settings: dict[str, Any]
) -> None:
    script = Path(__file__).with_name("first_crew.py")
    run = [sys.executable, str(script), answering.base_url, repr(settings)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, cwd=script.parents[2], check=False)
    assert done.returncode == 0, done.stderr[-2000:]

    crew_of(answering, remembering(), {"When does the warehouse in Leipzig close?": "Driver"}).kickoff()

    assert FACT in asked_of("Driver", answering.requests)[0]


def test_many_threads_at_once(memory: SemmemMemory) -> None:
    def work(number: int) -> bool:
        memory.remember(f"Note {number} of the day.", scope=f"/thread/{number % 5}")
        memory.remember_many([f"More on note {number}."], scope=f"/thread/{number % 5}")
        found = memory.recall(f"Note {number} of the day.", scope=f"/thread/{number % 5}", depth="shallow")
        return f"Note {number} of the day." in [match.record.content for match in found]

    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(work, range(60)))
    assert memory.info("/thread").record_count == 120


def test_crewais_reset_forgets_this_memory_alone(
    answering: ModelServer, memory: SemmemMemory, remembering: Remembering
) -> None:
    other = remembering(user="bob")
    other.remember("Bob's.")
    crew = crew_of(answering, memory, TASKS)
    crew.kickoff()

    crew.reset_memories("memory")

    assert memory.list_records() == []
    assert len(other.list_records()) == 1
