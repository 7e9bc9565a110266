"""The differences between OpenAI-compatible chat endpoints, learned from their refusals."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Structure = Literal["json_schema", "open_schema", "json_object", "none"]
Limit = Literal["max_tokens", "max_completion_tokens", "none"]

MIN_ANSWER_TOKENS = 256  # an answer with less room than this is not worth asking for
_BYTES_PER_TOKEN = 3.5  # rather too many tokens than too few: what does not fit is refused

_LOOSER: dict[Structure, Structure] = {
    "json_schema": "json_object",
    "open_schema": "json_object",
    "json_object": "none",
}
_STRUCTURE = re.compile(
    r"response_?format|json|schema|structured|grammar|guided|format|\banyof\b|\benum\b|logit|constrain|decoding"
)
_STREAM = re.compile(
    r"only supports? (?:the )?stream|non-?streaming|(?:enable|set).{0,20}stream|stream\W{1,3}(?:must|should) be"
)
_SYSTEM = re.compile(
    r"(?:system|developer)['`\" ]*(?:role|message|instruction|prompt)|role.{0,20}system|roles must alternate"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How to ask one endpoint: what of a request it knows, and the limits in tokens it has told.

    An open schema is one without `strict` and `additionalProperties`.
    """

    structure: Structure = "json_schema"
    limit: Limit = "max_tokens"
    temperature: bool = True
    effort: str | None = None
    system: bool = True
    stream: bool = False
    context: int | None = None
    answer: int | None = None

    def without(self, said: str) -> "Dialect | None":
        """Returns the next dialect after a refusal in these words (lower case), or None where they name nothing of
        it."""
        if not self.stream and _STREAM.search(said):
            return replace(self, stream=True)
        if self.temperature and "temperature" in said:
            return replace(self, temperature=False)
        if self.effort and re.search(r"reasoning|effort|thinking", said):
            return replace(self, effort=None)
        if self.structure == "json_schema" and re.search(r"additionalproperties|\bstrict\b", said):
            return replace(self, structure="open_schema")
        if self.limit == "max_tokens" and "max_completion_tokens" in said:
            return replace(self, limit="max_completion_tokens")
        if self.limit != "none" and re.search(r"max_?(?:completion_?|new_?|output_?)?tokens", said):
            return replace(self, limit="max_completion_tokens" if self.limit == "max_tokens" else "none")
        if self.system and _SYSTEM.search(said):
            return replace(self, system=False)
        if self.structure in _LOOSER and _STRUCTURE.search(said):
            return replace(self, structure=_LOOSER[self.structure])
        return None

    def plainer(self) -> Iterator["Dialect"]:
        """Yields what to try after a refusal whose words say nothing: one thing less at a time, at last none."""
        order: list[Structure] = ["json_schema", "open_schema", "json_object", "none"]
        one_less = [replace(self, structure=looser) for looser in order[order.index(self.structure) + 1 :]]
        one_less.append(replace(self, temperature=False))
        one_less.append(replace(self, effort=None))
        one_less.append(replace(self, limit="max_completion_tokens" if self.limit == "max_tokens" else self.limit))
        one_less.append(replace(self, limit="none"))
        one_less.append(replace(self, system=False))
        one_less.append(replace(self, structure="none", limit="none", temperature=False, effort=None))
        one_less.append(replace(one_less[-1], system=False))
        yield from dict.fromkeys(plain for plain in one_less if plain != self)

    def room(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None, wanted: int) -> int:
        """Returns how many tokens the answer may have beside these messages, at most `wanted`."""
        room = wanted if self.answer is None else min(wanted, self.answer)
        if self.context is None:
            return room
        size = sum(len(message["content"].encode()) for message in messages) + len(json.dumps(schema or ""))
        return min(room, max(MIN_ANSWER_TOKENS, self.context - int(size / _BYTES_PER_TOKEN)))

    def body(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None, schema_name: str, max_tokens: int
    ) -> dict[str, Any]:
        """Returns the request's fields, but for the model; without a schema nothing is said of the answer's form."""
        body: dict[str, Any] = {"messages": list(messages)}
        if self.limit != "none":
            body[self.limit] = max_tokens
        if self.temperature:
            body["temperature"] = 0
        if self.stream:
            body["stream"] = True
        if self.effort:
            body["reasoning_effort"] = self.effort
        if schema is not None:
            self._ask_for(schema, schema_name, body)
        if not self.system:
            first, *others = body["messages"]
            if first["role"] == "system" and others:  # its words go in front of the first user's
                user, *rest = others
                body["messages"] = [{**user, "content": f"{first['content']}\n\n{user['content']}"}, *rest]
        return body

    def _ask_for(self, schema: Mapping[str, Any], schema_name: str, body: dict[str, Any]) -> None:
        """Adds the answer's schema to the request, in the way that the endpoint knows."""
        if self.structure == "json_schema":
            body["response_format"] = _json_schema({"name": schema_name, "schema": schema, "strict": True})
        elif self.structure == "open_schema":
            body["response_format"] = _json_schema({"name": schema_name, "schema": _opened(schema)})
        elif self.structure == "json_object":
            body["response_format"] = {"type": "json_object"}
        if self.structure in ("json_object", "none"):
            body["messages"] = _with_schema(body["messages"], schema)


def _json_schema(described: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": described}


def _opened(node: Any) -> Any:
    """Returns the schema without `additionalProperties`, which not every server knows."""
    if isinstance(node, list):
        return [_opened(child) for child in node]
    if not isinstance(node, Mapping):
        return node
    return {name: _opened(child) for name, child in node.items() if name != "additionalProperties"}


def _with_schema(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Says the schema in words, in the one system message, for an endpoint that does not enforce it."""
    instruction = f"Answer with one JSON object of this JSON schema, and nothing else: {json.dumps(schema)}"
    first = messages[0]
    if first["role"] == "system":
        return [{**first, "content": f"{first['content']}\n\n{instruction}"}, *messages[1:]]
    return [{"role": "system", "content": instruction}, *messages]
