"""Any order of calls, crashes and losses, compared with a small model: what `make machine` runs for long.

A failure prints the shortest run that still fails, one call a line.
"""

import asyncio
import os
import signal
from collections.abc import Coroutine
from math import ceil
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from semmem import KeyConflict, StoreUnavailable
from semmem.memory.scoped import ScopedMemory
from semmem.testing import ModelServer
from tests.machine.checks import check_answer, check_now, check_settled
from tests.machine.model import KINDS, PLACES, Expected, Place, Said, word
from tests.machine.world import World

EXAMPLES = int(os.environ.get("SEMMEM_TEST_EXAMPLES", "12"))
PARTS = range(4)  # for several processes to share
STEPS = int(os.environ.get("SEMMEM_TEST_STEPS", "30"))

T = TypeVar("T")
places = st.sampled_from(PLACES[:2]) | st.sampled_from(PLACES)  # two of them see enough to go wrong
kinds = st.sampled_from(list(KINDS))
sessions = st.sampled_from(["s1", "s2"])
positions = st.integers(0, 9)
IN_WORK = ["job-claimed", "facts-writing", "facts-committed", "mirror-writing", "mirror-written"]


class Machine(RuleBasedStateMachine):
    world: ClassVar[World]
    runner: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[Place, Expected] = {}
        self.touched: Place | None = None
        self.number = 0
        self.settled = self.dropped = False
        self.run(self.world.begin())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def at(self, place: Place) -> tuple[ScopedMemory, Expected]:
        self.touched = place
        return self.world.memory(place), self.expected.setdefault(place, Expected())

    def pick(self, place: Place, position: int) -> Said | None:
        said = self.at(place)[1].events
        return said[-1 - position % len(said)] if said else None

    def say(self, place: Place, kind: str, word: str, session: str, *, killed: bool = False) -> None:
        """One event with a key of its own; where its sender is killed, it is delivered again."""
        memory, expected = self.at(place)
        self.number += 1
        self.world.clock.advance(minutes=1)
        said = {"content": KINDS[kind].format(word=word), "key": f"k{self.number}", "session": session}
        if killed:
            assert self.run(self.world.kill("event-committed", "remember", place, **said)) == -signal.SIGKILL
        ack = self.run(memory.remember(**said, agent="agent"))  # type: ignore[arg-type]
        assert ack.status == ("duplicate" if killed else "accepted")
        expected.events.append(Said(ack.id, said["key"], kind, word, session))
        self.settled = False

    @rule(place=places, kind=kinds, session=sessions, killed=st.just(False) | st.booleans())
    def remember(self, place: Place, kind: str, session: str, killed: bool) -> None:
        self.say(place, kind, word(self.number), session, killed=killed)

    @rule(place=places, position=positions, session=sessions)
    def say_again(self, place: Place, position: int, session: str) -> None:
        """The same words in another event, be the earlier one forgotten or not."""
        expected = self.at(place)[1]
        said = [one for one in expected.events + expected.forgotten if one.kind != "move"]
        if said:
            earlier = said[position % len(said)]
            self.say(place, earlier.kind, earlier.word, session)

    @rule(place=places, session=sessions)
    def supersede(self, place: Place, session: str) -> None:
        self.say(place, "move", word(self.number), session)

    @rule(place=places, position=positions)
    def deliver_again(self, place: Place, position: int) -> None:
        said = self.pick(place, position)
        if said:
            memory = self.at(place)[0]
            sent = {"key": said.key, "session": said.session, "agent": "agent"}
            ack = self.run(memory.remember(said.content, **sent))  # type: ignore[arg-type]
            assert (ack.id, ack.status) == (said.id, "duplicate")
            with pytest.raises(KeyConflict):
                self.run(memory.remember("Another body.", **sent))  # type: ignore[arg-type]

    @rule(place=places, number=st.integers(0, 40))
    def recall(self, place: Place, number: int) -> None:
        """Asks for a word that was said here, or elsewhere, or is forgotten."""
        memory, expected = self.at(place)
        self.run(check_answer(memory, expected, f"Where is {word(number % (self.number + 1))}?"))

    @rule(place=places, position=positions)
    def forget_event(self, place: Place, position: int) -> None:
        said = self.pick(place, position)
        if said:
            memory, expected = self.at(place)
            receipt = self.run(memory.forget(event=said.id))
            assert receipt.counts["events"] == 1
            expected.forget({said.id})
            self.settled = False

    @rule(place=places, position=positions)
    def forget_fact(self, place: Place, position: int) -> None:
        """All versions of it go, with the events that they rest on."""
        memory, expected = self.at(place)
        facts = self.run(memory.facts(superseded=True))
        if facts:
            fact = facts[position % len(facts)]
            versions = self.run(memory.timeline(fact.id))
            self.run(memory.forget(fact=fact.id))
            expected.forget({source.event_id for version in versions for source in version.sources})
            self.settled = False

    @rule(place=places, session=sessions, failpoint=st.none() | st.sampled_from(["forget-writing", "forget-committed"]))
    def forget_session(self, place: Place, session: str, failpoint: str | None) -> None:
        memory, expected = self.at(place)
        if failpoint is None:
            self.run(memory.forget(session=session))
        else:
            code = self.run(self.world.kill(failpoint, "forget", place, session=session))
            assert code == -signal.SIGKILL
        if failpoint != "forget-writing":
            expected.forget({said.id for said in expected.events if said.session == session})
        self.settled = False

    @rule(place=places)
    def forget_everything(self, place: Place) -> None:
        memory, expected = self.at(place)
        self.run(memory.forget(everything=True))
        expected.forget({said.id for said in expected.events})
        self.settled = False

    @precondition(lambda self: self.expected and not self.settled)
    @rule(place=places, failpoint=st.sampled_from(IN_WORK))
    def crash_worker(self, place: Place, failpoint: str) -> None:
        self.at(place)
        assert self.run(self.world.kill(failpoint, "work", place)) == -signal.SIGKILL

    @rule()
    def restart(self) -> None:
        self.run(self.world.restart())

    @precondition(lambda self: self.expected)
    @rule()
    def drop_redis(self) -> None:
        self.run(self.world.drop_redis())

    @precondition(lambda self: self.expected and not self.dropped)
    @rule()
    def drop_qdrant(self) -> None:
        self.run(self.world.drop_qdrant())
        self.dropped, self.settled = True, False

    @precondition(lambda self: self.expected and not self.settled)
    @rule()
    def work(self) -> None:
        """A worker does all that waits."""
        self.run(self._work())
        self.settled, self.dropped = True, False

    async def _work(self) -> None:
        async with self.world.working():
            for place in self.expected:
                await self.world.memory(place).settled()
            await self.world.until_qdrant_is_whole()
            for place in self.expected:
                await self.world.memory(place).settled()
        for place, expected in self.expected.items():
            await check_now(self.world.memory(place), expected)
            await check_settled(self.world, self.world.memory(place), expected)

    @rule(place=places)
    def reconcile(self, place: Place) -> None:
        self.at(place)
        try:
            found = self.run(self.world.memory(place).reindex())
        except StoreUnavailable:  # it was dropped, and no worker has made it anew
            assert not self.settled
        else:
            assert found.drift == 0 or not self.settled

    def check_invariants(self, *given: Any) -> None:
        """After each step, of the place at hand; as an @invariant it would print a line between any two calls."""
        super().check_invariants(*given)
        if self.touched:
            self.run(check_now(*self.at(self.touched)))

    def teardown(self) -> None:
        if self.expected:
            self.run(self._work())


@pytest.mark.soak
@pytest.mark.parametrize("part", PARTS)
def test_no_order_of_calls_crashes_and_losses_breaks_a_promise(part: int, urls: dict[str, Any]) -> None:
    with ModelServer() as server, asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        models = {"embedding_base_url": server.base_url, "embedding_model": "hashed", "embedding_api_key": "test"}
        Machine.world, Machine.runner = World(urls | models | {"embedder": "openai"}), runner
        runner.run(Machine.world.__aenter__())
        try:
            run_state_machine_as_test(
                seed(part)(Machine) if settings().derandomize else Machine,
                settings=settings(
                    max_examples=ceil(EXAMPLES / len(PARTS)),
                    stateful_step_count=STEPS,
                    deadline=None,
                    print_blob=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(Machine.world.__aexit__())
