"""No namespace, root or tenant reads, lists, finds or deletes what is another's."""

from itertools import count, permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langgraph.store.base import PutOp

from semmem import Memory, Scope
from semmem.domain.scope import Branch
from semmem.integrations.langgraph import SemmemStore
from tests.integrations.test_langgraph.conftest import StoreMaker
from tests.integrations.test_langgraph.memories import contents

# The memory of these tests lives in a thread of its own, which draws random numbers while hypothesis looks.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")

SECRET = {"text": "The safe's code is 4711."}
QUERY = "What is the code of the safe?"

LOOK_ALIKES = [
    ("user", "1"),
    ("user", "10"),
    ("user", "1 "),
    ("user", "1", "0"),
    ("user1",),
    ("user/1",),
    ("user", "%"),
    ("user", "_"),
    ("user", "*"),
    ("*", "1"),
    ("user", "１"),  # noqa: RUF001
    ("user", "é"),
    ("user", "e\u0301"),
    ("1", "user"),
    ('{"user","1"}',),
    ("user", "1'; --"),
]


def others_of(make: StoreMaker) -> list[SemmemStore]:
    return [
        make(user="alice2"),
        make(user="alic"),
        make(workspace="alice"),
        make(tenant="globex"),
    ]


def test_another_root_or_tenant_sees_nothing(alices: SemmemStore, make: StoreMaker) -> None:
    alices.put(("user", "1"), "code", SECRET)

    for other in others_of(make):
        assert other.get(("user", "1"), "code") is None
        assert other.search(()) == []
        assert other.search((), query=QUERY) == []
        assert other.list_namespaces() == []
        other.delete(("user", "1"), "code")
    assert alices.search((), query=QUERY)[0].key == "code"


def test_the_same_key_elsewhere_is_another_item(alices: SemmemStore, make: StoreMaker) -> None:
    stores = [alices, *others_of(make)]
    for number, store in enumerate(stores):
        store.put(("user", "1"), "code", {"text": f"The safe's code is {number}."})

    for number, store in enumerate(stores):
        (found,) = store.search((), query=QUERY)
        assert found.value == {"text": f"The safe's code is {number}."}


def test_namespaces_that_look_alike_are_told_apart(alices: SemmemStore) -> None:
    alices.batch(
        [PutOp(namespace, "key", {"text": f"The safe's code is {n}."}) for n, namespace in enumerate(LOOK_ALIKES)]
    )

    assert sorted(alices.list_namespaces()) == sorted(LOOK_ALIKES)
    for number, namespace in enumerate(LOOK_ALIKES):
        expected = {ns for ns in LOOK_ALIKES if ns[: len(namespace)] == namespace}
        item = alices.get(namespace, "key")
        assert item is not None
        assert item.value == {"text": f"The safe's code is {number}."}
        assert {found.namespace for found in alices.search(namespace, limit=50)} == expected
        assert {found.namespace for found in alices.search(namespace, query=QUERY, limit=50)} == expected


def test_deleting_in_one_namespace_leaves_its_look_alikes(alices: SemmemStore) -> None:
    alices.batch([PutOp(namespace, "key", SECRET) for namespace in LOOK_ALIKES])
    for deleted, namespace in enumerate(LOOK_ALIKES, start=1):
        alices.delete(namespace, "key")

        assert set(alices.list_namespaces()) == set(LOOK_ALIKES[deleted:])
        assert len(contents(alices)) == len(LOOK_ALIKES) - deleted


users = count()
labels = st.text(st.sampled_from("ab/*%_,\"'{}\\ é1"), min_size=1, max_size=3).filter(str.strip)
namespaces = st.lists(labels, min_size=1, max_size=3).map(tuple)


@given(paths=st.lists(namespaces, min_size=2, max_size=12, unique=True))
@settings(max_examples=300)
def test_no_two_namespaces_share_a_scope(paths: list[tuple[str, ...]]) -> None:
    roots = [Scope.user("acme", "alice"), Scope.workspace("acme", "alice")]
    scopes = [Branch(root, path).scope for root in roots for path in paths]

    assert len(set(scopes)) == len(scopes)


@given(paths=st.lists(namespaces, min_size=2, max_size=6, unique=True))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_namespaces_read_and_delete_their_own_alone(make: StoreMaker, paths: list[tuple[str, ...]]) -> None:
    store = make(user=f"user-{next(users)}")
    store.batch([PutOp(path, "key", {"text": repr(path)}, index=False) for path in paths])
    for path, other in permutations(paths, 2):
        assert (other in {item.namespace for item in store.search(path, limit=100)}) == (other[: len(path)] == path)
    store.delete(paths[0], "key")

    assert sorted(store.list_namespaces()) == sorted(paths[1:])
    for path in paths[1:]:
        item = store.get(path, "key")
        assert item is not None
        assert item.value == {"text": repr(path)}


@pytest.mark.parametrize("query", [None, QUERY])
def test_a_place_that_another_integration_keeps_private_is_not_the_stores(
    alices: SemmemStore, query: str | None
) -> None:
    alices.put(("crew",), "code", {"text": "The safe is in the cellar."})

    async def keep(memory: Memory) -> None:
        await memory.at(alices._root).branch("crew", owner="agent-7").records.put("own", SECRET)
        await memory.at(alices._root).branch("events").remember(SECRET["text"])

    alices._bridge.run(keep)

    assert {item.key for item in alices.search((), query=query)} == {"code"}
    assert alices.list_namespaces() == [("crew",)]
