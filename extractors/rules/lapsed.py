"""What ends by the name of what goes with it: the lessons in what somebody learns, the loan that they owe on."""

import re
from collections.abc import Callable, Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.phrases import FIANCES, HABITS, NEUTRAL, RIDES, RUNS, I, stated
from semmem.extractors.rules.reworded import WED_WHEN
from semmem.extractors.rules.value import Over
from semmem.extractors.words import content_stems
from semmem.language.words import MEATS

# Behind it: nothing, or when and why; "my class was cancelled this week" goes on.
_TAIL = (
    r"(?=$|[,.!;]| (?:last|yesterday|today|now|because|after|in (?-i:[A-Z\d])|for good|altogether|completely|any ?more"
    r"|at last|finally|so|and)\b)(?!.*\b(?:for today|for now|early|for (?:an?|the) (?:hour|day|week))\b)"
)
_THING = r"(?:(?!(?:of|in|at|on|from|for|with|next|down)\b)[\w-]+ ){0,3}?[\w-]+"
_HAS = r"(?:has |have |is |are |was |were |got |been |just |finally )*"
_GAVE_UP = r"(?:done with|finished with|gave up|given up|quit|dropped|dropped out of|stopped)"

_LESSONS = re.compile(
    rf"{I}(?:{_GAVE_UP}(?: taking| going to)?|withdrew from|withdraw from|pulled out of) (?:(?:my|the|all|those) )*"
    rf"(?P<v>{_THING}) (?:lessons|classes|course){_TAIL}",
    re.IGNORECASE,
)
_DEGREE = re.compile(
    rf"{I}(?:{_GAVE_UP}|left|abandoned|finished|completed|graduated from) (?:(?:my|the) )?"
    r"(?P<v>phd|doctorate|master'?s|bachelor'?s|degree|mba|apprenticeship|(?:law|med|medical|business|art|grad) school)"
    rf"{_TAIL}",
    re.IGNORECASE,
)
_PAID_OFF = re.compile(
    rf"{I}(?:paid off|cleared|paid back|finished paying off) (?:all (?:of )?)?(?:my|the) (?P<v>{_THING}){_TAIL}",
    re.IGNORECASE,
)
_RAN_OUT = re.compile(
    rf"^my (?P<v>{_THING}) (?P<what>membership|subscription|contract|plan|lease|pass|licen[cs]e|trial) {_HAS}"
    rf"(?:ended|expired|ran out|run out|lapsed|over|not renewed|terminated|cancelled|canceled){_TAIL}"
    rf"|^my (?P<of>{_THING}) (?P<course>course|class|training|internship|apprenticeship|treatment) {_HAS}"
    rf"(?:ended|finished|came to an end|come to an end|over){_TAIL}",
    re.IGNORECASE,
)
_FREE_TIER = re.compile(
    rf"{I}(?:downgraded|went back|switched back|switched|moved|dropped)(?: down)? to (?:the |a )?(?:free|basic) "
    rf"(?:tier|version|plan|account) (?:of|for|on|with) (?:the )?(?P<v>{_THING}){_TAIL}",
    re.IGNORECASE,
)
_THE_WHOLE_THING = re.compile(
    rf"{I}(?:{_GAVE_UP}|over|ditched) (?:the|this|that|my) (?:whole |entire )?(?P<v>[a-z-]+) "
    rf"(?:thing|diet|lifestyle|phase|experiment){_TAIL}",
    re.IGNORECASE,
)
_NO_MEAT = re.compile(rf"^I (?:do not|no longer|never|stopped|quit) eat(?:ing)? meat{_TAIL}", re.IGNORECASE)
_MEATS = (*MEATS, "sausage", "burger", "barbecue")
_LOST = re.compile(
    rf"{I}lost my (?P<v>[\w-]+'s [\w' -]{{2,30}}|(?:\w+ )?(?:ring|necklace|bracelet|earrings)){_TAIL}", re.IGNORECASE
)
_DISPOSED_OF = re.compile(
    rf"^(?:all (?:of )?)?(?:my|the) (?P<v>{_THING}) {_HAS}"
    r"(?:traded in|swapped|donated|given (?:away(?! at\b)|to)|thrown (?:out|away)|binned|recycled|scrapped|repossessed"
    r"|replaced (?:by|with)|disconnected|disposed of|in the bin|at the tip"
    r"|went to (?:charity|a new home|a good home|new homes|the tip|the dump))\b",
    re.IGNORECASE,
)
_THREW_OUT = re.compile(
    rf"{I}(?:threw|thrown|tossed|chucked) (?:(?:out|away) )?(?:my|the|all my) (?P<v>{_THING})"
    rf"(?: out| away| in the bin)?{_TAIL}"
    rf"|{I}(?:gave|given|took|taken) (?:my|the|all my) (?P<v2>{_THING}) to "
    rf"(?:charity|a charity shop|the tip|the dump){_TAIL}",
    re.IGNORECASE,
)
_RECOVERED = re.compile(
    rf"{I}(?:over|recovered from|got over|shaken off|shook off|cured of) (?:the|my|this|that) (?P<v>[\w -]{{2,20}})",
    re.IGNORECASE,
)
_PLASTER = r"(?:cast|sling|brace|splint)"
_PLASTER_OFF = re.compile(
    rf"^(?:the|my) (?P<v>{_PLASTER}) (?:is|came|has come|was taken|has been taken) off\b"
    rf"|^(?:the|my) (?P<v2>{_PLASTER}) (?:was|has been) removed\b"
    rf"|{I}(?:got|had) (?:the|my) (?P<v3>{_PLASTER}) (?:off|removed|taken off)\b",
    re.IGNORECASE,
)
_PAID_BACK = re.compile(rf"{I}paid (?:my )?(?P<v>[a-z]+) back{_TAIL}", re.IGNORECASE)
_SOMEONE_ELSE = re.compile(
    r"^(?:someone|somebody) else is (?:the )?(?P<v>[a-z]+(?: [a-z]+)? of (?:the |my )?[a-z ]{2,20}?) now$",
    re.IGNORECASE,
)
_WED = re.compile(
    r"^my (?P<what>husband|wife|spouse|fianc[eé]e?) is (?:now (?-i:[A-Z])\w+|(?-i:[A-Z])\w+ now)$", re.IGNORECASE
)
# Of what one drops out without a scratch; nobody trains for a garage.
_PULLED_OUT = re.compile(
    rf"{I}(?:dropped|pulled|backed|bailed) out of (?:my|the|this|that) (?P<v>(?:[\w-]+ ){{0,2}}?"
    rf"(?:(?:half[- ])?marathon|race|triathlon|tournament|competition|contest|championships?|league|play|show|course"
    rf"|programme?|trial)){_TAIL}",
    re.IGNORECASE,
)
_MARRIED = re.compile(rf"{I}(?:married to|married) (?P<v>(?-i:[A-Z])\w+){WED_WHEN}", re.IGNORECASE)
_CLOSED_DOWN = re.compile(
    rf"^(?:my|the) (?P<v>{_THING}) {_HAS}(?:closed (?:for good|down)|shut down|went bust|went under|folded){_TAIL}",
    re.IGNORECASE,
)
_LEFT_GROUP = re.compile(
    r"^I am (?P<no>no longer|not) in (?:my|the) (?:[\w-]+ ){0,2}?(?P<v>choir|band|orchestra|team|club|league|society)"
    r"(?P<more> any ?more| any longer)?$",
    re.IGNORECASE,
)
_MACHINES = tuple(f"my {each}{shape}" for each in ("laptop", "computer", "tablet", "phone") for shape in ("", " name"))
_WEARS = content_stems("wear carry")
_KEEPS = content_stems("wear carry use keep")
_LEARNS = content_stems("learn study take attend follow train")
_TRAINS = content_stems("train prepare practise practice compete") | {"do", "run"}
_TOGETHER = HABITS | content_stems("sing row dance act")


