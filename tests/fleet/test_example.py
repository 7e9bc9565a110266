"""The example in `examples/` runs as its first lines say: each invoice is paid once, and a no takes a sentence back."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, environment
from tests.embedded.processes import servants

EXAMPLE = ROOT / "examples" / "launch_team.py"


def test_the_killed_clerk_s_invoice_is_paid_once_and_the_human_s_no_is_heard(tmp_path: Path) -> None:
    given = environment(tmp_path) | {"TMPDIR": str(tmp_path)}
    try:
        run = subprocess.run((sys.executable, EXAMPLE), capture_output=True, text=True, env=given, timeout=400)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"it hung behind\n{(late.stdout or b'').decode()}\n{(late.stderr or b'').decode()}")
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr[-4_000:]}"
    before, after = run.stdout.split("b1 is killed with this invoice in hand (-9)")
    assert "pays 15 USD for the register, attempt 1" in before
    assert "pays 15 USD for the register, attempt 2" in after
    assert re.findall(r" event +(Paid .*)", run.stdout).count("Paid 15 USD for the register") == 1
    assert "4 invoices, 4 payments, 70 USD" in after
    assert re.search(r"answer +no\n.*restored +before-sending", after)
    assert "The report: Enter Vietnam in July" in after
    assert "customers" not in after.split("The report: ")[1]
    positions = [int(found) for found in re.findall(r"^ *(\d+)  (?:-|\w\w) +[a-z]+ ", run.stdout, re.MULTILINE)]
    assert positions == list(range(1, len(positions) + 1))
    assert len(positions) > 35
    assert servants(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
