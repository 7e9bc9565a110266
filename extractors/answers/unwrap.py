"""Peels an answer out of what models and servers wrap it in: thoughts, channels, stop tokens, code fences."""

import re

_THOUGHTS = "think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad|seed:think"
_THOUGHT = re.compile(rf"\s*(?:<(?:{_THOUGHTS})>|\[THINK\]|◁think▷|<\|START_THINKING\|>)", re.IGNORECASE)
_THOUGHT_ENDS = re.compile(rf"</(?:{_THOUGHTS})>|\[/THINK\]|◁/think▷|<\|END_THINKING\|>", re.IGNORECASE)
_TOKEN = re.compile(
    r"<[|\uff5c][\w\u2581 ]{1,40}[|\uff5c]>|</s>|<end_of_turn>|<eos>|</?tool_call>|</?(?:answer|json|output)>"
)
_TAG = re.compile("<(answer|json|output|tool_call)>")
_CHANNEL_WITHOUT_TOKENS = re.compile(r"\Aanalysis.*assistantfinal(?:json)?", re.DOTALL)
_FENCE = re.compile(r"(?:```|~~~)[\w-]*")
_FENCE_OPENS = re.compile(r"```[\w-]*\Z")
MOST_ENDS = 8  # of thoughts that are tried; an answer may name such a mark, and hardly does so more often


def only_thinks(text: str) -> bool:
    """True where a thought opens the text and is never closed: the answer, if there is one, is its last words."""
    return bool(_THOUGHT.match(text)) and not _THOUGHT_ENDS.search(text)


def unwrapped(text: str) -> list[str]:
    """What may be the answer itself, the whole text first and with ever more peeled off; later ones are parts of it.

    Marks may stand inside a string of the answer as well: whoever reads takes the first that reads as a whole.
    """
    whole = text.strip().lstrip("\ufeff").strip()
    bare = _without_tokens_at_end(whole)
    found = [whole, bare]
    ends = [match.end() for match in _THOUGHT_ENDS.finditer(bare)]
    found += [bare[end:].strip() for end in (*ends[: MOST_ENDS - 1], *ends[-1:])]
    answer = found[-1]
    if match := _CHANNEL_WITHOUT_TOKENS.match(answer):
        answer = answer[match.end() :]
        found.append(answer)
    tokens = list(_TOKEN.finditer(answer))
    if tagged := _tagged(answer):
        found.append(tagged)
    elif tokens:
        found.append(answer[tokens[-1].end() :].strip())
    fenced = _fenced_inside(answer)
    if len(fenced) == 1 and not only_thinks(text):
        found.append(fenced[0])
    return [_unfenced(candidate) for candidate in dict.fromkeys(found)]


def _without_tokens_at_end(text: str) -> str:
    end = len(text)
    for token in reversed(list(_TOKEN.finditer(text))):
        if token.end() != end:
            break
        end = token.start()
        while end and text[end - 1].isspace():
            end -= 1
    return text[:end]


def _tagged(text: str) -> str:
    """What stands between the first tag that is closed and the last that closes it."""
    seen: set[str] = set()
    for tag in _TAG.finditer(text):
        if tag[1] in seen:
            continue
        seen.add(tag[1])
        end = text.rfind(f"</{tag[1]}>")
        if end >= tag.end():
            return text[tag.end() : end].strip()
    return ""


def _fenced_inside(text: str) -> list[str]:
    """The blocks of code that begin like JSON."""
    found: list[str] = []
    block: list[str] = []
    opened = False
    for line in text.split("\n"):
        bare = line.strip()
        if block and bare.startswith("```"):
            found.append("\n".join(block).strip())
            block, opened = [], False
            continue
        if block or (opened and bare.startswith(("{", "["))):
            block.append(line)
        if bare:
            opened = bool(_FENCE_OPENS.search(bare))
    return found


def _unfenced(text: str) -> str:
    opens = _FENCE.match(text)
    if opens and text.endswith(("```", "~~~")) and len(text) >= opens.end() + 3:
        return text[opens.end() : -3].strip()
    return text
