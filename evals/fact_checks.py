"""What can be told of a fact by rules, beside the events it rests on. None of them asks a model.

Where a rule can not tell, the fact counts as right: the figures are floors of what is wrong.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from uuid import UUID

from semmem.domain.event import Event
from semmem.domain.fact import Fact
from semmem.extractors.dates import resolve
from semmem.extractors.gate import is_small_talk, speaker_of
from semmem.extractors.ground import ground
from semmem.extractors.words import content_stems, words
from semmem.language.spans import spans

Events = Mapping[UUID, Event]

_FIRST_PERSON = re.compile(r"\b(?:I|[Mm]e|[Mm]y|[Mm]ine|[Mm]yself)\b")
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”')
_PAST = re.compile(r"\b(?:yesterday|ago|last (?:night|week|weekend|month|year))\b", re.IGNORECASE)
_DATED = re.compile(r"\s*\([^)]*\d{4}[^)]*\)")


def is_grounded(fact: Fact, events: Events) -> bool:
    """Every quote stands in its event, but for case, spacing and the shapes of quotes and dashes."""
    return all(
        source.event_id in events and ground(source.quote, events[source.event_id].content) is not None
        for source in fact.sources
    )


def is_junk(fact: Fact) -> bool:
    """It says nothing of its subject, asks instead, or rests on greetings, thanks and the like alone."""
    says_nothing = not content_stems(fact.text) - content_stems(fact.subject)
    return says_nothing or fact.text.rstrip().endswith("?") or all(is_small_talk(each.quote) for each in fact.sources)


def has_wrong_subject(fact: Fact, events: Events, speakers: Collection[str]) -> bool:
    """Another speaker's name leads a statement that does not name its subject; or what somebody said of themselves,
    with no word of the subject, is told of somebody else."""
    if not _names(fact.text, fact.subject):
        said = tuple(word.removesuffix("'s") for word in words(fact.text))
        leading = [name for name in speakers if said[: len(words(name))] == words(name)]
        if any(not _alike(name, fact.subject) for name in leading):
            return True
    if any(_alike(speaker_of(event), fact.subject) for event in _sources(fact, events)):
        return False
    of_oneself = all(_FIRST_PERSON.search(each.quote) and not _names(each.quote, fact.subject) for each in fact.sources)
    return bool(_FIRST_PERSON.search(_QUOTED.sub("", fact.text))) or of_oneself


def is_undated(fact: Fact, events: Events) -> bool:
    """Its quote names a time that rules can resolve, and it has none."""
    if fact.validity.start or fact.validity.end:
        return False
    said = ((each.quote, events[each.event_id].occurred_at) for each in fact.sources if each.event_id in events)
    return any(resolve(quote, at).precision for quote, at in said)


def is_wrongly_dated(fact: Fact, events: Events) -> bool:
    """It starts at none of the times that its events name, or after it was said although it tells of the past."""
    start, sources = fact.validity.start, list(_sources(fact, events))
    if start is None or not sources:
        return False
    of_the_past = any(_PAST.search(each.quote) for each in fact.sources)
    if of_the_past and start > max(event.occurred_at for event in sources):
        return True
    # A start may also be the moment of speaking, from which a fact holds that replaces another.
    named = [span for event in sources for span in spans(event.content, event.occurred_at)]
    moments = {moment for span in named for moment in (span.start, span.over)}
    return bool(named) and start not in moments | {fact.said_at}


def keeps_relative_time(fact: Fact) -> bool:
    """Its text holds words such as "yesterday" with no date behind them, which mean nothing later."""
    return any(span.relative and not _DATED.match(fact.text, span.last) for span in spans(fact.text, fact.said_at))


def duplicates(facts: Iterable[Fact]) -> int:
    """Returns how many current facts say of a subject, at the same time, what another one says in the same words."""
    alike = Counter((words(fact.subject), words(fact.text), fact.validity.start) for fact in facts if fact.current)
    return sum(count - 1 for count in alike.values())


def _sources(fact: Fact, events: Events) -> Iterator[Event]:
    return (events[source.event_id] for source in fact.sources if source.event_id in events)


def _alike(name: str, other: str) -> bool:
    return words(name) == words(other)


def _names(text: str, name: str) -> bool:
    """Returns whether the text has any word of the name, so that "Ann" is named by "Ann Lee" too."""
    return not set(words(name)).isdisjoint(word.removesuffix("'s") for word in words(text))
