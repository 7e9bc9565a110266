"""Rolling summaries: extractive ones made offline, and the limit that holds for a model's."""

import re
from collections.abc import Sequence

MAX_WORDS = 100
MAX_CHARS = 1_000  # for scripts that write without spaces

_SENTENCE_END = re.compile(r"(?<=[.!?。！？…])\s*")  # noqa: RUF001


def clip(text: str) -> str:
    """Whole sentences from the front, at most MAX_WORDS and MAX_CHARS; a longer first sentence is cut between words."""
    kept: list[str] = []
    for sentence in _SENTENCE_END.split(" ".join(text.split())):
        if _too_long([*kept, sentence]):
            break
        kept.append(sentence)
    return " ".join(kept).strip() or " ".join(text.split()[:MAX_WORDS])[:MAX_CHARS]


def extractive(present: Sequence[str], statements: Sequence[tuple[str, float]]) -> str:
    """The present summary's lines and the new statements, the most important that fit, in order; new wins over old.

    `statements` are (text, importance), each with its speaker named; a line of the present summary weighs 0.5.
    """
    weights = dict.fromkeys(present, 0.5)
    weights |= {" ".join(text.split()): importance for text, importance in statements}
    order = list(weights)
    ranked = sorted(range(len(order)), key=lambda i: (-weights[order[i]], -i))
    kept: list[int] = []
    for position in ranked:
        if not _too_long([order[i] for i in [*kept, position]]):
            kept.append(position)
    return "\n".join(order[i] for i in sorted(kept))


def _too_long(parts: Sequence[str]) -> bool:
    return sum(len(part.split()) for part in parts) > MAX_WORDS or sum(map(len, parts)) > MAX_CHARS
