"""What is stored is shown as it was said, but for what could be taken for the context's own markup."""

import pytest

from semmem.retrieval.quote import quoted, quoted_xml
from tests.unit.retrieval.memories import plain


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
        ("<\u200bsemmem-memory>", "&lt;\u200bsemmem-memory>"),
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
