"""What supersedes what without a model, on pairs of everyday statements: `python -m semmem.evals.supersedes`.

A pair is an earlier and a later statement of one person and says whether the earlier still holds. Both go through the
offline extractor as two events, thirty days apart, without a store or an embedder.
"""

import argparse
import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from semmem.domain.event import Event
from semmem.domain.extraction import Question
from semmem.domain.fact import Draft, Fact
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput
from semmem.extractors.offline import OfflineExtractor

PAIRS = Path("tests/truth/pairs.jsonl")
SAID = datetime(2026, 5, 4, 12, tzinfo=UTC)
APART = timedelta(days=30)
COSINE = 0.6  # of the later statement to the earlier: near enough to be compared, too far to be the same

_SCOPE = Scope.user("evals", "alice")
_OFFLINE = OfflineExtractor()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """`expected` is "keep" or "replace"; `kind` says in a word what the pair tests."""

    part: str
    attribute: str
    kind: str
    expected: str
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the earlier statement; it is not `stored` where it gave no fact at all."""

    pair: Pair
    stored: bool
    replaced: bool

    @property
    def right(self) -> bool:
        return self.stored and self.replaced == (self.pair.expected == "replace")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some outcomes: how many were to be replaced, were replaced, and both."""

    pairs: int
    wanted: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 1.0


def load(path: Path) -> list[Pair]:
    """The pairs of a file of JSON objects, one a line. Raises InvalidInput where it is not there or a line is none."""
    if not path.is_file():
        raise InvalidInput(
            "pairs", f"{path} is not there, or no file", "run it where tests/ is, or name a file of pairs"
        )
    pairs: list[Pair] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            pairs.append(Pair(**json.loads(line)))
        except (ValueError, TypeError) as error:
            limit = f"line {number} of {path} is no pair ({error})"
            raise InvalidInput("pairs", limit, "give each line the fields of semmem.evals.supersedes.Pair") from error
    return pairs


async def outcome(pair: Pair) -> Outcome:
    known = [_stored(draft) for draft in await _drafts(pair.earlier, SAID)]
    questions = [
        Question(draft=draft, candidates=tuple(known), cosines=(COSINE,) * len(known), said_at=SAID + APART)
        for draft in await _drafts(pair.later, SAID + APART)
    ]
    decisions, _ = await _OFFLINE.decide(questions)
    return Outcome(pair, bool(known), any(decision.verdict == "supersede" for decision in decisions))


def figures(outcomes: Iterable[Outcome]) -> Figures:
    counted = list(outcomes)
    wanted = [each for each in counted if each.pair.expected == "replace"]
    found = [each for each in counted if each.replaced]
    return Figures(len(counted), len(wanted), len(found), sum(each.replaced for each in wanted))


def table(outcomes: Sequence[Outcome]) -> str:
    """Precision and recall by part and by attribute, as a table of Markdown."""
    lines = ["| | pairs | to be replaced | replaced | precision | recall |", "|---|---|---|---|---|---|"]
    parts = {f"part: {each.pair.part}" for each in outcomes}
    attributes = {each.pair.attribute for each in outcomes}
    groups: dict[str, list[Outcome]] = {name: [] for name in (*sorted(parts), *sorted(attributes))}
    for each in outcomes:
        groups[f"part: {each.pair.part}"].append(each)
        groups[each.pair.attribute].append(each)
    for name, members in {**groups, "all": list(outcomes)}.items():
        of = figures(members)
        lines.append(f"| {name} | {of.pairs} | {of.wanted} | {of.found} | {of.precision:.3f} | {of.recall:.3f} |")
    return "\n".join(lines)


async def _drafts(text: str, said: datetime) -> Sequence[Draft]:
    return (await _OFFLINE.extract([_event(text, said)], {})).drafts


def _event(text: str, said: datetime) -> Event:
    return Event(
        id=uuid4(),
        seq=1,
        scope=_SCOPE,
        content=text,
        role="user",
        speaker=None,
        agent="evals",
        agent_type=None,
        session="s1",
        event_type="message",
        importance=0.5,
        metadata={},
        occurred_at=said,
        recorded_at=said,
        key=None,
    )


def _stored(draft: Draft) -> Fact:
    return Fact(
        id=uuid4(),
        thread=uuid4(),
        version=1,
        scope=_SCOPE,
        subject=draft.subject,
        text=draft.text,
        category=draft.category,
        confidence=draft.confidence,
        importance=draft.importance,
        validity=draft.validity,
        trust=draft.trust,
        said_at=SAID,
        recorded_at=SAID,
        superseded_at=None,
        sources=draft.sources,
    )


def told(found: Outcome) -> str:
    """An outcome that is wrong, as a line to be read."""
    got = "replaced" if found.replaced else "kept" if found.stored else "not stored"
    pair = found.pair
    return f"{pair.attribute} ({pair.kind or pair.expected}), {got}: {pair.earlier} -> {pair.later}"


async def _main(options: argparse.Namespace) -> None:
    outcomes = [await outcome(pair) for pair in load(options.pairs) if options.part in (None, pair.part)]
    print(table(outcomes))
    if options.wrong:
        print(*(told(each) for each in outcomes if not each.right), sep="\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m semmem.evals.supersedes", description=__doc__)
    parser.add_argument("--pairs", type=Path, default=PAIRS, help="a file of pairs, one JSON object a line")
    parser.add_argument("--part", help="only the pairs of this part, such as given or 'held back'")
    parser.add_argument("--wrong", action="store_true", help="list the pairs that come out wrong too")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_main(_options()))
