"""What keeps the code readable is measured: no file outgrows its room, no function more than one thought."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("semmem", "extractors", "retrieval", "migrations", "evals")
LINES = 400  # of a file; 300 is what to aim at
FUNCTION = 60  # lines


def _files() -> list[Path]:
    return sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("file", _files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_number_of_times_in_a_pattern_is_taken_for_a_value(file: Path) -> None:
    """In an f-string `{2,40}` is a tuple, and the pattern matches nothing."""
    values = (
        node.value for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FormattedValue)
    )
    assert [ast.unparse(value) for value in values if isinstance(value, ast.Tuple | ast.Constant)] == []


@pytest.mark.parametrize("file", _files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_and_its_functions_are_read_at_one_sitting(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= LINES
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= FUNCTION] == []
