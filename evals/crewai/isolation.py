"""Two faults of CrewAI's default memory backend, and the same calls on semmem.

python -m semmem.evals.crewai.isolation

Both sides are CrewAI's own `Memory` interface on stores of the run's own: LanceDB with a local embedder (every text has
the same vector, so nothing but the scope decides), and SemmemMemory. Exits with 1 if semmem fails.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from semmem.evals.crewai.quiet import quiet

# isort: split
from crewai.memory.unified_memory import Memory

from semmem.evals.plan import EMBEDDED, NO_MODEL
from semmem.integrations.crewai import SemmemMemory

OWN_STORES: dict[str, Any] = {**EMBEDDED, **NO_MODEL}
PATHS = ("/", "/user/1", "/user/10")
SAID: dict[str, Any] = {"categories": ["x"], "importance": 0.5, "metadata": {}}

Open = Callable[[], Memory]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A call, the paths its effect should be limited to, and the paths it did reach."""

    call: str
    allowed: frozenset[str]
    reached: frozenset[str]

    @property
    def foreign(self) -> list[str]:
        return sorted(self.reached - self.allowed)


def main() -> None:
    with quiet(), tempfile.TemporaryDirectory(prefix="semmem-crewai-", ignore_cleanup_errors=True) as folder:
        lancedb = str(Path(folder) / "lancedb")
        default = _faults(lambda: Memory(storage=lancedb, embedder=lambda texts: [[1.0] + [0.0] * 63 for _ in texts]))
        ours = _faults(lambda: SemmemMemory(tenant="acme", user="eval", data=Path(folder), **OWN_STORES))
    table = Table(title="whose records a call on /user/1 reaches", title_justify="left", box=None, header_style="dim")
    for name in ("call", "CrewAI's default", "semmem"):
        table.add_column(name, no_wrap=True)
    for theirs, own in zip(default, ours, strict=True):
        table.add_row(theirs.call, _verdict(theirs), _verdict(own))
    Console(highlight=False).print(table)
    sys.exit(any(fault.foreign for fault in ours))


def _faults(open_memory: Open) -> list[Fault]:
    memory = open_memory()
    memory.reset_all()
    for path in PATHS:
        memory.remember(f"The PIN of {path} is {len(path)}.", scope=path, **SAID)
    own = frozenset({"/user/1"})
    found = memory.recall("What is the PIN?", scope="/user/1", depth="shallow")
    recalled = frozenset(match.record.scope for match in found)
    before = {record.scope for record in memory.list_records()}
    memory.forget(scope="/user/1")
    gone = before - {record.scope for record in memory.list_records()}
    memory.close()
    return [
        Fault(call='recall("...", scope="/user/1")', allowed=own, reached=recalled),
        Fault(call='forget(scope="/user/1")', allowed=own, reached=frozenset(gone)),
    ]


def _verdict(fault: Fault) -> str:
    foreign = fault.foreign
    return f"[red]also {', '.join(foreign)}[/]" if foreign else f"[green]{', '.join(fault.reached)} alone[/]"


if __name__ == "__main__":
    main()
