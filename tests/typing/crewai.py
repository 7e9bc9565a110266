"""CrewAI's provider as its users have it: read by `mypy --strict` in `make test-crewai`, never run."""

from typing import Any, assert_type

from crewai import Crew
from crewai.flow.persistence.base import FlowPersistence
from crewai.memory.types import MemoryMatch, MemoryRecord
from crewai.memory.unified_memory import Memory

from semmem import Branch, Scope
from semmem.integrations.crewai import SemmemFlowPersistence, SemmemMemory, SemmemStorage, rebind, register


def a_crews_memory() -> None:
    with_settings = SemmemMemory(tenant="acme", user="alice", root_scope="/support", postgres_url="postgresql:///x")
    memory: Memory = with_settings
    assert_type(memory.remember("The lift is out of order.", scope="/house", importance=0.9), MemoryRecord | None)
    assert_type(with_settings.remember("The lift is out of order."), MemoryRecord)
    assert_type(with_settings.recall("What is broken?", depth="shallow"), list[MemoryMatch])
    with_settings.close()


def a_storage(crew: Crew) -> None:
    register(postgres_url="postgresql:///x")
    rebind(crew, SemmemMemory(tenant="acme", workspace="support"))
    assert_type(SemmemStorage(Scope.user("acme", "alice")).root, Branch)


def a_flows_state() -> None:
    kept = SemmemFlowPersistence(tenant="acme", user="alice", postgres_url="postgresql:///x")
    persistence: FlowPersistence = kept
    assert_type(persistence.load_state("flow-1"), dict[str, Any] | None)
    kept.close()
