"""Rolling summaries: extractive ones made offline, and the limit that holds for a model's."""

from collections.abc import Sequence

from semmem.language.sentences import sentence_ends

MAX_WORDS = 100
MAX_CHARS = 1_000  # for scripts that write without spaces

MAX_FIRST_CHARS = 2_000  # of a first statement alone, as many as a model may answer with


def clip(text: str) -> str:
    """The text as it stands; if it is too long, its whole statements from the front.

    They take at most MAX_WORDS and MAX_CHARS. A first statement that is longer is kept whole up to MAX_FIRST_CHARS;
    one that never ends is cut between words, and marked.
    """
    text = text.strip()
    kept = first = 0
    for end in sentence_ends(text):
        first = first or end
        if _too_long([text[:end]]):
            break
        kept = end
    if kept or first <= MAX_FIRST_CHARS:
        return text[: kept or first]
    words = text[:MAX_CHARS].rsplit(None, 1)[0]
    return f"{words} …"


def extractive(present: Sequence[str], statements: Sequence[tuple[str, float]]) -> str:
    """The present summary's lines and the new statements, the most important that fit, in order; new wins over old.

    `statements` are (text, importance), each with its speaker named; a line of the present summary weighs 0.5.
    """
    weights = dict.fromkeys(filter(None, present), 0.5)
    weights |= {" ".join(text.split("\n")): importance for text, importance in statements}
    order = list(weights)
    ranked = sorted(range(len(order)), key=lambda i: (-weights[order[i]], -i))
    kept: list[int] = []
    for position in ranked:
        if not kept or not _too_long([order[i] for i in [*kept, position]]):
            kept.append(position)
    return "\n".join(order[i] for i in sorted(kept))


def _too_long(parts: Sequence[str]) -> bool:
    return sum(len(part.split()) for part in parts) > MAX_WORDS or sum(map(len, parts)) > MAX_CHARS
