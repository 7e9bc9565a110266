"""Flows that keep their state in a memory: they go on where they were, and are forgotten with their user."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from crewai.flow.async_feedback.types import PendingFeedbackContext
from crewai.flow.flow import Flow, FlowState, listen, start
from crewai.flow.persistence import persist
from pydantic import Field

from semmem import Closed, InvalidInput, Memory, StoreUnavailable
from semmem.integrations.crewai import SemmemFlowPersistence

Keeping = Callable[..., SemmemFlowPersistence]


@pytest.fixture
def keeping(settings: dict[str, Any]) -> Iterator[Keeping]:
    """Alice's of acme, unless the test says otherwise."""
    made: list[SemmemFlowPersistence] = []

    def keep(**given: Any) -> SemmemFlowPersistence:
        whose = {} if {"user", "workspace"} & set(given) else {"user": "alice"}
        made.append(SemmemFlowPersistence(**({"tenant": "acme"} | whose | settings | given)))
        return made[-1]

    yield keep
    for each in made:
        each.close()


class Trip(FlowState):
    city: str = ""
    days: list[date] = Field(default_factory=list)
    tags: set[str] = Field(default_factory=set)
    steps: int = 0


def travelling(persistence: SemmemFlowPersistence) -> Flow[Trip]:
    @persist(persistence)
    class Travelling(Flow[Trip]):
        @start()
        def choose(self) -> None:
            self.state.city = self.state.city or "Hanoi"
            self.state.steps += 1

        @listen(choose)
        def plan(self) -> None:
            self.state.days.append(date(2026, 11, 28 + len(self.state.days)))
            self.state.tags.add("planned")
            self.state.steps += 1

    return Travelling()


def test_a_flow_goes_on_in_another_process_with_what_it_had(keeping: Keeping) -> None:
    first = travelling(keeping())
    first.kickoff()
    again = travelling(keeping())
    again.kickoff(inputs={"id": first.state.id})

    assert (again.state.city, again.state.steps) == ("Hanoi", 4)
    assert again.state.days == [date(2026, 11, 28), date(2026, 11, 29)]
    assert again.state.tags == {"planned"}


def test_a_state_is_read_as_plain_json(keeping: Keeping) -> None:
    kept = keeping()
    kept.save_state("f1", "plan", {"day": date(2026, 11, 28), "tags": {"a"}, "nul": "a\x00b", "thing": object})
    state = kept.load_state("f1")

    assert state is not None
    assert (state["day"], state["tags"], state["nul"]) == ("2026-11-28", ["a"], "a\x00b")
    assert kept.load_state("another") is None
    kept.save_state("f1", "plan", Trip(city="Hue"))
    assert (kept.load_state("f1") or {})["city"] == "Hue"


def test_a_long_state_and_then_a_short_one(keeping: Keeping) -> None:
    kept = keeping()
    long = {"transcript": [f'"{number}" \\ ü' * 100 for number in range(300)]}
    kept.save_state("f1", "listen", long)
    assert kept.load_state("f1") == long
    kept.save_state("f1", "listen", {"transcript": []})
    assert kept.load_state("f1") == {"transcript": []}

    async def values(memory: Memory) -> str:
        place = memory.scope(tenant="acme", user="alice").branch("flow", "f1")
        return str([record.value for record in await place.records.find()])

    assert "u00fc" not in kept._bridge.run(values)  # how JSON spells what only the long one held


def test_a_paused_flow_waits_for_its_human(keeping: Keeping) -> None:
    context = PendingFeedbackContext(
        flow_id="f1", flow_class="a.Flow", method_name="review", method_output={"day": date(2026, 11, 28)}, message="?"
    )
    keeping().save_pending_feedback("f1", context, {"city": "Hanoi"})
    later = keeping()
    found = later.load_pending_feedback("f1")

    assert found is not None
    assert (found[0], found[1].message, found[1].requested_at) == ({"city": "Hanoi"}, "?", context.requested_at)
    assert later.load_state("f1") == {"city": "Hanoi"}
    later.clear_pending_feedback("f1")
    assert later.load_pending_feedback("f1") is None
    assert later.load_state("f1") == {"city": "Hanoi"}


def test_another_user_workspace_or_tenant_sees_nothing(keeping: Keeping) -> None:
    keeping().save_state("f1", "plan", {"city": "Hanoi"})

    for given in ({"user": "bob"}, {"workspace": "alice"}, {"tenant": "globex"}):
        assert keeping(**given).load_state("f1") is None
    assert keeping().load_state("f") is None


def test_a_flow_is_forgotten_with_its_user(keeping: Keeping) -> None:
    kept = keeping()
    kept.save_state("f1", "plan", {"city": "Hanoi"})

    async def forget(memory: Memory) -> None:
        await memory.scope(tenant="acme", user="alice").forget(everything=True)

    kept._bridge.run(forget)
    assert kept.load_state("f1") is None


def test_what_crewai_wrote_down_opens_again(keeping: Keeping, settings: dict[str, Any]) -> None:
    written = keeping().model_dump()

    assert written == {
        "persistence_type": "SemmemFlowPersistence",
        "tenant": "acme",
        "user": "alice",
        "workspace": None,
    }
    SemmemFlowPersistence(**written, **settings).close()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda kept: kept.save_state("", "m", {}), "must not be empty"),
        (lambda kept: kept.save_state("f1", "m", ["a"]), "state_data: must be a dict or a pydantic model"),
        (lambda kept: kept.save_state("f1", "m", {"a": "x" * 16_000_000}), "state_data: must be at most 15 million"),
        (lambda kept: kept.save_pending_feedback("f1", None, {}), "context: must be a PendingFeedbackContext"),
        (lambda kept: kept.load_state(7), "must be a string"),
    ],
)
def test_what_cannot_be(call: Callable[[SemmemFlowPersistence], Any], message: str) -> None:
    kept = SemmemFlowPersistence(tenant="acme", user="alice", postgres_url="postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(InvalidInput, match=message):
        call(kept)
    with pytest.raises(StoreUnavailable):
        kept.load_state("f1")
    kept.close()
    with pytest.raises(Closed):
        kept.load_state("f1")


def test_whose_it_is_has_to_be_said() -> None:
    with pytest.raises(InvalidInput, match="scope: must be one user or one workspace"):
        SemmemFlowPersistence(tenant="acme")
