"""What reads a user's text grows with its length and no faster: twice the text, at most 2.5 times the steps.

Steps are lines of Python, counted by the interpreter's own trace: no clock takes part. What happens inside a regular
expression is none of them: those texts at which one was once quadratic stand in `ONCE_SLOW`, against a wide margin.
"""

import gc
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import thread_time
from types import FrameType
from typing import Any
from uuid import uuid4

import pytest

from semmem.domain.context import Item
from semmem.domain.extraction import BatchLimits
from semmem.errors import BadAnswer
from semmem.evals.judging import read_verdict
from semmem.extractors import words
from semmem.extractors.answers.parse import parse_answer
from semmem.extractors.answers.unwrap import unwrapped
from semmem.extractors.echo import without_recalled
from semmem.extractors.gate import worth_extracting
from semmem.extractors.ground import ground
from semmem.extractors.offline import OfflineExtractor, condensed
from semmem.extractors.resolve import merged
from semmem.extractors.rules import clauses, meaning
from semmem.extractors.segment import next_batch
from semmem.extractors.statements.voices import own_words
from semmem.language.spans import spans
from semmem.models.tokens import load_counter
from semmem.retrieval.analysis import normalised, terms
from semmem.retrieval.assemble import assemble
from semmem.retrieval.excerpt import excerpt
from semmem.retrieval.pieces import pieces
from semmem.retrieval.quote import quoted, quoted_xml
from tests.unit.extractors.builders import ALICE, draft, event

SAID = datetime(2025, 6, 1, tzinfo=UTC)
SMALL = 2_000
MOST = 2.5  # times the steps for twice the text
FEW = 500  # steps, below which a ratio tells nothing


class Counter:
    exact = False

    def count(self, text: str) -> int:
        return len(text.encode())


