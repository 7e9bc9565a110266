# ruff: noqa: RUF001

import pytest

from semmem.domain.context import CLOSING, OPENING
from semmem.domain.scope import Scope
from semmem.extractors.echo import without_recalled
from semmem.extractors.gate import speaker_of, worth_extracting
from tests.unit.extractors.builders import event


@pytest.mark.parametrize(
    "text", ["thanks!", "hi", "👍👍", "OK, great, thank you so much!", "...", "Danke schön!", "谢谢！", "good morning"]
)
def test_small_talk_carries_nothing(text: str) -> None:
    assert not worth_extracting(event(text))


@pytest.mark.parametrize(
    "text", ["yes", "no", "42", "我住在上海", "Hi, I moved", "ok, cancel it", "7 Oak Avenue", "寿司"]
)
def test_what_may_be_a_statement_or_an_answer_is_kept(text: str) -> None:
    assert worth_extracting(event(text))


def test_system_text_is_never_extracted() -> None:
    assert not worth_extracting(event("The user lives in Berlin.", role="system"))


def test_a_message_that_only_quotes_memory_back_is_held_back() -> None:
    assert not worth_extracting(event(f"{OPENING}\nalice lives in Berlin\n{CLOSING} thanks!"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"before {OPENING} old {CLOSING} after", "before \n after"),
        (f"before {OPENING} never closed", "before"),
        (f"cut in front {CLOSING} after", "after"),
        (f"a {OPENING} x {OPENING} y {CLOSING} z {CLOSING} b", "a \n b"),
        (f"a {OPENING.upper()} x {CLOSING} b", "a \n b"),
        ("nothing recalled", "nothing recalled"),
    ],
)
def test_recalled_text_is_cut_out(text: str, kept: str) -> None:
    assert without_recalled(text) == kept


def test_hostile_length_stays_linear() -> None:
    assert worth_extracting(event("bye " * 8_000 + "x"))


def test_the_unnamed_user_of_a_user_scope_goes_by_its_id() -> None:
    assert speaker_of(event("x")) == "alice"
    assert speaker_of(event("x", speaker="Mel")) == "Mel"
    assert speaker_of(event("x", role="assistant")) == "support"
    assert speaker_of(event("x", scope=Scope.workspace("acme", "launch"))) == "user"
