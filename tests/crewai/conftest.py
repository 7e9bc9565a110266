"""CrewAI's own tests: skipped as a whole where it is not installed (`make test-crewai` has an environment for it)."""

import os
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from semmem.testing import ModelServer
from tests.applications import FAST

if TYPE_CHECKING:
    from semmem.integrations.crewai import SemmemMemory

collect_ignore_glob = [] if find_spec("crewai") else ["test_*.py"]

# Read when crewai is imported: no telemetry, no traces, and its own files out of the way.
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", OTEL_SDK_DISABLED="true", CREWAI_TRACING_ENABLED="false")
os.environ["CREWAI_STORAGE_DIR"] = tempfile.mkdtemp(prefix="semmem-crewai-")

Remembering = Callable[..., "SemmemMemory"]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on how fast this machine indexes."""
    if find_spec("crewai"):
        monkeypatch.setattr("semmem.integrations.crewai.recalling.INDEX_SECONDS", 60.0)


@pytest.fixture
def settings(urls: dict[str, Any]) -> dict[str, Any]:
    """What every memory of a test is opened with: this test's own stores, and a worker."""
    return FAST | urls


@pytest.fixture
def remembering(settings: dict[str, Any]) -> Iterator[Remembering]:
    """Opens memories that are closed when the test ends: `remembering(user="bob", root_scope="/crew/a")`."""
    from semmem.integrations.crewai import SemmemMemory

    opened: list[SemmemMemory] = []

    def remember(**given: Any) -> SemmemMemory:
        whose = {} if {"user", "workspace"} & set(given) else {"user": "alice"}
        opened.append(SemmemMemory(**{"tenant": "acme"} | whose | settings | given))
        return opened[-1]

    yield remember
    for memory in opened:
        memory.close()


@pytest.fixture
def memory(remembering: Remembering) -> "SemmemMemory":
    """Alice's."""
    return remembering()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """The crew's language model, which says the same to everything until a test scripts it."""
    with ModelServer(answer=lambda body: "Done.") as server:
        yield server


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """CrewAI's memory events, in the order they were emitted."""
    from crewai.events.event_bus import crewai_event_bus
    from crewai.events.types import memory_events as kinds

    heard: list[Any] = []
    names = ("Query", "Save")
    with crewai_event_bus.scoped_handlers():
        for kind in [getattr(kinds, f"Memory{name}{how}Event") for name in names for how in ("Completed", "Failed")]:
            crewai_event_bus.on(kind)(lambda source, event: heard.append(event))
        yield heard
        crewai_event_bus.flush()
