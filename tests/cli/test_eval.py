import asyncio
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from semmem.evals.journal import name_of
from semmem.evals.retrieved import METRICS, NEWEST_ABOVE
from semmem.testing import ModelServer, Reply, wait_until
from tests.cli.command import Command, environment

PEOPLE = ("Ines", "Rui", "Priya", "Tomas", "Jonas", "Mei", "Carla", "Omar")
DEEDS = (
    ("adopted a cat from the shelter", "Who adopted a cat?"),
    ("moved to Porto for a bakery", "Who moved to Porto?"),
    ("plays the cello in an orchestra", "Who plays the cello?"),
    ("runs a marathon every October", "Who runs a marathon?"),
)
FIGURES = [name for name in METRICS if name != NEWEST_ABOVE]


def lines(conversation: str) -> Iterator[dict[str, Any]]:
    """Eight people do one of four things each; each question is about one of these, so about two people."""
    said = {"type": "event", "conversation": conversation}
    for number, name in enumerate(PEOPLE):
        deed, _ = DEEDS[number % len(DEEDS)]
        told = {"content": f"I am {name}, and I {deed}.", "key": f"e{number}", "speaker": name, "session": "s1"}
        yield said | told | {"occurred_at": f"2026-03-0{number + 1}T09:00:00Z"}
    for number, (_, question) in enumerate(DEEDS):
        asked = {"question": question, "evidence": [f"e{number}", f"e{number + 4}"], "answer": PEOPLE[number]}
        yield {"type": "question", "conversation": conversation, "id": f"q{number}", **asked}


def written(path: Path, *objects: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects))
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    nothing = {"type": "question", "conversation": "c1", "question": "Who knows?", "evidence": []}
    return written(folder / "mine.jsonl", *lines("c1"), nothing, *lines("c2"))


