import json
from statistics import pstdev
from typing import Any

import pytest
from rich.console import Console

from semmem.errors import InvalidInput
from semmem.evals.compare import Comparison, Difference, compare, interval, pictured, plain
from tests.unit.evals.results import asked, made

FOUND, MISSED = ("a",), ("x",)


def metric(comparison: Comparison, name: str) -> Difference:
    return next(each for each in comparison.metrics if each.metric == name)


def drawn(comparison: Comparison) -> str:
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(pictured(comparison))
    return capture.get()


def test_b_is_held_against_a_question_by_question() -> None:
    a = made(*(asked(id, keys) for id, keys in zip("1234", (MISSED, MISSED, FOUND, FOUND), strict=True)))
    b = made(*(asked(id, keys) for id, keys in zip("1234", (FOUND, FOUND, FOUND, MISSED), strict=True)))
    comparison = compare(a, b)
    recall = metric(comparison, "R@10")
    assert (recall.n, recall.a, recall.b, recall.difference) == (4, 0.5, 0.75, 0.25)
    assert recall.low < 0 < recall.high
    assert not recall.sure
    duel = comparison.duels[0]
    assert (duel.metric, duel.wins, duel.losses, duel.ties) == ("R@10", 2, 1, 1)
    assert [change.question_id for change in comparison.won] == ["1", "2"]
    assert [(change.question_id, change.a, change.b) for change in comparison.lost] == [("4", 1, 0)]


def test_a_change_that_every_question_shares_is_sure() -> None:
    a = made(*(asked(str(n), ["x", "a"]) for n in range(8)))
    b = made(*(asked(str(n), ["a"]) for n in range(8)))
    rank = metric(compare(a, b), "MRR")
    assert (rank.difference, rank.low, rank.high, rank.sure) == (0.5, 0.5, 0.5, True)


def test_the_interval_is_the_one_of_the_normal_distribution_where_there_are_many_questions() -> None:
    values = [float(n % 10) for n in range(400)]
    low, high = interval(values)
    half = 1.96 * pstdev(values) / len(values) ** 0.5
    assert (low, high) == pytest.approx((4.5 - half, 4.5 + half), abs=half / 20)


def test_the_interval_is_the_same_every_time_and_for_the_other_direction() -> None:
    a = made(*(asked(str(n), FOUND if n % 3 else MISSED) for n in range(30)))
    b = made(*(asked(str(n), FOUND if n % 5 else MISSED) for n in range(30)))
    there, again, back = (metric(compare(*pair), "R@10") for pair in ((a, b), (a, b), (b, a)))
    assert there == again
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retriever", "bm25"),
        ("extractor", "recorded"),
        ("vector_index", "pgvector"),
        ("limit", 50),
        ("conversations", ["c2"]),
        ("sha256", "7d79"),
    ],
)
def test_runs_under_other_settings_are_compared_only_if_told(name: str, value: Any) -> None:
    a, b = made(asked("1", MISSED)), made(asked("1", FOUND), **{name: value})
    with pytest.raises(InvalidInput, match=rf"differ in {name}; .*--across-settings"):
        compare(a, b)
    assert compare(a, b, across_settings=True).differing == (name,)


@pytest.mark.parametrize("about", [{"embedder": "e5"}, {"dataset": "locomo"}])
def test_other_data_and_another_embedder_are_named(about: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match=f"differ in {next(iter(about))}"):
        compare(made(asked("1", FOUND)), made(asked("1", FOUND), about=about))


def test_the_release_may_differ() -> None:
    assert compare(made(asked("1", FOUND)), made(asked("1", FOUND), semmem="0.2.0")).differing == ()


def test_a_run_of_fewer_questions_is_compared_on_those_that_both_have_if_told() -> None:
    a, b = made(asked("1", MISSED), asked("2", MISSED)), made(asked("2", FOUND))
    with pytest.raises(InvalidInput, match="differ in n"):
        compare(a, b)
    comparison = compare(a, b, across_settings=True)
    assert (comparison.n, metric(comparison, "R@10").a, metric(comparison, "R@10").b) == (1, 0, 1)


def test_runs_without_a_common_question_cannot_be_compared() -> None:
    with pytest.raises(InvalidInput, match="no question in common"):
        compare(made(asked("1", FOUND)), made(asked("1", FOUND, conversation="c2")), across_settings=True)


def test_runs_without_figures_of_retrieval_cannot_be_compared() -> None:
    answered = made(asked("1", FOUND))
    for each in answered["questions"]:
        del each["R@10"]
    with pytest.raises(InvalidInput, match="do not say R@10"):
        compare(made(asked("1", FOUND)), answered, across_settings=True)


@pytest.mark.parametrize("read", [{}, {"questions": []}, {"questions": 3}])
def test_what_is_no_result_is_refused_by_its_name(read: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match=r"^B: .*semmem eval retrieval --json"):
        compare(made(asked("1", FOUND)), read)


def test_a_figure_counts_for_the_questions_that_have_it() -> None:
    update = {"original": ("x",), "updated": ("a",)}
    a = made(asked("1", ["x", "a"], **update), asked("2", FOUND))
    b = made(asked("1", ["a", "x"], **update), asked("2", FOUND))
    newest = metric(compare(a, b), "newest_above_outdated")
    assert (newest.n, newest.a, newest.b) == (1, 0, 1)


def test_the_largest_changes_come_first_and_ten_are_named() -> None:
    whole = [asked("whole", ["a", "b"], evidence=("a", "b"))]
    late = [asked(f"late {n}", ["x"] * n + ["a"], evidence=("a", "b")) for n in range(9)]
    early = [asked("early", ["a"], evidence=("a", "b")), asked("early too", ["a"], evidence=("a", "b"))]
    after = [*reversed(late), *early, *whole]
    before = [asked(each.question_id, MISSED, evidence=each.evidence) for each in after]
    won = [change.question_id for change in compare(made(*before), made(*after)).won]
    assert won[0] == "whole"
    assert len(won) == 10
    assert won[1:4] == ["late 0", "early", "early too"]
    assert [change.question_id for change in compare(made(*after), made(*before)).lost] == won


def test_the_picture_shows_texts_as_they_are() -> None:
    asking = {"question": "[red]Where\x1b[2J to?", "category": "[bold]"}
    a, b = made(asked("1", MISSED, **asking)), made(asked("1", FOUND, **asking), limit=50)
    shown = drawn(compare(a, b, across_settings=True))
    assert "[red]Where�[2J to?" in shown
    assert "not the same: limit" in shown
    assert "R@10" in shown
    assert "+1.000" in shown


def test_the_plain_form_is_json() -> None:
    said = json.loads(json.dumps(plain(compare(made(asked("1", MISSED)), made(asked("1", FOUND))))))
    assert said["won"][0]["question_id"] == "1"
    assert said["metrics"][0].keys() == {"metric", "n", "a", "b", "difference", "low", "high"}
