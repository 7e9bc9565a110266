"""Whose a thread is: what a run has read of it goes along in the config that LangGraph hands from call to call."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from langchain_core.runnables import RunnableConfig

from semmem import InvalidInput
from semmem.domain.thread import Claim, Found, Turn

CLAIM = "__semmem_claim"  # LangGraph leaves names that begin so out of metadata


def claimed_by(found: Found) -> str:
    """A claim of the run that reads this, as it stands in a config."""
    return f"{uuid4().hex}.{found.turn.owner.hex}.{found.turn.turn}"


def claim_in(configurable: Mapping[str, Any], own: UUID) -> Claim:
    """The claim of a config; of one that was read from nowhere, as where a thread begins, a claim of this saver."""
    text = configurable.get(CLAIM)
    if text is None:
        return Claim(own)
    try:
        run, owner, turn = str(text).split(".")
        return Claim(UUID(run), Turn(UUID(owner), int(turn)))
    except ValueError:  # of a turn that cannot be, too
        limit = "must be as a checkpoint's config has it"
        raise InvalidInput(f"configurable.{CLAIM}", limit, "pass that config, or leave it out") from None


def config_of(thread: str, namespace: str, checkpoint: str, claim: str | None) -> RunnableConfig:
    """The address of a checkpoint, as LangGraph has it, with the claim of who has read it."""
    configurable = {"thread_id": thread, "checkpoint_ns": namespace, "checkpoint_id": checkpoint}
    return {"configurable": configurable if claim is None else configurable | {CLAIM: claim}}
