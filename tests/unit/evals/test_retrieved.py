import json
from dataclasses import asdict
from typing import Any

import pytest

from semmem.evals.retrieved import Retrieved, Returned, means, measured, read, result, returned


def hit(*keys: str, kind: str = "event") -> Returned:
    return Returned(keys=keys, kind=kind, score=0.5, text="said")


def answer(*hits: Returned, **given: Any) -> Retrieved:
    about: dict[str, Any] = {
        "conversation": "c1",
        "question_id": "q1",
        "question": "Where to?",
        "answer": "Porto",
        "category": "single-hop",
        "evidence": ("a", "b"),
        "covered": {"500": False, "1000": True},
        "stems": {"500": True, "1000": True},
        "milliseconds": 4.0,
    }
    return Retrieved(**about | given | {"returned": hits})


def test_a_question_has_its_own_figures() -> None:
    figures = measured(answer(hit("x"), hit("a", "y", kind="fact"), hit("a"), hit("z"), hit("b")))
    # Turns: x, a, y, z, b.
    assert figures["R@5"] == figures["all@10"] == 1
    assert figures["MRR"] == 0.5
    assert (figures["cov@500"], figures["cov@1000"], figures["stems@500"]) == (0, 1, 1)
    assert "newest_above_outdated" not in figures


def test_a_fact_takes_as_many_places_as_it_has_sources() -> None:
    hits = [hit("1", "2", "3", kind="fact"), hit("4", "a", kind="fact"), hit("b")]
    assert measured(answer(*hits))["R@5"] == 0.5


def test_all_of_the_evidence_has_to_be_in_the_first_ten() -> None:
    late = answer(hit("a"), *(hit(str(number)) for number in range(9)), hit("b"))
    assert (measured(late)["R@10"], measured(late)["all@10"], measured(late)["R@20"]) == (0.5, 0, 1)


def test_only_a_question_about_an_update_tells_the_newest_from_the_outdated() -> None:
    hits = hit("b"), hit("a")
    assert measured(answer(*hits, original=("a",), updated=("b",)))["newest_above_outdated"] == 1
    assert measured(answer(*hits, original=("b",), updated=("a",)))["newest_above_outdated"] == 0


def test_a_mean_is_over_the_questions_that_have_the_figure() -> None:
    assert means([{"R@5": 1.0, "stems@500": 1.0}, {"R@5": 0.5}]) == {"R@5": 0.75, "stems@500": 1.0}


def test_a_result_has_means_in_all_and_by_category() -> None:
    answers = [
        answer(hit("a"), hit("b"), milliseconds=1.0),
        answer(hit("x"), milliseconds=3.0),
        answer(hit("a"), category="temporal", milliseconds=9.0),
    ]
    made = result(answers, dataset="jsonl", partial=False)
    assert (made["dataset"], made["partial"], made["n"]) == ("jsonl", False, 3)
    assert made["metrics"]["R@10"] == 0.5
    assert made["by_category"]["single-hop"] | {"n": 2, "R@10": 0.5} == made["by_category"]["single-hop"]
    assert made["by_category"]["temporal"]["n"] == 1
    assert made["latency_ms"] == {"p50": 3.0, "p95": 9.0}
    assert [question["R@10"] for question in made["questions"]] == [1, 0, 0.5]
    assert made["questions"][0]["returned"][0] == {"keys": ("a",), "kind": "event", "score": 0.5, "text": "said"}


def test_an_answer_comes_back_from_json() -> None:
    said = answer(hit("a", "b", kind="fact"), hit(), original=("a",), updated=("b",))
    assert read(json.loads(json.dumps(asdict(said)))) == said


@pytest.mark.parametrize(("rank", "length"), [(0, 200), (19, 200), (20, 0)])
def test_only_the_first_hits_keep_the_start_of_their_text(rank: int, length: int) -> None:
    assert len(returned(["a"], "event", 0.12345, "x" * 900, rank).text) == length
