"""FriendsQA (Yang and Choi, 2019): scenes of a television series with several speakers, and questions about each."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from semmem.domain.event import NewEvent
from semmem.evals.datasets.dataset import Conversation, Question, parted
from semmem.evals.datasets.published import read

SOURCE = "dat/friendsqa_{dev,tst}.json of github.com/emorynlp/FriendsQA, Apache-2.0"
FIRST_DAY = datetime(2020, 1, 1, 12, tzinfo=UTC)  # the scenes have no dates: each is given a day of its own

_SEASON = re.compile(r"s\d+")


def load(path: Path) -> list[Conversation]:
    """Reads a file as it was published: a season is a conversation, a scene a session; a key is `scene:number`.

    Evidence are the lines that an annotator found an answer in; a question's category is its first word. Raises
    InvalidInput for a file that is missing or of another shape.
    """
    return read(path, "FriendsQA", SOURCE, _seasons)


def _seasons(raw: Mapping[str, Any]) -> list[Conversation]:
    scenes: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for scene in raw["data"]:
        season = _SEASON.match(scene["title"])
        scenes[season[0] if season else scene["title"]].append(scene)
    return [_conversation(season, scenes[season]) for season in sorted(scenes)]


def _conversation(season: str, scenes: Sequence[Mapping[str, Any]]) -> Conversation:
    events: list[NewEvent] = []
    asked: list[Question] = []
    for day, scene in enumerate(sorted(scenes, key=lambda each: str(each["title"]))):
        part = scene["paragraphs"][0]
        said = list(_events(scene["title"], part, FIRST_DAY + timedelta(days=day)))
        known = {event.key for event in said}
        events += said
        asked += [_question(scene["title"], each, known) for each in part["qas"]]
    questions, others = parted(asked)
    return Conversation(id=season, events=tuple(events), questions=questions, others=others)


def _events(scene: str, part: Mapping[str, Any], at: datetime) -> Iterator[NewEvent]:
    """Yields what is said; a line of stage directions alone is empty."""
    for line in part.get("utterances:") or part["utterances"]:
        if line["utterance"].strip():
            yield NewEvent(
                content=line["utterance"],
                speaker=", ".join(line["speakers"]) or None,
                session=scene,
                occurred_at=at + timedelta(minutes=line["uid"]),
                key=f"{scene}:{line['uid']}",
            )


def _question(scene: str, raw: Mapping[str, Any], known: set[str | None]) -> Question:
    answers = raw["answers"]
    numbers = sorted({each["utterance_id"] for each in answers if each.get("utterance_id") is not None})
    return Question(
        id=str(raw["id"]),
        question=raw["question"],
        answer=str(answers[0]["answer_text"]) if answers else "",
        evidence=tuple(key for number in numbers if (key := f"{scene}:{number}") in known),
        category=raw["question"].split()[0].lower(),
    )
