"""What must be true of a memory after any fault, judged from outside the process that suffered it."""

from collections import Counter
from uuid import UUID

from semmem.memory.scoped import ScopedMemory
from semmem.wiring.bootstrap import Application


async def drift(application: Application, alice: ScopedMemory) -> set[UUID]:
    """Ids on which Postgres and the vector index disagree."""
    assert application.stores.mirror is not None
    wanted = await application.work.versions(alice.scope)
    held = {id: version async for id, version in application.stores.mirror.scan(alice.scope)}
    return {id for id in wanted.keys() | held.keys() if wanted.get(id) != held.get(id)}


async def nothing_lost_and_nothing_doubled(
    application: Application, alice: ScopedMemory, acknowledged: dict[str, UUID]
) -> None:
    """Every acknowledged key stands for exactly one event, each with its facts once, and every index agrees."""
    events = [event async for event in alice.events()]
    assert {key: id for key, id in acknowledged.items() if id not in {event.id for event in events}} == {}
    assert [key for key, number in Counter(event.key for event in events).items() if number > 1] == []
    facts = await alice.facts()
    assert [text for text, number in Counter(fact.text for fact in facts).items() if number > 1] == []
    resting = {source.event_id for fact in facts for source in fact.sources}
    assert resting == {event.id for event in events}
    assert await drift(application, alice) == set()
