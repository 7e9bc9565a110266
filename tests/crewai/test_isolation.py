"""No path reads or deletes another's records: the two faults of CrewAI's default backend, and names made to confuse."""

import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from semmem.integrations.crewai import SemmemMemory
from semmem.integrations.crewai.paths import segments
from semmem.integrations.crewai.tree import Tree
from tests.crewai.conftest import Remembering

PATHS = 1_000
KEPT = 150  # of them hold a record; the others only look like it
THREADS = 6

# Look-alikes, wildcards, quotes, escapes, dots, cases, two forms of one letter, and the words that paths are made of.
# fmt: off
NAMES = [
    '1', '10', '100', '01', '1%', '1_', '%', '_', '*', '?', '.', '..', '...', 'user', 'users', 'User', 'USER',
    'alice', 'alice2', 'al', 'a', 'A', 'å', 'å', "\uff41", '%2F', '%2f%2e', '\\', '\\\\', "'", '"', '`', "';", '--',
    ';drop', '{}', '{a,b}', '[1]', '(1)', '$1', '${x}', '#1', '~', '|', '&', '&&', '=', '==', '+', '-', '--', '!',
    '@', ':', '::', ',', '<', '>', '<b>', 'null', 'None', 'true', '0', '-1', '1e3', 'crew', 'agent', 'workspace',
    'branch', 'private', 'nobody', 'source', 'semmem://', "\u202eabc", "a\u200bb", '日本', '😀', '½', 'ß', 'ss', 'ﬁ',
    'fi', 'İ', 'i', "\u0131",
]
# fmt: on

T = TypeVar("T")


def test_recall_of_user_1_never_sees_user_10(memory: SemmemMemory) -> None:
    memory.remember("The PIN of user ten is 4711.", scope="/user/10")
    memory.remember("The PIN of user one is 1234.", scope="/user/1")

    for depth in ("shallow", "deep"):
        found = memory.recall("What is the PIN?", scope="/user/1", depth=depth)
        assert {match.record.scope for match in found} == {"/user/1"}


def test_forget_of_user_1_leaves_its_siblings_and_the_root(memory: SemmemMemory) -> None:
    for path in ("/", "/user/1", "/user/1/notes", "/user/10", "/user"):
        memory.remember(f"A record of {path}", scope=path)

    assert memory.forget(scope="/user/1") == 2
    assert {record.scope for record in memory.list_records()} == {"/", "/user", "/user/10"}


def test_a_thousand_adversarial_paths_read_and_delete_nothing_foreign(memory: SemmemMemory) -> None:
    paths = adversarial(PATHS)
    chance = random.Random(2)
    kept = set(chance.sample(paths, KEPT))
    everywhere(kept, lambda path: memory.remember(f"Note {paths.index(path)}, kept at {path}", scope=path))
    settle(memory)

    read = everywhere(paths, lambda path: {match.record.scope for match in memory.recall("note", path, limit=KEPT)})

    wanted = [at_or_below(path, kept) for path in paths]
    assert [there - own for there, own in zip(read, wanted, strict=True)] == [set()] * PATHS
    assert read == wanted

    doomed = [path for path in paths if path not in kept] + chance.sample(sorted(kept), KEPT // 10)
    gone = everywhere(doomed, lambda path: memory.forget(scope=path))

    left = {record.scope for record in memory.list_records(limit=KEPT)}
    assert left == kept - {path for each in doomed for path in at_or_below(each, kept)}
    assert sum(gone) == KEPT - len(left) < KEPT


def test_no_tenant_user_or_workspace_sees_anothers(remembering: Remembering) -> None:
    kept = remembering()
    kept.remember("The PIN is 4711.", scope="/a")
    strangers = [
        remembering(user="alice2"),
        remembering(user="alic"),
        remembering(workspace="alice"),
        remembering(tenant="globex"),
        remembering(user="alice/a"),
        remembering(root_scope="/b"),
    ]

    for stranger in strangers:
        assert stranger.recall("What is the PIN?", include_private=True) == []
        assert stranger.recall("What is the PIN?", scope="/a") == []
        assert stranger.forget() == 0
        stranger.reset_all()
    assert [record.scope for record in kept.list_records()] == ["/a"]


@pytest.mark.parametrize("source", ["hr", "nobody", "source hr", "%", ""])
def test_a_source_is_compared_as_a_whole(memory: SemmemMemory, source: str) -> None:
    memory.remember("The bonus is 900 euros.", private=True, source=source)
    memory.remember("The bonus of nobody.", private=True)

    assert [match.record.source for match in memory.recall("bonus", source=source, depth="shallow")] == [source]
    for other in ("h", "hr2", "source", "source nobody", "_"):
        assert memory.recall("bonus", source=other) == []


def adversarial(count: int) -> list[str]:
    """Different paths of one to four segments, many of which continue another's text or path."""
    chance = random.Random(1)
    paths: dict[str, None] = {}
    while len(paths) < count:
        above = chance.choice([*list(paths)[-50:], "", ""])
        glued = chance.random() < 0.3 and above
        path = f"{above}{chance.choice(NAMES)}" if glued else f"{above}/{chance.choice(NAMES)}"
        if len(segments(path)) <= 4 and len(path) < 200:
            paths["/" + "/".join(segments(path))] = None
    return list(paths)


def at_or_below(path: str, paths: Iterable[str]) -> set[str]:
    above = segments(path)
    return {each for each in paths if segments(each)[: len(above)] == above}


def everywhere(paths: Iterable[str], work: Callable[[str], T]) -> list[T]:
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(work, paths))


def settle(memory: SemmemMemory) -> None:
    async def settled(tree: Tree) -> None:
        for place in await tree.places():
            await tree.memory.at(place).settled(timeout=180)

    memory._storage.run(settled)
