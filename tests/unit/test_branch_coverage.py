"""What `make coverage` says of a measured run, and where it fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.branch_coverage import CORE, ROOT, main


def _report(**reached: int) -> dict[str, Any]:
    """A hundred branches in a file of each part of the core, reached in full unless told otherwise."""
    paths = [part if part.endswith(".py") else f"{part}/deep/within.py" for part in CORE]
    shares = {path: {"covered_branches": reached.get(path.split("/")[1], 100), "num_branches": 100} for path in paths}
    return {"files": {path: {"summary": summary} for path, summary in shares.items()}}


def _exit_of(report: dict[str, Any], folder: Path) -> int:
    (folder / "coverage.json").write_text(json.dumps(report))
    return main(str(folder / "coverage.json"))


def test_every_part_of_the_core_is_there() -> None:
    assert [part for part in CORE if not (ROOT / part).exists()] == []


def test_a_core_at_the_floor_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_of(_report(domain=95, stores=95), tmp_path) == 0
    assert "  95.0%     95 of 100  semmem/domain" in capsys.readouterr().out.splitlines()


def test_a_part_below_it_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_of(_report(engine=94), tmp_path) == 1
    assert capsys.readouterr().err == "semmem/engine is below 95%\n"


def test_what_was_never_loaded_is_not_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = _report()
    del report["files"]["extractors/answers/parse.py"]
    assert _exit_of(report, tmp_path) == 1
    assert capsys.readouterr().err == "extractors/answers/parse.py is below 95%\n"
