"""What of a text was recalled from memory, by semmem's own markup: it must not be extracted again.

A context may come back whole or in part: cut at either end, indented, quoted, escaped, one chat message at a time.
"""

import re

from semmem.domain.context import CLOSING, NOTICE, OPENING, TIERS, UNSURE


def _escaped(mark: str) -> str:
    """The mark, in the hands of something that escapes HTML too."""
    return re.escape(mark).replace("<", "(?:<|&lt;)").replace(">", "(?:>|&gt;)")


_OPENS = rf"{_escaped(OPENING)}|{re.escape(NOTICE)}"
_MARKER = re.compile(rf"({_OPENS})|({_escaped(CLOSING)})", re.IGNORECASE)
_ELEMENT = re.compile(
    r"((?:<|&lt;)memory id=\\?(?:[\"']|&quot;)[efs]\d+)|((?:<|&lt;)/memory(?:>|&gt;))|(?:<|&lt;)/?(?:"
    + "|".join(TIERS)
    + r")(?:>|&gt;)",
    re.IGNORECASE,
)

# How a line may begin before what was rendered does: quoted, listed, as a turn or a field of JSON.
_LEAD = r"[\s>|*+-]*(?:[\"']?\w{1,20}[\"']?: ?)?[\"']?"
_DAY = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_DATED = rf"\[(?:(?:known )?since )?{_DAY}(?: to {_DAY})?(?:[:,] [^\[\]\n]{{1,1600}})?\]"
_HEADER = re.compile(rf"{_LEAD}(?:{_DATED}|# (?:{'|'.join(TIERS)})|{re.escape(UNSURE)})[\s\"']*\Z")
# Anywhere in a line: an item behind its date, or a turn as a field of JSON.
_SURE = re.compile(
    rf"{_DATED}(?:\s|\\n)+[efs]\d{{1,4}}[: ]|(?:(?<=[\"']: [\"'])|(?<=[\"']:[\"']))e\d{{1,4}} [^:\n]{{1,1600}}: "
)
_ITEM = re.compile(rf"{_LEAD}(?:[ef]\d{{1,4}} [^:\n]{{1,1600}}|s\d{{1,4}}|e\d{{1,4}}):(?: |\Z)")
_TURN = re.compile(rf"{_LEAD}e\d{{1,4}} [^:\n]{{1,1600}}: ")
# What belongs to the item above it: a further line, or that it holds no more and what does.
_OUTDATED = re.compile(rf"[\s>|*+-]*outdated since {_DAY}(?::|\s*\Z)")
_FURTHER = re.compile(rf"[\s>|*+-]*(?:[ ]{{2}}\S|now: )|{_OUTDATED.pattern}")


def without_recalled(text: str) -> str:
    """The text less what was recalled from memory.

    A block that never closes reaches to the end, one that was cut at its front reaches back to the beginning.
    """
    kept = _outside(_MARKER, text)
    kept = _outside(_ELEMENT, kept) if _ELEMENT.search(kept) else kept
    return "\n".join(_without_items(kept.split("\n"))).strip()


def _outside(markers: re.Pattern[str], text: str) -> str:
    """What stands outside all pairs of markers; a marker that neither opens nor closes goes alone."""
    kept: list[str] = []
    depth = position = 0
    for marker in markers.finditer(text):
        if depth == 0:
            kept.append(text[position : marker.start()])
        if marker[1]:
            depth += not (depth and marker[1].startswith(NOTICE))
        elif marker[2] and depth:
            depth -= 1
        elif marker[2]:
            kept.clear()
        position = marker.end()
    if depth == 0:
        kept.append(text[position:])
    return "\n".join(kept)


def _without_items(lines: list[str]) -> list[str]:
    """The lines less rendered items: a turn that begins the text, those below a header, and two or more in a row."""
    kept: list[str] = []
    cut = [_ITEM.match(line) or _OUTDATED.match(line) for line in lines[1:2]]
    inside = _OUTDATED.match(lines[0]) is not None or (_FURTHER.match(lines[0]) is not None and any(cut))
    opened = False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if sure := _SURE.search(line):
            kept.append(line[: sure.start()])
            inside = True
        elif _is_marked(line) and (inside or _is_marked(following) or (_TURN.match(line) and not opened)):
            inside = True
        elif not (inside and _FURTHER.match(line)):
            inside = inside and not line.strip()
            kept.append(line)
        opened = opened or any(map(str.isalnum, line))
    return kept


def _is_marked(line: str) -> bool:
    return bool(_HEADER.match(line) or _ITEM.match(line))
