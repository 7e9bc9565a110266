"""What an agent remembers of a context that it was given is no news, in whatever form and however much of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from semmem.domain.context import Format, Item, Outdated, Since, Tier
from semmem.extractors.echo import without_recalled
from semmem.retrieval.assemble import assemble
from tests.unit.extractors.builders import ALICE, SAID

SAID_THEN = ("I live in Berlin.", "I am allergic to peanuts:\neven to a trace.", "My sister Ana works at Bosch.")
OWN = "I moved to Munich."
PROFILED = "alice has lived near Ana since 2019."
LONG_AGO = datetime(2020, 2, 3, tzinfo=UTC)
PART_IS_OVER = Outdated(words="I live in Berlin", since=Since(at=SAID), now="alice lives in Potsdam near Ana.")


class Counter:
    exact = False

    def count(self, text: str) -> int:
        return len(text.encode())


def rendered(format: Format) -> list[str]:
    """The contents of the messages of a context that has all tiers; of the other formats the one text."""
    tiers: dict[Tier, list[Item]] = {
        "profile": [replace(_item("profile", PROFILED), since=Since(at=SAID, precision="month", stated=False))],
        "summary": [replace(_item("summary", "alice lives in Berlin and has a sister."), since=Since(at=LONG_AGO))],
        "recent": [replace(_item("recent", text), outdated=(PART_IS_OVER,)) for text in SAID_THEN[:2]],
        "retrieved": [_item("retrieved", SAID_THEN[2])],
    }
    context = assemble(
        tiers, budget=10_000, counter=Counter(), format=format, degraded=frozenset(), nothing_relevant=True
    )
    return [message["content"] for message in context.messages] or [context.text]


def _item(tier: Tier, text: str) -> Item:
    return Item(
        tier=tier,
        kind="summary" if tier == "summary" else "fact" if tier in ("profile", "retrieved") else "event",
        id=uuid4(),
        scope=ALICE,
        text=text,
        voice="summary" if tier == "summary" else "alice",
        role="user",
        at=SAID,
        session="s1",
        worth=0.5,
    )


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quoted": quoted,
    "indented": indented,
    "quoted twice": lambda text: quoted(quoted(text)),
    "labelled": lambda text: f"user: {text}",
    "fenced": lambda text: f"```\n{text}\n```",
    "escaped": lambda text: text.replace("<", "&lt;").replace(">", "&gt;"),
    "as JSON": lambda text: json.dumps({"role": "user", "content": text}),
    "as indented JSON": lambda text: json.dumps([{"role": "user", "content": text}], indent=2),
    "in CRLF": lambda text: text.replace("\n", "\r\n"),
    "on one line": lambda text: " ".join(text.split()),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("format", ["text", "xml", "messages"])
def test_a_context_that_comes_back_leaves_nothing(format: Format, form: str) -> None:
    for content in rendered(format):
        left = without_recalled(FORMS[form](content))
        assert not any(word in left for word in ("Berlin", "peanuts", "trace", "Ana", "Potsdam", "Nothing")), left


@pytest.mark.parametrize("format", ["text", "xml", "messages"])
def test_what_the_speaker_adds_before_and_after_stays(format: Format) -> None:
    for content in rendered(format):
        before = without_recalled(f"{OWN}\n\n{content}")
        after = without_recalled(f"{content}\n\n{OWN}")
        assert (before.startswith(OWN), after.endswith(OWN)) == (True, True)
        assert "peanuts" not in before + after


@pytest.mark.parametrize("format", ["text", "xml"])
def test_a_context_that_was_cut_anywhere_leaves_nothing_of_its_whole_lines(format: Format) -> None:
    [text] = rendered(format)
    lines = text.split("\n")
    for first in range(len(lines)):
        for last in range(first + 2, len(lines)):
            left = without_recalled("\n".join(lines[first:last]))
            whole = [line for line in left.split("\n") if line.startswith(("e", "f", "s", "outdated", "<memory"))]
            assert not whole, (first, last, left)


@pytest.mark.parametrize(
    "text",
    [
        "e4 is my favourite opening move.",
        "f1 score: 0.92 was what I got.",
        "s3 bucket: we keep photos there.",
        "[2026-05-08] I moved to Munich.",
        "My list:\n- e2 visa: I applied for it\n- dentist on Monday",
        "# recent\nI have a new job.",
        "I prefer <b>bold</b> text & a < b.",
        "I live at [see map](x): 5 Elm Street.\n  And I have a dog.",
        "I like cats.\n\n  My dog is old.",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert without_recalled(text) == text.strip()
