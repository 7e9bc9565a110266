"""Events and facts are read alike, and say for themselves which of them they are."""

import pytest

from semmem import Event, Fact, Hit, Source
from tests.unit.retrieval.memories import ALICE, MAY, event, fact

SAID = event("I moved to Oslo.", speaker="Alice", importance=0.2)
DRAWN = fact("Alice lives in Oslo.")


@pytest.mark.parametrize(
    ("item", "kind", "text", "voice"),
    [(SAID, "event", "I moved to Oslo.", "Alice"), (DRAWN, "fact", "Alice lives in Oslo.", DRAWN.subject)],
)
def test_what_they_share(item: Event | Fact, kind: str, text: str, voice: str) -> None:
    hit = Hit(item=item, score=0.5, signals={})
    assert (item.kind, item.text, item.voice, item.role) == (kind, text, voice, "user")
    assert (item.scope, item.said_at) == (ALICE, MAY)
    assert (hit.id, hit.kind, hit.text, hit.said_at) == (item.id, kind, text, MAY)


def test_an_event_rests_on_itself_and_a_fact_on_its_sources() -> None:
    assert Hit(item=SAID, score=0.5, signals={}).sources == (Source(event_id=SAID.id, quote="I moved to Oslo."),)
    assert Hit(item=DRAWN, score=0.5, signals={}).sources == DRAWN.sources
