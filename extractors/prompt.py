"""What the model is asked: fixed instructions first, so that prompt caches take them, then the data, one line each.

Stored text never starts a line of its own and nothing follows the data, so no text can close it or pose as instruction.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from semmem.domain.event import Event
from semmem.domain.fact import Draft, Fact
from semmem.extractors.echo import without_recalled
from semmem.extractors.gate import speaker_of
from semmem.extractors.summarize import clip

VERSION = "memory_v1"

Message = Mapping[str, str]


@cache
def instructions() -> str:
    """The system message, the same in every call: both tasks in one, so that they share one cached prefix."""
    return (files("semmem.extractors") / "prompts" / f"{VERSION}.md").read_text(encoding="utf-8")


def extract_messages(events: Sequence[Event], summaries: Mapping[str | None, str]) -> list[Message]:
    """Asks for facts of the events, which are lines 1 to n of their sessions, numbered as in `session_numbers`."""
    numbers = session_numbers(events)
    lines = [
        one_line(f"S{number} | {clip(summaries[session])}")
        for session, number in numbers.items()
        if session in summaries
    ]
    header = ""
    for number, event in enumerate(events, start=1):
        opened = f"## {numbers[event.session]} | {event.occurred_at:%a %Y-%m-%d}"
        if opened != header:
            lines.append(f"{opened} {event.occurred_at:%H:%M}")
        header = opened
        role = "" if event.role == "user" else f" ({event.role})"
        lines.append(one_line(f"[{number}] {speaker_of(event)}{role}: {without_recalled(event.content)}"))
    return _messages("extract", lines)


def session_numbers(events: Sequence[Event]) -> dict[str | None, int]:
    """The scope itself as 0, its sessions from 1 in order of appearance; events without one count to the scope."""
    sessions = dict.fromkeys(event.session for event in events if event.session is not None)
    return {None: 0} | {session: number for number, session in enumerate(sessions, start=1)}


def decide_messages(
    drafts: Sequence[Draft], facts: Sequence[Fact], candidates: Sequence[Sequence[int]]
) -> list[Message]:
    """Asks for a verdict on each draft; `candidates` has the positions in `facts` that each may touch, from 0."""
    known = [f"F{number} {_statement(fact)}" for number, fact in enumerate(facts, start=1)]
    new = [
        f"D{number} [{' '.join(f'F{position + 1}' for position in touched)}] {_statement(draft)}"
        for number, (draft, touched) in enumerate(zip(drafts, candidates, strict=True), start=1)
    ]
    return _messages("decide", known + new)


def repair_messages(messages: Sequence[Message], answer: str, fault: str) -> list[Message]:
    """Shows the model its own answer and what is wrong with it."""
    ask = f"This answer was refused: {fault}. Give the whole answer again as one JSON object of the schema."
    return [*messages, {"role": "assistant", "content": answer[:8_000]}, {"role": "user", "content": ask}]


def one_line(text: str) -> str:
    """The text with every run of white space, line breaks of all kinds included, as one space."""
    return " ".join(text.split())


def _messages(task: str, lines: Sequence[str]) -> list[Message]:
    data = "\n".join(lines)
    return [
        {"role": "system", "content": instructions()},
        {"role": "user", "content": f"TASK: {task}\nDATA\n{data}"},
    ]


def _statement(item: Draft | Fact) -> str:
    """The text, led by its subject unless it names it, with its dates behind it."""
    lead = "" if item.subject.casefold() in item.text.casefold() else f"{item.subject} | "
    width = {"year": 4, "month": 7}.get(item.validity.precision or "day", 10)
    ends = [("since", item.validity.start), ("until", item.validity.end)]
    dates = ", ".join(f"{word} {end.isoformat()[:width]}" for word, end in ends if end)
    return one_line(f"{lead}{item.text} ({dates})" if dates else f"{lead}{item.text}")
