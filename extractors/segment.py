"""Cuts a scope's pending events into batches."""

from collections.abc import Sequence

from semmem.domain.event import Event
from semmem.domain.extraction import BatchLimits
from semmem.extractors.echo import without_recalled
from semmem.ports import TokenCounter

_LINE_TOKENS = 5  # the number and the name in front of a line


def next_batch(events: Sequence[Event], counter: TokenCounter, limits: BatchLimits) -> list[Event]:
    """The longest run from the front that fits, cut between sessions where that leaves whole sessions; never empty.

    A session larger than a batch is cut inside; an event larger than a batch is a batch of its own.
    """
    end, tokens = min(len(events), limits.events), 0
    for position, event in enumerate(events[: limits.events]):
        tokens += counter.count(without_recalled(event.content)) + _LINE_TOKENS
        if tokens > limits.tokens and position:
            end = position
            break
    if end == len(events):
        return list(events)
    boundaries = [i for i in range(1, end + 1) if events[i].session != events[i - 1].session]
    return list(events[: boundaries[-1] if boundaries else end])


def halves(text: str) -> tuple[str, str]:
    """A text in two, cut near its middle: between paragraphs if that can be, else lines, sentences or words."""
    middle, reach = len(text) // 2, len(text) // 4
    for mark in ("\n\n", "\n", ". ", "。", " "):
        before = text.rfind(mark, middle - reach, middle + reach)
        if before >= 0:
            return text[: before + len(mark)], text[before + len(mark) :]
    return text[:middle], text[middle:]
