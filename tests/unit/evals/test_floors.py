import pytest

from semmem.errors import InvalidInput
from semmem.evals.floors import below, parse_floors
from semmem.evals.retrieved import METRICS


def test_metrics_are_named_as_people_write_them() -> None:
    said = ["recall@10=0.75", "Recall@5=1", "R@50=.9", "ndcg@10=0.5", "mrr=0", "cov@1000=0.8"]
    wanted = {"R@10": 0.75, "R@5": 1.0, "R@50": 0.9, "nDCG@10": 0.5, "MRR": 0.0, "cov@1000": 0.8}
    assert parse_floors(said, METRICS) == wanted


@pytest.mark.parametrize("said", ["R@7=0.5", "", "=0.5", "R@10", "R@10=high", "R@10=nan", "R@10=1.1", "R@10=-1"])
def test_what_is_no_floor_is_refused(said: str) -> None:
    with pytest.raises(InvalidInput, match="--fail-under"):
        parse_floors([said], METRICS)


def test_what_is_below_is_named_with_its_value_and_its_limit() -> None:
    floors = {"R@10": 0.75, "MRR": 0.5, "newest_above_outdated": 0.8}
    assert below(floors, {"R@10": 0.7499, "MRR": 0.5}) == [
        "R@10 is 0.7499, the limit is 0.75",
        "newest_above_outdated is not measured, the limit is 0.8",
    ]
