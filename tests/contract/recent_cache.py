"""Events for the tests of the recent cache, and what its keys look like."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from semmem.domain.event import Event
from semmem.domain.scope import Scope
from semmem.stores.redis.keys import ScopeKeys

CAP = 5
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_seqs = count(1)


def event(scope: Scope, **changes: Any) -> Event:
    plain = Event(
        id=uuid4(),
        seq=next(_seqs),
        scope=scope,
        content="I moved to Berlin.",
        role="user",
        speaker=None,
        agent="support",
        agent_type=None,
        session="s1",
        event_type="message",
        importance=0.5,
        metadata={},
        occurred_at=NOON,
        recorded_at=NOON,
        key=None,
    )
    return replace(plain, **changes)


def some(scope: Scope, number: int) -> list[Event]:
    """Oldest first, as they are remembered."""
    return [event(scope) for _ in range(number)]


def newest_first(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda each: -each.seq)


async def is_kept(client: Redis, keys: ScopeKeys) -> bool:
    return bool(await client.exists(keys.recent))