def _courses(clause: Clause) -> Iterator[Over]:
    text = clause.text
    if lessons := _LESSONS.match(text):
        yield Over("does", content_stems(lessons["v"]), _LEARNS)
    if degree := _DEGREE.match(text):
        yield Over("does", content_stems(degree["v"]), _LEARNS | {"do"})
        yield from (Over("studies"), Over("school"), Over("i am year"))
    if ran_out := _RAN_OUT.match(text):
        stems = content_stems(ran_out["v"] or ran_out["of"])
        what = content_stems(ran_out["what"] or ran_out["course"])
        yield from (Over("has", stems | what), Over("does", stems, HABITS | _LEARNS))
        if what == content_stems("membership"):
            yield Over("is", stems | content_stems("member"))
    if out := _PULLED_OUT.match(text):
        yield Over("does", content_stems(out["v"]), _TRAINS)
        yield Over("plan", content_stems(out["v"]))
    left = _LEFT_GROUP.match(text)
    if left and (left["more"] or left["no"].lower() == "no longer"):
        yield Over("does", content_stems(left["v"]), _TOGETHER)


def _paid(clause: Clause) -> Iterator[Over]:
    text = clause.text
    if paid := _PAID_OFF.match(text):
        yield Over("has", content_stems(stated(paid["v"])))
    if back := _PAID_BACK.match(text):
        yield Over("does", content_stems(f"owe {back['v']}"))
    if (free := _FREE_TIER.match(text)) and (stems := content_stems(free["v"])):
        yield Over("does", stems | content_stems("pay"))
        yield from (Over(kind, stems | content_stems("premium")) for kind in ("has", "is", "does"))


