"""Unicode's normal forms, in time that grows with the text alone, and what of a text nobody sees."""

import re
import unicodedata
from typing import Literal

MOST_MARKS = 30  # on one character; more stand in no language (Unicode, UAX 15, Stream-Safe Text Format)

# For a class of a regular expression: controls, zero-width characters, marks of direction, blank letters, tags.
UNSEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_VISIBLE = re.compile(rf"[^\s\u200c\u200d\ufe0e\ufe0f{UNSEEN}]")

_JOINER = "\u034f"  # combining grapheme joiner: it begins a new run of marks and is not seen
_MAYBE = re.compile("[\u0300-\U0010ffff]{31}")  # every mark is among these
_TOO_MANY = re.compile(rb"[^\0]{30}(?=[^\0])")  # MOST_MARKS, and one more


def is_visible(text: str) -> bool:
    """Whether it holds any character that is seen."""
    return _VISIBLE.search(text) is not None


def unaccented(text: str) -> str:
    """The text without marks on its letters, as BERT's uncased tokenizers write it: Málaga, Malaga."""
    if text.isascii():
        return text
    bare = "".join(each for each in normalized("NFD", text) if unicodedata.category(each) != "Mn")
    return normalized("NFC", bare)


def normalized(form: Literal["NFC", "NFD", "NFKC"], text: str) -> str:
    """The text in that form; runs of more than MOST_MARKS marks are cut, since sorting them takes quadratic time."""
    if not text.isascii() and _MAYBE.search(text):
        classes = bytes(map(unicodedata.combining, text))
        cuts = [run.end() for run in _TOO_MANY.finditer(classes)]
        text = _JOINER.join(text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True))
    return unicodedata.normalize(form, text)
