"""LangGraph's own suite for savers, whole."""

from collections.abc import AsyncGenerator

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability

from tests.integrations.test_langgraph.conftest import SaverMaker

TESTS = 81  # of langgraph-checkpoint-conformance 0.0.2


async def test_langgraphs_own_suite_passes(make_saver: SaverMaker) -> None:
    async def saver() -> AsyncGenerator[BaseCheckpointSaver[str], None]:
        yield make_saver()

    report = await validate(checkpointer_test(name="SemmemSaver")(saver))

    assert {name: result.failures for name, result in report.results.items() if result.failures} == {}
    assert {name for name, result in report.results.items() if result.passed} == {each.value for each in Capability}
    assert sum(result.tests_passed for result in report.results.values()) >= TESTS


async def test_the_suite_finds_a_saver_that_loses_writes(
    make_saver: SaverMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*given: object) -> None:
        """Says that it is done."""

    async def saver() -> AsyncGenerator[BaseCheckpointSaver[str], None]:
        made = make_saver()
        monkeypatch.setattr(type(made), "aput_writes", lost)
        yield made

    report = await validate(checkpointer_test(name="lossy")(saver), capabilities={"put_writes"})
    assert report.results["put_writes"].failures
