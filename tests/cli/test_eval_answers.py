import json
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from semmem.evals.journal import name_of
from semmem.testing import ModelServer, Reply, wait_until
from tests.cli.command import Answer as Told
from tests.cli.command import Command

DEEDS = (
    ("Ines", "moved to Porto for a bakery", "Where did Ines move?", "Porto"),
    ("Rui", "plays the cello in an orchestra", "What does Rui play?", "the cello"),
    ("Mei", "adopted a cat called Pixel", "How is the cat of Mei called?", "Pixel"),
    ("Omar", "runs a marathon every October", "When does Omar run?", "October"),
)
WRONG = "How is the cat of Mei called?"  # what the reader gets wrong


def lines(conversation: str) -> Iterator[dict[str, Any]]:
    for number, (name, deed, question, answer) in enumerate(DEEDS):
        said = {"content": f"I am {name}. {name} {deed}.", "key": f"e{number}", "speaker": name}
        yield {"type": "event", "conversation": conversation, **said, "occurred_at": f"2026-03-0{number + 1}T09:00:00Z"}
        asked = {"id": f"q{number}", "question": question, "evidence": [f"e{number}"], "answer": answer}
        yield {"type": "question", "conversation": conversation, **asked, "category": "deeds"}
    never = {"id": "q9", "question": "Which car does Rui drive?", "answer": "Rui never spoke of a car."}
    yield {"type": "question", "conversation": conversation, **never, "category": "never", "unanswerable": True}
    yield {"type": "question", "conversation": conversation, "id": "q10", "question": "And so on?"}


def written(path: Path, *objects: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects))
    return path


class Models:
    """A reader that answers from its context alone, and a judge that compares words; both may be made to say else."""

    def __init__(self) -> None:
        self.asked: dict[str, list[str]] = {"reader": [], "judge": []}
        self.reader: Any = _read
        self.judge: Any = _judged

    def __call__(self, body: dict[str, Any]) -> str | Reply:
        assert "response_format" not in body
        [message] = body["messages"]
        part = body["model"]
        self.asked[part].append(message["content"])
        said: str | Reply = getattr(self, part)(message["content"])
        return said


def _read(prompt: str) -> str:
    for name, deed, question, answer in DEEDS:
        if question in prompt:
            known = f"{name} {deed}" in prompt
            return "Tiger" if question == WRONG else f"It is {answer}." if known else "I do not know."
    return "That was never said."


def _judged(prompt: str) -> str:
    given = prompt.partition("Given answer: ")[2].splitlines()[0]
    if "cannot be answered" in prompt:
        return "Yes." if "never said" in given else "no"
    right = prompt.partition("Right answer: ")[2].splitlines()[0]
    return "yes" if right in given else "No"


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def server(models: Models) -> Iterator[ModelServer]:
    with ModelServer(answer=models) as server:
        yield server


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("data") / "mine.jsonl", *lines("c1"), *lines("c2"))


