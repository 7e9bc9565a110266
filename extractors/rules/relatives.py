"""What somebody near to the speaker does, and does no more or elsewhere: `my dad drives a bus`, `my dad retired`."""

import re
from collections.abc import Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import extent_of, stated
from semmem.extractors.rules.traits import Trait
from semmem.extractors.rules.value import Over
from semmem.extractors.words import content_stems
from semmem.language.places import TOWN

_WHO = r"^my (?P<who>[a-z]+(?: (?-i:[A-Z])\w+)?)"
_DONE = r"(?:has |have |just |was |got |been |is )*"

_DOES = re.compile(
    rf"{_WHO} (?:still |now |currently |only |also |(?=is still))?"
    r"(?P<does>(?:(?!is\b|was\b|has\b)[a-z]+s"
    r"|is (?:still )?(?:\w+ing|in|at|on|allergic|vegan|vegetarian|unemployed|sick|ill|alive))\b.*)",
    re.IGNORECASE,
)
_NO_MORE = re.compile(
    rf"{_WHO} (?:{_DONE}(?:no longer|quit|dropped|gave up|given up"
    r"|stopped(?= \w+ing \w| (?:smoking|drinking|vaping|gambling|working)\b)) (?P<v>(?!(?:in|at|on)\b)[\w ]{2,30})"
    r"|does not (?P<v2>[\w ]{2,30}?) (?:any ?more(?! than\b)|any longer))",
    re.IGNORECASE,
)
_OUTGREW = re.compile(
    rf"{_WHO} {_DONE}(?:outgrown|outgrew) (?:his|her|their|the) (?P<v>[a-z]+) allergy\b", re.IGNORECASE
)
_WORKS_NOW = re.compile(
    rf"{_WHO} (?:now )?(?:(?:works|is working) (?:at|for)\b"
    rf"|(?P<ended>{_DONE}(?:retired|laid off|made redundant|fired|(?:lost|quit) (?:his|her|their) job)$))",
    re.IGNORECASE,
)
_LIVES_NOW = re.compile(
    rf"{_WHO} (?:now )?(?:(?:lives|is living) (?:in|at) (?P<where>.+)"
    rf"|(?P<moved>{_DONE}moved (?:back )?(?:to|into) an? (?:[a-z]+ ){{0,2}}?"
    r"(?:home|flat|house|apartment|hospice|dorm)\b))",
    re.IGNORECASE,
)
_TAKEN_OUT_OF = re.compile(
    r"^I (?:have |just |had to )*(?:pulled|pull|took|taken|take) my (?P<who>[a-z]+)(?: (?-i:[A-Z])\w+)? out of"
    r" (?:(?-i:[A-Z])[\w' .]+|(?:(?:the|his|her|their) )?(?:school|nursery|kindergarten|daycare))$",
    re.IGNORECASE,
)


def relatives_do(clause: Clause) -> Iterator[Trait]:
    """It holds as long as they live."""
    if match := _DOES.match(clause.text):
        who = content_stems(match["who"])
        yield Trait("theirs", who | content_stems(match["does"]), who)


def relatives_ended(clause: Clause) -> Iterator[Over]:
    if clause.passing:
        return
    if no_more := _NO_MORE.match(clause.text):
        yield Over("theirs", content_stems(f"{no_more['who']} {no_more['v'] or no_more['v2']}"))
    if outgrown := _OUTGREW.match(clause.text):
        yield Over("theirs", content_stems(f"{outgrown['who']} allergic {outgrown['v']}"))
    if (works := _WORKS_NOW.match(clause.text)) and (clause.renewed or works["ended"]):
        yield from (Over("theirs", content_stems(f"{works['who']} {verb}")) for verb in ("work", "living"))
    lives = _LIVES_NOW.match(clause.text)
    if lives and (lives["moved"] or (clause.renewed and extent_of(stated(lives["where"])) <= TOWN)):
        yield Over("theirs", content_stems(f"{lives['who']} live"))
    if out := _TAKEN_OUT_OF.match(clause.text):
        yield from (Over(f"my {out['who'].lower()} {where}") for where in ("goes to name", "school"))
