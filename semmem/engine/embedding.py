"""Embeds events, of which a long one is read in pieces; each text once."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from semmem.domain.embeddings import Embeddings, TokenStates
from semmem.domain.event import Event
from semmem.ports import Embedder
from semmem.retrieval.documents import event_document, event_pieces, has_more_pieces
from semmem.runtime.together import together


class Embedded(NamedTuple):
    """Vectors of events, and each one's token states: of its pieces, if it is long; none where there are none.

    `cut` are those, by their place, of which no more than a part was read; the rest is found by its words alone.
    """

    embeddings: Embeddings
    states: list[Sequence[TokenStates]]
    cut: frozenset[int]


async def embed_events(embedder: Embedder, events: Sequence[Event]) -> Embedded:
    """Raises ModelUnavailable or ModelError where the embedder fails."""
    parts = [event_pieces(event) or [event_document(event)] for event in events]
    flat = [part for of_event in parts for part in of_event]
    ends = list(accumulate(map(len, parts)))
    rows = [range(end - len(of_event), end) for end, of_event in zip(ends, parts, strict=True)]
    if embedder.pools:
        return _put_together(await embedder.embed(flat, tokens=True), events, rows)
    documents = [event_document(event) for event in events]
    embeddings, states = await together(embedder.embed(documents), embedder.states(flat))
    of_events: list[Sequence[TokenStates]] = [states[of.start : of.stop] if states else () for of in rows]
    return Embedded(embeddings, of_events, embeddings.truncated)


def _put_together(found: Embeddings, events: Sequence[Event], rows: Sequence[range]) -> Embedded:
    """A text's vector is the direction of its tokens' mean: that of its pieces', each weighing as many as it has."""
    assert found.tokens is not None, "asked for"
    states: list[Sequence[TokenStates]] = [found.tokens[of.start : of.stop] for of in rows]
    vectors = np.zeros((len(rows), found.vectors.shape[1]), np.float32)
    for place, of in enumerate(rows):
        lengths = np.array([len(piece.tokens) or 1 for piece in states[place]], np.float32)
        pooled = lengths @ found.vectors[of.start : of.stop]
        vectors[place] = pooled / (np.linalg.norm(pooled) or 1.0)
    refused = {place: found.refused[row] for place, of in enumerate(rows) for row in of if row in found.refused}
    cut = {place for place, of in enumerate(rows) if not found.truncated.isdisjoint(of)}
    cut |= {place for place, event in enumerate(events) if has_more_pieces(event)}
    return Embedded(Embeddings(vectors, refused=refused), states, frozenset(cut))
