"""The example in `examples/` runs as its first lines say, and its agent knows again what it was told."""

import subprocess
import sys

from tests.unit.test_public import ROOT

EXAMPLE = ROOT / "examples" / "langgraph_agent.py"


def test_the_agent_knows_a_caller_again_and_no_other() -> None:
    run = subprocess.run((sys.executable, EXAMPLE), capture_output=True, text=True, timeout=150)
    assert run.returncode == 0, run.stderr[-2_000:]
    monday, friday, ben = run.stdout.split(", maya\n")[1], *run.stdout.split(", maya\n")[2].split(", ben\n")
    assert "kept diet" in monday
    assert "The Green Table cooks vegetarian." in friday
    assert "At four, as every Friday." in friday
    assert "The Grill House is popular." in ben
    assert "recalled" not in ben
