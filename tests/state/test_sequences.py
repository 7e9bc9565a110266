"""Any sequence of updates, restores and other entries leaves the state that the reducers in Python make of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semmem import Memory, ScopedMemory, told
from semmem.domain.schema import declaration_of
from semmem.testing import ManualClock
from tests.counts import times
from tests.state.launch import Launch
from tests.state.model import Model, Telling

pytestmark = pytest.mark.shared

words = st.sampled_from(["", "a", "b", "naïve", "👩‍🚀", '"\\'])
numbers = st.integers(-3, 3) | st.integers(-(10**15), 10**15)
fractions = st.sampled_from([0.1, 0.2, -0.3, 1.0, 2.5, 1e-9, 123456.789])
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "title": words,
    "report": words,
    "status": words,
    "findings": st.lists(words, max_size=4),
    "news": st.lists(numbers, max_size=5),
    "owners": st.dictionaries(words.filter(bool), words, max_size=3),
    "tags": st.sets(words, max_size=4),
    "calls_left": numbers,
    "spent": fractions,
    "highest": numbers,
    "lowest": fractions,
    "verdict": st.none() | words,
}
fields = st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4, unique=True)
updates = fields.flatmap(
    lambda names: st.tuples(
        st.just("update"),
        st.fixed_dictionaries({name: VALUES[name] for name in names}),
        st.sampled_from([0.2, 0.5, 1.0]),
        st.integers(-3, 3),  # minutes until it was seen
    )
)
others = st.sampled_from([("remember",), ("checkpoint",)])
restores = st.tuples(st.just("restore"), st.integers(0, 30))


@settings(
    max_examples=times(15, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(updates | updates | updates | restores | others, min_size=1, max_size=25))
async def test_the_database_and_python_agree(
    memory: Memory, tenant: str, clock: ManualClock, steps: list[tuple[Any, ...]]
) -> None:
    launch = memory.scope(tenant=tenant, workspace=uuid4().hex, state=Launch)
    model, kept = Model(declaration_of(Launch)), []
    for number, step in enumerate(steps):
        clock.advance(seconds=1)
        agent = launch.agent(f"agent-{number % 3}")
        match step:
            case ("update", values, confidence, minutes):
                await _update(agent, model, clock, values, confidence, minutes)
            case ("restore", position) if position <= model.position:
                change = await agent.restore(position)
                if change.written:
                    model.restore(position)
                assert model.values() == model.values(position)
            case ("remember",):
                await agent.remember(f"This is note {number}.")
                model.pass_over()
            case ("checkpoint",):
                kept.append(await agent.checkpoint(pinned=True))
                model.pass_over()
        now = await agent.state()
        assert (now.values, now.position) == (model.values(), model.position)

    for position in range(model.position + 1):
        assert (await launch.state(at=position)).values == model.values(position)
    for checkpoint in kept:
        await launch.verify(checkpoint)
        await launch.restore(checkpoint)
        assert (await launch.state()).values == model.values(checkpoint.position)


async def _update(
    agent: ScopedMemory, model: Model, clock: ManualClock, values: dict[str, Any], confidence: float, minutes: int
) -> None:
    told_at = clock.now + timedelta(minutes=minutes)
    if not model.declared:
        model.pass_over()  # the first update declares the fields, which is an entry too
        model.declared = True
    changes: dict[str, Any] = {name: told(value, confidence=confidence) for name, value in values.items()}
    change = await agent.update(seen=model.position, told_at=told_at, **changes)
    written = model.update({name: Telling(value, confidence, told_at) for name, value in values.items()})
    assert (set(change.written), change.position) == (written, model.position)
