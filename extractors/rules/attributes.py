"""Attributes of which a person has one at a time, and the values that a clause gives them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.contacts import CHANGED, names_of, reached
from semmem.extractors.rules.frames import FRAMES
from semmem.extractors.rules.partings import OF_NO_COUPLE
from semmem.extractors.rules.phrases import ADVERB, I, employer, place, stated, time_of
from semmem.extractors.rules.polarity import polarities
from semmem.extractors.rules.roles import ROLES
from semmem.extractors.rules.slots import OF_ONE
from semmem.extractors.rules.value import Value
from semmem.extractors.words import content_stems
from semmem.language.places import STREET
from semmem.language.words import STATES

APPOINTED = "time "  # attributes that say when something takes place begin so

_NEW = r"(?:(?:new|current|present|permanent|full|main|primary) )*"
_LIVES = re.compile(
    rf"{I}(?:live|lives|living|lived|reside|resides|residing|based|settled) (?:back |down )?(?:with (?:my"
    rf"|a) [\w ]{{2,20}}? )?(?P<at>in|at|on|near|outside) (?:of )?(?P<v>.+)",
    re.I,
)
_MOVED = re.compile(
    rf"{I}(?:moved|relocated|emigrated|resettled) (?:back |over |house |home |out |down |up )*"
    r"(?:from [^,]{1,40}? )?(?:(?:in)?to|in with (?:my|a|some) [\w ]{2,30}? (?:in|at)) (?P<v>.+)",
    re.IGNORECASE,
)
_HOME_IS = re.compile(
    rf"^my {_NEW}(?:home|home town|place of residence|city) is (?:now )?(?:in |at )?(?P<v>.+)"
    r"|^(?P<v2>[A-Z][\w .-]{1,40}?) is (?:now )?my (?:new |current )?home\b"
)
# "My flat is in Leith", "I got my own apartment in Harlem".
_HOUSE_IN = re.compile(
    rf"^my {_NEW}(?:flat|apartment|house|place|studio|condo|bungalow|cottage) is (?:now )?in (?P<v>.+)"
    rf"|{I}(?:rent|renting|share|sharing|lease|leasing)(?: (?:an?|the|my) (?:[\w-]+ ){{0,2}}?(?:room|flat"
    rf"|apartment|house|studio"
    rf"|place))? (?:in|on|near) (?P<v3>.+)|{I}(?:have|got|found|rented|rent|bought) my own (?:flat|apartment"
    rf"|house|place|studio|room|home) in (?P<v2>.+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    rf"^my {_NEW}(?P<kind>(?:home|postal|mailing|residential|private|street|shipping|delivery|billing|invoice|work"
    rf"|office|business) )?{_NEW}address {CHANGED} (?P<v>.+)",
    re.IGNORECASE,
)
_READDRESSED = re.compile(rf"{I}changed (?:my )?(?:home )?address (?:from [^,]{{1,40}}? )?to (?P<v>.+)", re.IGNORECASE)
_ADDRESSES = {
    **dict.fromkeys(("", "home", "postal", "mailing", "residential", "private", "street"), "home"),
    **dict.fromkeys(("shipping", "delivery"), "delivery address"),
    **dict.fromkeys(("billing", "invoice"), "billing address"),
    **dict.fromkeys(("work", "office", "business"), "work address"),
}
_WORKS = re.compile(
    rf"{I}(?:(?:on|under) (?:an? )?contract (?:with|at)(?! .* for )|(?:work|works|working|employed"
    rf"|hired) (?:now )?(?:at"
    rf"|for|by)|(?:started|began|took|accepted|got|landed"
    r"|found|start|a|my|the|new|full-time|great) (?:(?:a|my|the|new|full-time|great) )*(?:job|position|role|working"
    r"|work|post) (?:at|with|for)|(?:started|began) at|(?:went|gone) to work (?:at|for|with)|(?:changed"
    r"|switched) jobs (?:from .{1,40}? )?to) (?P<v>.+)"
    rf"|^my {_NEW}(?:job|position|role|work) is (?:now )?(?:at|with) (?P<v2>.+)"
    rf"|^my {_NEW}(?:employer|company) is (?:now )?(?P<v3>.+)",
    re.IGNORECASE,
)
_JOINED = re.compile(rf"{I}joined (?P<v>.+)", re.IGNORECASE)
# "I work at Starbucks most mornings": a place to sit, or a second job.
_NOW_AND_THEN = re.compile(
    r"\b(?:mornings|afternoons|lunchtimes?|(?:most|some|many) days|from time to time|now and then|whenever"
    r"|(?:once|twice|\w+ times) an? (?:week|month|year)|every (?:other|second|now|morning|afternoon|evening|night"
    r"|\w+day))\b",
    re.IGNORECASE,
)
_TAKEN_UP = re.compile(r"\b(?:started|began|took|accepted|got|landed|found|new|hired|changed|switched)\b", re.I)
_SOME_FIRM = re.compile(r"(?:an?|the) (?=[a-z]).+")  # "a small startup"
_WORKS_AS = re.compile(
    rf"{I}(?:(?:work|works|working) as (?:an? )?(?!\w+ as\b)|promoted to )(?P<v>[\w -]+)"
    rf"|^my {_NEW}(?:job|job title|title|profession|occupation|role|position) is (?:now )?(?:an? |the )?"
    r"(?P<v2>(?!at\b|with\b|in\b|not\b|very\b|so\b|too\b|\w+ing\b|\w+able\b)[\w -]+)",
    re.IGNORECASE,
)
_FAVOURITE = re.compile(
    r"^my (?P<owner>(?:[\w-]+'s )*)(?:new |current |all-time )*favou?rite (?P<what>[\w -]{1,30}?)(?: these days"
    r"| at the moment)? "
    r"(?:is|has always been|(?<!s )are|has become|became|(?:has )?changed to) (?:now )?(?P<v>.+)"
    r"|^(?P<v2>[\w' -]{1,40}?) (?:is|are|has become|became) (?:now )?my (?:new |current )*favou?rite "
    r"(?P<what2>[\w -]{1,30})$",
    re.IGNORECASE,
)
_DIET = re.compile(
    rf"{I}(?:eat|eats) (?P<all>everything|anything)$|{I}(?:(?:became|become|turned|went|gone|go|turn|an?|fully"
    r"|strictly|strict|100%|follow|following|on|switched to"
    r"|started|keep) )*"
    r"(?P<v>vegetarian|vegan|pescatarian|pescetarian|flexitarian|omnivore|carnivore|meat[- ]eater)\b",
    re.IGNORECASE,
)
_STATUS = re.compile(
    rf"{I}(?:in |an? (?=widow|single (?:mom|mum|mother|dad|father|parent)))?(?P<v>married|remarried|tied the knot"
    r"|got hitched|seeing (?:someone|somebody)(?=(?: now| new)++(?! (?:for|about)\b)|$)"
    r"|(?<=got )engaged(?! (?:in|with))|engaged(?! (?:in|with|on|at|until|till|all|from|this|tomorrow|every)\b)"
    r"|divorced|single|widowed|dating(?! (?:back|the|these|this|those|my|old|from|(?-i:[a-z]+(?<!girl)(?<!guy)s))\b)"
    r"|a relationship|separated(?=$| from my (?:husband|wife|partner)| in | last | now)|widow(?:er)?)"
    rf"\b{OF_NO_COUPLE}",
    re.IGNORECASE,
)
_HAS_PARTNER = re.compile(rf"{I}(?:have|has|got|a) (?:an? )?(?:new )?(?:boyfriend|girlfriend)\b", re.IGNORECASE)
_OF_A_KIND = re.compile(
    rf"^I {ADVERB}(?P<verb>use|drink|eat|take|wear|read|drive)s? (?:an? |the |my )?(?P<kind>[a-z'-]+) "
    r"(?P<head>(?!(?:in|on|at|to|for|with|now|a|the|every|times?|days?|again|and|or|too)\b)[a-z]+)"
    r"(?=$| now\b| instead\b| these days| to\b| in\b| at\b| every\b)",
    re.IGNORECASE,
)


def values_of(clause: Clause) -> Iterator[Value]:
    """The values that a clause in the present gives; none of what is true for a while only."""
    yield from polarities(clause)
    if clause.negated:
        return
    found = (value for reader in _READERS for value in reader(clause))
    for value in found:
        if not (
            clause.passing
            and not _SO_FAR.match(clause.text)
            and value.attribute in ("home", "work", "job", "diet", "channel")
        ):
            yield replace(value, beside=value.beside or clause.besides, renewed=value.renewed or clause.renewed)


_SO_FAR = re.compile(rf"^I {ADVERB}have {ADVERB}(?:been )?(?:living|lived|working|worked)\b", re.IGNORECASE)


def _home(clause: Clause) -> Iterator[Value]:
    if lives := _LIVES.match(clause.text):
        perfect = "lived" not in lives.group().split() or "have lived" in lives.group()
        found = place(lives["v"], clause) if perfect else None
        if found and (lives["at"].lower() != "on" or found[1] == STREET):
            near = lives["at"].lower() in ("near", "outside")
            yield Value("home", found[0], extent=found[1], tentative=near)
    elif (moved := _MOVED.match(clause.text)) and (found := place(moved["v"], clause)):
        exact = found[1] != STREET or "," in moved["v"]
        yield Value("home", found[0], extent=found[1], moved=exact, renewed=True)
    elif ((home := _HOME_IS.match(clause.text)) and (found := place(home["v"] or home["v2"], clause))) or (
        (changed := _READDRESSED.match(clause.text)) and (found := place(changed["v"], clause))
    ):
        yield Value("home", found[0], extent=found[1], moved=clause.renewed)
    elif (house := _HOUSE_IN.match(clause.text)) and (found := place(house["v"] or house["v2"] or house["v3"], clause)):
        yield Value("home", found[0], extent=found[1], tentative=True, moved=bool(house["v2"]))
    elif address := _ADDRESS.match(clause.text):
        name = stated(address["v"])
        if name[:1].isupper() or name[:1].isdigit() or clause.lower:
            attribute = _ADDRESSES[(address["kind"] or "").strip().lower()]
            yield Value(attribute, content_stems(name), extent=STREET, moved=clause.renewed and "," in name)


_JUST_NOW = re.compile(
    r"\bworking\b.*\b(?:today|tonight|this (?:morning|afternoon|evening|week)|right now)\b", re.IGNORECASE
)


def _work(clause: Clause) -> Iterator[Value]:
    works = _WORKS.match(clause.text)
    joined = None if works else _JOINED.match(clause.text)
    if works and not _JUST_NOW.search(clause.text):
        name = employer(works["v"] or works["v2"] or works["v3"], clause)
    elif joined:
        name = employer(joined["v"], clause, joined=True)
    else:
        name = None
    if name:
        new = bool(joined or (works and _TAKEN_UP.search(works.group())))
        yield Value("work", name, beside=bool(_NOW_AND_THEN.search(clause.text)), renewed=new)
    elif works and (firm := _SOME_FIRM.match(works["v"] or works["v2"] or "")):
        yield Value("work", content_stems(stated(firm.group())), tentative=True)
    if as_ := _WORKS_AS.match(clause.text):
        title = stated(as_["v"] or as_["v2"])
        if title and not (as_["v2"] and title.lower() in STATES):
            yield Value("job", content_stems(title))


def _favourite(clause: Clause) -> Iterator[Value]:
    match = _FAVOURITE.match(clause.text)
    if match and not clause.besides:
        what = content_stems(_spelled_alike((match["what"] or match["what2"]).lower()))
        owner = content_stems(match["owner"] or "")
        value = content_stems(stated(match["v"] or match["v2"]))
        if value:
            yield Value(f"{' '.join(sorted(owner))} favourite {' '.join(sorted(what))}".strip(), value)


def _spelled_alike(what: str) -> str:
    return what.replace("colour", "color").replace("movie", "film")


def _life(clause: Clause) -> Iterator[Value]:
    if diet := _DIET.match(clause.text):
        yield Value("diet", content_stems("omnivore" if diet["all"] else diet["v"]))
    if status := _STATUS.match(clause.text):
        named = status["v"].lower()
        alike = {
            "a relationship": "dating",
            "tied the knot": "married",
            "remarried": "married",
            "got hitched": "married",
            "seeing someone": "dating",
            "seeing somebody": "dating",
            "widow": "widowed",
            "widower": "widowed",
        }
        yield Value("relationship", frozenset({alike.get(named, named)}))

    elif _HAS_PARTNER.match(clause.text):
        yield Value("relationship", frozenset({"dating"}))


_SWITCHED_KIND = re.compile(
    rf"^I (?:have )?{ADVERB}(?:switched|changed|moved|went|gone)(?: back"
    rf"| over)?(?: from [^,;]{{1,40}}?)? to (?P<kind>[a-z'-]+) "
    r"(?P<head>[a-z]+)(?=$| now\b| instead\b| these days| last\b| in\b| because\b| this\b)",
    re.IGNORECASE,
)


def _variety(clause: Clause) -> Iterator[Value]:
    """`I use dark mode` gives way to `I use light mode now`, for the latter says that it is new."""
    match = _OF_A_KIND.match(clause.text)
    if match:
        head, kind = content_stems(match["head"]), content_stems(match["kind"])
        if head and kind:
            yield Value(f"{match['verb'].lower()} {' '.join(head)}", kind, tentative=True)


def _another_kind(clause: Clause) -> Iterator[Value]:
    """`I switched to oat milk` says of which kind the milk is that they drink, or use."""
    match = _SWITCHED_KIND.match(clause.text)
    if match and (head := content_stems(match["head"])) and (kind := content_stems(match["kind"])):
        for verb in ("use", "drink", "eat", "take", "wear", "drive", "read"):
            yield Value(f"{verb} {' '.join(head)}", kind, tentative=True, renewed=True)


def _times(clause: Clause) -> Iterator[Value]:
    found = time_of(clause)
    if found:
        yield Value(f"{APPOINTED}{' '.join(sorted(found[0]))}", found[1], tentative=True)


_READERS: tuple[Callable[[Clause], Iterator[Value]], ...] = (
    _home,
    _work,
    names_of,
    reached,
    _favourite,
    _life,
    *ROLES,
    *FRAMES,
    *OF_ONE,
    _variety,
    _another_kind,
    _times,
)
