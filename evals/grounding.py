"""How many quotes are found in their turns as a copyist changed them, and how many are as they mean something else.

python -m semmem.evals.grounding --locomo locomo_dev.json

Every sentence of the data's turns is a quote. It is changed, or its turn is, in one way after the other.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from semmem.evals.datasets.locomo import load
from semmem.evals.figures import answers
from semmem.extractors.ground import ground

Pair = tuple[str, str]  # a turn and a quote of it, after a change
Change = Callable[[str, str], Pair]

_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
_NEGATION = re.compile(r"n't\b|\b(?:not|never|no|nobody|nothing|without) ", re.IGNORECASE)
_AUXILIARY = re.compile(r"\b(am|is|are|was|were|have|has|had|do|does|did|can|could|will|would)\b(?!n't)")
_NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{2,}")
_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
_DAY = re.compile(r"\b(?:yesterday|today|tomorrow|last|next)\b")
_OTHER_DAY = {"yesterday": "tomorrow", "today": "yesterday", "tomorrow": "today", "last": "next", "next": "last"}
WORDS = 4  # of a quote, at least


def _quote(change: Callable[[str], str]) -> Change:
    return lambda turn, quote: (turn, change(quote))


def _turn(change: Callable[[str], str]) -> Change:
    """The turn was written so, and the quote is as it reads."""
    return lambda turn, quote: (change(turn), quote)


def _bold(turn: str, quote: str) -> Pair:
    longest = max(re.findall(r"\w+", quote), key=len)
    return turn.replace(quote, re.sub(rf"\b{longest}\b", f"**{longest}**", quote, count=1)), quote


def _spelled_out(quote: str) -> str:
    for short, full in (
        ("can't", "cannot"),
        ("Can't", "Cannot"),
        ("won't", "will not"),
        ("n't", " not"),
        ("I'm", "I am"),
    ):
        quote = quote.replace(short, full)
    return quote


COPIED: Mapping[str, Change] = {
    "as it stands": _quote(str),
    "without the full stop": _quote(lambda quote: quote.rstrip(".!?… ")),
    "with a full stop": _quote(lambda quote: quote.rstrip(".!?… ") + "."),
    "bold left out": _bold,
    "entities read": _turn(lambda turn: html.escape(turn).replace("&#x27;", "&#39;")),
    "entities written": _quote(html.escape),
    "bidi marks left out": _turn(lambda turn: re.sub(r"\b(\w+)\b", "\u2068\\1\u2069", turn)),
    "emoji selectors left out": _turn(lambda turn: _EMOJI.sub(lambda match: match[0] + "\ufe0f", turn)),
    "lower case": _quote(str.lower),
    "upper case": _quote(str.upper),
    "a capital İ": _turn(lambda turn: turn.replace("i", "İ")),
    "a name in front": _quote(lambda quote: f"Caroline: {quote}"),
    "line, name and role in front": _quote(lambda quote: f"[12] **Caroline** (user): {quote}"),
    "in quotation marks": _quote(lambda quote: f'"{quote}"'),
    "curly apostrophes": _turn(lambda turn: turn.replace("'", "’")),  # noqa: RUF001
    "apostrophes set": _turn(lambda turn: turn.replace("n't", "nt").replace("I'm", "Im")),
    "words spelled out": _quote(_spelled_out),
    "decomposed letters": _turn(lambda turn: unicodedata.normalize("NFD", turn)),
    "lines broken": _turn(lambda turn: turn.replace(" ", "\n", 5)),
    "two spaces": _turn(lambda turn: turn.replace(" ", "  ")),
}
MEANT: Mapping[str, Change] = {
    "another number": _quote(lambda quote: re.sub(r"\d+", lambda match: str(int(match[0]) + 1), quote, count=1)),
    "a number cut": _quote(lambda quote: re.sub(r"(\d)\d+", r"\1", quote, count=1)),
    "a negation left out": _quote(lambda quote: _NEGATION.sub("", quote, count=1)),
    "a negation behind an ellipsis": _quote(lambda quote: _NEGATION.sub(" … ", quote, count=1)),
    "a negation added": _quote(lambda quote: _AUXILIARY.sub(r"\1 not", quote, count=1)),
    "another name": _quote(lambda quote: _NAME.sub(lambda match: match[0][:-1] + "x", quote, count=1)),
    "another day": _quote(lambda quote: _DAY.sub(lambda match: _OTHER_DAY[match[0]], quote, count=1)),
    "somebody else": _quote(lambda quote: re.sub(r"\bI\b", "she", quote, count=1)),
    "a word added": _quote(lambda quote: quote.replace(" ", " hardly ", 1)),
    "two words changed about": _quote(lambda quote: re.sub(r"(\w{4,}) (\w{4,})", r"\2 \1", quote, count=1)),
}


def measured(turns: list[str], change: Change) -> tuple[int, int]:
    """Returns how many quotes are found, of those that the change changes."""
    found = tried = 0
    for turn in turns:
        for quote in _quotes(turn):
            changed, asked = change(turn, quote)
            if (changed, asked) != (turn, quote) or change is COPIED["as it stands"]:
                tried += 1
                found += ground(asked, changed) is not None
    return found, tried


def _quotes(turn: str) -> Iterator[str]:
    for match in _SENTENCE.finditer(turn):
        if len(match[0].split()) >= WORDS:
            yield match[0].strip()


def main(
    locomo: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="locomo_dev.json.")],
    conversation: Annotated[str, typer.Option(help="Of this one alone.")] = "",
) -> None:
    """Print both tables."""
    turns = [event.content for each in load(locomo) if conversation in ("", each.id) for event in each.events]
    for title, changes in (
        ("found, as a copyist changes them", COPIED),
        ("found, though they mean something else", MEANT),
    ):
        table = Table("change", "found", "of", "share", title=title, title_justify="left", box=None)
        counts = {name: measured(turns, change) for name, change in changes.items()}
        counts["all"] = sum(found for found, _ in counts.values()), sum(tried for _, tried in counts.values())
        for name, (found, tried) in counts.items():
            table.add_row(name, f"{found:,}", f"{tried:,}", f"{found / tried:.4f}" if tried else "–")  # noqa: RUF001
        answers.print(table)


if __name__ == "__main__":
    typer.run(main)
