"""Excerpts of long texts: the sentences that answer, whole, with a mark where something was left out."""

from collections.abc import Sequence

from semmem.retrieval.analysis import terms
from semmem.retrieval.pieces import sentences

LEFT_OUT = "[…]"


def excerpt(text: str, query: str, characters: int) -> str:
    """At most about `characters` of the text: the sentences that share most words with the query, in their order.

    A text that is short enough comes back as it is. The first of the sentences chosen is shown even if it is longer.
    """
    if len(text) <= characters:
        return text
    parts = sentences(text)
    return _joined(parts, _chosen(parts, frozenset(terms(query)), characters))


def _chosen(parts: Sequence[str], wanted: frozenset[str], characters: int) -> list[int]:
    """Best first, as many as fit; ties go to the earlier sentence."""
    shared = [len(wanted.intersection(terms(part))) for part in parts]
    chosen: list[int] = []
    left = characters
    for at in sorted(range(len(parts)), key=lambda at: -shared[at]):
        if chosen and len(parts[at]) > left:
            break
        chosen.append(at)
        left -= len(parts[at])
    return sorted(chosen)


def _joined(parts: Sequence[str], chosen: Sequence[int]) -> str:
    shown: list[str] = []
    last = -1
    for at in chosen:
        shown += [LEFT_OUT] * (at > last + 1) + [parts[at]]
        last = at
    return " ".join([*shown, *[LEFT_OUT] * (last < len(parts) - 1)])
