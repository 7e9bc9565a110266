"""An answer that comes as a stream although none was asked for: server-sent events, or a JSON object on each line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

_FRAMING = (":", "event:", "id:", "retry:")  # lines of server-sent events that carry no data
_END = "[DONE]"
_TEXTS = ("content", "reasoning_content", "reasoning", "thinking", "refusal")


def joined(text: str) -> Mapping[str, Any] | None:
    """Returns the chat completion that the pieces make up, or None where `text` is no stream, or one that broke off."""
    lines = [line.strip() for line in text.split("\n")]
    data = [line.removeprefix("data:").strip() for line in lines if line and not line.startswith(_FRAMING)]
    try:
        pieces: list[Any] = [json.loads(line) for line in data if line != _END]
    except (ValueError, RecursionError):
        return None
    if not pieces or not all(isinstance(piece, Mapping) for piece in pieces):
        return None
    for piece in pieces:
        if piece.get("error") or (piece.get("choices") and _choice(piece).get("message")):
            return dict(piece)  # a failure, or the whole answer in one piece
    finish: object = None
    for piece in pieces:
        choice = _choice(piece)
        finish = finish or choice.get("finish_reason") or choice.get("done_reason")
        if not finish and choice.get("done"):
            finish = "stop"
    if not finish and _END in data:
        finish = "stop"
    if not finish:
        return None
    usage = next((piece["usage"] for piece in reversed(pieces) if piece.get("usage")), None)
    return {"choices": [{"message": _message(pieces), "finish_reason": finish}], "usage": usage}


def _choice(piece: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the first answer's part of a piece; Ollama's own API has no choices around it."""
    first: Any = piece
    if "choices" in piece:
        choices = piece["choices"]
        first = choices[0] if isinstance(choices, Sequence) and choices else {}
    return first if isinstance(first, Mapping) and not first.get("index") else {}


def _message(pieces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Joins all pieces' texts as lists of parts, and the arguments of the first call."""
    message: dict[str, Any] = {}
    arguments = ""
    for piece in pieces:
        choice = _choice(piece)
        delta = choice.get("delta") or choice.get("message") or {"content": choice.get("text")}
        if not isinstance(delta, Mapping):
            continue
        for name in _TEXTS:
            if part := delta.get(name):
                message.setdefault(name, []).extend(part if isinstance(part, list) else [part])
        calls = delta.get("tool_calls")
        first = calls[0] if isinstance(calls, list) and calls else None
        called = first.get("function") if isinstance(first, Mapping) and not first.get("index") else None
        given = called.get("arguments") if isinstance(called, Mapping) else None
        if given:
            arguments += given if isinstance(given, str) else json.dumps(given)
    if arguments:
        message["tool_calls"] = [{"function": {"arguments": arguments}}]
    return message
