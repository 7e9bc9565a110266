"""Crews of CrewAI on the scripted model, and what their model was asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crewai import LLM, Agent, Crew, Task

from semmem.testing import ModelServer, Reply

Script = Callable[[Mapping[str, Any]], str | Reply]


def model_of(server: ModelServer) -> LLM:
    return LLM(model="openai/gpt-4o-mini", base_url=server.base_url, api_key="unused")


def agent_of(server: ModelServer, role: str, **given: Any) -> Agent:
    return Agent(role=role, goal="help", backstory="Helpful.", llm=model_of(server), max_iter=4, **given)


def crew_of(server: ModelServer, memory: Any, tasks: Mapping[str, str], **given: Any) -> Crew:
    """One agent for each role of `tasks` (description: role), working in their order."""
    agents = {role: agent_of(server, role) for role in tasks.values()}
    todo = [Task(description=text, expected_output="an answer", agent=agents[role]) for text, role in tasks.items()]
    return Crew(agents=list(agents.values()), tasks=todo, memory=memory, verbose=False, **given)


def said(body: Mapping[str, Any]) -> str:
    """All text of a chat request."""
    return "\n".join(str(message.get("content") or "") for message in body["messages"])


def asked_of(role: str, bodies: Sequence[Mapping[str, Any]]) -> list[str]:
    """The texts of the requests that an agent's own work made."""
    return [said(body) for body in bodies if f"You are {role}" in said(body)]


def calls_tool(name: str, arguments: Mapping[str, Any]) -> Reply:
    """A model's answer that calls a tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"id": "call-1", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    about = {"id": "1", "object": "chat.completion", "created": 0, "model": "gpt-4o-mini"}
    return Reply(body=json.dumps(about | {"choices": [choice]}).encode())
