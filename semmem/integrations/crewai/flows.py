"""Where CrewAI's flows keep their state, and what a paused one waits for: records of the flow's own place."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from crewai.flow.async_feedback.types import PendingFeedbackContext
from crewai.flow.persistence.base import FlowPersistence
from pydantic import BaseModel, PrivateAttr
from pydantic_core import PydanticSerializationError, to_jsonable_python

from semmem import Branch, Closed, InvalidInput, Memory, NewRecord, Record, Records, Scope
from semmem.domain.checks import check_is
from semmem.wiring.bridge import Bridge

T = TypeVar("T")

PLACE = "flow"  # below it each flow has a place by its id
STATE, PENDING = "state", "pending"
PART = 30_000  # characters: a quote in one becomes two, and a record's value has 64 KiB
MAX_PARTS = 500
MOST_PARTS = 2 * MAX_PARTS  # a state's, and those of what it waits for
EMPTY: Final = {"parts": 0, "text": ""}


class SemmemFlowPersistence(FlowPersistence):
    """Keeps the states of flows in the memory of one user or one workspace, for `@persist(...)`.

    A flow's state is forgotten with that user or workspace, and moves with it by export and import. All other arguments
    are settings of `semmem.open()`. Usable from any thread. Raises InvalidInput, StoreUnavailable where Postgres is
    down, and Closed after close().
    """

    persistence_type: str = "SemmemFlowPersistence"
    tenant: str
    user: str | None = None
    workspace: str | None = None
    _root: Branch = PrivateAttr()
    _bridge: Bridge = PrivateAttr()
    _closed: bool = PrivateAttr(default=False)

    def __init__(self, *, tenant: str, user: str | None = None, workspace: str | None = None, **settings: Any) -> None:
        settings.pop("persistence_type", None)  # CrewAI gives it back where it makes one of what it wrote down
        root = Branch(Scope.one_of(tenant, user=user, workspace=workspace))
        whose: dict[str, Any] = {"tenant": tenant, "user": user, "workspace": workspace}
        super().__init__(**whose)
        self._root, self._bridge = root, Bridge.shared(**settings)

    def init_db(self) -> None:
        """Nothing is to be made: `semmem migrate` has made the tables."""

    def save_state(self, flow_uuid: str, method_name: str, state_data: dict[str, Any] | BaseModel) -> None:
        """The flow's state as it is now takes the place of the one before."""
        state = _document(STATE, {"method": method_name, "state": _plain("state_data", state_data)})
        self._save(flow_uuid, state)

    def load_state(self, flow_uuid: str) -> dict[str, Any] | None:
        """The flow's last state; None where there is none."""
        kept = self._load(flow_uuid, STATE)
        return None if kept is None else kept["state"]

    def save_pending_feedback(
        self, flow_uuid: str, context: PendingFeedbackContext, state_data: dict[str, Any] | BaseModel
    ) -> None:
        """The state, and what the flow waits for, in one transaction."""
        check_is("context", context, PendingFeedbackContext)
        state = _plain("state_data", state_data)
        waits = {"context": _plain("context", context.to_dict()), "state": state}
        self._save(
            flow_uuid,
            [*_document(STATE, {"method": context.method_name, "state": state}), *_document(PENDING, waits)],
        )

    def load_pending_feedback(self, flow_uuid: str) -> tuple[dict[str, Any], PendingFeedbackContext] | None:
        """The state in which the flow paused, and what it waits for; None where it does not."""
        kept = self._load(flow_uuid, PENDING)
        return None if kept is None else (kept["state"], PendingFeedbackContext.from_dict(kept["context"]))

    def clear_pending_feedback(self, flow_uuid: str) -> None:
        """The flow waits no more; its state stays."""

        async def clear(records: Records) -> None:
            if gone := [record.key for record in await _all(records) if record.key.startswith(f"{PENDING}/")]:
                await records.delete(gone)

        self._run(flow_uuid, clear)

    def close(self) -> None:
        """Refuses every later call; the memory behind it ends with the last one that shares it. May be repeated."""
        closed, self._closed = self._closed, True
        if not closed:
            self._bridge.close()

    def _save(self, flow_uuid: str, documents: Iterable[NewRecord]) -> None:
        new = {record.key: record for record in documents}
        names = {key.partition("/")[0] for key in new}

        async def save(records: Records) -> None:
            # What a longer one before has left is emptied in the same transaction, so that no two writers mix theirs.
            left = [record.key for record in await _all(records) if record.value["text"] and record.key not in new]
            emptied = [NewRecord(key=key, value=EMPTY) for key in left if key.partition("/")[0] in names]
            await records.put_many([*new.values(), *emptied])

        self._run(flow_uuid, save)

    def _load(self, flow_uuid: str, name: str) -> dict[str, Any] | None:
        parts = {record.key: record.value for record in self._run(flow_uuid, _all)}
        first = parts.get(_key(name, 0))
        if first is None:
            return None
        texts = [parts[_key(name, number)]["text"] for number in range(first["parts"])]
        kept: dict[str, Any] = json.loads("".join(texts))
        return kept

    def _run(self, flow_uuid: str, work: Callable[[Records], Awaitable[T]]) -> T:
        if self._closed:
            raise Closed("this was closed; make another SemmemFlowPersistence")
        place = self._root.below(PLACE, flow_uuid)

        async def on_records(memory: Memory) -> T:
            return await work(memory.at(place).records)

        return self._bridge.run(on_records)


async def _all(records: Records) -> list[Record]:
    """All that is kept of a flow, as of one moment."""
    return await records.find(limit=MOST_PARTS)


def _key(name: str, number: int) -> str:
    return f"{name}/{number:03d}"


def _document(name: str, value: Mapping[str, Any]) -> list[NewRecord]:
    """As many records as it takes; the first one says how many they are."""
    text = json.dumps(value)
    texts = [text[start : start + PART] for start in range(0, len(text), PART)]
    if len(texts) > MAX_PARTS:
        limit = f"must be at most {MAX_PARTS * PART // 10**6} million characters as JSON"
        raise InvalidInput("state_data", limit, "keep large data elsewhere, and its address in the state")
    return [
        NewRecord(key=_key(name, number), value={"parts": len(texts), "text": each})
        for number, each in enumerate(texts)
    ]


def _plain(field: str, data: object) -> dict[str, Any]:
    """As plain JSON, in which a date is text and a set a list."""
    if not isinstance(data, BaseModel | Mapping):
        raise InvalidInput(field, f"must be a dict or a pydantic model, not {type(data).__name__}", "pass the state")
    try:
        plain: dict[str, Any] = to_jsonable_python(dict(data) if isinstance(data, Mapping) else data, fallback=str)
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise InvalidInput(field, f"cannot be written as JSON ({error!s:.100})", "keep plain values") from error
    return plain
