"""The differences between OpenAI-compatible chat endpoints, learned from their refusals."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import openai

Structure = Literal["json_schema", "json_object", "none"]

_LOOSER: dict[Structure, Structure] = {"json_schema": "json_object", "json_object": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How to ask one endpoint: which structured output it knows, and what it calls its limits."""

    structure: Structure = "json_schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True

    def without(self, refusal: openai.APIStatusError) -> "Dialect | None":
        """The next dialect to try after a refusal, or None where the refusal is about something else."""
        said = str(refusal.body or refusal.message).lower()
        if self.limit == "max_tokens" and "max_completion_tokens" in said:
            return replace(self, limit="max_completion_tokens")
        if self.temperature and "temperature" in said:
            return replace(self, temperature=False)
        unknown = ("response_format" in said or "json_schema" in said) and "invalid schema" not in said
        if unknown and self.structure in _LOOSER:
            return replace(self, structure=_LOOSER[self.structure])
        return None

    def body(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], schema_name: str, max_tokens: int
    ) -> dict[str, Any]:
        """The request's fields, but for the model."""
        body: dict[str, Any] = {"messages": list(messages), self.limit: max_tokens}
        if self.temperature:
            body["temperature"] = 0
        if self.structure == "json_schema":
            strict = {"name": schema_name, "schema": schema, "strict": True}
            return body | {"response_format": {"type": "json_schema", "json_schema": strict}}
        body["messages"] = _with_schema(messages, schema)
        if self.structure == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body


def _with_schema(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """The schema told in words, in the one system message, for an endpoint that does not enforce it."""
    told = f"Answer with one JSON object of this JSON schema, and nothing else: {json.dumps(schema)}"
    first = messages[0]
    if first["role"] == "system":
        return [{**first, "content": f"{first['content']}\n\n{told}"}, *messages[1:]]
    return [{"role": "system", "content": told}, *messages]
