"""Puts together how a scope does."""

import asyncio
import json

from semmem.domain.health import Health, warnings_of
from semmem.domain.scope import Scope
from semmem.domain.state import Snapshot
from semmem.memory.parts import Parts
from semmem.ports import TokenCounter
from semmem.retrieval.budget import BYTES_A_TOKEN, FLOORS

COUNTED = 256 * 1024  # bytes of state; the tokens of a larger one are estimated


async def health_of(parts: Parts, scope: Scope, role: str | None, budget: int) -> Health:
    now = parts.clock()
    counts = await parts.health.scope(scope, role, now)
    checkpoint = next(iter(await parts.checkpoints.all(scope)), None)
    size = sum(field.bytes for field in counts.fields.values())
    if 0 < size <= COUNTED:
        state = await parts.state.current(scope, None, [], role=role)
        tokens = await asyncio.to_thread(_tokens, state, parts.counter)
    else:
        tokens = size // BYTES_A_TOKEN
    local_log = await parts.keeping.counts(scope) if parts.keeping else None
    share = tokens / (FLOORS["state"] * budget)
    warnings = warnings_of(
        share=share,
        budget=budget,
        groups=counts.groups,
        dead_letters=counts.dead_letters,
        waiting=counts.waiting,
        local_log=local_log,
    )
    return Health(
        scope=scope,
        head=counts.head,
        floor=counts.floor,
        fields=counts.fields,
        bytes=size,
        tokens=tokens,
        budget=budget,
        share=share,
        groups=counts.groups,
        oldest_lease=counts.oldest_lease,
        dead_letters=counts.dead_letters,
        checkpoint=checkpoint,
        checkpoint_age=now - checkpoint.at if checkpoint else None,
        waiting=counts.waiting,
        local_log=local_log,
        warnings=tuple(warnings),
    )


def _tokens(state: Snapshot, counter: TokenCounter) -> int:
    """Of all fields that were told, as a context writes them, without its markup."""
    lines = [f"{name}: {json.dumps(state[name], ensure_ascii=False)}" for name in state.told_at]
    return counter.count("\n".join(lines))
