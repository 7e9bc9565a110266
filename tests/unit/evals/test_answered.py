import json
from dataclasses import asdict
from typing import Any

from semmem.evals.answered import Answered, Price, Spent, read, result


def answered(id: str, *verdicts: bool | None, category: str = "single", **given: Any) -> Answered:
    about: dict[str, Any] = {
        "conversation": "c1",
        "question": "Where to?",
        "answer": "Porto",
        "context": "Ines: I moved to Porto.",
        "context_tokens": 8,
        "context_milliseconds": 12.5,
        "response": "Porto",
        "judge_prompt": "default",
        "judged": tuple({True: "yes", False: "no", None: "maybe"}[each] for each in verdicts),
        "reader": Spent(calls=1, prompt_tokens=100, completion_tokens=10, milliseconds=40.0),
        "judge": Spent(calls=len(verdicts), prompt_tokens=50, completion_tokens=1, milliseconds=20.0),
    }
    return Answered(question_id=id, verdicts=verdicts, category=category, **about | given)


def counted(*answers: Answered, **prices: Price) -> dict[str, Any]:
    return result(answers, {"reader": prices.get("reader"), "judge": prices.get("judge")}, dataset="jsonl")


def test_figures_are_those_counted_by_hand() -> None:
    """Right, wrong, two of three points, one without a verdict: (1 + 0 + 2/3) / 3."""
    found = counted(
        answered("q1", True),
        answered("q2", False),
        answered("q3", True, True, False, category="rubric"),
        answered("q4", None, category="rubric"),
    )
    assert (found["n"], found["judged"], found["metrics"]) == (4, 3, {"accuracy": 0.5556})
    assert (
        found["by_category"]["single"] | {"n": 2, "judged": 2, "metrics": {"accuracy": 0.5}}
        == (found["by_category"]["single"])
    )
    assert found["by_category"]["rubric"]["metrics"] == {"accuracy": 0.6667}
    assert [each["score"] for each in found["questions"]] == [1, 0, 2 / 3, None]
    low, high = found["interval"]
    assert 0 <= low < 0.5556 < high <= 1


def test_a_question_without_a_verdict_is_named_and_counts_in_no_figure() -> None:
    fault = "the reader gave no answer: the model declined to answer"
    found = counted(answered("q1", True, None), answered("q2", fault=fault))
    assert (found["judged"], found["metrics"], found["interval"]) == (0, {}, [None, None])
    unclear, silent = found["unjudged"]
    assert unclear == {
        "conversation": "c1",
        "question_id": "q1",
        "why": "the judge answers neither yes nor no",
        "judge": "maybe",
    }
    assert (silent["question_id"], silent["why"]) == ("q2", fault)


def test_tokens_are_added_up_and_cost_what_a_million_of_them_does() -> None:
    found = counted(answered("q1", True), answered("q2", True, False), reader=Price(prompt=2.0, completion=10.0))
    assert found["models"]["reader"] == {
        "calls": 2,
        "prompt_tokens": 200,
        "completion_tokens": 20,
        "cost": 0.0006,  # (200 * 2 + 20 * 10) / 1,000,000
        "latency_ms": {"p50": 40.0, "p95": 40.0},
    }
    assert (found["models"]["judge"]["calls"], found["models"]["judge"]["cost"]) == (3, None)
    assert found["context"] == {"tokens": 8, "latency_ms": {"p50": 12.5, "p95": 12.5}}


def test_an_answer_comes_back_from_json_as_it_was() -> None:
    for each in (answered("q1", True, None), answered("q2", fault="none")):
        assert read(json.loads(json.dumps(asdict(each)))) == each
