"""What each cell of the matrix of faults has to be."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.matrix import VERBS, Episode

# Deadlines within which a verb has answered: its own is one, a write's two, and a machine may be slow. The worker's
# hold every try of a model and a pause between two.
BOUNDS = {"remember": 4, "recall": 4, "context": 4, "forget": 4, "worker": 25}
WELL_AGAIN = 40


@dataclass(frozen=True, slots=True)
class Expected:
    answers: frozenset[str]
    degraded: frozenset[str] = frozenset()


def _found(*degraded: str) -> Expected:
    return Expected(frozenset({"found"}), frozenset(degraded))


DONE = Expected(frozenset({"done"}))
NO_READ = Expected(frozenset({"StoreUnavailable(postgres)", "TimedOut(postgres)"}))
NO_WRITE = Expected(NO_READ.answers | {"Unconfirmed(postgres)"})

EXPECTED: dict[str, dict[str, Expected]] = {
    "postgres": {
        "remember": NO_WRITE,
        "recall": NO_READ,
        "context": NO_READ,
        "forget": NO_WRITE,
        "worker": NO_WRITE,
    },
    "redis": {
        "remember": DONE,
        "recall": _found(),
        "context": _found("redis"),
        "forget": DONE,
        "worker": _found(),
    },
    "qdrant": {
        "remember": DONE,
        "recall": _found("qdrant"),
        "context": _found("qdrant"),
        "forget": DONE,
        "worker": _found("qdrant"),
    },
    "chat": {
        "remember": DONE,
        "recall": _found(),
        "context": _found("llm"),
        "forget": DONE,
        "worker": _found("llm"),
    },
    "embedder": {
        "remember": DONE,
        "recall": _found("embedder"),
        "context": _found("embedder"),
        "forget": DONE,
        "worker": _found("embedder"),
    },
}


def differs(episode: Episode, verb: str) -> str:
    """What is not as it should be, whatever time it took; empty where nothing is."""
    cell, expected = episode.cells[verb], EXPECTED[episode.dependency][verb]
    answers, must, may = expected.answers, expected.degraded, expected.degraded
    if episode.fault == "drop":  # new connections work: who is the first pays for what is found dead, if anybody
        answers, must = answers | {"done" if verb in ("remember", "forget") else "found"}, frozenset()
    elif (episode.dependency, verb) == ("chat", "context"):  # named once extraction has failed
        must = frozenset()
    if cell.answer not in answers:
        return f"{cell.answer}, not {' or '.join(sorted(answers))}"
    if not must <= cell.degraded <= may:
        return f"names {sorted(cell.degraded)}, not {sorted(may)}"
    return ""


def complaints(episode: Episode) -> Iterator[str]:
    """All that is not as it should be, times included."""
    for verb in VERBS:
        if wrong := differs(episode, verb):
            yield f"{verb}: {wrong}"
        if episode.cells[verb].took > BOUNDS[verb]:
            yield f"{verb}: took {episode.cells[verb].took:.1f} deadlines, more than {BOUNDS[verb]}"
    if episode.recovery.answer != "well":
        yield f"afterwards: {episode.recovery.answer}"
    if episode.recovery.took > WELL_AGAIN:
        yield f"afterwards: well after {episode.recovery.took:.1f} deadlines, more than {WELL_AGAIN}"
