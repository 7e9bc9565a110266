"""The command that lists every setting."""

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from semmem.cli import options
from semmem.cli.output import show

if TYPE_CHECKING:
    from semmem.wiring.settings import Described


def settings(as_json: options.AsJson = False) -> None:
    """List every setting: its variable, its default and what it means.

    Example: semmem settings
    """
    from semmem.wiring.settings import described

    show(described(), as_json, _table)


def _table(found: "list[Described]") -> RenderableType:
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    made.add_column("variable", no_wrap=True)
    made.add_column("what it means", ratio=1, overflow="fold")
    for one in found:
        default = f"; default {one.default}" if one.default else ""
        made.add_row(" or\n".join(one.variables), Text(f"{one.meaning} ({one.type}{default})"))
    return made