def _things(clause: Clause) -> Iterator[Over]:
    text = clause.text
    gone = _DISPOSED_OF.match(text) or _THREW_OUT.match(text)
    named = next(filter(None, gone.groups())) if gone else ""
    if stems := content_stems(named):
        kinds = ("has", "has several", *RIDES, "my phone") if named.endswith("s") else ("has", *RIDES, "my phone")
        yield from (Over(kind, stems) for kind in kinds)
        yield Over("does", stems, _KEEPS)
        yield from (Over(kind, stems) for kind in _MACHINES)
    if lost := _LOST.match(text):
        yield Over("does", content_stems(stated(NEUTRAL.sub("", lost["v"]))), _WEARS)
    if closed := _CLOSED_DOWN.match(text):
        stems = content_stems(closed["v"])
        yield from (Over("has", stems), Over("does", stems, RUNS))
    if off := _PLASTER_OFF.match(text):
        yield Over("has", content_stems(next(filter(None, off.groups()))))


def _ways(clause: Clause) -> Iterator[Over]:
    """What somebody was or did, told by what they are now."""
    text = clause.text
    if whole := _THE_WHOLE_THING.match(text):
        stems = content_stems(whole["v"])
        yield from (Over("diet", stems), Over("is", stems), Over("does", stems, HABITS))
    if _NO_MEAT.match(text):
        yield from (Over("does", content_stems(meat), HABITS) for meat in _MEATS)
    if other := _SOMEONE_ELSE.match(text):
        yield Over("is", content_stems(other["v"]))
    if wed := _WED.match(text):
        before = ("boyfriend", "girlfriend", *(() if wed["what"].startswith("fianc") else FIANCES))
        yield from (Over(kind, content_stems(each)) for each in before for kind in ("has", "partner"))
        yield Over("relationship", content_stems("dating"))
    if (married := _MARRIED.match(text)) and not clause.negated:
        yield from (Over(f"my {each}", content_stems(married["v"])) for each in ("boyfriend", "girlfriend", *FIANCES))


def lapsed(clause: Clause) -> Iterator[Over]:
    if recovered := _RECOVERED.match(clause.text):  # whoever is "over the flu" is not so for a while only
        yield Over("has", content_stems(recovered["v"]))
    if not clause.passing:
        for reader in _READERS:
            yield from reader(clause)


_READERS: tuple[Callable[[Clause], Iterator[Over]], ...] = (_courses, _paid, _things, _ways)