@pytest.fixture(scope="module")
def semmem(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Names a data folder that does not exist: an eval has servers of its own."""
    return Command(data=tmp_path_factory.mktemp("nobody") / "missing")


@pytest.fixture(scope="module")
def work(semmem: Command, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of a complete run, where everything is stored."""
    folder = tmp_path_factory.mktemp("work")
    with ModelServer(answer=Models()) as server:
        told = asked(semmem, server, data, "--work", str(folder), "--json", str(folder / "result.json"), *PRICES)
    assert told.code == 0, told.err
    (folder / "told").write_text(told.out)
    return folder


PRICES = ("--reader-price", "2,10", "--judge-price", "1,4")


def command(data: Path, *more: str, dataset: str = "jsonl") -> tuple[str, ...]:
    named = ("--dataset", dataset, "--data", str(data), "--reader", "reader", "--judge", "judge")
    return ("eval", "answers", *named, *more)


def asked(semmem: Command, server: ModelServer, data: Path, *more: str, dataset: str = "jsonl") -> Told:
    return semmem(*command(data, *more, dataset=dataset), env={"SEMMEM_LLM_BASE_URL": server.base_url})


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_figures_are_those_counted_by_hand(work: Path) -> None:
    """Of each conversation three of four deeds are told right, and that a car was never spoken of."""
    result = read(work / "result.json")
    assert (result["dataset"], result["n"], result["judged"], result["partial"]) == ("jsonl", 10, 10, False)
    assert result["metrics"] == {"accuracy": 0.8}
    assert {name: each["metrics"]["accuracy"] for name, each in result["by_category"].items()} == {
        "deeds": 0.75,
        "never": 1.0,
    }
    scores = {(each["conversation"], each["question_id"]): each["score"] for each in result["questions"]}
    assert scores == {(c, f"q{n}"): float(n != 2) for c in ("c1", "c2") for n in (0, 1, 2, 3, 9)}
    low, high = result["interval"]
    assert low < 0.8 < high <= 1


def test_the_table_shows_them(work: Path) -> None:
    told = (work / "told").read_text()
    assert "10 questions in 2 conversations, reader reader, judge judge" in told
    assert [line.split()[:4] for line in told.splitlines() if line.startswith(("deeds", "never", "all"))] == [
        ["deeds", "8", "8", ".750"],
        ["never", "2", "2", "1.000"],
        ["all", "10", "10", ".800"],
    ]


def test_a_result_says_how_it_came_about(work: Path) -> None:
    result = read(work / "result.json")
    settings = result["settings"]
    assert (settings["reader"], settings["judge"], settings["budget"]) == ("reader", "judge", 2000)
    assert "{context}" in settings["reader_prompt"]
    assert sorted(settings["judge_prompts"]) == ["default", "rubric", "unanswerable"]
    assert settings["labels"] == {"name": "published", "without_answer": 2}
    for each in result["questions"]:
        assert each["judge_prompt"] == ("unanswerable" if each["category"] == "never" else "default")
        assert 0 < each["context_tokens"] <= 2000
        assert each["context"]
        assert (each["reader"]["calls"], each["judge"]["calls"], len(each["judged"])) == (1, 1, 1)
        assert min(each["context_milliseconds"], each["reader"]["milliseconds"], each["judge"]["milliseconds"]) > 0


def test_tokens_and_cost_are_those_of_the_calls(work: Path) -> None:
    result = read(work / "result.json")
    for part, (prompt, completion) in {"reader": (2, 10), "judge": (1, 4)}.items():
        taken = result["models"][part]
        own = [each[part] for each in result["questions"]]
        assert taken["prompt_tokens"] == sum(each["prompt_tokens"] for each in own) > 0
        assert taken["completion_tokens"] == sum(each["completion_tokens"] for each in own) > 0
        cost = (taken["prompt_tokens"] * prompt + taken["completion_tokens"] * completion) / 1e6
        assert taken["cost"] == pytest.approx(cost, abs=1e-6)


def test_prompts_of_ones_own_are_asked(
    semmem: Command, server: ModelServer, models: Models, data: Path, work: Path, tmp_path: Path
) -> None:
    (tmp_path / "reader.txt").write_text('In {"json"}: {question} {context}')
    (tmp_path / "judge.txt").write_text("Given answer: {response}\nRight answer: {answer}\nCORRECT or WRONG?")
    models.judge = lambda prompt: json.dumps({"label": "CORRECT" if _judged(prompt) == "yes" else "WRONG"})
    own = ("--reader-prompt", str(tmp_path / "reader.txt"), "--judge-prompt", str(tmp_path / "judge.txt"))
    file = tmp_path / "result.json"
    told = asked(semmem, server, data, "--work", str(work), "--conversations", "c1", *own, "--json", str(file))
    assert told.code == 0, told.err
    assert all(prompt.startswith('In {"json"}: ') for prompt in models.asked["reader"])
    assert all(prompt.endswith("CORRECT or WRONG?") for prompt in models.asked["judge"])
    # The default prompt's words are not there: the judge takes the last question like any other, and finds it wrong.
    assert (read(file)["metrics"]["accuracy"], read(file)["judged"]) == (0.6, 5)


def test_a_baseline_answers_from_what_is_stored(
    semmem: Command, server: ModelServer, data: Path, work: Path, tmp_path: Path
) -> None:
    told = asked(semmem, server, data, "--work", str(work), "--retriever", "bm25", "--fail-under", "accuracy=0.9")
    assert told.code == 1
    assert "accuracy is 0.8000, the limit is 0.9" in told.err


async def test_a_run_that_was_killed_goes_on(
    semmem: Command, server: ModelServer, models: Models, data: Path, tmp_path: Path
) -> None:
    work, file = tmp_path / "work", tmp_path / "result.json"
    held = threading.Event()  # the judge hangs at the fourth question, and the run with it
    models.judge = lambda prompt: Reply(text="no", after=held) if len(models.asked["judge"]) > 3 else _judged(prompt)
    given = command(data, "--work", str(work), "--json", str(file), "--reader-url", server.base_url)
    async with semmem.running(*given) as process:
        await wait_until(lambda: len(models.asked["judge"]) > 3)
        process.kill()
        await process.wait()
    held.set()
    assert len((work / name_of("semmem")).read_text().splitlines()) == 1 + 3

    models.judge = _judged
    before = len(models.asked["reader"])
    told = semmem(*given)
    assert told.code == 0, told.err
    assert read(file)["metrics"] == {"accuracy": 0.8}
    assert len(models.asked["reader"]) - before == 10 - 3  # what was judged is not asked again


async def test_ctrl_c_ends_a_run_that_can_go_on(
    semmem: Command, server: ModelServer, models: Models, data: Path, tmp_path: Path
) -> None:
    held = threading.Event()
    models.reader = lambda prompt: Reply(text="no", after=held) if len(models.asked["reader"]) > 2 else _read(prompt)
    given = command(data, "--work", str(tmp_path / "work"), "--reader-url", server.base_url)
    async with semmem.running(*given) as process:
        await wait_until(lambda: len(models.asked["reader"]) > 2)
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
    held.set()
    assert process.returncode == 130
    assert "interrupted; the same command goes on from here" in said.decode()
    assert "Traceback" not in said.decode()

    told = semmem(*given, "--budget", "500")
    assert told.code == 2
    assert "an unfinished run with budget 2000, not 500" in told.err


def test_a_judge_that_never_says_yes_or_no_is_refused(
    semmem: Command, server: ModelServer, models: Models, data: Path, work: Path
) -> None:
    models.judge = lambda prompt: "The answer is quite good."
    told = asked(semmem, server, data, "--work", str(work), "--retriever", "dense")
    assert (told.code, told.out) == (1, "")
    assert "judge answers neither yes nor no, but 'The answer is quite good.'" in " ".join(told.err.split())
    assert "--judge-prompt" in told.err
    assert len(models.asked["judge"]) == 5
    (work / name_of("dense")).unlink()  # of a run that cannot go on


def test_one_unclear_verdict_is_named_and_counted_in_no_figure(
    semmem: Command, server: ModelServer, models: Models, data: Path, work: Path, tmp_path: Path
) -> None:
    models.judge = lambda prompt: "partly" if "What does Rui play?" in prompt else _judged(prompt)
    models.reader = lambda prompt: Reply(refusal="No.") if "When does Omar run?" in prompt else _read(prompt)
    file = tmp_path / "result.json"
    told = asked(semmem, server, data, "--work", str(work), "--conversations", "c1", "--json", str(file))
    assert told.code == 1
    assert "2 of 5 questions have no verdict: c1 q1 (the judge answers neither yes nor no), c1 q3 (the reader" in (
        " ".join(told.err.split())
    )
    result = read(file)
    assert (result["n"], result["judged"], result["metrics"]) == (5, 3, {"accuracy": 0.6667})
    assert [each["judge"] for each in result["unjudged"]] == ["partly", ""]


def test_a_model_that_goes_away_leaves_a_partial_result(
    semmem: Command, server: ModelServer, models: Models, data: Path, tmp_path: Path
) -> None:
    work, file = tmp_path / "work", tmp_path / "result.json"
    models.reader = lambda prompt: Reply(status=401) if len(models.asked["reader"]) > 3 else _read(prompt)
    told = asked(semmem, server, data, "--work", str(work), "--json", str(file))
    assert told.code == 1
    assert "the result is partial, and the same command goes on from here" in " ".join(told.err.split())
    assert (read(file)["partial"], read(file)["n"]) == (True, 3)
    models.reader = _read
    told = asked(semmem, server, data, "--work", str(work), "--json", str(file))
    assert told.code == 0, told.err
    assert (read(file)["partial"], read(file)["metrics"]) == (False, {"accuracy": 0.8})


def test_a_key_goes_to_its_own_endpoint_alone(semmem: Command, data: Path, work: Path) -> None:
    with (
        ModelServer(answer=Models()) as extracts,
        ModelServer(answer=Models()) as reads,
        ModelServer(Models()) as judges,
    ):
        given = command(data, "--work", str(work), "--questions", "1", "--conversations", "c1")
        urls = ("--reader-url", reads.base_url, "--judge-url", judges.base_url)
        env = {"SEMMEM_LLM_BASE_URL": extracts.base_url, "SEMMEM_LLM_API_KEY": "key-llm"}
        told = semmem(*given, *urls, env=env | {"SEMMEM_READER_API_KEY": "key-reader"})
        assert told.code == 0, told.err
        assert reads.keys == ["Bearer key-reader"]
        assert len(judges.keys) == 1
        assert not {"Bearer key-llm", "Bearer key-reader"} & set(judges.keys)
        assert extracts.keys == []
        assert semmem(*given, env=env).code == 0
        assert extracts.keys == ["Bearer key-llm"] * 2


def test_points_of_a_rubric_are_judged_one_by_one(
    semmem: Command, server: ModelServer, models: Models, tmp_path: Path
) -> None:
    messages = [{"role": "user", "id": 1, "time_anchor": "March-01-2026", "content": "My deadline moved to July."}]
    rubric = ["names July", "names the year"]
    probing = {
        "summarization": [{"question": "Sum up.", "ideal_summary": "July", "source_chat_ids": [1], "rubric": rubric}],
        "abstention": [{"question": "My budget?", "ideal_response": "unknown", "rubric": ["says it is unknown"]}],
    }
    chat = tmp_path / "chats" / "1"
    chat.mkdir(parents=True)
    (chat / "chat.json").write_text(json.dumps([{"batch_number": 1, "turns": [messages]}]))
    (chat / "probing_questions.json").write_text(json.dumps(probing))
    models.reader = lambda prompt: "It is July." if "July" in prompt and "Sum up." in prompt else "That is unknown."
    models.judge = lambda prompt: "no" if "names the year" in prompt else "yes"
    file = tmp_path / "result.json"
    told = asked(semmem, server, chat.parent, "--json", str(file), "--work", str(tmp_path / "w"), dataset="beam")
    assert told.code == 0, told.err
    result = read(file)
    assert {name: each["metrics"]["accuracy"] for name, each in result["by_category"].items()} == {
        "abstention": 1.0,
        "summarization": 0.5,
    }
    assert result["models"]["judge"]["calls"] == 3
    assert all("{" not in prompt for prompt in models.asked["judge"])


def test_corrected_labels_change_what_is_right(
    semmem: Command, server: ModelServer, models: Models, tmp_path: Path
) -> None:
    turns = [{"speaker": "Mei", "dia_id": "D1:1", "text": "Mei adopted a cat called Pixel."}]
    talk = {
        "sample_id": "conv-26",
        "conversation": {"session_1_date_time": "1:56 pm on 8 May, 2023", "session_1": turns},
        "qa": [{"question": "Which cat?", "answer": "Tom", "evidence": ["D1:1"], "category": 4}],
        "observation": {},
    }
    data = tmp_path / "locomo.json"
    data.write_text(json.dumps([talk]))
    right = {"question_id": "locomo_0_qa0", "question": "Which cat?", "correct_evidence": ["D1:1"]}
    labels = tmp_path / "errors.json"
    labels.write_text(json.dumps([right | {"correct_answer": "Pixel"}]))
    models.reader = lambda prompt: "Pixel"
    file = tmp_path / "result.json"
    given = ("--work", str(tmp_path / "work"), "--json", str(file))
    assert asked(semmem, server, data, *given, dataset="locomo").code == 0
    assert read(file)["metrics"] == {"accuracy": 0.0}
    corrected = ("--labels", "corrected", "--labels-file", str(labels))
    told = asked(semmem, server, data, *given, *corrected, dataset="locomo")
    assert told.code == 0, told.err
    assert read(file)["metrics"] == {"accuracy": 1.0}
    assert read(file)["settings"]["labels"] == {"name": "corrected", "corrections": 1, "without_answer": 0}

    labels.write_text(json.dumps([right | {"question": "Which dog?", "correct_answer": "Rex"}]))
    told = asked(semmem, server, data, *corrected, dataset="locomo")
    assert (told.code, told.out) == (2, "")
    assert "has other words for locomo_0_qa0 than this data" in " ".join(told.err.split())


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--labels", "corrected"), "labels-file: is missing; get errors.json of github.com/dial481/locomo-audit"),
        (("--labels-file", "x.json"), "labels-file: is for --labels corrected"),
        (("--labels", "corrected", "--labels-file", "x.json"), "there are corrections of locomo, not of jsonl"),
        (("--reader-price", "2"), "--reader-price: '2' is no price; write two numbers, such as 0.15,0.60"),
        (("--judge-price", "-1,2"), "--judge-price: '-1,2' is no price"),
        (("--judge-prompt", "nowhere.md"), "--judge-prompt: nowhere.md cannot be read"),
        (("--budget", "10"), "budget: must be a whole number from 200"),
        (("--fail-under", "recall@10=0.5"), "is no metric of this eval; use accuracy"),
    ],
)
def test_bad_input_ends_before_anything_is_asked(
    semmem: Command, server: ModelServer, data: Path, tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    told = asked(semmem, server, data, "--work", str(tmp_path / "work"), *options)
    assert (told.code, told.out) == (2, "")
    assert named in " ".join(told.err.split())
    assert not (tmp_path / "work").exists()
    assert server.requests == []


def test_without_a_model_it_says_which_settings_name_one(semmem: Command, data: Path) -> None:
    told = semmem("eval", "answers", "--dataset", "jsonl", "--data", str(data))
    assert told.code == 2
    assert "the reader needs a model; set OPENAI_API_KEY or SEMMEM_LLM_BASE_URL" in " ".join(told.err.split())
