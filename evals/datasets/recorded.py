"""A chat model's answers made of recorded observations, so that facts are measured without a model.

with ModelServer(answer=Recorded(conversations)) as server:
    settings = load_settings(llm_base_url=server.base_url, llm_api_key="unused", llm_model="recorded")
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Conversation
from semmem.extractors.prompt import one_line

SUMMARY_WORDS = 60

_SESSION = re.compile(r"^## (\d+) \| \w+ (\S+ \S+)$")
_LINE = re.compile(r"^\[(\d+)\] ([^:]+): (.*)$")
_KNOWN = re.compile(r"^F(\d+) (.*)$")
_NEW = re.compile(r"^D(\d+) \[([^\]]*)\] (.*)$")

Turn = tuple[str, str]  # a conversation's id, and an event's key in it


class Recorded:
    """Answers as the model did that wrote the observations; a fact has one source, the last turn shown of its own.

    A turn is known again by the time of its session, its speaker and its text. Raises InvalidInput for conversations
    without observations.
    """

    def __init__(self, conversations: Sequence[Conversation]) -> None:
        self._observations = {each.id: each.observations for each in conversations}
        if not any(self._observations.values()):
            raise InvalidInput("extractor", "recorded needs observations, which this data has none of", "take LoCoMo")
        self._turns = {
            (f"{event.occurred_at:%Y-%m-%d %H:%M}", event.speaker, one_line(event.content)): (each.id, str(event.key))
            for each in conversations
            for event in each.events
        }

    def __call__(self, body: Mapping[str, Any]) -> str:
        """Returns the answer to the body of a chat request, as JSON."""
        task, _, *lines = body["messages"][1]["content"].split("\n")
        if task == "TASK: extract":
            return json.dumps(self._extract(lines))
        # The same statement is a confirmation; all else is new.
        known = {match[2]: int(match[1]) for match in map(_KNOWN.match, lines) if match}
        verdicts = []
        for match in filter(None, map(_NEW.match, lines)):
            same = known.get(match[3]) if f"F{known.get(match[3])}" in match[2].split() else None
            verdict = "add" if same is None else "confirm"
            verdicts.append({"draft": int(match[1]), "verdict": verdict, "candidate": same})
        return json.dumps({"verdicts": verdicts})

    def _extract(self, lines: Sequence[str]) -> dict[str, Any]:
        shown: dict[Turn, tuple[int, str]] = {}  # the number of a turn's line in the request, and its text
        time = ""
        for line in lines:
            if opened := _SESSION.match(line):
                time = opened[2]
            elif (said := _LINE.match(line)) and (turn := self._turns.get((time, said[2], said[3]))):
                shown[turn] = int(said[1]), said[3]
        facts: list[dict[str, Any]] = []
        for id in dict.fromkeys(id for id, _ in shown):
            for observation in self._observations[id]:
                seen = [shown[id, key] for key in observation.keys if (id, key) in shown]
                if seen:
                    number, text = max(seen)
                    fact = {"subject": observation.speaker, "text": observation.text, "source": number, "quote": text}
                    facts.append(fact | {"category": "event", "confidence": 0.9, "importance": 0.5, "when": None})
        summary = " ".join(" ".join(fact["text"] for fact in facts).split()[:SUMMARY_WORDS])
        sessions = dict.fromkeys([0, *(int(match[1]) for match in map(_SESSION.match, lines) if match)])
        return {"facts": facts, "summaries": [{"session": each, "text": summary} for each in sessions if summary]}
