"""Unicode's normal forms, in time that grows with the text alone."""

import re
import unicodedata
from typing import Literal

MOST_MARKS = 30  # on one character; more stand in no language (Unicode, UAX 15, Stream-Safe Text Format)

_JOINER = "\u034f"  # combining grapheme joiner: it begins a new run of marks and is not seen
_MAYBE = re.compile("[\u0300-\U0010ffff]{31}")  # every mark is among these
_TOO_MANY = re.compile(rb"[^\0]{30}(?=[^\0])")  # MOST_MARKS, and one more


def normalized(form: Literal["NFC", "NFD", "NFKC"], text: str) -> str:
    """The text in that form; runs of more than MOST_MARKS marks are cut, since sorting them takes quadratic time."""
    if not text.isascii() and _MAYBE.search(text):
        text = _stream_safe(text)
    return unicodedata.normalize(form, text)


def _stream_safe(text: str) -> str:
    classes = bytes(map(unicodedata.combining, text))
    cuts = [run.end() for run in _TOO_MANY.finditer(classes)]
    if not cuts:
        return text
    return _JOINER.join(text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True))
