"""What was said comes back byte for byte, from Postgres, from Redis, from Qdrant's hits and from an archive."""

import json
import unicodedata
from typing import Literal
from uuid import UUID

from semmem import NewEvent, ScopedMemory
from semmem.domain.checks import MAX_CONTENT_BYTES
from semmem.domain.unicode import is_visible
from semmem.wiring.bootstrap import Application

SENTENCE = "Zoë\u2019s naïve café \u2013 “3 €”, 日本語, Привет, עברית, emoji 👩‍👩‍👧"
CODECS = ["utf-8", "utf-16", "utf-32", "utf-7", "cp1252", "cp437", "koi8-r", "shift_jis", "gb18030", "big5", "euc_kr"]
CODECS += ["iso8859-5", "mac_roman", "cp037", "punycode", "unicode_escape", "quopri", "base64"]
ENDS = ["\n", "\r\n", "\r", "\x85", "\u2028", "\x0b", "\x0c", "\x1c", "\t", " ", "\u00a0", "\u3000", "\ufeff"]
SYNTAX = [
    "'; drop table events; --",
    '{"a": "\\u0000"}',
    "\\x00\\0",
    "%s %(x)s $1 :a",
    "{{a}} ${b}",
    "<a>&amp;</a>",
    "*?[a-z]",
]
SYNTAX += [
    "\\",
    "\\\\",
    "'",
    '"',
    "`",
    "--",
    "/* */",
    "\x1b[31mred",
    "]]>",
    "E'\\n'",
    "U&'\\0061'",
    "null",
    "NaN",
    "1e999",
]
FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")


def _mangled(codec: str) -> str:
    """As it looks after one program wrote it in this encoding and another read it as Latin-1."""
    return SENTENCE.encode(codec, errors="ignore").decode("latin-1") if codec not in ("quopri", "base64") else codec


def _characters() -> list[str]:
    """One text of each 256 code points that Unicode has characters in; controls and unassigned ones along."""
    blocks = [range(start, start + 256) for start in range(0, 0x110000, 256) if not 0xD800 <= start < 0xE000]
    texts = ["".join(chr(code) for code in block if code) for block in blocks]
    return [text for text in texts if any(unicodedata.category(sign) not in ("Cn", "Co") for sign in text)]


TEXTS = [
    *(f"I said: {_mangled(codec)}".replace("\x00", "") for codec in CODECS),
    *(f"{end}a{end}b{end}" for end in ENDS),
    *SYNTAX,
    *(f"a{syntax}b" for syntax in SYNTAX),
    *(unicodedata.normalize(form, SENTENCE) for form in FORMS),
    *(unicodedata.normalize(form, text) for text in ("ﬁ Å K ①", "한국어", "ẛ̣") for form in FORMS),
    *_characters(),
    "x" * MAX_CONTENT_BYTES,
    "é" * (MAX_CONTENT_BYTES // 2),
    "👍" * (MAX_CONTENT_BYTES // 4),
]
BATCH = 100


def _bytes(text: str | None) -> bytes:
    return (text or "").encode()


async def _say(alice: ScopedMemory, texts: list[str]) -> dict[UUID, str]:
    said: dict[UUID, str] = {}
    for start in range(0, len(texts), BATCH):
        some = texts[start : start + BATCH]
        acks = await alice.remember_many([NewEvent(content=text, metadata={"text": text[:200]}) for text in some])
        said |= {ack.id: text for ack, text in zip(acks, some, strict=True)}
    return said


async def test_texts_come_back_as_they_were(alice: ScopedMemory) -> None:
    texts = [text for text in dict.fromkeys(TEXTS) if is_visible(text)]
    assert len(texts) > 400
    said = await _say(alice, texts)
    events = [event async for event in alice.events()]
    assert [_bytes(event.content) for event in events] == [_bytes(said[event.id]) for event in events]
    assert [event.metadata["text"] for event in events] == [text[:200] for text in texts]
    exported = [json.loads(line) async for line in alice.export()]
    assert [line["content"] for line in exported if "content" in line] == texts


async def test_the_recent_cache_and_a_hit_give_the_same_bytes(application: Application, alice: ScopedMemory) -> None:
    """Names as well as texts; what is recalled is quoted whole."""
    texts = [text for text in (*SYNTAX, *(unicodedata.normalize(form, SENTENCE) for form in FORMS)) if text.strip()]
    for number, text in enumerate(texts):
        await alice.remember(f"{text} (number {number})", speaker=text, session=text, agent=text)
    cache, epoch = application.stores.cache, 0
    assert cache is not None
    await alice.context("anything", budget=2_000)
    recent = await cache.recent(alice.scope, len(texts), epoch)
    assert recent is not None
    told = [(event.content, event.speaker, event.session, event.agent) for event in reversed(recent)]
    assert told == [(f"{text} (number {number})", text, text, text) for number, text in enumerate(texts)]
    await alice.settled(timeout=180)
    for number, text in enumerate(texts):
        hits = await alice.recall(f"number {number}", session=text, agent=text, limit=50)
        assert f"{text} (number {number})" in [hit.text for hit in hits if hit.kind == "event"]
