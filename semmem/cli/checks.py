"""What the doctor says of work, of the local log and of receipts, read off what the stores have answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from semmem.cli.stores import lacking, waits
from semmem.errors import SemmemError

if TYPE_CHECKING:
    from semmem.domain.health import Installation
    from semmem.wiring.followers import Follower
    from semmem.wiring.settings import Settings

State = Literal["ok", "degraded", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How one part does; `fix` is empty where nothing needs one."""

    part: str
    state: State
    what: str
    fix: str = ""


def work_checks(health: "Installation", settings: "Settings", now: datetime) -> list[Check]:
    """Who works, what waits, and what was given up."""
    oldest = min(filter(None, (health.oldest_unindexed, health.oldest_unextracted)), default=None)
    waited = None if oldest is None else now - oldest
    patience = settings.extraction_pause + settings.overdue_after
    overdue = not health.workers and waited is not None and waited > patience
    what = f"{health.unindexed} to index, {health.unextracted} to extract, {health.unembedded} to embed"
    if waited is not None:
        what += f"; the oldest for {in_words(waited)}"
    fix = "run `semmem worker`" if overdue else "the embedder's row says why" if health.unembedded else ""
    waiting = Check(part="waiting", state="degraded" if fix else "ok", what=what, fix=fix)
    letters = Check(part="dead letters", state="ok", what="none")
    if health.dead_letters:
        what = ", ".join(f"{count} {stage}" for stage, count in health.dead_letters.items())
        fix = "`semmem dead-letters` lists a scope's with their reasons, and --replay tries them again"
        letters = Check(part="dead letters", state="degraded", what=what, fix=fix)
    return [_workers(health, settings, overdue), waiting, letters]


def _workers(health: "Installation", settings: "Settings", overdue: bool) -> Check:
    heard = "" if health.last_beat is None else f", last heard of {in_words(health.last_beat)} ago"
    what = f"{health.workers} alive{heard}"
    if health.silent:
        what += f"; {' and '.join(health.silent)} did not answer"
        fix = "look at what they run on: jobs wait, and it is asked again and again"
        return Check(part="workers", state="degraded", what=what, fix=fix)
    if health.workers or (settings.runs_worker and not overdue):
        brings = "" if health.workers else "; every process that opens the memory brings one"
        return Check(part="workers", state="ok", what=what + brings)
    fix = "run `semmem worker`: nothing that was remembered is indexed or extracted until then"
    return Check(
        part="workers", state="failed" if overdue and not settings.runs_worker else "degraded", what=what, fix=fix
    )


def local_log_check(folder: Path, database: str | None) -> Check:
    """What is on this machine's disk alone; of which database it is may not be known now."""
    from semmem.stores.local.folder import survey

    try:
        found = survey(folder)
    except SemmemError as error:
        return Check(part="local log", state="failed", what=str(error), fix="look at the file, or at the disk")
    events, changes, refused = (
        sum(getattr(each.counts, name) for each in found) for name in ("events", "changes", "refused")
    )
    waits = f"{events:,} events and {changes:,} updates wait in {folder}, and {refused:,} were refused"
    what = waits if found else f"{folder} is empty"
    strange = [each.name for each in found if database is not None and each.database != database]
    dead = [each.name for each in found if not each.held and each.name not in strange and each.counts.waits]
    if strange:
        what += f"; {', '.join(strange)} of another database"
        fix = "open a memory on that database with this folder, or remove the files if it is gone"
    elif refused:
        reasons = "; ".join(dict.fromkeys(reason for each in found for reason in each.counts.reasons))
        fix = (
            f"read them in the file, tell them again otherwise, and remove it; they were refused because of: {reasons}"
        )
    elif dead:
        fix = "their process is gone: any process that opens a memory with this folder replays them"
    else:
        fix = "they are replayed when Postgres is back" if events or changes else ""
    return Check(part="local log", state="degraded" if fix else "ok", what=what, fix=fix)


def receipts_check(followers: "Sequence[Follower]", own: Sequence[str]) -> Check | None:
    """Says which stores receipts wait for; `own` are those of the worker that this process would bring."""
    without = lacking(followers, own)
    said = [
        waits(each) + (", which no running worker has" if each.store in without else "")
        for each in followers
        if each.receipts
    ]
    if not without:
        return Check(part="receipts", state="ok", what="; ".join(said)) if said else None
    fix = f"run `semmem worker` where it is set; if it is gone for good: `semmem stores --retire {without[0]}`"
    return Check(part="receipts", state="degraded", what="; ".join(said), fix=fix)


def in_words(span: timedelta) -> str:
    return str(timedelta(seconds=round(span.total_seconds())))
