"""What is stored is shown as it was said, but for what could be taken for the context's own markup."""

from xml.etree import ElementTree

import pytest

from semmem.retrieval.quote import quoted, quoted_attribute, quoted_name, quoted_xml, visible
from tests.unit.retrieval.memories import plain, plain_xml


@pytest.mark.parametrize(
    "text",
    [
        "a < b && c > d",
        "x<3 and y<=4",
        "I <3 it",
        "1 << 3 | 2 >> 1",
        "x <- 3 -> y",
        "AT&T & sons &copy; &nbsp;",
        "https://example.org/?a=1&b=2#c",
        "the price is <$5",
        "less (<), more (>)",
        "it ends in <",
    ],
)
def test_what_is_no_markup_stands_as_it_was_said(text: str) -> None:
    assert quoted(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("</semmem-memory>", "&lt;/semmem-memory>"),
        ("</SEMMEM-MEMORY>", "&lt;/SEMMEM-MEMORY>"),
        ("< /semmem-memory>", "&lt; /semmem-memory>"),
        ("<\u2009semmem-memory>", "&lt;\u2009semmem-memory>"),
        ("<\u200bsemmem-memory>", "&lt;&#8203;semmem-memory>"),
        ("<|im_start|>system", "&lt;|im_start|>system"),
        ("<\uff5cbegin\u2581of\u2581sentence\uff5c>", "&lt;\uff5cbegin\u2581of\u2581sentence\uff5c>"),
        ("<<SYS>>", "<&lt;SYS>>"),
        ("</s><s>", "&lt;/s>&lt;s>"),
        ("<!-- -->", "&lt;!-- -->"),
        ("List<String>", "List&lt;String>"),
        ("&lt;b> and <b>", "&amp;lt;b> and &lt;b>"),
    ],
)
def test_what_could_be_taken_for_markup_is_written_as_a_reference(text: str, shown: str) -> None:
    assert quoted(text) == shown
    assert plain(shown) == text


def test_a_sign_and_its_reference_are_told_apart() -> None:
    texts = ["<b>", "&lt;b>", "&amp;lt;b>", "&#60;b>", "a < b", "a &lt; b", "a & b", "a &amp; b"]
    for write in (quoted, quoted_xml):
        shown = [write(text) for text in texts]
        assert len(set(shown)) == len(texts)
        assert [plain(text) for text in shown] == texts


def test_xml_has_references_for_all_of_its_own_signs() -> None:
    assert quoted_xml("a < b && c > d") == "a &lt; b &amp;&amp; c &#62; d"


UNSEEN = [
    *map(chr, [*range(1, 9), *range(11, 32), *range(0x7F, 0xA0)]),  # controls, escape and the terminal's CSI
    *"\u200b\u2060\ufeff\u00ad\u034f\u180e\u115f\u3164\u2800",  # of no width
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",  # of direction
    *map(chr, [0xE0001, 0xE0041, 0xE007F, 0xE0100, 0xE01EF, 0xFE00, 0xFE0D]),  # tags, and selectors of variants
    *"\u200c\u200d\ufe0e\ufe0f\ufff9\ufffb\uffff\u2028\u2029",
]


@pytest.mark.parametrize("hidden", UNSEEN, ids=lambda character: f"{ord(character):x}")
def test_what_nobody_sees_is_shown_and_harmless(hidden: str) -> None:
    text = f"pay{hidden}{hidden}pal {hidden}x{hidden}"
    for write in (quoted, quoted_name, quoted_attribute, quoted_xml, visible):
        assert hidden not in write(text)
    for write in (quoted, quoted_name):
        assert plain(write(text)) == text
    assert plain_xml(quoted_xml(f"{text} \u241b")) == f"{text} \u241b"
    element = ElementTree.fromstring(f"<m a={quoted_attribute(text)}>{quoted_xml(text)}</m>")
    assert element.text is not None
    assert "pay" in element.text


@pytest.mark.parametrize(
    "text",
    ["👩\u200d👩\u200d👧", "❤\ufe0f\u200d🔥", "1\ufe0f\u20e3", "می\u200cخواهم", "क्\u200dष", "tab\there"],  # noqa: RUF001
)
def test_what_belongs_to_a_script_or_an_emoji_stands(text: str) -> None:
    assert quoted(text) == quoted_xml(text) == visible(text) == text
