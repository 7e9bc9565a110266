import json
from pathlib import Path
from typing import Any

import pytest

from semmem.errors import InvalidInput
from semmem.evals.precision import Benchmark, evaluate, load, store
from semmem.evals.precision_report import Case, Outcome, Update, reported
from semmem.memory.memory import Memory


def belief(id: str, content: str, *, scope: str = "domain:code", **fields: Any) -> dict[str, Any]:
    """In the benchmark's schema."""
    return {
        "_id": id,
        "user_id": "test-user",
        "canonical_name": id,
        "aliases": ["alias"],
        "content": content,
        "why_it_matters": "It shapes the answers.",
        "scope": [scope],
        "resolved_at": None,
        "superseded_by": None,
        "created_at": "2026-01-01T00:00:00Z",
    } | fields


def case(id: str, query: str, expect: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"caseId": id, "category": "some", "scope": ["domain:code"], "query": query, "expect": expect} | fields


def written(folder: Path, beliefs: list[dict[str, Any]], cases: list[dict[str, Any]]) -> Path:
    (folder / "beliefs.seed.json").write_text(json.dumps(beliefs))
    (folder / "retrieval.cases.json").write_text(json.dumps(cases))
    return folder


def outcome(*returned: str, foreign: tuple[str, ...] = (), outdated: tuple[str, ...] = (), **asked: Any) -> Outcome:
    named = {"relevant": (), "pinned": (), "questions": (), "excluded": ()} | asked
    one = Case(id="one", category="some", user="u", scopes=("s",), query="?", limit=20, **named)
    return Outcome(case=one, returned=returned, foreign=foreign, outdated=outdated)


def test_a_case_wants_what_any_section_must_include(tmp_path: Path) -> None:
    expect = {
        "personaPrelude": {"nonEmpty": True},
        "relevantBeliefs": {"shouldOnlyInclude": ["b1"], "mustExclude": ["b9"]},
        "pinnedFacts": {"mustInclude": ["b2"], "mustExclude": ["b3", "b9"]},
        "openQuestions": {"mustInclude": ["b3"]},
    }
    [read] = load(written(tmp_path, [belief("b1", "x")], [case("c", "why?", expect, budget={"maxBeliefs": 7})])).cases
    assert (read.relevant, read.pinned, read.questions, read.limit) == (("b1",), ("b2",), ("b3",), 7)
    assert read.wanted == ("b1", "b2", "b3")
    # b3 is to stay out of one section only because it belongs in another.
    assert read.excluded == ("b9",)


def test_cases_that_no_recall_can_be_asked_are_counted(tmp_path: Path) -> None:
    cases = [
        case("a", "", {}),
        case("b", "  ", {}),
        case("c", "why?", {}, budget={"maxBeliefs": 0}),
        case("d", "why?", {}),
    ]
    read = load(written(tmp_path, [belief("b1", "x")], cases))
    assert ([one.id for one in read.cases], read.skipped) == (["d"], 3)
    assert read.cases[0].limit == 20


def test_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"holds no beliefs.seed.json; get PrecisionMemBench"):
        load(tmp_path)
    with pytest.raises(InvalidInput, match="is not PrecisionMemBench"):
        load(written(tmp_path, [{"_id": "b1"}], []))


def test_figures_count_what_came_back() -> None:
    found = outcome("b1", "b4", "b9", relevant=("b1", "b2"), excluded=("b9",), foreign=("b9",), outdated=("b4",))
    assert reported([found], [])["metrics"] == {
        "must_include": 0.5,
        "must_include_relevant": 0.5,
        "must_include_pinned": None,
        "must_include_questions": None,
        "must_exclude_returned": 1,
        "foreign_scope_returned": 1,
        "outdated_returned": 1,
        "precision": pytest.approx(1 / 3),
        "newest_above_outdated": None,
        "as_of_right": None,
    }


def test_precision_leaves_pinned_beliefs_out() -> None:
    assert outcome("b1", "b2", "b3", "b4", relevant=("b1",), pinned=("b2",), questions=("b3",)).precision == 0.5
    assert outcome("b2", pinned=("b2",)).precision is None
    assert outcome("b2", pinned=("b2",), relevant=("b1",)).precision == 0.0


def test_an_update_is_right_where_the_newest_stands_above() -> None:
    above, below = (
        Update(old="o", new="n", now=("x", "n", "o"), then=("o",)),
        Update(old="o", new="n", now=("o", "n"), then=("o", "n")),
    )
    alone, none = Update(old="o", new="n", now=("n",), then=()), Update(old="o", new="n", now=(), then=("n",))
    assert [one.newest_above for one in (above, below, alone, none)] == [True, False, True, False]
    assert [one.as_of_right for one in (above, below, alone, none)] == [True, False, False, False]
    assert reported([], [above, below])["metrics"]["newest_above_outdated"] == 0.5


async def test_cases_are_asked_in_their_scopes_through_recall(tmp_path: Path, memory: Memory) -> None:
    beliefs = [
        belief("b-cache", "Redis is the cache of the backend."),
        belief("b-novel", "Redis is a pianist in the novel.", scope="domain:writing"),
        belief("b-theirs", "Redis is used by the other user.", user_id="other-user"),
        belief("b-closed", "Was debating Redis or Memcached.", resolved_at="2026-02-01T00:00:00Z"),
        belief("b-old", "Redis ran on one node.", superseded_by="b-cache", created_at="2025-01-01T00:00:00Z"),
    ]
    excluded = {"mustExclude": ["b-theirs", "b-closed"]}
    cases = [
        case("one", "What is Redis?", {"relevantBeliefs": {"shouldOnlyInclude": ["b-cache"]}, "pinnedFacts": excluded}),
        case("both", "What is Redis?", {}, scope=["domain:code", "domain:writing"]),
        case("nobody", "What is Redis?", {}, userId="new-user"),
    ]
    benchmark = load(written(tmp_path, beliefs, cases))
    known = await store(memory, benchmark)
    one, both, nobody = await evaluate(memory, benchmark, known)
    assert set(one.returned) == {"b-cache", "b-old"}
    assert (one.foreign, one.forbidden, one.outdated, one.missing) == ((), (), ("b-old",), ())
    assert set(both.returned) == {"b-cache", "b-old", "b-novel"}
    assert nobody.returned == ()


async def test_a_foreign_belief_that_comes_back_is_seen(tmp_path: Path, memory: Memory) -> None:
    benchmark = load(written(tmp_path, [belief("b-cache", "Redis is the cache.")], [case("one", "Redis?", {})]))
    known = await store(memory, benchmark)
    [elsewhere] = load(written(tmp_path, [belief("b-cache", "x", scope="domain:writing")], [])).beliefs.values()
    lying = Benchmark(beliefs={"b-cache": elsewhere}, cases=benchmark.cases, skipped=0)
    [outcome] = await evaluate(memory, lying, known)
    assert outcome.foreign == ("b-cache",)
