"""`semmem eval answers`: from what was asked to models, a table and an exit code."""

import math
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import SecretStr

from semmem.cli import options
from semmem.cli.eval import measuring, pictures
from semmem.cli.eval.measuring import Request
from semmem.cli.eval.options import (
    Conversations,
    Data,
    Extractor,
    FailUnder,
    JsonFile,
    OfRetriever,
    Questions,
    Retriever,
    Work,
)
from semmem.cli.output import answers as shown
from semmem.cli.running import run
from semmem.cli.settling import PATIENCE
from semmem.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    from semmem.evals.answered import Part, Price
    from semmem.evals.answering import Method
    from semmem.evals.plan import Plan
    from semmem.ports import ChatModel
    from semmem.wiring.settings import Settings

Labels = Literal["published", "corrected"]
PROMPT_FILE = "the bundled one"
RETRIES = 5  # of a call; a run of hours outlives a limit of rates
NAMED = 5  # questions without a verdict that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A reader or a judge, as the command line names it; what is left out is that of SEMMEM_LLM_*."""

    name: str | None
    url: str | None
    price: str | None
    prompt: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is measured of the data that a Request names."""

    reader: Model
    judge: Model
    labels: Labels
    labels_file: Path | None
    retriever: Retriever
    budget: int
    questions: int | None
    work: Path | None
    fail_under: Sequence[str]
    patience: float


def answers(
    dataset: Annotated[
        Literal["locomo", "longmemeval", "beam", "jsonl"] | None,
        typer.Option(help="What the data is.", show_default=False),
    ] = None,
    data: Data = None,
    conversations: Conversations = None,
    questions: Questions = None,
    labels: Annotated[Labels, typer.Option(help="LoCoMo's answers and evidence, or corrected ones.")] = "published",
    labels_file: Annotated[Path | None, typer.Option(help="The corrections: errors.json of locomo-audit.")] = None,
    extractor: Extractor = "offline",
    retriever: OfRetriever = "semmem",
    budget: Annotated[int, typer.Option(help="Tokens of context for each question.")] = 2_000,
    reader: Annotated[str | None, typer.Option(help="The model that answers.", show_default="SEMMEM_LLM_MODEL")] = None,
    reader_url: Annotated[str | None, typer.Option(help="Its endpoint.", show_default="SEMMEM_LLM_BASE_URL")] = None,
    reader_prompt: Annotated[Path | None, typer.Option(help="Its prompt.", show_default=PROMPT_FILE)] = None,
    reader_price: Annotated[str | None, typer.Option(metavar="IN,OUT", help="Of a million tokens each.")] = None,
    judge: Annotated[str | None, typer.Option(help="The model that judges.", show_default="the reader")] = None,
    judge_url: Annotated[str | None, typer.Option(help="Its endpoint.", show_default="the reader's")] = None,
    judge_prompt: Annotated[
        Path | None, typer.Option(help="Its prompt, or a folder.", show_default=PROMPT_FILE)
    ] = None,
    judge_price: Annotated[str | None, typer.Option(metavar="IN,OUT", help="Of a million tokens each.")] = None,
    work: Work = None,
    json_file: JsonFile = None,
    fail_under: FailUnder = None,
    patience: options.Patience = PATIENCE,
) -> None:
    """Measure answers end to end: a question's context goes to your model, and what that says to your judge.

    Keys come from SEMMEM_READER_API_KEY and SEMMEM_JUDGE_API_KEY. After an interruption the same command goes on.

    Example: semmem eval answers --dataset locomo --data locomo10.json --reader gpt-4o-mini --json answers.json

    Example: semmem eval answers --dataset locomo --data locomo10.json --labels corrected --labels-file errors.json
    """
    wanted = Wanted(
        reader=Model(name=reader, url=reader_url, price=reader_price, prompt=reader_prompt),
        judge=Model(name=judge, url=judge_url, price=judge_price, prompt=judge_prompt),
        labels=labels,
        labels_file=labels_file,
        retriever=retriever,
        budget=budget,
        questions=questions,
        work=work,
        fail_under=fail_under or [],
        patience=patience,
    )
    measure(
        Request(dataset=dataset, data=data, conversations=conversations, extractor=extractor, json_file=json_file),
        wanted,
    )


def measure(request: Request, wanted: Wanted) -> None:
    async def measured() -> list[str]:
        from semmem.evals import answering
        from semmem.evals.answered import METRICS, Part, Price
        from semmem.evals.floors import below, parse_floors

        floors = parse_floors(wanted.fail_under, METRICS)
        prices: dict[Part, Price | None] = {
            "reader": _price("--reader-price", wanted.reader.price),
            "judge": _price("--judge-price", wanted.judge.price),
        }
        plan, labels = _plan(request, wanted)
        reader, judge = _models(wanted)
        method = _method(wanted, reader, judge, labels)
        async with _chats(reader, judge) as chats:
            with measuring.resumable() as bars:
                found, trouble = await answering.run(
                    plan, method, chats, prices, wanted.work, patience=wanted.patience, progress=bars
                )
        measuring.write(found, request.json_file)
        shown.print(pictures.answered(found))
        return [*measuring.said(trouble), *_unjudged(found), *below(floors, found["metrics"])]

    measuring.end(run(measured()))


def _plan(request: Request, wanted: Wanted) -> "tuple[Plan, dict[str, Any]]":
    """Returns what is asked, and whose labels it has. Questions without evidence are asked too, but none without an
    answer to judge by."""
    from semmem.evals.datasets import labels
    from semmem.evals.plan import Plan

    dataset, conversations, sha256 = request.load()
    about: dict[str, Any] = {"name": wanted.labels}
    if (wanted.labels == "corrected") != bool(wanted.labels_file):
        limit = "is missing" if wanted.labels == "corrected" else "is for --labels corrected"
        raise InvalidInput(labels.FIELD, limit, f"get {labels.SOURCE}, and pass --labels corrected --labels-file FILE")
    if wanted.labels_file:
        if dataset != "locomo":
            raise InvalidInput("labels", f"there are corrections of locomo, not of {dataset}", "leave --labels out")
        corrected, about["corrections"] = labels.corrected(conversations, wanted.labels_file)
        conversations = tuple(corrected)
    asked = tuple(replace(each, questions=each.judgeable, others=()) for each in conversations)
    questions = sum(len(each.questions) + len(each.others) for each in conversations)
    about["without_answer"] = questions - sum(len(each.questions) for each in asked)
    plan = Plan(
        dataset=dataset,
        sha256=sha256,
        conversations=asked,
        retriever=wanted.retriever,
        extractor=request.extractor,
        questions=wanted.questions,
    )
    return plan, about


def _models(wanted: Wanted) -> "tuple[Settings, Settings]":
    """Returns the settings of the reader's model, and of the judge's, which is the reader's where none is named."""
    from semmem.wiring.settings import load_settings

    reader = _model(load_settings(), wanted.reader, "SEMMEM_READER_API_KEY")
    if not reader.uses_llm:
        raise ConfigurationError("the reader needs a model; set OPENAI_API_KEY or SEMMEM_LLM_BASE_URL")
    return reader, _model(reader, wanted.judge, "SEMMEM_JUDGE_API_KEY")


