"""Excerpts of long texts: the sentences that answer, with a mark where something was left out."""

from collections.abc import Iterator

from semmem.ports import TokenCounter
from semmem.retrieval.analysis import terms
from semmem.retrieval.pieces import sentences

LEFT_OUT = "[…]"
CHARACTERS_A_TOKEN = 4  # of a text in ASCII


def characters_of(tokens: float, text: str, counter: TokenCounter) -> int:
    """About how many characters of the text take so many tokens; other scripts take more than a token each."""
    most = int(tokens * CHARACTERS_A_TOKEN)
    if text.isascii():
        return most
    looked_at = text[:most]
    return min(most, int(tokens * len(looked_at) / max(1, counter.count(looked_at))))


def excerpt(text: str, query: str, characters: int) -> str:
    """At most about `characters` of the text: the sentences that share most words with the query, in their order.

    A text that is short enough comes back as it is. Of a sentence that is longer, the part that shares most.
    """
    if len(text) <= characters:
        return text
    parts = [part for sentence in sentences(text) for part in _cut(sentence, max(1, characters))]
    wanted = frozenset(terms(query))
    shared = [len(wanted.intersection(terms(part))) for part in parts]
    # Best first, as many as fit; ties go to the earlier sentence.
    chosen: list[int] = []
    left = characters
    for at in sorted(range(len(parts)), key=lambda at: -shared[at]):
        if chosen and len(parts[at]) > left:
            break
        chosen.append(at)
        left -= len(parts[at]) + 1
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


def _cut(sentence: str, characters: int) -> Iterator[str]:
    """Parts that are no longer, at spaces where there are any."""
    start = 0
    while len(sentence) - start > characters:
        space = sentence.rfind(" ", start + characters // 2, start + characters)
        end = space if space > 0 else start + characters
        yield sentence[start:end]
        start = end + 1 if space > 0 else end
    if start < len(sentence):
        yield sentence[start:]
