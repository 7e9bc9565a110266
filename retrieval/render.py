"""Three forms of a context: plain text, XML-ish blocks and chat messages.

Whatever the form, quoted memories stand in tiers between OPENING and CLOSING, led by a line that says what they are.
Each begins with its kind and number, `e3` for the event that is the context's third item, and names who speaks; its
date (where it was said) and session stand above it: `[2026-05-08: session-7]`, and for the profile since when it holds:
`[since 2026-05]`, or `[known since 2026-05-08]` where nobody said. What holds no more of an event, or was
corrected, and what holds now, stand in lines of their own below it, which no stored text can begin: further lines of a
text are indented.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from semmem.domain.context import CLOSING, NOTICE, OPENING, TIERS, UNSURE, Format, Item, Outdated, Since, Tier
from semmem.domain.scope import Scope
from semmem.retrieval.analysis import normalised
from semmem.retrieval.quote import quoted, quoted_attribute, quoted_line, quoted_name, quoted_xml

TURNS_NOTICE = " So are the turns below that begin with e and a number."

TURN_ROLES = ("user", "assistant")  # what had another role is quoted, so that nothing stored gains the system's


@dataclass(frozen=True, slots=True)
class Quotation:
    """An item as it is written: its own line or lines, and the header that it shares with its neighbours."""

    item: Item
    header: str  # date, session and scope; empty in XML, where each line carries them
    opens: str  # what stands before the number
    rest: str
    is_turn: bool = False  # a chat message of its own

    def line(self, number: int) -> str:
        return f"{self.opens}{self.item.kind[0]}{number}{self.rest}"


Numbered = tuple[int, Quotation]


@dataclass(frozen=True, slots=True)
class Rendered:
    """`messages` is empty for the formats that are one text; else `text` is all their contents."""

    text: str
    messages: tuple[dict[str, str], ...] = ()


def quote(item: Item, format: Format, home: Scope) -> Quotation:
    """The item written whole; one of another scope than `home` names its scope."""
    if format == "xml":
        return Quotation(item, "", '<memory id="', _element(item, home))
    session = "" if item.session is None else f": {quoted_name(item.session)}"
    place = "" if item.scope == home else f", {item.scope.kind} {quoted_name(_short(item.scope))}"
    header = f"[{_dates(item)}{session}{place}]\n"
    voice = "" if item.voice == item.kind else " " + quoted_name(item.voice)
    is_turn = format == "messages" and item.tier == "recent" and item.role in TURN_ROLES
    marks = "".join(_mark(outdated, item.text) for outdated in item.outdated)
    return Quotation(item, header, "", f"{voice}: {quoted(item.text)}\n{marks}", is_turn)


def opening(format: Format) -> str:
    return f"{OPENING}\n{NOTICE}{TURNS_NOTICE if format == 'messages' else ''}\n"


def edges(tier: Tier, format: Format, unsure: bool) -> tuple[str, str]:
    """What stands before and after a tier's items; before what was retrieved, that it hardly answers."""
    note = f"{UNSURE}\n" if unsure and tier == "retrieved" else ""
    return (f"<{tier}>\n{note}", f"</{tier}>\n") if format == "xml" else (f"# {tier}\n{note}", "")


def arrange(quotations: Iterable[Quotation]) -> list[Quotation]:
    """The order of rendering: recent by time, the others best first with those of one header together.

    They come in the order of their worth within a tier; for recent that is the newest first.
    """
    tiers: dict[Tier, list[Quotation]] = {tier: [] for tier in TIERS}
    for quotation in quotations:
        tiers[quotation.item.tier].append(quotation)
    arranged = {tier: _gathered(found) for tier, found in tiers.items()}
    oldest_first = tiers["recent"][::-1]
    arranged["recent"] = iter(sorted(oldest_first, key=_time))
    return [quotation for tier in TIERS for quotation in arranged[tier]]


def render(quotations: Sequence[Quotation], format: Format, *, unsure: bool = False) -> Rendered:
    """Writes them in the order given; without any there is nothing to say."""
    if not quotations:
        return Rendered("")
    numbered = list(enumerate(quotations, start=1))
    body = _body([each for each in numbered if not each[1].is_turn], format, unsure)
    if format != "messages":
        return Rendered(body)
    turns = _turns([each for each in numbered if each[1].is_turn])
    messages = ({"role": "system", "content": body}, *turns)
    return Rendered("\n".join(message["content"] for message in messages), messages)


