import html
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from shutil import which
from typing import Any

import pytest

import semmem.evals
from semmem.errors import InvalidInput, MissingExtra
from semmem.evals.report import PAGE, write
from semmem.evals.retrieved import Retrieved
from tests.unit.evals.results import asked, made

VOID = {"meta", "br"}
PEERS = {"BM25": {"R@5": 0.4, "R@10": 0.5}, "mem0": {"R@5": 0.99, "R@10": 1.0}}


class Page(HTMLParser):
    """A page's tags, ids and rows of cells; a tag that is closed by another's end fails."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.rows: list[list[str]] = []
        self.marked: list[list[str]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "tr":
            self.rows.append([])
            self.marked += [self.rows[-1]] if given.get("class") == "right" else []
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.rows and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data.strip()


def page(folder: Path, *answers: Retrieved, peers: Any = None, **about: Any) -> Page:
    result = made(*answers, about=about) | ({"peers": peers, "peers_note": "Of others."} if peers else {})
    path = write(result, folder / "new" / "report")
    assert path == folder / "new" / "report" / PAGE
    read = Page(path.read_text("utf-8"))
    assert read.open == []
    return read


def test_the_tables_say_what_the_result_says(tmp_path: Path) -> None:
    read = page(tmp_path, asked("1", ["a"]), asked("2", ["x", "a"]), asked("3", ["x"], category="temporal"))
    assert ["all", "3", "0.667", "0.667", "0.667", "0.667", "0.667", "0.544", "0.500"] in [row[:9] for row in read.rows]
    assert ["single-hop", "2", "1.000"] in [row[:3] for row in read.rows]
    assert ["temporal", "1", "0.000"] in [row[:3] for row in read.rows]


def test_the_page_needs_nothing_besides_itself(tmp_path: Path) -> None:
    read = page(tmp_path, asked("1", ["x"]), peers=PEERS)
    text = (tmp_path / "new" / "report" / PAGE).read_text("utf-8")
    assert read.tags.isdisjoint({"script", "link", "img", "iframe"})
    assert "http" not in text
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) == {"#"}
    assert len(read.ids) == len(set(read.ids)) > 0


def test_texts_of_users_are_shown_and_never_run(tmp_path: Path) -> None:
    evil = "<script>alert('1')</script>"
    words = dict.fromkeys(("question", "answer", "category", "conversation"), evil)
    read = page(tmp_path, asked("1", [evil], evidence=(evil, "<b>"), **words), asked("2", [evil], **words))
    assert "script" not in read.tags
    assert "b" in read.tags  # of the page's own
    assert read.text.count(evil) >= 8
    assert any(f"text of {evil}" in cell for row in read.rows for cell in row)


def test_the_worst_questions_come_first_with_what_was_wanted(tmp_path: Path) -> None:
    twelve = [f"x{n}" for n in range(12)]
    read = page(
        tmp_path,
        asked("good", ["a"]),
        asked("half", ["a"], evidence=("a", "b")),
        asked("late half", ["x", "a"], evidence=("a", "b")),
        asked("none", [*twelve, "a"]),
    )
    places = [read.text.index(f"Question {id}?") for id in ("none", "late half", "half")]
    assert places == sorted(places)
    assert "Question good?" not in read.text
    assert read.text.count("not returned") == 2
    assert "rank 13" in read.text
    assert [(row[0], row[3]) for row in read.marked] == [("13", "text of a"), ("2", "text of a"), ("1", "text of a")]
    assert all(row[1].startswith("✓") for row in read.marked)
    assert not any("text of x10" in row for row in read.rows)


def test_what_was_wanted_stands_with_its_text_beside_what_was_found(tmp_path: Path) -> None:
    said = {"a": "Ana: I moved to Porto.", "b": "Ana: <b>We</b> married in May."}
    read = page(tmp_path, asked("1", ["x", "a"], evidence=("a", "b", "c"), wanted=said))
    for text in said.values():
        assert text in read.text
    assert read.text.index("Wanted") < read.text.index(said["a"]) < read.text.index("Found")
    assert read.text.count("not returned") == 2


def test_the_date_and_the_data_are_said(tmp_path: Path) -> None:
    text = " ".join(page(tmp_path, asked("1", ["a"]), measured_at="2026-05-04T09:30+00:00").text.split())
    assert "2026-05-04" in text
    assert "data jsonl, 1 conversation, SHA-256 5d41" in text
    page(tmp_path, asked("1", ["a"]))  # a result of before, without a date


LONG = "Where did she say that she had been with all of the others in the summer of the year before that one? " * 3
UNBROKEN = "https://example.com/" + "path" * 60


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_fits_its_window(tmp_path: Path, width: int) -> None:
    """Tables and plots scroll inside; the page itself never does. Chromium lays it out, in a frame of that width."""
    browser = which("chromium") or which("chromium-browser") or which("google-chrome")
    if browser is None:
        pytest.skip("chromium is not installed")
    words: dict[str, Any] = {
        "question": LONG + UNBROKEN,
        "answer": UNBROKEN,
        "category": "multi-hop-temporal",
        "wanted": {"a": UNBROKEN},
    }
    page(
        tmp_path, asked("1", [UNBROKEN, "a"], **words), asked("2", ["x"] * 12, **words),
        peers={f"{name} 1.15.30 at its very best": figures for name, figures in PEERS.items()},
    )  # fmt: skip
    frame = html.escape((tmp_path / "new" / "report" / PAGE).read_text("utf-8"))
    wrapper = tmp_path / "frame.html"
    wrapper.write_text(
        f'<iframe style="width:{width}px;height:800px;border:0" srcdoc="{frame}"></iframe><script>'
        "document.querySelector('iframe').onload = loaded => document.body.append("
        "'needs ' + loaded.target.contentDocument.documentElement.scrollWidth + ' px')</script>",
        "utf-8",
    )
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    told = [*flags, f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run([browser, *told, wrapper.as_uri()], capture_output=True, text=True, timeout=100)
    found = re.search(r"needs (\d+) px", done.stdout.rpartition("</script>")[2])
    assert found, done.stderr
    assert 0 < int(found[1]) <= width


def test_a_run_without_a_miss_says_so(tmp_path: Path) -> None:
    assert "None: every question has all its evidence" in page(tmp_path, asked("1", ["a"])).text


def test_other_systems_stand_beside_ours_best_first(tmp_path: Path) -> None:
    answers = asked("1", ["a"]), asked("2", ["x"]), asked("3", ["a"])
    read = page(tmp_path, *answers, peers=PEERS)
    assert [row[:3] for row in read.rows if row[0] in ("semmem", *PEERS)] == [
        ["mem0", "0.990", "1.000"],
        ["semmem", "0.667", "0.667"],
        ["BM25", "0.400", "0.500"],
    ]
    assert "Of others." in read.text
    assert "Beside other systems" not in page(tmp_path, *answers).text


def test_a_partial_run_is_marked(tmp_path: Path) -> None:
    assert "Partial." in page(tmp_path, asked("1", ["a"]), partial=True).text
    assert "Partial." not in page(tmp_path, asked("1", ["a"])).text


def test_stragglers_are_counted_and_do_not_squeeze_the_others(tmp_path: Path) -> None:
    fast = [asked(str(n), ["a"], milliseconds=4.0 + n / 10) for n in range(40)]
    assert "1 took longer, up to 1,800" in page(tmp_path, *fast, asked("slow", ["a"], milliseconds=1800.0)).text
    assert "took longer" not in page(tmp_path, *fast).text


def test_an_answer_is_not_needed(tmp_path: Path) -> None:
    read = page(tmp_path, asked("1", [], answer="", stems={}))
    assert "Nothing was returned." in read.text
    assert "Answer kept" not in read.text


def test_updates_have_a_headline_of_their_own(tmp_path: Path) -> None:
    assert "Newest above outdated" in page(tmp_path, asked("1", ["a"], original=("x",), updated=("a",))).text
    assert "Newest above outdated" not in page(tmp_path, asked("1", ["a"])).text


def test_a_result_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no asked questions"):
        write({"questions": []}, tmp_path)


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_a_missing_package_is_named_with_the_way_to_get_it(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(semmem.evals, "plots", raising=False)
    monkeypatch.delitem(sys.modules, "semmem.evals.plots", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"pip install 'semmem\[evals\]'"):
        write(made(asked("1", ["a"])), tmp_path)
    assert list(tmp_path.iterdir()) == []
