"""Looks at every place after the storm, and says what broke."""

from collections import Counter

from semmem import NotSettled, StoreUnavailable
from semmem.memory.scoped import ScopedMemory
from semmem.wiring.bootstrap import Application
from tests.faults.oracle import drift
from tests.storm.journal import Findings, Journal
from tests.storm.plan import Place, Said, words_in
from tests.storm.producer import at

PATIENCE = 600.0  # seconds for what waits at one place


async def judge(application: Application, journal: Journal, place: Place, findings: Findings) -> None:
    memory, said = at(application.memory, place), journal.places()[place]
    try:
        await memory.settled(timeout=PATIENCE)
    except (NotSettled, StoreUnavailable) as error:
        findings.wrong.append(f"{place}: {error}")
        return
    await _events(memory, place, said, journal, findings)
    await _facts(memory, place, said, findings)
    findings.drift += [f"{place}: {id}" for id in await drift(application, memory)]
    receipts = [receipt for receipt in await memory.receipts(limit=1_000) if not receipt.complete]
    findings.receipts += [f"{place}: {receipt.id}" for receipt in receipts]


async def _events(memory: ScopedMemory, place: Place, said: list[Said], journal: Journal, findings: Findings) -> None:
    events = [event async for event in memory.events()]
    ids = {event.id for event in events}
    findings.lost += [f"{place}: {one.key}" for one in said if journal.kept[one.key] not in ids]
    keys = Counter(event.key for event in events)
    findings.doubled += [f"{place}: {key}, {number} times" for key, number in keys.items() if number > 1]
    findings.forgotten += [f"{place}: {event.key}" for event in events if event.key in journal.gone]


async def _facts(memory: ScopedMemory, place: Place, said: list[Said], findings: Findings) -> None:
    facts = await memory.facts(superseded=True, limit=1_000)
    wanted = {one.word for one in said}
    told = Counter(word for fact in facts for word in words_in(fact.text))
    findings.doubled += [f"{place}: {number} facts of {word}" for word, number in told.items() if number > 1]
    shown = words_in(repr([facts, await memory.summaries(limit=1_000), await memory.recall("lamp", limit=100)]))
    findings.forgotten += [f"{place}: {word}" for word in shown - wanted]
    letters = await memory.dead_letters(limit=1_000)
    buried = {id for letter in letters for id in letter.event_ids}
    events = {event.key: event.id async for event in memory.events()}
    for one in said:
        if one.poison is None and not told[one.word]:
            findings.unlearnt.append(f"{place}: {one.key}")
        # What is only large may be read in parts.
        if one.poison is not None and events.get(one.key) not in buried and not told[one.word]:
            findings.unburied.append(f"{place}: {one.key}, {one.poison}")
