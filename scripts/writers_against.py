"""Writers of this tree beside those of an earlier commit, by turns: `python scripts/writers_against.py 50da17a`.

Prints, for each kind of writers, this tree's time as a ratio of the earlier one's: the median of all turns. The earlier
commit runs with this tree's installed packages, on embedded servers of its own.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
TURNS = 9  # and one before them, which is not counted

Seconds = dict[str, float]


class Side:
    """One tree's process, which waits for its turns."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._line()

    def turn(self, number: int) -> Seconds:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        times: Seconds = json.loads(self._line())
        return times

    def _line(self) -> str:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line
        raise SystemExit(f"a side ended with {self._process.wait()}; what it said stands above")


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        git = ("git", "-C", str(ROOT), "worktree")
        subprocess.run([*git, "add", "--quiet", "--detach", folder, commit], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run([*git, "remove", "--force", folder], check=True)


@contextmanager
def side(tree: Path) -> Iterator[Side]:
    with TemporaryDirectory(ignore_cleanup_errors=True) as data:
        command = [sys.executable, str(ROOT / "scripts" / "writers.py"), data]
        environment = os.environ | {"PYTHONPATH": str(tree)}
        process = subprocess.Popen(
            command, cwd=tree, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            yield Side(process)
        finally:
            process.communicate()  # the end of its input is its end


def main(commit: str) -> None:
    with ExitStack() as stack:
        earlier = stack.enter_context(side(stack.enter_context(worktree(commit))))
        ours = stack.enter_context(side(ROOT))
        turns = [(ours.turn(number), earlier.turn(number)) for number in range(TURNS + 1)][1:]
    for kind in turns[0][0]:
        ratios = sorted(mine[kind] / theirs[kind] for mine, theirs in turns)
        print(f"{kind:22} {statistics.median(ratios):.2f} x  ({ratios[0]:.2f} to {ratios[-1]:.2f}) of {commit}")


if __name__ == "__main__":
    main(*sys.argv[1:])
