"""LoCoMo (Maharana et al., 2024): long talks of two friends, with questions and a model's recorded observations."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from semmem.domain.event import NewEvent
from semmem.evals.datasets.dataset import Conversation, Observation, Question, answer_of, parted
from semmem.evals.datasets.published import in_list, read

SOURCE = "data/locomo10.json of github.com/snap-research/locomo, CC BY-NC 4.0"
ADVERSARIAL = "adversarial"
CATEGORIES: Mapping[int, str] = {
    1: "multi-hop",
    2: "temporal",
    3: "open-domain",
    4: "single-hop",
    5: ADVERSARIAL,
}

# "D8:6; D9:17", "D:11:26" and "D30:05" all occur.
_DIA_ID = re.compile(r"D:?(\d+):(\d+)")
_SESSION = re.compile(r"session_(\d+)")


def load(path: Path) -> list[Conversation]:
    """Reads the conversations of a file in the schema of the snap-research repository; an event's key is its dia_id.

    Turns of a session share its time, taken as UTC. An adversarial question asks for what was never said: its evidence
    is the turn that misleads, and its answer is empty. Raises InvalidInput for a file that is missing or of another
    shape.
    """
    return read(path, "LoCoMo", SOURCE, in_list(_conversation))


def _conversation(raw: Mapping[str, Any]) -> Conversation:
    events = tuple(_events(raw["conversation"]))
    known = {str(event.key) for event in events}
    asked = [
        Question(
            id=f"q{number}",
            question=each["question"],
            answer=answer_of(each.get("answer")),
            evidence=keys_of(each["evidence"], known),
            category=CATEGORIES[each["category"]],
        )
        for number, each in enumerate(raw["qa"], start=1)
    ]
    questions, others = parted(asked)
    observations: list[Observation] = []
    for session in raw["observation"].values():
        for speaker, facts in session.items():
            for text, evidence in facts:
                named = [evidence] if isinstance(evidence, str) else evidence
                observations.append(Observation(speaker=speaker, text=text, keys=keys_of(named, known)))
    return Conversation(
        id=raw["sample_id"],
        events=events,
        questions=questions,
        observations=tuple(observations),
        others=others,
    )


def _events(conversation: Mapping[str, Any]) -> Iterator[NewEvent]:
    numbers = sorted(int(match[1]) for name in conversation if (match := _SESSION.fullmatch(name)))
    for number in numbers:
        said = conversation[f"session_{number}_date_time"]  # such as "1:56 pm on 8 May, 2023"
        at = datetime.strptime(said, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        for turn in conversation[f"session_{number}"]:
            picture = turn.get("blip_caption")
            yield NewEvent(
                content=turn["text"] + (f" [shares a picture: {picture}]" if picture else ""),
                speaker=turn["speaker"],
                session=f"session_{number}",
                occurred_at=at,
                metadata={"dia_id": turn["dia_id"]},
                key=turn["dia_id"],
            )


def keys_of(evidence: Iterable[str], known: set[str]) -> tuple[str, ...]:
    """Returns the keys in order, each once, and only those of turns that exist."""
    named = (f"D{int(session)}:{int(turn)}" for text in evidence for session, turn in _DIA_ID.findall(text))
    return tuple(key for key in dict.fromkeys(named) if key in known)
