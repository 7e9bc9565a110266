import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from string import ascii_lowercase

import pytest
import tiktoken
from hypothesis import example, given, settings
from hypothesis import strategies as st

from semmem.errors import ConfigurationError
from semmem.models import tokens
from semmem.models.token_bound import RARE_PAIRS, byte_bound, o200k_bound, words
from semmem.models.tokens import ExactCounter, load_counter

needs_table = pytest.mark.skipif(
    not load_counter().exact,
    reason="tiktoken's table is absent: run scripts/tiktoken_table.py FOLDER and set TIKTOKEN_CACHE_DIR=FOLDER",
)

# What the bound reasons about, so that random texts meet its rules and their edges often.
SPACES_AND_SIGNS = [
    " ",
    "  ",
    "\n",
    "\t",
    "\u2028",
    "\u00a0",
    "'",
    "'s",
    "'LL",
    "\u2019",
    "(",
    "/",
    "_",
    "<|endoftext|>",
]
OTHER_SCRIPTS = ["\u00e9", "\u0301", "\u017f", "\u00b2", "\u0663", "\u1e9e", "\u4f60", "\U0001f642", "\ud800"]
ASCII_WORDS = [
    " the",
    " The",
    " THE",
    " theX",
    " memory",
    " hello",
    "ing",
    "HELLOworld",
    "A",
    "b",
    "zq",
    "jz",
    "7",
    "123",
]
PARTS = st.sampled_from([*SPACES_AND_SIGNS, *OTHER_SCRIPTS, *ASCII_WORDS])
MIXED = st.lists(PARTS | st.text(max_size=3) | st.text("abcdefgxyzqj'A 1", max_size=12), max_size=40).map("".join)


@pytest.fixture
def forgotten_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """load_counter as in a new process."""
    monkeypatch.setattr(tokens, "_counters", {})


def exact(text: str) -> int:
    return load_counter().count(text)


@needs_table
@settings(max_examples=1_500, deadline=None)
@given(MIXED | st.text())
@example("it'llama 'lla 'Sample 'samples")
@example("abc123\u00b2 12\u00b2 \u00b2123 1234567")
@example(" the\u0301 the' the's the'S theA the\u00e9")
def test_the_bound_is_never_below_the_exact_count(text: str) -> None:
    assert exact(text) <= o200k_bound(text) <= byte_bound(text)


@needs_table
def test_each_word_of_the_bound_is_one_token() -> None:
    assert [word for word in words() if exact(f" {word}") != 1] == []


@needs_table
def test_each_pair_of_letters_but_the_rare_ones_is_one_token() -> None:
    pairs = map("".join, product(ascii_lowercase, repeat=2))

    assert [pair for pair in pairs if exact(pair) != 1] == RARE_PAIRS.split("|")


@needs_table
def test_up_to_three_digits_are_one_token() -> None:
    digits = {f"{number:0{width}}" for width in (1, 2, 3) for number in range(10**width)}

    assert {exact(number) for number in digits} == {1}


@needs_table
def test_the_bound_is_less_than_twice_the_exact_count_of_prose() -> None:
    prose = (Path(__file__).parents[3] / "LICENSE").read_text(encoding="utf-8")
    prose = " ".join(prose.split())

    assert o200k_bound(prose) < 2 * exact(prose)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("", 0),
        (" the", 1),
        (" the end", 2),
        (" the's", 5),  # the piece may reach over the apostrophe,
        (" the\u0301", 5),  # or take a mark of another script in
        ("abcdef", 4),
        ("abczq", 5),
        ("'abcdef", 7),  # a contraction might be cut off in its midst
        ("12345", 2),
        ("123\u00b2", 5),  # another script's digit may shift the threes
        ("\u4f60", 3),
    ],
)
def test_the_rules_of_the_bound(text: str, bound: int) -> None:
    assert o200k_bound(text) == bound


@needs_table
def test_special_tokens_count_as_ordinary_text() -> None:
    assert exact("<|endoftext|>") > 1


@needs_table
def test_a_text_of_white_space_does_not_break_the_counter() -> None:
    assert exact("a" + " " * 1_000_000) <= 1_000_001


@pytest.mark.usefixtures("forgotten_counters")
def test_without_a_table_an_upper_bound_is_counted_and_one_warning_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tokens, "_table", lambda name: None)
    caplog.set_level("WARNING", logger=tokens.__name__)

    counters = {id(load_counter()) for _ in range(3)}

    assert len(counters) == 1
    assert not load_counter().exact
    assert load_counter().count(" people time") == 2
    assert load_counter("cl100k_base").count(" people time") == 12
    warnings = [record.getMessage() for record in caplog.records if "o200k_base" in record.getMessage()]
    assert len(warnings) == 1
    assert "TIKTOKEN_CACHE_DIR" in warnings[0]


@pytest.mark.usefixtures("forgotten_counters")
def test_a_download_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(tokens, "TABLE_TIMEOUT", 0.01)
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: never.wait())

    assert not load_counter().exact
    never.set()


def test_with_no_network_and_no_table_a_new_process_counts_all_the_same(tmp_path: Path) -> None:
    script = "from semmem.models.tokens import load_counter as l; print(l().exact, l().count(' people time'))"
    offline = os.environ | {"TIKTOKEN_CACHE_DIR": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:1"}

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=offline, check=True)

    assert run.stdout.split() == ["False", "2"]
    assert "TIKTOKEN_CACHE_DIR" in run.stderr


@pytest.mark.usefixtures("forgotten_counters")
def test_threads_share_one_counter() -> None:
    with ThreadPoolExecutor(8) as pool:
        counters = set(pool.map(lambda _: load_counter(), range(16)))

    assert len(counters) == 1


def test_an_unknown_encoding_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="o200k_base"):
        load_counter("klingon")


@needs_table
def test_the_exact_counter_is_tiktoken() -> None:
    assert isinstance(load_counter(), ExactCounter)
    assert exact("Hello, world!") == len(tiktoken.get_encoding("o200k_base").encode("Hello, world!"))
