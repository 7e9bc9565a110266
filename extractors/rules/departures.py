"""What a clause says of a job, a home or a school that was left."""

import re
from collections.abc import Callable, Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import I, employer, place, stated
from semmem.extractors.rules.value import NOTHING, Over
from semmem.extractors.words import content_stems

_LEFT = re.compile(
    rf"{I}(?:left|quit|resigned from|moved on from|walked out of|stopped working (?:at|for)) (?P<v>.+)", re.IGNORECASE
)
_DISMISSED = re.compile(
    rf"{I}(?:laid off|fired|let go|dismissed|made redundant|sacked)(?: (?:from|by|at) (?P<v>.+)|(?=$| last| this| in"
    r"| on| today| yesterday| after| because))",
    re.IGNORECASE,
)
_LAST_DAY = re.compile(
    r"^(?:[\w ]{0,20} )?(?:was|is) my (?:very )?last day (?:at|with) (?P<v>.+)"
    r"|^my (?:very )?last day (?:(?:at|with) (?P<v2>[\w&.' -]{1,40}?) )?(?:was|is) (?:today|yesterday|last \w+"
    r"|(?:on )?\w+day\b)",
    re.IGNORECASE,
)
_NO_JOB = re.compile(
    rf"{I}(?:(?:quit|lost|left|walked out of|walked out on|resigned from|gave up|given up) (?:my"
    r"|the) (?:(?P<title>[a-z]+(?: [a-z]+)?) )?(?:job"
    r"|position)(?: (?:at|with) (?P<v>.+)|(?=$| last| this| in| on| today| yesterday| after| because| to | and| as "
    r"| two| three| a (?:week|month|year)))|(?:retired|resigned)(?: from (?P<v2>.+)|(?=$| last| this"
    r"| in (?-i:[A-Z\d])"
    r"| yesterday| today| at (?:the age|\d\d)))|unemployed|out of work|between jobs|(?:became|become"
    r"|went) self-employed|self-employed now|work for myself|my own boss|left the company|no longer have a job"
    r"|(?:do )?not have a job any ?more"
    r"|parted ways with (?P<v3>.+))"
    r"|^my (?:position|job|role) (?:was|got|has been) (?:eliminated|cut|axed|made redundant)\b"
    r"|^(?:they|(?-i:[A-Z])[\w&.-]+) (?:have |has |just )*(?:cut|axed|eliminated) my (?:job|role|position)\b"
    r"|^my contract (?:at|with) (?P<v4>[\w&.' -]{1,40}?) (?:has )?(?:ended|expired|ran out|run out|was terminated"
    r"|was not renewed)\b",
    re.IGNORECASE,
)
_JOBLESS = re.compile(rf"{I}(?:unemployed|out of work|jobless)\b", re.IGNORECASE)
_RETIRED = re.compile(
    rf"{I}retired(?=$| last| this| in (?-i:[A-Z\d])| yesterday| today| now| from (?:the (?:police|army|navy"
    r"|air force|force"
    r"|military|service|bench|post office|fire (?:service|department))|teaching|nursing|medicine|work|my (?:job|work)"
    r"|full-time))",
    re.IGNORECASE,
)
_FROM_A_JOB = re.compile(
    rf"{I}(?:(?:laid off|fired|let go|dismissed|made redundant|sacked|retired|resigned) from|quit|lost|left"
    rf"|gave up) my"
    rf" (?P<v>[a-z]+ing) job\b(?! at\b)|{I}retired from (?P<v2>[a-z]+ing)\b",
    re.IGNORECASE,
)
_FOR_GOOD = re.compile(
    r"^(?:$|last\b|this (?:month|year|week|spring|summer|autumn|fall|winter)\b|(?:yesterday|today)(?=$|[,.!])"
    r"|in (?-i:[A-Z\d])|on\b|for good|because"
    r"|after \w+ (?:years|months)|recently"
    r"|to (?:start|join|work|found)|for (?-i:[A-Z])|(?:\w+ ){1,2}(?:days|weeks|months|years?) ago|and\b|now\b)",
    re.IGNORECASE,
)
_MOVED_OUT = re.compile(rf"{I}(?:moved (?:out of|away from)|(?P<left>left)) (?P<v>.+)", re.IGNORECASE)
_LEFT_SCHOOL = re.compile(
    rf"{I}(?:left|quit|finished|graduated from|dropped out of) (?P<v>(?-i:(?:[A-Z][\w'-]* )+)(?:school|college"
    r"|university|academy)|(?-i:University of [A-Z]\w+))(?P<rest>.*)",
    re.IGNORECASE,
)
_SCHOOLING = r"(?:my )?(?:university|uni|college|school|studies|degree|(?:law|med|medical|grad|art|business) school)"
_LEFT_STUDIES = re.compile(
    rf"{I}(?:dropped out(?: of {_SCHOOLING})?|(?:quit|left) {_SCHOOLING}|graduated"
    r"|(?:finished|completed|got) (?:my|the) (?:degree|studies|bachelor\w*|master\w*))"
    r"(?=$|[,.!]| (?:last|this|yesterday|today|after|and|because)\b| a (?:week|month)| in (?:may|june|july|spring"
    r"|summer))",
    re.IGNORECASE,
)
_LEFT_HOUSE = re.compile(rf"{I}moved out of my (?P<v>\w+)'s? (?:house|place|flat|apartment|home)\b", re.IGNORECASE)
_LEFT_TOWN = re.compile(
    rf"{I}left (?P<v>(?-i:[A-Z][\w-]+(?: [A-Z][\w-]+)?)) for (?-i:[A-Z][\w-]+(?: [A-Z][\w-]+)?)"
    r"(?= for good| last (?:month|year|spring|summer|autumn|winter)| this (?:month|year)| in (?-i:[A-Z])"
    r"| \w+ (?:month|year)s? ago)",
    re.IGNORECASE,
)


