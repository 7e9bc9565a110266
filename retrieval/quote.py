"""Quoting: how stored text and names stand in a context without being able to pose as its markup.

Only what could be taken for markup is written as a reference: `a < b && c` stands as it was said, `<b>` as `&lt;b>`.
Each function can be undone exactly, so nothing is lost: first the indent of further lines, then `&amp;`, `&lt;` and
`&#10;` (a character by its number).
"""

import re

_REFERENCE = "&(?=(?:amp|lt|#[0-9]+);)"  # one that a text holds itself
# A tag or a chat template's special token may begin with any `<` but one before a digit, white space or harmless signs;
# white space does not hide a slash, a bar or semmem's own name.
_SIGN = "[/|\uff5c!?\\\\]"
_OPENS = rf"<(?![\s0-9=<>+\-.,:;)\]}}'\"$\u20ac~*&]|\Z)|<(?=\s*(?:{_SIGN}|[\w-]*semmem))"
_BREAKS = "\r\v\f\x1c-\x1e\x85\u2028\u2029"  # what str.splitlines takes for the end of a line, but for the newline

_IN_TEXT = re.compile(f"{_REFERENCE}|{_OPENS}|[{_BREAKS}]", re.IGNORECASE)
_IN_NAME = re.compile(rf"{_REFERENCE}|{_OPENS}|[{_BREAKS}\n:,\[\]]", re.IGNORECASE)
_IN_XML = re.compile(f"[&<>{_BREAKS}]")
_IN_ATTRIBUTE = re.compile(f'[&<>"{_BREAKS}\n\t]')

INDENT = "  "


def quoted(text: str) -> str:
    """Text of an item's line: further lines are indented, so that none begins where markup does."""
    return _IN_TEXT.sub(_reference, text).replace("\n", "\n" + INDENT)


def quoted_name(name: str) -> str:
    """A speaker, session or scope: it stays on its line and can end neither it nor a header."""
    return _IN_NAME.sub(_reference, name)


def quoted_xml(text: str) -> str:
    return _IN_XML.sub(_reference, text)


def quoted_attribute(value: str) -> str:
    """The value in its quotation marks."""
    return f'"{_IN_ATTRIBUTE.sub(_reference, value)}"'


def _reference(match: re.Match[str]) -> str:
    named = {"&": "&amp;", "<": "&lt;"}
    return named.get(match[0]) or f"&#{ord(match[0])};"
