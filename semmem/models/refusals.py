"""What an endpoint means when it refuses a chat request, told by its status and words: no two word it alike."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["content", "size", "generation", "form", "unclear", "outage", "denied"]

# Parts of a refusal that repeat the request: words of a user, not of the endpoint.
_ECHOES = frozenset({"input", "ctx", "failed_generation", "request", "prompt", "messages"})
_REQUEST_STATUSES = frozenset({400, 404, 406, 413, 415, 422, 501})
_MAX_SAID = 20_000

_CONTENT = re.compile(
    r"content[_ ]?(?:management |safety |moderation )?(?:filter|polic|moderation)|responsible_?ai_?polic"
    r"|content exists risk|敏感内容|不安全"
    r"|data_?inspection|inappropriate content|sensitive (?:content|word|information)|prohibited[_ ]content"
    r"|safety[_ ](?:system|filter|polic|reason|block|check)|blocked (?:by|due to|for|because)|moderation|was flagged"
    r"|guardrail|usage polic|violat\w* .{0,60}(?:polic|guideline|terms)|harmful|unsafe content|invalid_prompt|jailbreak"
    r"|(?:prompt|content|input|message|text) (?:was|is|has been|were) (?:blocked|filtered|flagged|rejected by)"
)
_CONTEXT = re.compile(
    r"context[_ ]?(?:length|limit|size)|context the overflows|maximum context|n_ctx|exceed_context|`?inputs?`? tokens"
    r"|in the messages|(?:prompt|input)s? (?:is |was |are )?too (?:long|large|many)|input (?:token count|length)"
    r"|prompt length|prompt contains \d+ tokens|tokens in the prompt|max_model_len|max_seq_len|max_total_tokens"
)
_ANSWER_LIMIT = re.compile(
    r"(?:max_?(?:completion_?|new_?|output_?)?tokens|maximum tokens|output tokens|completion tokens|maximum output)"
    r".{0,80}?(?:(?:must|should) be|(?:less|lower|greater) than|at most|too (?:large|big)|exceed|range|maximum|[<>])"
    r"|range of max_?tokens|at most \d+ (?:completion|output) tokens|maximum tokens you requested"
)
_SIZE = re.compile(
    r"context[_ ]window|too many (?:\w+ )?tokens|(?:request|body|message|payload|entity) (?:is )?too (?:long|large)"
    r"|reduce (?:the |your )?(?:length|size|prompt|input|message)|tokens per min|number of tokens allowed"
    r"|string too long"
)
_GENERATION = re.compile(r"json_validate_failed|failed to (?:generate|validate) json|failed_generation|tool_use_failed")
_FORM = re.compile(
    r"response_?format|json[_ ]?(?:schema|object|mode)|structured[_ ]output|grammar|guided|additionalproperties"
    r"|temperature|max_(?:completion_)?tokens|reasoning_effort|unsupported (?:parameter|value)|extra (?:inputs|fields)"
    r"|unknown (?:parameter|field|name)|unrecognized|not (?:supported|implemented)|system (?:role|message|instruction)"
    r"|support|requested parameters|streaming"
)
_NO_MODEL = re.compile(
    r"model.{0,80}(?:not found|does not exist|not exist|unknown|not available|no access)|model_not_found"
)
_NUMBER = re.compile(r"(?<![\w.\-])\d[\d,_]*(?![\w\-])")
_WINDOW = (
    re.compile(r"n_ctx\W{1,4}(\d+)"),
    re.compile(r"context (?:length|size|window|limit)[^\d]{0,40}?(\d[\d,_]*)"),
    re.compile(r"(\d[\d,_]*)(?: tokens?)? (?:maximum context|context (?:length|window|limit)|maximum)"),
    re.compile(r"(?:<=|at most|cannot exceed|limit(?: of| is|:)?|allowed \(?|> )\s*\(?(\d[\d,_]*)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request was refused, and for "size" the limit in tokens, of the context or of the answer alone.

    content: what was said in it. size: too much was sent or asked for. generation: the model failed at the form.
    form: a field of the request. unclear: the words do not say. outage: nothing to do with the request. denied: the
    key, the account or the address.
    """

    kind: Kind
    said: str = ""  # in lower case; it may quote the request, so it is never shown
    context: int | None = None
    answer: int | None = None


def read_refusal(status: int, text: str, asked: int) -> Refusal:
    """Returns the meaning of a refusal's status and body; `asked` is how many tokens the answer was allowed."""
    said = _said(text)
    if status == 429 or status in (408, 409, 425, 502, 503, 504) or status > 504:
        return _too_large(said, asked) if re.search(r"request too large", said) else Refusal(kind="outage", said=said)
    if status in (401, 402) or 300 <= status < 400:
        return Refusal(kind="denied", said=said)
    if _CONTENT.search(said) and not _CONTEXT.search(said):
        # A filter that has refused what was said does not answer 500; one that has failed itself does.
        return Refusal(kind="content" if status < 500 else "unclear", said=said)
    if status == 403 or (status == 404 and _NO_MODEL.search(said)):
        return Refusal(kind="denied", said=said)
    if _GENERATION.search(said):
        return Refusal(kind="generation", said=said)
    if status == 405 or (status == 404 and not _FORM.search(said)):
        return Refusal(kind="denied", said=said)
    if status == 413 or _CONTEXT.search(said) or _ANSWER_LIMIT.search(said) or _SIZE.search(said):
        return _too_large(said, asked)
    return Refusal(kind="form" if _FORM.search(said) else "unclear", said=said)


def is_about_request(status: int) -> bool:
    """Returns False where, whatever the words, the next request may fare better: 500 and the like."""
    return status in _REQUEST_STATUSES


def _too_large(said: str, asked: int) -> Refusal:
    """Names the limit: of the context, unless the words are about the answer alone."""
    if _CONTEXT.search(said) or not _ANSWER_LIMIT.search(said):
        named = (match for pattern in _WINDOW for match in pattern.finditer(said))
        windows = (int(re.sub(r"\D", "", match[1])) for match in named)
        context = next((window for window in windows if 256 <= window <= 10_000_000), None)
        return Refusal(kind="size", said=said, context=context)
    numbers = [int(re.sub(r"\D", "", match)) for match in _NUMBER.findall(said) if len(match) < 12]
    below = [number for number in numbers if 16 <= number < asked]
    return Refusal(kind="size", said=said, answer=max(below, default=None))


def _said(text: str) -> str:
    """Returns the words of a refusal in lower case, without what it repeats of the request."""
    try:
        words = " ".join(_words(json.loads(text)))
    except (ValueError, RecursionError):
        words = text
    return words[:_MAX_SAID].lower()


def _words(node: Any, name: str = "") -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key not in _ECHOES or not isinstance(value, Mapping | Sequence):
                yield from _words(value, str(key))
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from _words(value)
    elif isinstance(node, str) and node[:1] in "{[":  # an upstream's refusal, carried along as text
        yield _said(node)
    elif node is not None:
        yield f"{name}: {node}"