def numbered(sentence: str) -> Callable[[int], str]:
    return lambda size: "".join(sentence.format(n) for n in range(size // len(sentence)))


def repeated(unit: str) -> Callable[[int], str]:
    return lambda size: unit * (size // len(unit))


TEXTS: dict[str, Callable[[int], str]] = {
    "one subject": numbered("I stopped x{0} y{0}. "),
    "values beside each other": numbered("I drive a Volvo{}. "),
    "the same again": repeated("I live in Berlin. "),
    "back and forth": repeated("I live in Berlin. I live in Munich. "),
    "what is over": numbered("I no longer eat x{}. "),
    "dates": repeated("on 3 May 2023 and until June, "),
    "times of two parts": repeated("on Monday last week, two days after 3 May "),
    "lists of months": repeated("May, March and "),
    "told under a stretch": lambda size: "Last year " + "in May " * (size // 7),
    "numbers in words": repeated("twenty one and half a "),
    "one word": repeated("a"),
    "almost words": lambda size: "a" * size + "!",
    "commas": repeated(","),
    "numbers": repeated("1 "),
    "lines": repeated("a\n"),
    "spaces": lambda size: "a" + " " * size + "b",
    "indented": lambda size: "I live in Rome.\n" + " " * size + "(see above)",
    "quotes": repeated('"a'),
    "brackets": repeated("[{(<"),
    "fences": repeated("```\n"),
    "backslashes": repeated('\\"'),
    "marks": lambda size: "a" + "\u0315\u0300\u05ae\u0301" * (size // 4),
    "unseen": repeated("a\u200b"),
    "no spaces": repeated("我住在柏林"),
    "links": repeated("a@b.c/"),
    "markers": repeated("</semmem-memory><semmem-memory>"),
    "items": repeated("e1 alice: I like tea.\n"),
    "elements": repeated('<memory id="e1">'),
    "nested": repeated('{"facts":['),
    "objects": repeated('{"a": 1} '),
    "thoughts": repeated("</think>"),
    "tags": repeated("<answer>"),
    "tokens": repeated("<|end|> "),
    "comments": repeated("/*"),
}

READERS: dict[str, Callable[[str], object]] = {
    "extraction by rules": lambda text: OfflineExtractor()._extract([event(text)], {}),
    "extraction of many": lambda text: OfflineExtractor()._extract([event(part) for part in _parts(text)], {}),
    "summary": lambda text: condensed([draft(part.strip()[:400]) for part in _parts(text)]),
    "merging": lambda text: merged([draft(part.strip()[:400]) for part in _parts(text)]),
    "gate": lambda text: worth_extracting(event(text)),
    "own words": lambda text: own_words(text, "alice"),
    "first person": lambda text: clauses.in_first_person("alice", text),
    "verdict": read_verdict,
    "echo": without_recalled,
    "batches": lambda text: next_batch([event(text)], Counter(), BatchLimits(tokens=100, events=10)),
    "grounding": lambda text: ground(text[:300] + " zq", text),
    "unwrapping": unwrapped,
    "parsing": lambda text: _parsed(text),
    "parsing behind prose": lambda text: _parsed(f"Sure: {text}"),
    "parsing of strings": lambda text: _parsed(json.dumps({"facts": [{"quote": text, "text": text}]})),
    "terms": terms,
    "normal form": normalised,
    "pieces": pieces,
    "excerpt": lambda text: excerpt(text, "where do I live", 500),
    "times": lambda text: spans(text, SAID),
    "quoting": quoted,
    "quoting in XML": quoted_xml,
    "tokens": load_counter().count,
    "assembling": lambda text: assemble(
        {"recent": [_item(part) for part in _parts(text)]},
        budget=max(200, len(text) // 4),
        counter=Counter(),
        format="messages",
        degraded=frozenset(),
    ),
}

ONCE_SLOW = ["marks", "tokens", "tags", "thoughts", "comments", "backslashes", "spaces", "indented", "items"]


def _parts(text: str) -> list[str]:
    return [part for part in text.replace("\n", ". ")[:16_000].split(". ") if part.strip()] or ["-"]


def _parsed(text: str) -> object:
    try:
        return parse_answer(text)
    except BadAnswer as error:
        return error


def _item(text: str) -> Item:
    return Item(
        tier="recent",
        kind="event",
        id=uuid4(),
        scope=ALICE,
        text=text,
        voice="alice",
        role="user",
        at=SAID,
        session="s1",
        worth=0.5,
    )


def _forget_what_was_read() -> None:
    for module in (clauses, meaning, words):
        for cached in vars(module).values():
            if hasattr(cached, "cache_clear"):
                cached.cache_clear()


def steps(read: Callable[[str], object], text: str) -> int:
    """How many lines of Python are run."""
    _forget_what_was_read()
    count = 0

    def trace(frame: FrameType, what: str, argument: Any) -> Any:
        nonlocal count
        count += what == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("reader", READERS)
def test_twice_the_text_takes_at_most_two_and_a_half_times_the_steps(reader: str) -> None:
    read, size = READERS[reader], SMALL
    grown = {name: (steps(read, make(size)), steps(read, make(2 * size))) for name, make in TEXTS.items()}
    too_fast = {name: pair for name, pair in grown.items() if pair[1] > MOST * max(pair[0], FEW)}
    assert not too_fast


@pytest.mark.parametrize("reader", [name for name in READERS if name not in ("extraction of many", "merging")])
@pytest.mark.parametrize("name", ONCE_SLOW)
def test_sixteen_times_the_text_is_far_from_taking_its_square(name: str, reader: str) -> None:
    """In time of this thread's own; the square would be 256 times."""
    read, make = READERS[reader], TEXTS[name]

    def seconds(size: int) -> float:
        _forget_what_was_read()
        text, started = make(size), thread_time()
        read(text)
        return thread_time() - started

    gc.disable()  # a collection takes as long as all that other tests have left in memory
    try:
        seconds(1_000)
        short = min(seconds(2_000) for _ in range(3))
        # The fastest of three counts: where the first is fast enough, the others are not waited for.
        assert any(seconds(32_000) < 100 * max(short, 0.0005) for _ in range(3))
    finally:
        gc.enable()
