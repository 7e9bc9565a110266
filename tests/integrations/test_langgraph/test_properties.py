"""Random sequences of operations: SemmemStore answers what InMemoryStore answers."""

from itertools import count, groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langgraph.store.base import (
    GetOp,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore

from semmem.integrations.langgraph import SemmemStore
from tests.integrations.test_langgraph.conftest import StoreMaker

# The memory of these tests lives in a thread of its own, which draws random numbers while hypothesis looks.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")

ALL = 1_000

labels = st.sampled_from(["a", "b", "ab", "*"])
namespaces = st.lists(labels, min_size=1, max_size=3).map(tuple)
prefixes = st.lists(labels, max_size=2).map(tuple)
keys = st.sampled_from(["k", "l", "m"])
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, 1.0, -2.5]) | texts
fields = st.sampled_from(["x", "y"])
values = st.dictionaries(fields, scalars | st.lists(scalars, max_size=2) | st.dictionaries(fields, scalars, max_size=2))
filters = st.dictionaries(fields, scalars | st.fixed_dictionaries({"$ne": scalars}), max_size=1)

puts = st.builds(PutOp, namespaces, keys, values | st.none(), index=st.just(False), ttl=st.none())
gets = st.builds(GetOp, namespaces, keys)
searches = st.builds(SearchOp, prefixes, filters, limit=st.just(ALL), offset=st.just(0), query=st.none())
paths = st.lists(labels, min_size=1, max_size=2).map(tuple)
conditions = st.lists(st.builds(MatchCondition, st.sampled_from(["prefix", "suffix"]), paths), max_size=2).map(tuple)
listings = st.builds(
    ListNamespacesOp, conditions, st.none() | st.integers(1, 3), limit=st.integers(0, 4), offset=st.integers(0, 2)
)
batches = st.lists(puts | gets | searches, min_size=1, max_size=6) | listings.map(lambda op: [op])

users = count()


@given(sequence=st.lists(batches, min_size=1, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_operations_agree(make: StoreMaker, sequence: list[list[Op]]) -> None:
    theirs, ours = InMemoryStore(), make(user=f"user-{next(users)}")
    everything: list[Op] = [SearchOp((), limit=ALL)]
    for ops in [*sequence, everything]:
        _drop_empty_namespaces(theirs)
        expected, answers = theirs.batch(ops), ours.batch(ops)

        assert [_plain(answer) for answer in answers] == [_plain(answer) for answer in expected]
    _pages_agree(ours)


def _drop_empty_namespaces(store: InMemoryStore) -> None:
    """InMemoryStore lists a namespace for ever once it was read; here one is what holds an item."""
    for namespace in [namespace for namespace, items in store._data.items() if not items]:
        del store._data[namespace]


def _plain(result: Result) -> Any:
    """Items without their times, in order within each namespace; InMemoryStore keeps namespaces together."""
    if isinstance(result, Item):
        return (result.namespace, result.key, result.value)
    if isinstance(result, list) and result and isinstance(result[0], Item):
        items = sorted((item for item in result if isinstance(item, Item)), key=lambda item: item.namespace)
        grouped = groupby(items, key=lambda item: item.namespace)
        return {namespace: [(item.key, item.value) for item in group] for namespace, group in grouped}
    return result


def _pages_agree(store: SemmemStore) -> None:
    whole = store.search((), limit=ALL)
    pages = [store.search((), limit=2, offset=start) for start in range(0, len(whole) + 1, 2)]
    assert [item for page in pages for item in page] == whole
