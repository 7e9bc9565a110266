from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.datasets.dataset import Question
from semmem.evals.judging import chosen_prompt, filled, judge_prompts, read_verdict, reader_prompt


def question(**fields: Any) -> Question:
    given = {"id": "q1", "question": "Where?", "answer": "Porto", "evidence": ("a",), "category": "single"}
    return Question(**given | fields)


@pytest.mark.parametrize(
    "said",
    [
        "yes",
        "Yes.",
        " **YES** ",
        "`yes`",
        "Yes, it names the same city.",
        "Yes\nBoth say Porto.",
        "Both say Porto.\nVerdict: yes",
        "Both say Porto.\n**Final verdict:** yes",
        "is_correct: true",
        "Expected answer: No\nVerdict: correct",
        "CORRECT",
        '{"label": "CORRECT"}',
        'It says the same. {"reasoning": "no other city", "label": "CORRECT"}',
        '```json\n{"correct": true}\n```',
        "<think>It could be no.\nno</think>\nyes",
    ],
)
def test_a_yes_is_read(said: str) -> None:
    assert read_verdict(said) is True


@pytest.mark.parametrize(
    "said",
    [
        "no",
        "No.",
        "No, it names another city.",
        "WRONG",
        '{"label": "WRONG"}',
        '{"verdict": "Incorrect"}',
        "The answer names Lisbon.\n\nNo",
        "<think>yes</think>no",
        "No. The right answer is: yes",
    ],
)
def test_a_no_is_read(said: str) -> None:
    assert read_verdict(said) is False


@pytest.mark.parametrize(
    "said",
    [
        "",
        "maybe",
        "It is partly right.",
        "yes and no",
        "Not yes",
        "Nobody knows",
        "yes\nno",
        "The response is correct in one part only.",
        '{"label": "PARTLY"}',
        '{"label": "CORRECT"} {"label": "WRONG"}',
        "0.5",
        "<think>yes",
        "Gold answer: No\nThe response says the same, so it is right.",
        "Expected answer: Yes\nThe response is incorrect.",
        "The gold answer is: no\n\nThe response also says no, which matches.",
        "No. 3 is what the gold says too.",
        "Yes; no.",
    ],
)
def test_what_is_neither_is_not_guessed(said: str) -> None:
    assert read_verdict(said) is None


def test_a_slot_in_a_value_stays_and_so_do_other_braces() -> None:
    prompt = 'Write {"label": "CORRECT"}. {question} {answer} {response}'
    assert filled(prompt, question="{answer}?", answer="Porto", response="{question}") == (
        'Write {"label": "CORRECT"}. {answer}? Porto {question}'
    )


def test_a_question_is_judged_by_its_category_or_by_how_it_can_be() -> None:
    bundled = judge_prompts(None)
    assert list(bundled) == ["default", "rubric", "unanswerable"]
    assert chosen_prompt(bundled, question()) == "default"
    assert chosen_prompt(bundled, question(unanswerable=True)) == "unanswerable"
    assert chosen_prompt(bundled, question(rubric=("names Porto",), unanswerable=True)) == "rubric"
    assert chosen_prompt({**bundled, "single": "{answer} {response}"}, question(rubric=("x",))) == "single"
    assert chosen_prompt({"default": "{answer} {response}"}, question(unanswerable=True)) == "default"


def test_prompts_are_read_from_a_file_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "default.md").write_text("{answer} {response}")
    (tmp_path / "temporal.md").write_text("A day more or less: {answer} {response}")
    assert list(judge_prompts(tmp_path)) == ["default", "temporal"]
    assert judge_prompts(tmp_path / "temporal.md") == {"default": "A day more or less: {answer} {response}"}


def test_a_prompt_has_a_place_for_what_it_is_about(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text("Judge {answer}")
    with pytest.raises(InvalidInput, match=r"--judge-prompt: .* no place for \{response\}"):
        judge_prompts(file)
    with pytest.raises(InvalidInput, match=r"--reader-prompt: .* no place for \{context\}"):
        reader_prompt(file)
    with pytest.raises(InvalidInput, match=r"--reader-prompt: .*cannot be read"):
        reader_prompt(tmp_path / "none")
    (tmp_path / "other.md").write_text("{answer} {response}")
    with pytest.raises(InvalidInput, match=r"holds no default\.md"):
        judge_prompts(tmp_path)
    assert "{context}" in reader_prompt(None)
