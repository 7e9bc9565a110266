"""Quoting: how stored text and names stand in a context without being able to pose as its markup.

Only what could be taken for markup is written as a reference: `a < b && c` stands as it was said, `<b>` as `&lt;b>`.
Each function can be undone exactly, so nothing is lost: first the indent of further lines, then `&amp;`, `&lt;` and
`&#10;` (a character by its number). So are characters that nobody sees, or that turn what stands around them: controls,
zero-width ones, marks of direction, tags. XML has no way to name some of them: there they are Unicode's pictures,
as U+241B is of escape.
"""

import re

from semmem.domain.unicode import UNSEEN

_REFERENCE = "&(?=(?:amp|lt|#[0-9]+);)"  # one that a text holds itself
# A tag or a chat template's special token may begin with any `<` but one before a digit, white space or harmless signs;
# white space does not hide a slash, a bar or semmem's own name.
_SIGN = "[/|\uff5c!?\\\\]"
_OPENS = rf"<(?![\s0-9=<>+\-.,:;)\]}}'\"$\u20ac~*&]|\Z)|<(?=\s*(?:{_SIGN}|[\w-]*semmem))"
_BREAKS = "\r\v\f\x1c-\x1e\x85\u2028\u2029"  # what str.splitlines takes for the end of a line, but for the newline

# Joiners belong to emoji and to many scripts, and selectors behind a sign say how it looks; anywhere else they hide.
_SEEN = rf"[^\x00-\xa8\u200c\u200d\ufe0e{UNSEEN}]"
HIDDEN = (
    rf"[{UNSEEN}]|(?<!{_SEEN})[\u200c\u200d]|[\u200c\u200d](?!{_SEEN})|(?<!{_SEEN})(?<![0-9#*])[\ufe0e\ufe0f]"
    r"|(?<=[\ufe0e\ufe0f])[\ufe0e\ufe0f]"
)

_PLAIN = re.compile("[\t\n -%'-;=-~]*")  # most texts hold nothing else, which is quick to see
_IN_TEXT = re.compile(f"{_REFERENCE}|{_OPENS}|[{_BREAKS}]|{HIDDEN}", re.IGNORECASE)
_IN_NAME = re.compile(rf"{_REFERENCE}|{_OPENS}|[{_BREAKS}\n:,\[\]]|{HIDDEN}", re.IGNORECASE)
_PICTURED = "\u2400-\u241f\u2425\u2426"
_IN_XML = re.compile(f"[&<>{_BREAKS}{_PICTURED}]|{HIDDEN}")
_IN_ATTRIBUTE = re.compile(f'[&<>"{_BREAKS}{_PICTURED}\n\t]|{HIDDEN}')
_PICTURES = {chr(code): chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"} | {
    "\ufffe": "\u2425",
    "\uffff": "\u2426",
}

# Stored text must not drive the terminal.
UNPRINTABLE = re.compile(f"[\x0b-\x0d\u2028\u2029]|{HIDDEN}")

INDENT = "  "


def quoted(text: str) -> str:
    """Text of an item's line: further lines are indented, so that none begins where markup does."""
    return _without_markup(text).replace("\n", "\n" + INDENT)


def quoted_line(text: str) -> str:
    """Text that stays on one line."""
    return _without_markup(text).replace("\n", "&#10;")


def quoted_name(name: str) -> str:
    """A speaker, session or scope: it stays on its line and can end neither it nor a header."""
    return _IN_NAME.sub(_reference, name)


def quoted_xml(text: str) -> str:
    return _IN_XML.sub(_reference_in_xml, text)


def quoted_attribute(value: str) -> str:
    """The value in its quotation marks."""
    return f'"{_IN_ATTRIBUTE.sub(_reference_in_xml, value)}"'


def _without_markup(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _IN_TEXT.sub(_reference, text)


def _reference(match: re.Match[str]) -> str:
    named = {"&": "&amp;", "<": "&lt;"}
    return named.get(match[0]) or f"&#{ord(match[0])};"


def _reference_in_xml(match: re.Match[str]) -> str:
    """XML forbids even the reference to some characters: they get their picture, and a picture gets a reference."""
    return _PICTURES.get(match[0]) or _reference(match)


def visible(text: str) -> str:
    """With a sign in place of each character that nobody sees, or that drives a terminal."""
    return UNPRINTABLE.sub("�", text)
