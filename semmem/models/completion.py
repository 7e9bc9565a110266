"""From an endpoint's body to the model's answer, in the many forms that compatible servers give it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from semmem.errors import BadAnswer, RequestFailed
from semmem.models.streams import joined
from semmem.ports import ChatAnswer

# An answer that only thinks: whoever reads it has to look for the answer among the thoughts.
THINKING = "<think>"
MAX_TOKENS = 10_000_000  # of one call; what a server reports beyond it is no count

# Why an answer ended, in the words of all the servers: "stop" where it is none of these.
_CUT = re.compile(r"length|(?:max|token|model).*(?:tokens?|length|limit).*|incomplete|truncated")
_REFUSED = re.compile(
    r"content_?filter.*|safety|recitation|prohibited.*|blocklist|spii|refusal|sensitive|blocked|guardrail.*"
)
_FAILED = re.compile(r".*error.*|abort.*|cancell?ed|failed|timeout|insufficient.*|malformed.*")


class ErrorInBody(Exception):
    """An error that came with a status of success; `status` is the one it would have had."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"an error object with status {status} in place of an answer")
        self.status, self.text = status, text


def read_completion(text: str) -> ChatAnswer:
    """Raises ErrorInBody, RequestFailed for what is no completion, and BadAnswer for a refusal or an empty answer."""
    body = _body(text)
    answers = []
    for choice in _choices(body):
        message = choice.get("message") or choice.get("delta") or {"content": choice.get("text")}
        if isinstance(message, Mapping):
            answers.append((choice, message, _said(message)))
    if not answers:
        raise RequestFailed("the endpoint's answer is no chat completion")
    # Some give the words before a call and the call itself as two choices.
    choice, message, said = next((answer for answer in answers if "{" in answer[2]), answers[0])
    finish = _finish(choice.get("finish_reason") or choice.get("stop_reason") or choice.get("done_reason"))
    if finish == "error":
        raise RequestFailed("the endpoint gave up in the middle of the answer")
    if finish == "content_filter" or (message.get("refusal") and not said):
        raise BadAnswer("refused", "the model declined to answer")
    if not said and finish != "length":
        raise BadAnswer("empty", "the model answered with no text")
    usage = body.get("usage")
    return ChatAnswer(
        text=said.encode("utf-16", "surrogatepass").decode("utf-16", "replace"),  # half a character can be sent nowhere
        finish_reason=finish,
        prompt_tokens=_tokens(usage, "prompt_tokens"),
        completion_tokens=_tokens(usage, "completion_tokens"),
    )


def _body(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        body = joined(text)
        if body is None:
            raise RequestFailed("the endpoint's answer is not JSON, or only a part of it") from error
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, Mapping):
        raise RequestFailed("the endpoint's answer is not a JSON object")
    return body


def _choices(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the answers that the endpoint gave, or the one of an API that has no list of them (Ollama, Anthropic)."""
    choices = body.get("choices")
    if not choices and "choices" not in body and not body.get("error"):
        if isinstance(body.get("message"), Mapping):
            return [body]
        if isinstance(body.get("content"), list):
            return [{**body, "message": body}]
    if not choices:
        _raise_error(body)
        raise RequestFailed("the endpoint's answer holds no choices")
    if isinstance(choices, Mapping):
        choices = [choices]
    found = [choice for choice in choices if isinstance(choice, Mapping)] if isinstance(choices, list) else []
    if found and found[0].get("error"):
        _raise_error(found[0])
    return found


def _raise_error(holder: Mapping[str, Any]) -> None:
    """Raises ErrorInBody if the object says that something failed, in {"error": ...}, {"detail": ...} or itself."""
    error = holder.get("error") or holder.get("errors") or holder.get("detail")
    if error is None and holder.get("message") and "choices" not in holder:
        error = holder
    if not error:
        return
    details = error if isinstance(error, Mapping) else {}
    codes = (
        details.get("code"),
        details.get("status"),
        details.get("status_code"),
        holder.get("code"),
        holder.get("status"),
    )
    statuses = [int(code) for code in map(str, codes) if re.fullmatch(r"[45]\d\d", code)]
    raise ErrorInBody(statuses[0] if statuses else 500, json.dumps(error))


def _finish(given: object) -> str:
    """Returns OpenAI's word for why the answer ended. What nobody knows counts as its end."""
    word = str(given or "stop").rsplit(".", 1)[-1].lower().removeprefix("finish_reason_")
    if _CUT.fullmatch(word):
        return "length"
    if _REFUSED.fullmatch(word):
        return "content_filter"
    return "error" if _FAILED.fullmatch(word) else "stop"


def _said(message: Mapping[str, Any]) -> str:
    """Returns the answer, wherever the message has it: in the content, in a call's arguments, or among the thoughts."""
    content = _text(message.get("content"))
    if "{" in content:
        return content
    calls = message.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and calls else calls
    called = call.get("function") or call.get("custom") if isinstance(call, Mapping) else message.get("function_call")
    arguments = _text(called.get("arguments") or called.get("input")) if isinstance(called, Mapping) else ""
    if arguments or content.strip():
        return arguments or content
    for name in ("reasoning_content", "reasoning", "thinking"):
        if thoughts := _text(message.get(name)):
            return f"{THINKING}{thoughts}"
    return ""


def _text(content: object) -> str:
    """Returns the text of a content: a text, a list of parts without the thoughts, or the answer's own object."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return json.dumps(content)
    if not isinstance(content, Sequence):
        return ""
    texts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping) and part.get("type") == "tool_use":
            texts.append(_text(part.get("input")))
        elif isinstance(part, Mapping) and part.get("type", "text") in ("text", "output_text"):
            text = part.get("text")
            if isinstance(text, Mapping):
                text = _text(text.get("value"))
            if isinstance(text, str):
                texts.append(text)
    return "".join(texts)


def _tokens(usage: object, name: str) -> int:
    """Returns 0, which is as good as none, where no plausible number is reported."""
    reported = usage.get(name) if isinstance(usage, Mapping) else None
    if isinstance(reported, str) and re.fullmatch(r"\d{1,8}", reported):
        reported = int(reported)
    if isinstance(reported, bool) or not isinstance(reported, int | float) or not 0 < reported <= MAX_TOKENS:
        return 0
    return int(reported)
