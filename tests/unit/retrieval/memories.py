"""Memories to retrieve, and readers that take a rendered context apart again."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from semmem.domain.context import CLOSING, OPENING, UNSURE, Format, Item, Outdated, Since, Tier
from semmem.domain.event import Event, Role
from semmem.domain.fact import Fact, Source, Validity
from semmem.domain.scope import Scope
from semmem.retrieval.analysis import normalised

ALICE = Scope.user("acme", "alice")
LAUNCH = Scope.workspace("acme", "launch")
MAY = datetime(2023, 5, 8, 12, tzinfo=UTC)


class ByteCounter:
    """Every byte a token: an upper bound for any byte-level encoding."""

    exact = False

    def count(self, text: str) -> int:
        return len(text.encode())


def event(content: str, *, at: datetime = MAY, speaker: str = "Alice", importance: float = 0.5, id: int = 0) -> Event:
    return Event(
        id=UUID(int=id) if id else uuid4(),
        seq=1,
        scope=ALICE,
        content=content,
        role="user",
        speaker=speaker,
        agent=None,
        agent_type=None,
        session="s1",
        event_type="message",
        importance=importance,
        metadata={},
        occurred_at=at,
        recorded_at=at,
        key=None,
    )


def fact(
    text: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    said_at: datetime = MAY,
    superseded_at: datetime | None = None,
    version: int = 1,
) -> Fact:
    return Fact(
        id=uuid4(),
        thread=uuid4(),
        version=version,
        scope=ALICE,
        subject="Alice",
        text=text,
        category="profile",
        confidence=0.9,
        importance=0.5,
        validity=Validity(start=start, end=end),
        trust="user",
        said_at=said_at,
        recorded_at=said_at,
        superseded_at=superseded_at,
        sources=(Source(event_id=uuid4(), quote=text),),
    )


def item(
    tier: Tier,
    text: str,
    *,
    worth: float = 0.5,
    minutes: int = 0,
    voice: str = "Alice",
    role: Role = "user",
    session: str | None = "s1",
    scope: Scope = ALICE,
    id: UUID | None = None,
    since: Since | None = None,
    outdated: Sequence[Outdated] = (),
) -> Item:
    """`minutes` after MAY; what the profile has, and a retrieved item without a session, is a fact."""
    summary, profile, state = tier == "summary", tier == "profile", tier == "state"
    known = profile or (tier == "retrieved" and session is None)
    said = MAY + timedelta(minutes=minutes)
    return Item(
        tier=tier,
        kind="summary" if summary else "state" if state else "fact" if known else "event",
        id=id or uuid4(),
        scope=scope,
        text=text,
        voice="summary" if summary else "state" if state else voice,
        role=role,
        at=said,
        session=None if profile else session,
        worth=worth,
        since=since or (Since(at=said) if profile or summary else None),
        outdated=tuple(outdated) if not (known or summary or state) else (),
    )


KINDS = {"e": "event", "f": "fact", "s": "summary"}


def kind_of(letter: str, tier: str) -> str:
    return "state" if tier == "state" else KINDS[letter]


@dataclass(frozen=True)
class Read:
    """What a reader sees of one item."""

    tier: str
    kind: str
    at: str
    session: str | None
    scope: tuple[str, str] | None
    voice: str
    text: str
    outdated: tuple[str, ...] = ()  # a line for each


def expected(item: Item, home: Scope) -> Read:
    return Read(
        tier=item.tier,
        kind=item.kind,
        at=_when(item),
        session=item.session,
        scope=None if item.scope == home else (item.scope.kind, item.scope.id),
        voice=item.voice,
        text=item.text,
        outdated=tuple(_told(one, item.text) for one in item.outdated),
    )


def _when(item: Item) -> str:
    at = f"{item.at:%Y-%m-%d}"
    if item.since is None:
        return at
    since = f"{item.since.at:%Y-%m-%d}"[: {"year": 4, "month": 7}.get(item.since.precision, 10)]
    if item.tier == "summary":
        return at if since == at else f"{since} to {at}"
    return f"since {since}" if item.since.stated else f"known since {since}"


def _told(outdated: Outdated, text: str) -> str:
    since = f"{outdated.since.at:%Y-%m-%d}"[: {"year": 4, "month": 7}.get(outdated.since.precision, 10)]
    words = "" if normalised(outdated.words) == normalised(text) else outdated.words
    return f"{since}|{words}|{outdated.now or ''}"


def plain(quotation: str) -> str:
    named = {"amp": "&", "lt": "<"}
    return re.sub("&(amp|lt|#[0-9]+);", lambda m: named.get(m[1]) or chr(int(m[1][1:])), quotation)


def plain_xml(quotation: str) -> str:
    """XML shows some characters by their pictures alone."""
    pictures = {0x2400 + code: code for code in range(0x20)} | {0x2425: 0xFFFE, 0x2426: 0xFFFF}
    return plain(quotation.translate(pictures))


@dataclass
class LineReader:
    """Reads the text format, and the messages format message by message, by what its lines begin with."""

    tier: str = "recent"
    head: dict[str, str] = field(default_factory=dict)
    found: list[dict[str, str]] = field(default_factory=list)
    outdated: list[list[list[str]]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def read(self, text: str) -> None:
        for line in text.split("\n"):
            if line.startswith("# "):
                self.tier = line[2:]
            elif line == UNSURE:
                assert self.tier == "retrieved"
            elif line.startswith("["):
                self.head = self._header(line)
            elif line.startswith("  "):
                self.found[-1]["text"] += "\n" + line[2:]
            elif line.startswith("outdated since "):
                since, _, words = line.removeprefix("outdated since ").partition(": ")
                self.outdated[-1].append([since, plain(words), ""])
            elif line.startswith("now: "):
                self.outdated[-1][-1][2] = plain(line.removeprefix("now: "))
            else:
                match = re.fullmatch(r"(?P<kind>[efs])(?P<number>\d+)( (?P<voice>[^:]*))?: (?P<text>.*)", line)
                assert match, "a line that begins like none of the markup"
                self.numbers.append(int(match["number"]))
                kind = kind_of(match["kind"], self.tier)
                named = {"tier": self.tier, "voice": match["voice"] if match["voice"] is not None else kind}
                self.found.append({**self.head, **named, "kind": kind, "text": match["text"]})
                self.outdated.append([])

    def _header(self, line: str) -> dict[str, str]:
        said, *place = line.removeprefix("[").removesuffix("]").split(", ")
        at, colon, session = said.partition(": ")
        return {"at": at} | ({"session": session} if colon else {}) | dict(part.split(" ", 1) for part in place)


def read_body(text: str) -> str:
    """What stands between the markers and below the notice."""
    assert text.startswith(OPENING + "\n")
    assert text.endswith("\n" + CLOSING)
    _, _, body = text.split("\n", 2)
    return body.removesuffix(CLOSING).removesuffix("\n")


def read_lines(text: str, messages: tuple[Mapping[str, str], ...] = ()) -> list[Read]:
    reader = LineReader()
    body = read_body(messages[0]["content"] if messages else text)
    if body:
        reader.read(body)
    reader.tier = "recent"
    for message in messages[1:]:
        reader.read(message["content"])
    assert sorted(reader.numbers) == list(range(1, len(reader.found) + 1))
    marks = (tuple("|".join(mark) for mark in marks) for marks in reader.outdated)
    return [replace(_read(found), outdated=told) for found, told in zip(reader.found, marks, strict=True)]


def read_xml(text: str) -> list[Read]:
    found: list[Read] = []
    tiers = "profile|summary|state|recent|retrieved"
    for tier, block in re.findall(rf"<({tiers})>\n(.*?)</\1>\n", read_body(text) + "\n", re.DOTALL):
        element = r"<memory ([^>]*)>([^<>]*)((?:<outdated [^>]*>[^<>]*</outdated>)*)</memory>\n"
        for written, quotation, marks in re.findall(element, block):
            attributes = dict(re.findall(r'(\w+)="([^"]*)"', written))
            id = attributes.pop("id")
            assert int(id[1:]) == len(found) + 1
            kind = kind_of(id[0], tier)
            voice = attributes.pop("speaker", kind)
            attributes["at"] = _dated(attributes)
            one = _read({**attributes, "kind": kind, "voice": voice, "tier": tier, "text": quotation}, plain_xml)
            told = re.findall(r'<outdated since="([^"]*)"(?: words="([^"]*)")?>([^<>]*)</outdated>', marks)
            found.append(replace(one, outdated=tuple("|".join(map(plain_xml, mark)) for mark in told)))
    return found


def _dated(attributes: dict[str, str]) -> str:
    if "since" in attributes:
        return f"since {attributes.pop('since')}"
    if "known_since" in attributes:
        return f"known since {attributes.pop('known_since')}"
    first = attributes.pop("from", None)
    return attributes["at"] if first is None else f"{first} to {attributes['at']}"


def read(format: Format, text: str, messages: tuple[Mapping[str, str], ...] = ()) -> list[Read]:
    return read_xml(text) if format == "xml" else read_lines(text, messages)


def _read(found: dict[str, str], undo: Callable[[str], str] = plain) -> Read:
    found = {name: undo(value) for name, value in found.items()}
    scopes = [(kind, found[kind]) for kind in ("user", "workspace") if kind in found]
    return Read(
        tier=found["tier"],
        kind=found["kind"],
        at=found["at"],
        session=found.get("session"),
        scope=scopes[0] if scopes else None,
        voice=found["voice"],
        text=found["text"],
    )
