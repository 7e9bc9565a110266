"""How a scope and an installation do: counts, sizes and times, and sentences where something should be looked at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from semmem.domain.group import GroupLag
from semmem.domain.kept import LocalLogHealth
from semmem.domain.scope import Scope
from semmem.domain.state import Checkpoint
from semmem.domain.waiting import Waiting

CONTEXT_BUDGET = 4_000  # tokens of the smallest context that agents ask for, where nobody says
NEARLY_FULL = 0.7  # of what a context can show of the state


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldHealth:
    """A field of the state: its pieces and their bytes as JSON, as they are now, and how often agents met in it.

    `conflicts` counts updates that had not seen another agent's and were reduced all the same, `refusals` those that
    raised Conflict, both since the field was declared.
    """

    pieces: int
    bytes: int
    conflicts: int
    refusals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a scope does, as of one moment.

    `head` is the last position of its log, `floor` the last one that was taken out. `tokens` is what the whole state
    takes in a context, and `share` that as a part of the room which a context of `budget` tokens has for it: above 1,
    not all of it is shown. `groups` are consumer groups by name; of their leases `oldest_lease` is when the first ends,
    by the server's clock. `dead_letters` counts what could not be extracted or embedded, by stage. `local_log` is
    what this process keeps of the scope on its disk, where it keeps any. `warnings` say what should be looked at.
    """

    scope: Scope
    head: int
    floor: int
    fields: Mapping[str, FieldHealth]
    bytes: int
    tokens: int
    budget: int
    share: float
    groups: Mapping[str, GroupLag]
    oldest_lease: datetime | None
    dead_letters: Mapping[str, int]
    checkpoint: Checkpoint | None
    checkpoint_age: timedelta | None
    waiting: Waiting
    local_log: LocalLogHealth | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Who works, and what waits, in all tenants. `last_beat` is how long ago any worker last said that it lives.

    `silent` names what does not answer a worker that lives, as `degraded` does; `stores` those beside Postgres that one
    has.

    `oldest_unindexed` and `oldest_unextracted` are when the oldest waiting events were remembered; `dead_letters`
    counts those that were not replayed, by stage. `local_log` is what this process keeps on its disk.
    """

    workers: int = 0
    last_beat: timedelta | None = None
    silent: Sequence[str] = ()
    stores: Sequence[str] = ()
    unindexed: int = 0
    oldest_unindexed: datetime | None = None
    unextracted: int = 0
    oldest_unextracted: datetime | None = None
    unembedded: int = 0
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    local_log: LocalLogHealth | None = None


def warnings_of(
    *,
    share: float,
    budget: int,
    groups: Mapping[str, GroupLag],
    dead_letters: Mapping[str, int],
    waiting: Waiting,
    local_log: LocalLogHealth | None,
) -> Iterator[str]:
    """What should be looked at, each with what to do."""
    if share >= NEARLY_FULL:
        yield (
            f"the state takes {share:.0%} of its room in a context of {budget:,} tokens; shorten what it holds, let "
            "lists keep fewer items, or ask contexts with a larger budget"
        )
    for name, group in groups.items():
        if group.dead:
            yield f"the group {name} has {group.dead:,} dead letters; look at them, and replay() hands them out again"
    if dead_letters:
        count = sum(dead_letters.values())
        yield f"{count:,} dead letters wait; dead_letters() says why, and replay() tries them again"
    if not waiting.workers and (waiting.unindexed or waiting.unextracted):
        yield "events wait and no worker lives; run `semmem worker`"
    if local_log and local_log.waits:
        yield (
            f"{local_log.events:,} events and {local_log.changes:,} updates of the state are on this machine's disk "
            "alone, until Postgres takes them again"
        )
    if local_log and local_log.refused:
        reasons = "; ".join(local_log.reasons)
        yield f"Postgres refused {local_log.refused:,} events or updates of the local log: {reasons}"
