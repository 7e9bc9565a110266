"""The example in `examples/` runs as its first lines say, and Tuesday's crew knows what Monday's found out."""

import subprocess
import sys

from tests.unit.test_public import ROOT

EXAMPLE = ROOT / "examples" / "support_crew.py"


def test_tuesdays_crew_knows_what_mondays_found_out() -> None:
    run = subprocess.run((sys.executable, EXAMPLE), capture_output=True, text=True, timeout=150)
    assert run.returncode == 0, run.stderr[-2_000:]
    tuesday = " ".join(run.stdout.split()).partition("Tuesday")[2]
    assert "It leaves on Wednesday, with a new label." in tuesday
    assert "Pralines are out: she is allergic to nuts." in tuesday
    assert tuesday.endswith("4 calls of the model for 4 tasks: memory itself made none.")
