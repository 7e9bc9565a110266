"""What the lines of an archive have to be to each other: known before the first of them is stored."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from semmem.domain.archive import KINDS
from semmem.domain.checks import check_not_future
from semmem.domain.fact import TRUST, statement_hash
from semmem.domain.scope import Branch
from semmem.errors import InvalidInput

_TIMES = (
    "occurred_at",
    "recorded_at",
    "consolidated_at",
    "created_at",
    "updated_at",
    "superseded_at",
    "replayed_at",
    "pinned_at",
    "at",
)


@dataclass(slots=True)
class _Place:
    """What was read of the place at hand."""

    events: dict[str, str] = field(default_factory=dict)  # each one's role
    keys: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    record_events: set[str] = field(default_factory=set)
    retractions: set[tuple[str, str]] = field(default_factory=set)
    sessions: set[str | None] = field(default_factory=set)
    statements: set[bytes] = field(default_factory=set)


class Consistency:
    """Takes an archive's lines in order; InvalidInput names the field that does not fit what came before.

    `counts` are the lines of each kind, `lowered` the facts that claimed more trust than their sources have, and
    `vouched` those that have more by a person's correction, of which the file is the only witness.
    """

    def __init__(self, target: Branch, now: datetime) -> None:
        self.counts: Counter[str] = Counter()
        self.lowered = self.vouched = 0
        self._target, self._now = target, now
        self._place: _Place | None = None
        self._places: set[Branch] = set()
        self._ids: set[tuple[str, str]] = set()
        self._threads: dict[str, tuple[_Place, int, bool]] = {}  # the last version of each, and whether it is current
        self._stage = 0

    def take(self, kind: str, said: Mapping[str, Any]) -> None:
        if kind == "place":
            opened = place_of(self._target, said)
            if opened in self._places:
                raise InvalidInput("path", "must be another one for each place", "export the memory again")
            self._places.add(opened)
            self._place, self._stage = _Place(), 0
            return
        if self._place is None:
            raise InvalidInput("kind", f"must not be {kind} before the first place", "export the memory again")
        if KINDS.index(kind) < self._stage:
            raise InvalidInput("kind", f"must be in the order {', '.join(KINDS)}", "export the memory again")
        self._stage = KINDS.index(kind)
        for name in _TIMES:
            if said.get(name) is not None:
                check_not_future(name, datetime.fromisoformat(said[name]), self._now)
        if "id" in said:
            if (kind, said["id"]) in self._ids:
                raise InvalidInput("id", f"must be another one for each {kind}", "export the memory again")
            self._ids.add((kind, said["id"]))
        _CHECKS[kind](self, self._place, said)
        self.counts[kind] += 1

    def _event(self, place: _Place, said: Mapping[str, Any]) -> None:
        place.events[said["id"]] = said["role"]
        if said["key"] is not None:
            _new("key", said["key"], place.keys)

    def _record(self, place: _Place, said: Mapping[str, Any]) -> None:
        _new("key", said["key"], place.records)
        if (said["ttl"] is None) != (said["expires_at"] is None):
            raise InvalidInput("expires_at", "must be there exactly if ttl is", "write null for both to keep it")
        if said["event"] is not None:
            _known("event", said["event"], place)
            _new("event", said["event"], place.record_events)

    def _retraction(self, place: _Place, said: Mapping[str, Any]) -> None:
        _known("event", said["event"], place)
        _new("statement_hash", (said["event"], said["statement_hash"]), place.retractions)

    def _fact(self, place: _Place, said: Mapping[str, Any]) -> None:
        for index, source in enumerate(said["sources"]):
            _known(f"sources[{index}].event", source["event"], place)
        if len({source["event"] for source in said["sources"]}) < len(said["sources"]):
            raise InvalidInput("sources", "must each name another event", "keep one quote of an event")
        start, end = said["valid_from"], said["valid_to"]
        if start and end and datetime.fromisoformat(end) < datetime.fromisoformat(start):
            raise InvalidInput("valid_to", "must not be before valid_from", "swap or drop one of the two")
        for what, by in (("made", "made_by"), ("ended", "ended_by"), ("pinned_at", "pinned_by")):
            if (said[what] is None) != (said[by] is None):
                raise InvalidInput(by, f"must be there exactly if {what} is", "write null for both, or neither")
        if said["ended"] and said["superseded_at"] is None:
            raise InvalidInput("ended", "must not be of a version that holds", "write null for ended and ended_by")
        of, version, current = self._threads.get(said["thread"], (place, 0, False))
        if of is not place:
            raise InvalidInput("thread", "must belong to one place", "export the memory again")
        if said["version"] <= version:
            raise InvalidInput("version", f"must be above {version}, the thread's last", "put the versions in order")
        if current:
            raise InvalidInput("version", "must not follow a version that is current", "supersede the earlier one")
        self._threads[said["thread"]] = (place, said["version"], said["superseded_at"] is None)
        if said["superseded_at"] is None:
            _new("text", statement_hash(said["subject"], said["text"]), place.statements)
        if trusted(said, place.events) != said["trust"]:
            self.lowered += 1
        if _is_a_persons(said) and _best(said, place.events) != said["trust"]:
            self.vouched += 1

    def _summary(self, place: _Place, said: Mapping[str, Any]) -> None:
        _new("session", said["session"], place.sessions)
        _known("through", said["through"], place)
        if (said["text"] is None) != (said["recorded_at"] is None):
            raise InvalidInput("recorded_at", "must be there exactly if text is", "write null for both, or neither")
        self._all_known(place, said)

    def _all_known(self, place: _Place, said: Mapping[str, Any]) -> None:
        for index, event in enumerate(said["events"]):
            _known(f"events[{index}]", event, place)


_CHECKS = {
    "event": Consistency._event,
    "record": Consistency._record,
    "retraction": Consistency._retraction,
    "fact": Consistency._fact,
    "summary": Consistency._summary,
    "dead_letter": Consistency._all_known,
}


def place_of(target: Branch, said: Mapping[str, Any]) -> Branch:
    """Returns where a place of the archive lies once it is imported into `target`."""
    return target.below(*said["path"], owner=said["owner"] if said["owner"] is not None else target.owner)


def trusted(fact: Mapping[str, Any], roles: Mapping[str, str]) -> str:
    """Returns the trust that a fact claims, or the best of its sources' if that is less: it never has more.

    What a person corrected or restored is that person's word.
    """
    claimed = str(fact["trust"])
    return claimed if _is_a_persons(fact) else min(_best(fact, roles), claimed, key=TRUST.index)


def _is_a_persons(fact: Mapping[str, Any]) -> bool:
    return fact["made"] in ("corrected", "restored")


def _best(fact: Mapping[str, Any], roles: Mapping[str, str]) -> str:
    return max((roles[source["event"]] for source in fact["sources"]), key=TRUST.index)


def _new(name: str, value: Any, among: set[Any]) -> None:
    if value in among:
        raise InvalidInput(name, "must not stand twice in one place", "export the memory again")
    among.add(value)


def _known(name: str, event: str, place: _Place) -> None:
    if event not in place.events:
        raise InvalidInput(name, "must be an event of the same place, in a line before", "export the memory again")
