"""Excerpts of long texts: the sentences that answer, whole, with a mark where something was left out."""

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
    wanted = frozenset(terms(query))
    shared = [len(wanted.intersection(terms(part))) for part in parts]
    # Best first, as many as fit; ties go to the earlier sentence.
    chosen: list[int] = []
    left = characters
    for at in sorted(range(len(parts)), key=lambda at: -shared[at]):
        if chosen and len(parts[at]) > left:
            break
        chosen.append(at)
        left -= len(parts[at])
    shown: list[str] = []
    last = -1
    for at in sorted(chosen):
        if at > last + 1:
            shown.append(LEFT_OUT)
        shown.append(parts[at])
        last = at
    if last < len(parts) - 1:
        shown.append(LEFT_OUT)
    return " ".join(shown)