def _model(settings: "Settings", model: Model, variable: str) -> "Settings":
    named: dict[str, Any] = {"llm_model": model.name} if model.name else {}
    if model.url:
        named |= {"llm_base_url": model.url, "llm_api_key": None}  # a key goes to its own endpoint alone
    if key := os.environ.get(variable):
        named["llm_api_key"] = SecretStr(key)
    return settings.model_copy(update=named)


def _method(wanted: Wanted, reader: "Settings", judge: "Settings", labels: dict[str, Any]) -> "Method":
    from semmem.evals.answering import Method
    from semmem.evals.judging import judge_prompts, reader_prompt

    return Method(
        reader=reader.llm_model,
        judge=judge.llm_model,
        reader_prompt=reader_prompt(wanted.reader.prompt),
        judge_prompts=judge_prompts(wanted.judge.prompt),
        labels=labels,
        budget=wanted.budget,
    )


@asynccontextmanager
async def _chats(reader: "Settings", judge: "Settings") -> "AsyncIterator[dict[Part, ChatModel]]":
    from semmem.wiring.opening import make_chat

    async with AsyncExitStack() as stack:
        chats: dict[Part, ChatModel] = {
            "reader": make_chat(reader, retries=RETRIES),
            "judge": make_chat(judge, retries=RETRIES),
        }
        for chat in chats.values():
            stack.push_async_callback(chat.aclose)
        yield chats


def _price(option: str, said: str | None) -> "Price | None":
    from semmem.evals.answered import Price

    if said is None:
        return None
    try:
        prompt, completion = map(float, said.split(","))
    except ValueError:
        prompt = completion = math.nan
    if not (0 <= prompt < math.inf and 0 <= completion < math.inf):
        fix = "write two numbers, such as 0.15,0.60: of a million tokens of prompt, and of answer"
        raise InvalidInput(option, f"{said!r} is no price", fix)
    return Price(prompt=prompt, completion=completion)


def _unjudged(found: dict[str, Any]) -> list[str]:
    """Says which questions have no verdict, and why."""
    unjudged = found["unjudged"]
    if not unjudged:
        return []
    named = [f"{each['conversation']} {each['question_id']} ({each['why']})" for each in unjudged[:NAMED]]
    more = [f"and {len(unjudged) - NAMED} more"] if len(unjudged) > NAMED else []
    return [f"{len(unjudged)} of {found['n']} questions have no verdict: {', '.join([*named, *more])}"]
