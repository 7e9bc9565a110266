"""Peels an answer out of what models and servers wrap it in: thoughts, channels, stop tokens, code fences."""

import re

_THOUGHTS = "think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad|seed:think"
_THOUGHT = re.compile(rf"\s*(?:<(?:{_THOUGHTS})>|\[THINK\]|◁think▷|<\|START_THINKING\|>)", re.IGNORECASE)
_THOUGHT_ENDS = re.compile(rf"</(?:{_THOUGHTS})>|\[/THINK\]|◁/think▷|<\|END_THINKING\|>", re.IGNORECASE)
_TOKEN = re.compile(
    r"<[|\uff5c][\w\u2581 ]{1,40}[|\uff5c]>|</s>|<end_of_turn>|<eos>|</?tool_call>|</?(?:answer|json|output)>"
)
_TAGGED = re.compile(r"<(answer|json|output|tool_call)>(.*)</\1>", re.DOTALL)
_TOKENS_AT_END = re.compile(rf"(?:\s*(?:{_TOKEN.pattern}))+\s*\Z")
_CHANNEL_WITHOUT_TOKENS = re.compile(r"\Aanalysis.*assistantfinal(?:json)?", re.DOTALL)
_FENCE_INSIDE = re.compile(r"```[\w-]*\s*\n\s*([{\[].*?)\n\s*```", re.DOTALL)
_FENCE = re.compile(r"\A(?:```|~~~)[\w-]*\s*\n?(.*?)\n?\s*(?:```|~~~)\Z", re.DOTALL)


def only_thinks(text: str) -> bool:
    """True where a thought opens the text and is never closed: the answer, if there is one, is its last words."""
    return bool(_THOUGHT.match(text)) and not _THOUGHT_ENDS.search(text)


def unwrapped(text: str) -> list[str]:
    """What may be the answer itself, the whole text first and with ever more peeled off; later ones are parts of it.

    Marks may stand inside a string of the answer as well: whoever reads takes the first that reads as a whole.
    """
    whole = text.strip().lstrip("\ufeff").strip()
    bare = _TOKENS_AT_END.sub("", whole).strip()
    found = [whole, bare]
    ends = [match.end() for match in _THOUGHT_ENDS.finditer(bare)]
    found += [bare[end:].strip() for end in ends]
    answer = found[-1]
    if match := _CHANNEL_WITHOUT_TOKENS.match(answer):
        answer = answer[match.end() :]
        found.append(answer)
    tokens = list(_TOKEN.finditer(answer))
    if match := _TAGGED.search(answer):
        found.append(match.group(2).strip())
    elif tokens:
        found.append(answer[tokens[-1].end() :].strip())
    fenced = _FENCE_INSIDE.findall(answer)
    if len(fenced) == 1 and not only_thinks(text):
        found.append(fenced[0])
    return [_unfenced(candidate) for candidate in dict.fromkeys(found)]


def _unfenced(text: str) -> str:
    fenced = _FENCE.match(text)
    return fenced.group(1).strip() if fenced else text
