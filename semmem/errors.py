"""Every error semmem raises on purpose.

SemmemError
├── InvalidInput            (also a ValueError)
│   ├── KeyConflict
│   └── StateMismatch
├── Conflict
│   └── FactChanged
├── Forbidden
├── LockHeld
├── LockLost
├── ThreadLost
├── Damaged
├── NotFound
├── Closed
├── NotSettled
├── TooFarBehind
├── LeaseLost
├── QuestionClosed
├── ConfigurationError
│   ├── MissingExtra
│   ├── SchemaOutdated
│   └── IndexMismatch
├── StoreUnavailable
│   ├── PoolExhausted
│   ├── TimedOut
│   ├── Unconfirmed
│   └── WriteConflict
├── EmbeddedServerError
└── ModelError
    ├── ModelUnavailable
    │   └── RequestFailed
    ├── RequestRefused
    └── BadAnswer
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID


class SemmemError(Exception):
    """The base of every error below."""


class InvalidInput(SemmemError, ValueError):
    """A value semmem refuses: names the field, the limit it broke and the fix."""

    def __init__(self, field: str, limit: str, fix: str) -> None:
        super().__init__(f"{field}: {limit}; {fix}")
        self.field, self.limit, self.fix = field, limit, fix


class KeyConflict(InvalidInput):
    """The idempotency key was used before, for an event with another body; `index` is the event's place in the call."""

    def __init__(self, index: int) -> None:
        self.index = index
        super().__init__(
            f"events[{index}].key",
            "an event with this key and another body is already stored",
            "send the first body again, or a new key",
        )


class StateMismatch(InvalidInput):
    """A field of shared state is declared, or was told, in another way than here."""


class Conflict(SemmemError):
    """A field of shared state is not as the writer had seen it; nothing was written.

    The writer had seen the log up to `seen`, and the agent `by` changed the field at `found`; now it has this `value`.
    """

    def __init__(self, field: str, *, seen: int, found: int, by: str | None, value: Any) -> None:
        whose = f"the agent {by}" if by else "somebody"
        super().__init__(
            f"{field}: {whose} changed it at position {found}, and this writer had seen it as of {seen}; read it again "
            "and decide again"
        )
        self.field, self.seen, self.found, self.by, self.value = field, seen, found, by, value


class FactChanged(Conflict):
    """A fact is not of the version `seen` that a correction was meant for, but of the version `found`, whose text is
    `value`, made by the person `by` where one made it; nothing was written.
    """

    def __init__(self, fact: UUID, *, seen: int, found: int | None, by: str | None, value: str | None) -> None:
        whose = f" by {by}" if by else ""
        now = f"version {found} holds{whose}" if found else f"no version holds{whose}"
        SemmemError.__init__(
            self,
            f"version: the fact {fact} was seen at version {seen}, and now {now}; read its timeline and decide again",
        )
        self.field, self.seen, self.found, self.by, self.value = "version", seen, found or 0, by, value


class Forbidden(SemmemError):
    """An agent's role may not "read" or "write" a field of shared state; nothing was read or written."""

    def __init__(self, agent: str | None, role: str, field: str, action: str) -> None:
        whose = f"the role {role}" if role else "who has no role"
        super().__init__(
            f"{field}: {whose} may not {action} it; let an agent do it whose role is among those that the field names"
        )
        self.agent, self.role, self.field, self.action = agent, role, field, action


class LockHeld(SemmemError):
    """Somebody else holds a lock, at most `until` then."""

    def __init__(self, name: str, *, by: str | None, until: datetime) -> None:
        whose = f"the agent {by}" if by else "somebody"
        super().__init__(
            f"lock {name}: {whose} holds it until {until:%H:%M:%S} UTC; wait for it with `wait`, or `--within`"
        )
        self.name, self.by, self.until = name, by, until


class LockLost(SemmemError):
    """A lock is its holder's no more: it was released, forgotten, or ran out and was taken; nothing was written."""

    def __init__(self, name: str, token: int) -> None:
        super().__init__(
            f"lock {name}: token {token} is not its holder's any more; take the lock again, and read again"
        )
        self.name, self.token = name, token


class ThreadLost(SemmemError):
    """A graph's thread is a run's no more: another run went on with it, or it was deleted; nothing was written."""

    def __init__(self, thread: str) -> None:
        super().__init__(
            f"thread {thread}: another run has written to it since this one read it, or it was deleted or forgotten; "
            "invoke the graph again, which reads the thread as it stands"
        )
        self.thread = thread


class Damaged(SemmemError):
    """The state at a checkpoint is not what it was when the checkpoint was made."""

    def __init__(self, checkpoint: str) -> None:
        super().__init__(
            f"checkpoint {checkpoint}: its digest does not fit the state; restore the database from a backup, or an "
            "earlier checkpoint"
        )
        self.checkpoint = checkpoint


class NotFound(SemmemError):
    """Nothing with that id is visible in the scope."""


class Closed(SemmemError):
    """The memory was used after it was closed, in a child forked meanwhile, or in another event loop."""


