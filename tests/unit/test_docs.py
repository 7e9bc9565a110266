"""What the pages point to is there: tests by path and name, and other pages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([\w-]+))?\)")


def _tests_named(text: str) -> list[tuple[str, str]]:
    """Each path of a test with the function's name, if any; `::name` alone is of the file before it."""
    found: list[tuple[str, str]] = []
    for path, name in re.findall(r"`(tests/[\w./-]*\w|)(?:::(\w+))?`", text):
        if path or name:
            found.append((path or found[-1][0], name))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    for path, name in _tests_named(page.read_text("utf-8")):
        assert (ROOT / path).exists(), path
        if name:
            assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), name


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_module_that_a_page_names_is_there(page: Path) -> None:
    for path in re.findall(r"`([\w./]+\.(?:py|sql|lua))`", page.read_text("utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for path, heading in LINK.findall(page.read_text("utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        if heading:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}, heading


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_function_of_the_database_is_named_where_it_was_made_last(page: Path) -> None:
    for path in re.findall(r"`(migrations/versions/\w+/functions/\w+\.sql)`", page.read_text("utf-8")):
        *_, newest = sorted(ROOT.glob(f"migrations/versions/*/functions/{Path(path).name}"))
        assert path == newest.relative_to(ROOT).as_posix()


def test_each_way_through_the_code_is_eight_files_that_hold_what_is_said_of_them() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    ways = [section for section in page.split("\n## ") if section.startswith(("An event", "A question"))]
    steps = [re.findall(r"^\d\. `([\w./]+)`, `(\w+)`:", way, re.MULTILINE) for way in ways]
    assert [len(way) for way in steps] == [8, 8]
    for path, name in (step for way in steps for step in way):
        assert re.search(rf"(def|create (or replace )?function) (\w+\.)?{name}\(", (ROOT / path).read_text("utf-8")), (
            path,
            name,
        )


def test_every_promise_has_its_attack_and_its_tests() -> None:
    rows = re.findall(r"^\| P(\d+) (.*)$", (ROOT / "docs" / "architecture.md").read_text("utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 11))
    assert all(len(row.split(" | ")) == 4 and _tests_named(row) for _, row in rows)


def test_what_fleets_of_agents_ask_for_is_answered_in_one_table() -> None:
    page = (ROOT / "docs" / "fleet.md").read_text("utf-8")
    section = page.split("## What it is called elsewhere\n")[1].split("\n## ")[0]
    rows = [row.split(" | ") for row in re.findall(r"^\| (?!asked)(\w.*) \|$", section, re.MULTILINE)]
    assert {len(row) for row in rows} == {3}
    asked = " ".join(row[0] for row in rows)
    for name in (
        *("recent events", "history", "deduplication", "latest state", "snapshots", "idempotency", "versions"),
        *("status", "locks", "event store", "reducers", "access control", "conflict resolution", "checkpoints"),
        *("view projector", "event bus", "blackboard", "schema evolution", "monitoring"),
    ):
        assert name in asked, name
