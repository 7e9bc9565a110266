import subprocess
import sys
from pathlib import Path

from tests.cli.command import ROOT, environment

EXAMPLE = ROOT / "examples" / "mcp_host.py"


def test_the_second_session_knows_what_the_first_was_told(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, EXAMPLE], capture_output=True, text=True, env=environment(tmp_path))
    assert done.returncode == 0, done.stderr
    monday, friday = " ".join(done.stdout.split()).split("Friday: a new session")
    assert "add_memory" in monday
    assert "You told me: My sister Ines is allergic to peanuts" in friday
    assert "You told me: I moved to Lisbon in May." in friday
    assert friday.endswith("I remember nothing of it.")