def _body(quotations: Sequence[Numbered], format: Format, unsure: bool) -> str:
    parts = [opening(format)]
    for tier, group in groupby(quotations, lambda each: each[1].item.tier):
        before, after = edges(tier, format, unsure)
        parts.append(before)
        for header, neighbours in groupby(group, _header_of):
            parts.append(header)
            parts += [quotation.line(number) for number, quotation in neighbours]
        parts.append(after)
    return "".join([*parts, CLOSING])


def _turns(quotations: Iterable[Numbered]) -> Iterator[dict[str, str]]:
    """The first turn under a header carries it."""
    for header, group in groupby(quotations, _header_of):
        for at, (number, quotation) in enumerate(group):
            content = ("" if at else header) + quotation.line(number).removesuffix("\n")
            yield {"role": quotation.item.role, "content": content}


def _gathered(quotations: Sequence[Quotation]) -> Iterator[Quotation]:
    """Groups of one header in the order of their best items, each in order of time; in XML every item is a group."""
    groups: dict[str, list[Quotation]] = {}
    for quotation in quotations:
        groups.setdefault(quotation.header or str(quotation.item.id), []).append(quotation)
    for group in groups.values():
        yield from sorted(group, key=_time)


def _short(scope: Scope) -> str:
    """A branch is known by a digest, of which a few digits tell two of one context apart."""
    return scope.id[:8] if scope.kind == "branch" else scope.id


def _element(item: Item, home: Scope) -> str:
    attributes = _dated(item)
    if item.session is not None:
        attributes["session"] = item.session
    if item.scope != home:
        attributes[item.scope.kind] = _short(item.scope)
    if item.voice != item.kind:
        attributes["speaker"] = item.voice
    written = " ".join(f"{name}={quoted_attribute(value)}" for name, value in attributes.items())
    marks = "".join(_marked(outdated, item.text) for outdated in item.outdated)
    return f'" {written}>{quoted_xml(item.text)}{marks}</memory>\n'


def _dates(item: Item) -> str:
    """A summary's from the first to the last day that it tells of."""
    at = item.at.date().isoformat()
    if item.since is None:
        return at
    since = exactly(item.since)
    if item.tier == "summary":
        return at if since == at else f"{since} to {at}"
    return f"since {since}" if item.since.stated else f"known since {since}"


def _dated(item: Item) -> dict[str, str]:
    """The same as attributes."""
    at = item.at.date().isoformat()
    if item.since is None:
        return {"at": at}
    since = exactly(item.since)
    if item.tier == "summary":
        return {"at": at} if since == at else {"from": since, "at": at}
    return {"since" if item.since.stated else "known_since": since}


def exactly(since: Since) -> str:
    """As much of the date as is known."""
    return since.at.date().isoformat()[: {"year": 4, "month": 7}.get(since.precision, 10)]


def _mark(outdated: Outdated, text: str) -> str:
    """Which words hold no more, unless it is the whole text, and what holds now."""
    words = "" if _is_all(outdated, text) else f": {quoted_line(outdated.words)}"
    now = "" if outdated.now is None else f"now: {quoted_line(outdated.now)}\n"
    since = f"{outdated.how} {'since ' if outdated.how == 'outdated' else ''}{exactly(outdated.since)}"
    return f"{since}{words}\n{now}"


def _marked(outdated: Outdated, text: str) -> str:
    words = "" if _is_all(outdated, text) else f" words={quoted_attribute(outdated.words)}"
    tag, since = outdated.how, "since" if outdated.how == "outdated" else "on"
    return f'<{tag} {since}="{exactly(outdated.since)}"{words}>{quoted_xml(outdated.now or "")}</{tag}>'


def _is_all(outdated: Outdated, text: str) -> bool:
    return normalised(outdated.words) == normalised(text)


def _time(quotation: Quotation) -> datetime:
    return quotation.item.at


def _header_of(numbered: Numbered) -> str:
    return numbered[1].header
