"""Writes the table of docs/settings.md from the code: `python scripts/settings_table.py`."""

from pathlib import Path

from semmem.wiring.settings import described

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
START, END = "<!-- made by scripts/settings_table.py -->\n", "<!-- end -->\n"


def table() -> str:
    rows = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for one in described():
        variables = ", ".join(f"`{variable}`" for variable in one.variables)
        default = f"`{one.default}`" if one.default else ""
        rows.append(f"| {variables} | {one.type} | {default} | {one.meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def renewed(page: str) -> str:
    """The page with the table as the code has it."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return before + START + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
