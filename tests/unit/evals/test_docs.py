import re
from pathlib import Path

from semmem.evals.datasets.jsonl import load

DOCS = Path(__file__).parents[3] / "docs" / "evals.md"


def test_the_worked_example_is_read(tmp_path: Path) -> None:
    found = re.search(r"^cat > (cafe\.jsonl) <<'END'\n(.*?)^END$", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    file = tmp_path / found[1]
    file.write_text(found[2], encoding="utf-8")
    [conversation] = load(file)
    assert conversation.skipped == 0
    assert [question.evidence for question in conversation.questions] == [("e1",), ("e1", "e3"), ("e4",)]
