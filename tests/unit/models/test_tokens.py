import hashlib
import os
import subprocess
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiktoken_ext import openai_public  # type: ignore[import-untyped]

from semmem.models import tokens
from semmem.models.tokens import load_counter


@pytest.fixture
def forgotten_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    """load_counter as in a new process."""
    monkeypatch.setattr(tokens, "_made", [])


def exact(text: str) -> int:
    return load_counter().count(text)


def test_known_texts_have_the_tokens_that_they_are_known_to_have() -> None:
    counts = {"": 0, "Hello, world!": 4, " people time": 2, "12345": 2, "お誕生日おめでとう": 8}
    assert {text: exact(text) for text in counts} == counts


def test_the_bundled_table_is_tiktokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the digest that tiktoken holds a download to, in the lines of that file."""
    wanted: dict[str, str] = {}
    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", lambda url, **given: wanted.update(given))
    theirs = openai_public.o200k_base()
    ours = b"".join(b"%s %d\n" % (b64encode(token), rank) for token, rank in tokens._ranks().items())

    assert theirs["pat_str"] == tokens.PATTERN
    assert hashlib.sha256(ours).hexdigest() == wanted["expected_hash"]


def test_special_tokens_count_as_ordinary_text() -> None:
    assert exact("<|endoftext|>") > 1


def test_a_text_of_white_space_does_not_break_the_counter() -> None:
    assert exact("a" + " " * 1_000_000) <= 1_000_001


def test_with_no_network_and_no_cache_a_new_process_counts_exactly(tmp_path: Path) -> None:
    script = "from semmem.models.tokens import load_counter as l; print(l().exact, l().count(' people time'))"
    offline = os.environ | {"TIKTOKEN_CACHE_DIR": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:1"}

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=offline, check=True)

    assert (run.stdout.split(), run.stderr) == (["True", "2"], "")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("forgotten_counter")
def test_threads_share_one_counter() -> None:
    with ThreadPoolExecutor(8) as pool:
        counters = set(pool.map(lambda _: load_counter(), range(16)))

    assert len(counters) == 1
