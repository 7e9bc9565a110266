"""A small MCP host: a model that remembers its user from one session to the next through `semmem mcp`.

The model is a script behind a real OpenAI endpoint on this machine, so no key is needed; the host, the MCP client, the
server and its databases are what you would run. Start it with `python examples/mcp_host.py`.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from openai import AsyncOpenAI
from rich.console import Console
from rich.text import Text

from semmem.embedded.layout import temporary_folder
from semmem.testing import ModelServer, Reply

MONDAY = ["My sister Ines is allergic to peanuts, and she visits every Friday.", "I moved to Lisbon in May."]
FRIDAY = [
    "Is my sister Ines allergic to anything?",
    "Which city do I live in?",
    "Forget what Ines is allergic to.",
    "What is Ines allergic to?",
]
GOOD_SCORE = 0.2  # docs/retrieval.md says what this leaves out

out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Host:
    """Hands the server's tools to a model, and calls the ones that it asks for."""

    model: AsyncOpenAI
    tools: Client

    async def answer(self, said: str) -> str:
        messages: list[Any] = [{"role": "user", "content": said}]
        offered: list[Any] = [_as_function(tool) for tool in (await self.tools.list_tools()).tools]
        while True:
            completion = await self.model.chat.completions.create(model="scripted", messages=messages, tools=offered)
            message = completion.choices[0].message
            if not message.tool_calls:
                return message.content or ""
            messages.append(message.model_dump(exclude_none=True))
            messages += [await self._called(call) for call in message.tool_calls]

    async def _called(self, call: Any) -> dict[str, str]:
        out.print(Text(f"   {call.function.name} {call.function.arguments}", style="cyan"))
        result = await self.tools.call_tool(call.function.name, json.loads(call.function.arguments))
        text = "".join(part.text for part in result.content if part.type == "text")
        out.print(Text(f"   → {_shortened(json.loads(text))}", style="dim"))
        return {"role": "tool", "tool_call_id": call.id, "content": text}


def _as_function(tool: Any) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": function}


def _shortened(result: Mapping[str, Any]) -> str:
    if "memories" in result:
        found = [f"{each['kind']} {each['score']:.2f} {each['text']!r}" for each in result["memories"]]
        return "\n     ".join(found) or result["note"] or "nothing"
    return ", ".join(f"{name} {value}" for name, value in (result.get("counts") or {"id": result["id"]}).items())


def scripted(body: dict[str, Any]) -> Reply:
    """Adds what it is told, searches for what it is asked, and forgets what it is asked to; it knows nothing else."""
    said, results = body["messages"][0]["content"], _results(body["messages"])
    if said.endswith("?"):
        return _told(results[-1]["memories"]) if results else _call("search_memories", query=said, limit=1)
    if not said.startswith("Forget"):
        return _says("I will remember that.") if results else _call("add_memory", text=said)
    if not results:
        return _call("search_memories", query=said, limit=1)
    if "memories" in results[-1]:
        return _call("delete_memory", memory_id=results[-1]["memories"][0]["id"])
    return _says("It is forgotten.")


def _results(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [json.loads(message["content"]) for message in messages if message["role"] == "tool"]


def _told(memories: Sequence[Mapping[str, Any]]) -> Reply:
    said = [memory["text"] for memory in memories if memory["score"] >= GOOD_SCORE]
    return _says(f"You told me: {said[0]}" if said else "I remember nothing of it.")


def _says(text: str) -> Reply:
    return _completion({"content": text}, "stop")


def _call(tool: str, **arguments: object) -> Reply:
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return _completion({"tool_calls": [{"id": "call-1", "type": "function", "function": function}]}, "tool_calls")


def _completion(message: Mapping[str, Any], reason: str) -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    completion = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "scripted"}
    return Reply(body=json.dumps({**completion, "choices": [choice]}).encode())


async def session(name: str, turns: Sequence[str], model: AsyncOpenAI, data: Path) -> None:
    """A server process of its own: what the next session knows, it has from the memory alone."""
    out.rule(name, align="left")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEMMEM_", "OPENAI_"))}
    arguments = ["-m", "semmem", "mcp", "--tenant", "acme", "--user", "alice"]
    server = StdioServerParameters(command=sys.executable, args=arguments, env={**kept, "SEMMEM_DATA": str(data)})
    async with Client(server) as tools:
        host = Host(model, tools)
        for said in turns:
            out.print(Text.assemble(("alice: ", "bold"), said))
            out.print(Text.assemble(("model: ", "bold green"), await host.answer(said), "\n"))


async def main() -> None:
    with ModelServer(scripted) as endpoint:
        async with (
            temporary_folder("semmem-example-") as data,
            AsyncOpenAI(base_url=endpoint.base_url, api_key="none") as model,
        ):
            await session("Monday: a first session", MONDAY, model, data)
            await session("Friday: a new session, in a new process", FRIDAY, model, data)


if __name__ == "__main__":
    asyncio.run(main())
