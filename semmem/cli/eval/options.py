"""Options that several of the eval commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Retriever = Literal["bm25", "dense", "rrf", "semmem"]

Data = Annotated[
    Path | None,
    typer.Option(
        help="The data set's file; of BEAM, the folder with N/chat.json, of REALTALK that of its chats.",
        show_default=False,
    ),
]
Conversations = Annotated[
    list[str] | None, typer.Option(metavar="ID,...", help="These only, such as conv-26,conv-30; may be repeated.")
]
Extractor = Annotated[
    Literal["offline", "llm", "recorded"], typer.Option(help="Who finds facts: rules, your model, LoCoMo's record.")
]
Work = Annotated[
    Path | None,
    typer.Option(help="Work in this folder, and keep it.", show_default="a cache folder, removed at the end"),
]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result there, as JSON.")]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(metavar="METRIC=VALUE", help="Exit with 1 below it, such as recall@10=0.75; may be repeated."),
]
Questions = Annotated[int | None, typer.Option(min=1, help="Only so many of each conversation.")]
OfRetriever = Annotated[Retriever, typer.Option(help="semmem, or a baseline on its own indexes.")]