def _job(clause: Clause) -> Iterator[Over]:
    if clause.besides or (clause.passing and not _JOBLESS.match(clause.text)):
        return
    if left := _LEFT.match(clause.text):
        name = re.match(r"(?:(?-i:[A-Z])[\w&.'-]*(?: |$))+", left["v"]) or (
            re.match(r"\w+(?: |$)", left["v"]) if clause.lower else None
        )
        if name and _FOR_GOOD.match(left["v"][name.end() :]):
            yield from (Over(kind, content_stems(name.group())) for kind in _LEFT_BY_NAME)
    for pattern in (_DISMISSED, _NO_JOB, _LAST_DAY):
        if match := pattern.match(clause.text):
            named = next((group for name, group in match.groupdict().items() if group and name != "title"), "")
            title = match.groupdict().get("title")
            if title and title.lower() not in ("old", "first", "last", "second", "other", "new", "side"):
                yield Over("job", content_stems(title))
                continue
            whose = employer(named, clause) if named else NOTHING
            if whose is None and named.startswith("the "):
                whose = content_stems(stated(named))
            if whose is not None:
                yield from (Over("work", whose), Over("has", whose | content_stems("job")))
    if from_job := _FROM_A_JOB.match(clause.text):
        doing = (from_job["v"] or from_job["v2"]).lower()
        yield from (Over("job", content_stems(f"{doing.removesuffix('ing')}{ending}")) for ending in ("er", "r"))
        yield Over("does", content_stems(doing))
    if _RETIRED.match(clause.text):
        yield Over("work")
        yield Over("job")


_LEFT_BY_NAME = ("work", "provider", "my gym", "my bank", "my school")
_STEPPED_DOWN = re.compile(
    rf"{I}(?:stepped down|resigned|quit|stopped working|retired|finished|stood down) as (?:an? |the )?(?P<v>[\w -]+)",
    re.IGNORECASE,
)
_AT_THE_OFFICE = re.compile(
    rf"{I}(?:back (?:in|at) the office|no longer (?:work(?:ing)? )?(?:remotely|from home)|work (?:in"
    r"|from) the office)(?=$|[,.!]| now\b"
    r"| full[- ]time\b| every day\b| (?:five|5) days\b| again\b| since\b)",
    re.IGNORECASE,
)
_MOVED_OUT_FROM_US = re.compile(
    r"^(?P<who>my [a-z]+|(?-i:[A-Z])\w+) (?:has |have |just |finally )*moved out(?=$| last| yesterday| in | on | a )",
    re.I,
)


def _title(clause: Clause) -> Iterator[Over]:
    if (down := _STEPPED_DOWN.match(clause.text)) and (title := content_stems(stated(down["v"]))):
        yield from (Over("job", title), Over("is", title), Over("does", title))
    if _AT_THE_OFFICE.match(clause.text) and not clause.negated:
        yield from (Over("does", content_stems("work home")), Over("does", content_stems("work remotely")))
    if out := _MOVED_OUT_FROM_US.match(clause.text):
        who = content_stems(out["who"].removeprefix("my "))
        yield from (
            Over("has", who),
            Over("household", who),
            Over("does", who | content_stems("live")),
            Over("does", who | content_stems("share")),
        )


def _home(clause: Clause) -> Iterator[Over]:
    match = _MOVED_OUT.match(clause.text)
    if match and not clause.passing and (not match["left"] or "for good" in match["v"]):
        found = place(match["v"], clause)
        if found:
            yield Over("home", found[0])
        if not match["left"] and (named := content_stems(stated(match["v"]))):
            yield from (Over("does", named | content_stems(verb)) for verb in ("live", "stay", "lodge"))
            yield from (Over(kind, named, content_stems("rent lease share")) for kind in ("does", "has"))
    if (town := _LEFT_TOWN.match(clause.text)) and (found := place(town["v"], clause)):
        yield Over("home", found[0])
    if house := _LEFT_HOUSE.match(clause.text):
        yield Over("does", content_stems(f"live {house['v']}"))


def _school(clause: Clause) -> Iterator[Over]:
    school = _LEFT_SCHOOL.match(clause.text)
    if school and _FOR_GOOD.match(school["rest"].strip(" .!")):
        yield Over("school", content_stems(school["v"]))
    if _LEFT_STUDIES.match(clause.text):
        yield from (Over("school"), Over("studies"), Over("i am year"), Over("is", content_stems("student")))


DEPARTURES: tuple[Callable[[Clause], Iterator[Over]], ...] = (_job, _title, _home, _school)
