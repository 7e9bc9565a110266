"""`make eval`: every data set that is named, each asked by every retriever, in one table."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CAFE = [
    ("e1", "I moved from Lisbon to Porto for the bakery."),
    ("e2", "Rita is allergic to hazelnuts, so we bake without them."),
    ("e3", "The half marathon is in October."),
]


def lines(path: Path) -> Path:
    events = [{"type": "event", "conversation": "cafe", "key": key, "content": text} for key, text in CAFE]
    asked = [("q1", "Where is the bakery?", "e1"), ("q2", "Why are there no hazelnuts?", "e2")]
    questions = [
        {"type": "question", "conversation": "cafe", "id": id, "question": question, "evidence": [key]}
        for id, question, key in asked
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in [*events, *questions]))
    return path


def yardsticks(folder: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "semmem.evals.yardsticks", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "120"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_each_data_set_is_asked_by_each_retriever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    data = lines(tmp_path / "cafe.jsonl")
    given = ("--realtalk", data, "--friendsqa", data, "--retrievers", "semmem,bm25", "--json", "out/all.json")
    done = yardsticks(tmp_path, *given)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert rows[0][-6:] == ["R@5", "R@10", "nDCG@10", "cov@500", "cov@1000", "cov@2000"]
    assert [row[:4] for row in rows[1:]] == [
        ["realtalk", "2", "semmem", "1.000"],
        ["realtalk", "2", "bm25", "1.000"],
        ["friendsqa", "2", "semmem", "1.000"],
        ["friendsqa", "2", "bm25", "1.000"],
    ]
    results = json.loads((tmp_path / "out" / "all.json").read_text())
    assert [(each["dataset"], each["settings"]["retriever"]) for each in results] == [
        *(("realtalk", "semmem"), ("realtalk", "bm25")),
        *(("friendsqa", "semmem"), ("friendsqa", "bm25")),
    ]


def test_what_is_missing_is_named_before_anything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    nothing = yardsticks(tmp_path)
    assert nothing.returncode == 2
    assert "name one data set or more" in nothing.stderr
    assert "emorynlp/FriendsQA" in nothing.stderr
    absent = yardsticks(tmp_path, "--locomo", "locomo10.json")
    assert absent.returncode == 2
    assert "locomo10.json is not there" in absent.stderr
    wrong = yardsticks(tmp_path, "--realtalk", lines(tmp_path / "a.jsonl"), "--retrievers", "best")
    assert wrong.returncode == 2
    assert "retriever" in wrong.stderr
