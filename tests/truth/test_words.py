"""Whose words: what is quoted, pasted, to be worked on, played, supposed, asked or ordered is no speaker's fact."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from semmem.domain.event import Role
from semmem.extractors.gate import worth_extracting
from semmem.extractors.offline import OfflineExtractor
from tests.unit.extractors.builders import event

TEXTS = Path(__file__).with_name("words.jsonl")
OFFLINE = OfflineExtractor()
NOTHING = "*"  # in `never`: no fact at all


@dataclass(frozen=True)
class Said:
    """No fact of the content may hold what `never` names, and some has to hold what `still` does."""

    kind: str
    role: Role
    content: str
    never: list[str]
    still: list[str]


def texts() -> list[Said]:
    return [Said(**json.loads(line)) for line in TEXTS.read_text(encoding="utf-8").splitlines()]


async def facts(said: Said) -> list[str]:
    one = event(said.content, role=said.role)
    if not worth_extracting(one):
        return []
    return [draft.text.casefold() for draft in (await OFFLINE.extract([one], {})).drafts]


@pytest.mark.parametrize("kind", sorted({said.kind for said in texts()}))
async def test_what_is_not_a_speakers_own_is_no_fact_of_theirs(kind: str) -> None:
    wrong, lost = [], []
    for said in texts():
        if said.kind == kind:
            found = await facts(said)
            wrong += [text for text in found for part in said.never if part == NOTHING or part.casefold() in text]
            lost += [part for part in said.still if not any(part.casefold() in text for text in found)]
    assert not wrong
    assert not lost