@pytest.fixture(scope="module")
def semmem(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Names a data folder that does not exist: an eval has servers of its own."""
    return Command(data=tmp_path_factory.mktemp("nobody") / "missing")


@pytest.fixture(scope="module")
def work(semmem: Command, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of a complete run, with its result."""
    folder = tmp_path_factory.mktemp("work")
    told = semmem("eval", "retrieval", *of(data), "--work", str(folder), "--json", str(folder / "result.json"))
    assert told.code == 0, told.err
    assert "8 questions in 2 conversations" in told.out
    assert "1 question without evidence" in told.out
    return folder


def of(data: Path, dataset: str = "jsonl") -> tuple[str, ...]:
    return ("--dataset", dataset, "--data", str(data))


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_a_result_says_all_that_it_promises(work: Path, semmem: Command) -> None:
    result = read(work / "result.json")
    assert (result["dataset"], result["n"], result["skipped"], result["partial"]) == ("jsonl", 8, 1, False)
    assert list(result["metrics"]) == FIGURES
    assert result["metrics"]["R@10"] == result["metrics"]["cov@4000"] == 1
    assert result["by_category"] == {"question": {"n": 8, **result["metrics"]}}
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p95"]
    assert result["embedder"].startswith("all-MiniLM")
    settings = {"retriever": "semmem", "extractor": "offline", "limit": 200, "vector_index": "qdrant"}
    assert result["settings"] | settings | {"conversations": ["c1", "c2"]} == result["settings"]
    assert not semmem.data.exists()


def test_every_question_is_there_with_its_own_figures(work: Path) -> None:
    questions = read(work / "result.json")["questions"]
    assert [(each["conversation"], each["question_id"]) for each in questions] == [
        (conversation, f"q{number}") for conversation in ("c1", "c2") for number in range(4)
    ]
    for each in questions:
        assert set(each["evidence"]) <= {key for hit in each["returned"] for key in hit["keys"]}
        assert set(each["wanted"]) == set(each["evidence"])
        assert all(": " in text for text in each["wanted"].values())
        assert set(FIGURES) <= set(each)


def test_facts_lead_to_the_keys_of_their_events(work: Path) -> None:
    hits = [hit for each in read(work / "result.json")["questions"] for hit in each["returned"]]
    assert {hit["kind"] for hit in hits} == {"event", "fact"}
    assert all(hit["keys"] and set(hit["keys"]) <= {f"e{number}" for number in range(8)} for hit in hits)


@pytest.mark.parametrize("retriever", ["bm25", "dense", "rrf"])
def test_a_baseline_asks_what_is_stored_already(
    semmem: Command, data: Path, work: Path, tmp_path: Path, retriever: str
) -> None:
    file = tmp_path / "result.json"
    told = semmem("eval", "retrieval", *of(data), "--work", str(work), "--retriever", retriever, "--json", str(file))
    assert told.code == 0, told.err
    result = read(file)
    assert {hit["kind"] for each in result["questions"] for hit in each["returned"]} == {"event"}
    assert result["metrics"]["R@10"] == result["metrics"]["cov@500"] == 1
    assert result["settings"]["retriever"] == retriever


def test_a_figure_under_its_floor_fails_the_command(semmem: Command, data: Path, work: Path) -> None:
    narrow = ("--limit", "1", "--questions", "1", "--conversations", "c2")
    floors = ("--fail-under", "recall@10=0.75", "--fail-under", "MRR=0.1", "--fail-under", f"{NEWEST_ABOVE}=0.5")
    told = semmem("eval", "retrieval", *of(data), "--work", str(work), *narrow, *floors)
    assert told.code == 1
    assert "R@10 is 0.5000, the limit is 0.75" in told.err
    assert f"{NEWEST_ABOVE} is not measured" in told.err
    assert "MRR" not in told.err
    assert "1 question in 1 conversation" in told.out


@pytest.mark.parametrize(
    ("env", "options", "named"),
    [
        ({"SEMMEM_VECTOR_INDEX": "pgvector"}, (), 'vector_index "qdrant", not "pgvector"'),
        ({"OPENAI_API_KEY": "unused"}, ("--extractor", "llm"), 'extractor "offline", not "llm"'),
    ],
)
def test_a_folder_of_other_settings_is_refused(
    semmem: Command, data: Path, work: Path, env: dict[str, str], options: tuple[str, ...], named: str
) -> None:
    told = semmem("eval", "retrieval", *of(data), "--work", str(work), *options, env=env)
    assert (told.code, told.out) == (2, "")
    assert named in told.err
    assert "another --work, or delete the folder" in told.err


def test_events_that_have_changed_are_another_run(semmem: Command, work: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.jsonl", *lines("c1"))
    told = semmem("eval", "retrieval", *of(other), "--work", str(work))
    assert told.code == 2
    assert "sha256" in told.err


async def test_an_interrupted_run_goes_on(semmem: Command, tmp_path: Path) -> None:
    many = [each | {"id": f"{each['id']}-{n}"} for n in range(30) for each in lines("c1") if "id" in each]
    events = [each for each in lines("c1") if "id" not in each]
    data, work, file = written(tmp_path / "many.jsonl", *events, *many), tmp_path / "work", tmp_path / "result.json"
    command = ("eval", "retrieval", *of(data), "--work", str(work), "--json", str(file))
    said = await _interrupted(semmem, command, work / name_of("semmem"))
    assert "interrupted; the same command goes on from here" in said
    assert "Traceback" not in said
    assert not file.exists()
    kept = [json.loads(line) for line in (work / name_of("semmem")).read_text().splitlines()[1:]]
    assert 3 <= len(kept) < len(many)

    told = semmem(*command, "--limit", "50")
    assert told.code == 2
    assert "an unfinished run with limit 200, not 50" in told.err

    assert semmem(*command).code == 0
    questions = read(file)["questions"]
    assert len(questions) == len(many)
    # Asked once: a second time would have taken another time.
    assert [each["milliseconds"] for each in questions[: len(kept)]] == [each["milliseconds"] for each in kept]


async def _interrupted(semmem: Command, command: tuple[str, ...], journal: Path) -> str:
    """What the command says on stderr when Ctrl-C comes after some answers."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "semmem", *command),
        env=environment(semmem.data),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    await wait_until(lambda: journal.exists() and len(journal.read_bytes().splitlines()) > 3)
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    assert process.returncode == 130
    return said.decode()


def test_a_model_that_goes_away_leaves_a_partial_result(semmem: Command, data: Path, tmp_path: Path) -> None:
    work, file = tmp_path / "work", tmp_path / "result.json"
    command = ("eval", "retrieval", *of(data), "--extractor", "llm", "--work", str(work), "--json", str(file))
    with ModelServer() as server:
        env = {"SEMMEM_LLM_BASE_URL": server.base_url, "SEMMEM_LLM_MODEL": "any"}
        nothing = json.dumps({"facts": [], "summaries": []})
        server.answer = lambda body: nothing if len(server.requests) == 1 else Reply(status=404)
        told = semmem(*command, "--patience", "10", env=env)
        assert told.code == 1
        assert "c2: nothing has moved for 10 s" in told.err
        assert (read(file)["partial"], read(file)["n"]) == (True, 8)

        server.answer = lambda body: nothing
        told = semmem(*command, env=env)
        assert told.code == 0, told.err
        assert (read(file)["partial"], read(file)["n"]) == (False, 8)


def test_a_run_without_a_folder_leaves_nothing(semmem: Command, data: Path, tmp_path: Path) -> None:
    told = semmem("eval", "retrieval", *of(data), "--questions", "1", env={"XDG_CACHE_HOME": str(tmp_path)})
    assert told.code == 0, told.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_updates_are_asked_of_beam(semmem: Command, tmp_path: Path) -> None:
    messages = [
        {"role": "user", "id": 1, "time_anchor": "March-01-2026", "content": "My deadline is in June. ->-> 1,1"},
        {"role": "assistant", "id": 2, "content": "Noted, June it is."},
        {"role": "user", "id": 3, "time_anchor": "April-01-2026", "content": "My deadline has moved to July. ->-> 1,2"},
    ]
    update = {"original_info": [1], "updated_info": [3]}
    probing = {
        "knowledge_update": [{"question": "When is my deadline?", "answer": "July", "source_chat_ids": update}],
        "abstention": [{"question": "What is my budget?", "ideal_response": "unknown"}],
        "summarization": [{"question": "Sum up my plans.", "answer": "July", "source_chat_ids": [1, 3]}],
    }
    chat = tmp_path / "chats" / "1"
    chat.mkdir(parents=True)
    (chat / "chat.json").write_text(json.dumps([{"batch_number": 1, "turns": [messages]}]))
    (chat / "probing_questions.json").write_text(json.dumps(probing))
    file = tmp_path / "result.json"
    told = semmem(*("eval", "updates", *of(chat.parent, "beam")), "--work", str(tmp_path / "work"), "--json", str(file))
    assert told.code == 0, told.err
    result = read(file)
    assert (result["n"], result["skipped"], list(result["by_category"])) == (1, 1, ["knowledge_update"])
    assert set(result["updates"]) == {NEWEST_ABOVE, "current_by_default"}
    assert result["updates"][NEWEST_ABOVE] == result["metrics"][NEWEST_ABOVE]


def test_extraction_is_measured_on_the_same_data(semmem: Command, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    told = semmem("eval", "extraction", *of(data), "--conversations", "c1", "--json", str(file))
    assert told.code == 0, told.err
    result = read(file)
    assert (result["dataset"], result["extractor"], result["partial"]) == ("jsonl", "offline", False)
    assert result["metrics"]["grounded"] == 1
    assert result["metrics"]["turns"] == len(PEOPLE)
    assert "grounded" in told.out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("retrieval",), "dataset: is missing"),
        (("retrieval", "--dataset", "locomo"), "data: is missing; get data/locomo10.json"),
        (("retrieval", "--dataset", "locomo", "--data", "nowhere.json"), "CC BY-NC 4.0"),
        (("retrieval", "--dataset", "beam", "--data", "nowhere"), "no licence stated"),
        (("retrieval", "--dataset", "jsonl", "--data", "nowhere.jsonl"), "docs/evals.md"),
        (("updates", "--dataset", "precisionmembench", "--data", "nowhere"), "MIT"),
        (("extraction", "--dataset", "locomo"), "CC BY-NC 4.0"),
        (("retrieval", "--fail-under", "recall@7=0.5"), "'recall@7' is no metric"),
        (("retrieval", "--fail-under", "recall@10"), "names no share from 0 to 1"),
        (("retrieval", "--fail-under", "recall@10=75"), "names no share from 0 to 1"),
        (("retrieval", "--compare", "no-a.json", "no-b.json"), "no-a.json holds no result"),
    ],
)
def test_bad_input_ends_before_anything_is_measured(semmem: Command, arguments: tuple[str, ...], named: str) -> None:
    told = semmem("eval", *arguments)
    assert (told.code, told.out) == (2, "")
    assert named in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--limit", "0"), "limit: must be a whole number from 1"),
        (("--conversations", "c1,c9"), "'c9' is not in the data; choose from c1, c2"),
        (("--extractor", "llm"), "set OPENAI_API_KEY or SEMMEM_LLM_BASE_URL"),
        (("--extractor", "recorded"), "recorded needs observations"),
    ],
)
def test_options_that_do_not_fit_the_data_are_named(
    semmem: Command, data: Path, tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    told = semmem("eval", "retrieval", *of(data), "--work", str(tmp_path / "work"), *options)
    assert (told.code, told.out) == (2, "")
    assert named in told.err
    assert not (tmp_path / "work").exists()


def test_data_without_questions_is_refused(semmem: Command, tmp_path: Path) -> None:
    data = written(tmp_path / "mine.jsonl", *(each for each in lines("c1") if each["type"] == "event"))
    told = semmem("eval", "retrieval", *of(data))
    assert told.code == 2
    assert "questions: there is none with evidence" in told.err


@pytest.mark.parametrize("name", ["retrieval", "updates", "extraction"])
def test_every_eval_teaches_with_an_example(semmem: Command, name: str) -> None:
    assert f"Example: semmem eval {name}" in " ".join(semmem("eval", name, "--help").out.split())
