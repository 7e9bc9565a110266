"""What an extractor found, after something that it had read was forgotten."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from semmem.domain.embeddings import Embeddings
from semmem.domain.event import Event
from semmem.domain.extraction import Extraction, Failure, Quarantined, SummaryText
from semmem.domain.fact import Draft, Source
from semmem.engine.read_batch import Attempt, ReadBatch
from tests.unit.extractors.builders import ALICE, draft, event

CODE, DOG, CAT = event("My door code is 4711."), event("I have a dog."), event("I have a cat.")


def _drawn(text: str, *events: Event) -> Draft:
    return replace(draft(text), sources=tuple(Source(event_id=each.id, quote=each.content) for each in events))


def _read(events: Sequence[Event], *drafts: Draft, refused: Sequence[Quarantined] = ()) -> ReadBatch:
    return ReadBatch(
        attempt=Attempt(ALICE, last=False, again=True),
        epoch=1,
        heard=events,
        passed=events,
        before={None: "Alice has a parrot."},
        extraction=Extraction(
            drafts=drafts,
            quarantined=tuple(refused),
            failed={events[-1].id: Failure(reason="filtered", detail="refused")},
            summaries=(SummaryText(session=None, text="Alice has pets."),),
        ),
        embeddings=Embeddings(np.arange(len(drafts), dtype=np.float32)[:, None]),
        started=0.0,
    )


def _texts(read: ReadBatch) -> list[str]:
    return [draft.text for draft in read.extraction.drafts]


def test_what_was_drawn_from_what_is_left_stands() -> None:
    read = _read([CODE, DOG, CAT], _drawn("alice's code is 4711", CODE), _drawn("alice has a dog", DOG))

    after = read.after(2, [DOG, CAT], ["Alice has a parrot."])

    assert (after.epoch, after.passed, _texts(after)) == (2, [DOG, CAT], ["alice has a dog"])
    assert after.embeddings is not None
    assert after.embeddings.vectors.tolist() == [[1.0]]
    assert after.extraction.failed == read.extraction.failed
    assert after.extraction.summaries == (SummaryText(session=None, text=None),)


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("My door code is 4711.", "alice has a dog, and opens with 4711"),
        ("My dog is called Heliotrope.", "alice has a dog called Heliotrope"),
        ("I suffer from migraines.", "alice, who suffers from a migraine, has a dog"),
        ("我的门密码是红色大象。", "alice has a dog 红色大象"),
        ("У меня мигрень.", "alice has a dog; мигрени"),  # noqa: RUF001
    ],
)
def test_a_statement_with_a_word_of_what_is_gone_is_read_again(gone: str, told: str) -> None:
    read = _read([event(gone), DOG, CAT], _drawn(told, DOG), _drawn("alice has a cat", CAT))

    after = read.after(2, [DOG, CAT], ["Alice has a parrot."])

    assert (after.passed, _texts(after)) == ([CAT], ["alice has a cat"])


def test_what_a_summary_told_of_what_is_gone_is_in_no_statement() -> None:
    read = _read([DOG, CAT], _drawn("alice has a dog and a parrot", DOG), _drawn("alice has a cat", CAT))

    assert _texts(read.after(2, [DOG, CAT], [])) == ["alice has a cat"]


def test_a_speaker_of_what_is_gone_is_in_no_statement() -> None:
    said = event("Look at my dog.", speaker="Bartholomew")
    read = _read([said, DOG, CAT], _drawn("Bartholomew has a dog", DOG))

    assert _texts(read.after(2, [DOG, CAT], ["Alice has a parrot."])) == []


def test_what_shares_an_event_with_what_is_read_again_is_read_again_too() -> None:
    both, read_again = _drawn("alice has a dog and a cat", DOG, CAT), _drawn("alice uses 4711", DOG)
    bird = event("I have a bird.")
    read = _read([CODE, DOG, CAT, bird], both, read_again, _drawn("alice has a bird", bird))

    after = read.after(2, [DOG, CAT, bird], ["Alice has a parrot."])

    assert (after.passed, _texts(after)) == ([bird], ["alice has a bird"])


def test_a_refused_statement_is_judged_like_any_other() -> None:
    tells = Quarantined(reason="ungrounded", event_ids=(DOG.id,), text="alice's dog opens with 4711")
    plain = Quarantined(reason="ungrounded", event_ids=(CAT.id,), text="alice likes cats")
    read = _read([CODE, DOG, CAT], refused=[tells, plain])

    after = read.after(2, [DOG, CAT], ["Alice has a parrot."])

    assert (after.passed, after.extraction.quarantined) == ([CAT], (plain,))