class NotSettled(SemmemError):
    """Work is left after the time that was given to it."""


class TooFarBehind(SemmemError):
    """Entries behind the position `after` were taken out of the log, which goes back to `floor` alone."""

    def __init__(self, after: int, floor: int) -> None:
        super().__init__(
            f"after: {after} is behind the log's floor, {floor}, and entries between them are gone; drop what was "
            f"built of this log, build it again from the memory as it stands, and go on after {floor}"
        )
        self.after, self.floor = after, floor


class LeaseLost(SemmemError):
    """A delivery is not its consumer's any more: its lease was over, or its event was forgotten; nothing was stored."""

    def __init__(self, group: str, position: int) -> None:
        super().__init__(
            f"group {group}: the lease on position {position} is over, and another consumer may have it; go on with "
            "the next delivery, and ask for a longer lease where the work takes longer"
        )
        self.group, self.position = group, position


class QuestionClosed(SemmemError):
    """A question was answered before, with `choice` by the agent `by`, or is over without an answer (None)."""

    def __init__(self, question: UUID, *, choice: str | None = None, by: str | None = None) -> None:
        if choice is None:
            how, fix = "nobody has answered it in time, or before the work ended", "ask again where it still matters"
        else:
            how, fix = f"it was answered with {choice} by {by or 'somebody who is no agent'}", "the first answer counts"
        super().__init__(f"question {question}: {how}; {fix}")
        self.question, self.choice, self.by = question, choice, by


class ConfigurationError(SemmemError):
    """The settings, or what they point at, do not fit together; the message says the way out."""


class MissingExtra(ConfigurationError):
    """An optional package is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs an optional package: pip install 'semmem[{extra}]'")
        self.extra = extra


class SchemaOutdated(ConfigurationError):
    """The database schema is older or newer than this release, or `lacking` something; run `semmem migrate`."""

    def __init__(self, message: str, lacking: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.lacking = tuple(lacking)


class IndexMismatch(ConfigurationError):
    """The vector index was made with another embedding model or other dimensions."""


class StoreUnavailable(SemmemError):
    """A store did not answer; `store` is "postgres", "redis", "qdrant" or "local_log", `sent` whether it may have done
    its work."""

    sent = False

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"{store} is unavailable: {reason}")
        self.store = store


class PoolExhausted(StoreUnavailable):
    """Postgres answers, but all of this process's connections to it stayed in use; `size` is how many it has."""

    def __init__(self, size: int, waited: float) -> None:
        SemmemError.__init__(
            self,
            f"all {size} connections to Postgres were in use for {waited:.3g} s; raise SEMMEM_POSTGRES_POOL or "
            "SEMMEM_POSTGRES_WAIT, or ask for less at once",
        )
        self.store, self.size = "postgres", size


class TimedOut(StoreUnavailable):
    """Postgres did not answer within the call's deadline; `seconds` is how long that was."""

    def __init__(self, seconds: float, *, sent: bool = True) -> None:
        SemmemError.__init__(
            self,
            f"postgres did not answer within {seconds:g} s; call again, or give the call a longer timeout "
            "(SEMMEM_READ_TIMEOUT, SEMMEM_WRITE_TIMEOUT)",
        )
        self.store, self.seconds, self.sent = "postgres", seconds, sent


class Unconfirmed(StoreUnavailable):
    """Postgres was lost before it said whether it has committed: what was sent may have been stored, or not."""

    def __init__(self, reason: str) -> None:
        SemmemError.__init__(
            self,
            f"it may have been stored, or not ({reason}); call again: what has the same key is stored once",
        )
        self.store, self.sent = "postgres", True


class LocalLogFull(StoreUnavailable):
    """Postgres is away, and the local log at `path` takes no more: it holds `limit` bytes, or the disk is full."""

    def __init__(self, path: str, limit: int) -> None:
        SemmemError.__init__(
            self,
            f"postgres is away, and the local log {path} is full (it takes {limit // 2**20} MiB, where the disk has as "
            "much room): nothing of this call is kept; call again when Postgres is back",
        )
        self.store, self.path, self.limit = "local_log", path, limit


class WriteConflict(StoreUnavailable):
    """Other writers were in the way of this one each time that it was tried; nothing of it was written."""

    def __init__(self, reason: str) -> None:
        SemmemError.__init__(self, f"postgres gave way to other writers ({reason}); nothing was written, so call again")
        self.store = "postgres"


class EmbeddedServerError(SemmemError):
    """An embedded server could not be started or reached; the message says the way out."""


class ModelError(SemmemError):
    """A chat or embedding model failed."""


class ModelUnavailable(ModelError):
    """The model endpoint did not answer, or refused for now; worth a retry."""


class RequestFailed(ModelUnavailable):
    """This request had no usable reply (late, a 500, half a body), which may pass or be due to what it holds."""


class RequestRefused(ModelError):
    """The endpoint refuses this request in every form, and does not say why."""


class BadAnswer(ModelError):
    """The model answered, but not with what is asked for; `reason` is one word for metrics, `detail` a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail
