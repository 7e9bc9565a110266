"""Whose a thread is: what a run has read of it goes along in the config that LangGraph hands from call to call."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from langchain_core.runnables import RunnableConfig

from semmem import InvalidInput
from semmem.domain.thread import Claim, Found, ThreadKey, Turn

CLAIM = "__semmem_claim"  # LangGraph leaves names that begin so out of metadata


def claimed_by(found: Found) -> str:
    """A claim of the run that reads this, as it stands in a config."""
    return f"{_graph_of(found.key)}.{uuid4().hex}.{found.turn.owner.hex}.{found.turn.turn}"


def claim_in(configurable: Mapping[str, Any], key: ThreadKey, own: UUID) -> Claim:
    """The claim that a config has of this graph; where nothing was read of it, as where it begins, this saver's."""
    text = configurable.get(CLAIM)
    if text is None:
        return Claim(own)
    try:
        graph, run, owner, turn = str(text).split(".")
        claim = Claim(UUID(run), Turn(UUID(owner), int(turn)))
    except ValueError:  # of a turn that cannot be, too
        limit = "must be as a checkpoint's config has it"
        raise InvalidInput(f"configurable.{CLAIM}", limit, "pass that config, or leave it out") from None
    # LangGraph hands the config of a run from the past down to its sub-graphs, of which that run has read nothing.
    return claim if graph == _graph_of(key) else Claim(own)


def config_of(thread: str, namespace: str, checkpoint: str, claim: str | None) -> RunnableConfig:
    """The address of a checkpoint, as LangGraph has it, with the claim of who has read it."""
    configurable = {"thread_id": thread, "checkpoint_ns": namespace, "checkpoint_id": checkpoint}
    return {"configurable": configurable if claim is None else configurable | {CLAIM: claim}}


def _graph_of(key: ThreadKey) -> str:
    """Tells one graph of one thread from all others, in a text without dots, which part a claim."""
    return hashlib.blake2b(f"{key.thread}\0{key.namespace}".encode(), digest_size=16).hexdigest()
