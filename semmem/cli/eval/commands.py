"""The commands that measure: `semmem eval retrieval`, `answers`, `updates` and `extraction`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from semmem.cli import options
from semmem.cli.eval import measuring
from semmem.cli.eval.answers import answers
from semmem.cli.eval.measuring import Request
from semmem.cli.eval.options import Conversations, Data, Extractor, FailUnder, JsonFile, OfRetriever, Questions, Work
from semmem.cli.settling import PATIENCE

app = typer.Typer(help="Measure retrieval, answers, updates and extraction: on benchmarks, or your own data.")


@app.command()
def retrieval(
    dataset: Annotated[
        Literal["locomo", "longmemeval", "beam", "realtalk", "friendsqa", "jsonl"] | None,
        typer.Option(help="What the data is.", show_default=False),
    ] = None,
    data: Data = None,
    conversations: Conversations = None,
    limit: Annotated[int, typer.Option(help="Hits asked for.")] = 200,
    questions: Questions = None,
    extractor: Extractor = "offline",
    retriever: OfRetriever = "semmem",
    work: Work = None,
    json_file: JsonFile = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page with plots into this folder.")] = None,
    fail_under: FailUnder = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A.json B.json", help="Compare two results; nothing is measured.", show_default=False),
    ] = None,
    across_settings: Annotated[bool, typer.Option("--across-settings", help="Even if their settings differ.")] = False,
    patience: options.Patience = PATIENCE,
) -> None:
    """Measure how well recall and context bring back the evidence of questions.

    Events go in through remember, on embedded servers of the run's own, each conversation into its own workspace.
    SEMMEM_* choose the embedder, the model and the vector index. After an interruption the same command goes on.

    Example: semmem eval retrieval --dataset locomo --data locomo10.json --report report

    Example: semmem eval retrieval --dataset jsonl --data mine.jsonl --json now.json --fail-under recall@10=0.75

    Example: semmem eval retrieval --compare before.json now.json
    """
    if compare:
        measuring.compare(compare, across_settings=across_settings, json_file=json_file)
        return
    measuring.retrieval(
        Request(dataset=dataset, data=data, conversations=conversations, extractor=extractor, json_file=json_file),
        retriever=retriever,
        limit=limit,
        questions=questions,
        work=work,
        report=report,
        fail_under=fail_under or [],
        patience=patience,
    )


app.command()(answers)


@app.command()
def updates(
    dataset: Annotated[
        Literal["beam", "precisionmembench"] | None, typer.Option(help="What the data is.", show_default=False)
    ] = None,
    data: Data = None,
    conversations: Conversations = None,
    extractor: Extractor = "offline",
    work: Work = None,
    json_file: JsonFile = None,
    patience: options.Patience = PATIENCE,
) -> None:
    """Measure what has changed: whether the newest statement comes back, and what must not come back does not.

    Of BEAM the questions about updated knowledge, contradictions and time are asked; --conversations and --work are
    for BEAM only.

    Example: semmem eval updates --dataset beam --data chats/100K --json updates.json

    Example: semmem eval updates --dataset precisionmembench --data fixtures
    """
    asked = Request(dataset=dataset, data=data, conversations=conversations, extractor=extractor, json_file=json_file)
    if dataset == "precisionmembench":
        measuring.precision(asked)
    else:
        measuring.updates(asked, work=work, patience=patience)


@app.command()
def extraction(
    dataset: Annotated[
        Literal["locomo", "longmemeval", "beam", "realtalk", "friendsqa", "jsonl"] | None,
        typer.Option(help="What the data is.", show_default=False),
    ] = None,
    data: Data = None,
    conversations: Conversations = None,
    turns: Annotated[int | None, typer.Option(min=1, help="Only so many of each conversation.")] = None,
    extractor: Extractor = "offline",
    work: Annotated[
        Path | None,
        typer.Option(help="Work in this folder, and go on there.", show_default="a folder that goes at the end"),
    ] = None,
    json_file: JsonFile = None,
    patience: options.Patience = PATIENCE,
) -> None:
    """Measure the facts that are found: grounded or not, of whom, dated how, what they cover and what they cost.

    With --work the same command goes on after an interruption: what was extracted is not asked for again.

    Example: semmem eval extraction --dataset locomo --data locomo10.json --extractor llm --json facts.json
    """
    asked = Request(dataset=dataset, data=data, conversations=conversations, extractor=extractor, json_file=json_file)
    measuring.extraction(asked, turns=turns, work=work, patience=patience)
