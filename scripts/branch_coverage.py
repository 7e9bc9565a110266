"""Says which share of the branches a measured run reached: `python scripts/branch_coverage.py coverage.json`.

Exits with 1 where a part of the core is below FLOOR; `make coverage` runs the tests and this.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
FLOOR = 0.95
CORE = ("semmem/domain", "semmem/stores", "semmem/engine", "extractors/answers/parse.py", "extractors/resolve.py")


class Branches(NamedTuple):
    """Of a file or a package."""

    reached: int = 0
    all: int = 0

    @property
    def share(self) -> float:
        return self.reached / self.all if self.all else 1.0

    def __str__(self) -> str:
        return f"{self.share:7.1%}  {self.reached:5} of {self.all}"


def of_files(report: Mapping[str, Any]) -> dict[str, Branches]:
    """By path below the repository, from what `coverage json` writes."""
    summaries = {name: file["summary"] for name, file in report["files"].items()}
    return {
        (ROOT / name).relative_to(ROOT).as_posix(): Branches(each["covered_branches"], each["num_branches"])
        for name, each in summaries.items()
    }


def together(files: Mapping[str, Branches], part: str) -> Branches:
    """A file's, or those of all files below a folder."""
    found = [branches for name, branches in files.items() if name == part or name.startswith(f"{part}/")]
    return Branches(sum(each.reached for each in found), sum(each.all for each in found))


def packages(files: Iterable[str]) -> list[str]:
    """The folders that files lie in, two levels deep at most."""
    return sorted({"/".join(name.split("/")[:-1][:2]) for name in files})


def below(files: Mapping[str, Branches]) -> list[str]:
    """What of the core is below the floor; a part that was never loaded has reached nothing."""
    found = {part: together(files, part) for part in CORE}
    return [part for part, branches in found.items() if branches.share < FLOOR or not branches.all]


def main(path: str) -> int:
    files = of_files(json.loads(Path(path).read_text("utf-8")))
    for part in packages(files):
        print(f"{together(files, part)}  {part}")
    print(f"\nthe core, of which {FLOOR:.0%} at least:")
    for part in CORE:
        print(f"{together(files, part)}  {part}")
    for part in (low := below(files)):
        print(f"{part} is below {FLOOR:.0%}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
