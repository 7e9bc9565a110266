"""What somebody is and who is theirs: a title, a school, what they go by, their doctor, their car."""

import re
from collections.abc import Callable, Iterator

from semmem.extractors.rules.clauses import Clause
from semmem.extractors.rules.names import NOT_NAMES
from semmem.extractors.rules.phrases import ADVERB, SUBJECT, I, Stems, is_amount, stated
from semmem.extractors.rules.value import Value
from semmem.extractors.words import content_stems
from semmem.language.words import COUNTS, HELPERS, NUMBERS, OCCUPATIONS, RELATIVES, either

_NEW = r"(?:(?:new|current|present|permanent|full|main|primary) )*"
_PEOPLE = (
    rf"{either(HELPERS)}|husband|wife|fianc[eé]e?|insurance|insurer|provider|university|pharmacy|optician|caseworker"
    r"|agent"
)
_OFTEN_SEVERAL = ("teacher", "professor", "agent", "housemate")
_ROLE = re.compile(
    rf"^my {_NEW}(?:(?P<role>{_PEOPLE})|(?P<thing>car|van|truck|laptop|phone|bike|tablet|camera))(?:'s name)? is "
    r"(?:now )?(?:(?:called|named|(?P<article>an?|the)(?: (?:[a-z]+|\d{4})(?= (?-i:[A-Z])))?) )*"
    r"(?P<v>(?-i:[A-Z])[\w.'& -]+)",
    re.IGNORECASE,
)
PETS = (
    *("dog", "cat", "puppy", "kitten", "hamster", "rabbit", "bunny", "parrot", "horse", "pony", "goldfish", "fish"),
    *("snake", "turtle", "tortoise", "ferret", "rat", "bird", "canary", "budgie"),
)
_PET = re.compile(
    rf"^my (?P<pet>{either(PETS)})(?:'s name)? is (?:now )?(?:called |named )?(?P<v>(?-i:[A-Z])[\w'-]+)(?: now)?$"
    rf"|{I}(?:have|has|own|got|adopted) an? (?P<pet2>{either(PETS)}) (?:named|called) "
    r"(?P<v2>(?-i:[A-Z])[\w'-]+)$",
    re.IGNORECASE,
)
_DRIVES = re.compile(rf"{I}(?:drive|drives|driving|ride|rides) (?:an? |my )?(?P<v>(?-i:[A-Z])[\w -]+)", re.IGNORECASE)
_TITLE = (
    r"(?:(?!(?:my|your|his|her|their|our|not|no|a|the|at|for|in|of|with|to)\b)\w+[ -]){0,4}?"
    rf"(?:{either(OCCUPATIONS)})"
)
_IS_A = re.compile(
    rf"{SUBJECT}{ADVERB}(?:am|(?P<new>(?:have |been |got |was |am |being )*(?:made|appointed|named|moved up to"
    r"|promoted to|retrained as|retrained to be"
    rf"|trained as|hired as|become|became))) {ADVERB}(?:(?:an?|the|be) |(?!\w+ing ))(?P<v>{_TITLE})\b(?!['-]"
    r"| (?:of|to|for) (?:my|a)\b| of the (?:\w+ )?(?:team|club|society|choir|association|league)\b)",
    re.IGNORECASE,
)
_STUDIES = re.compile(
    rf"{I}(?:(?:study|studies|studying|enrolled|go|goes|going|transferred|an? (?:[\w-]+ )?student) (?:[a-z]+ )?(?:at"
    r"|to)|attend) (?:the )?"
    r"(?P<v>(?-i:[A-Z])[\w'-]*(?: (?-i:[A-Z])[\w'-]*| of)*(?: (?:uni|university|college|high school|school)\b)?)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    rf"{I}(?:study|studies|studying) (?P<v>(?!(?:for|hard|in|at|with|every|late|alone|a|the|my|to|on|from|more"
    rf"|less|by)\b)"
    r"[A-Za-z]+(?: (?:science|engineering|studies|history|design|arts?))?)(?= at\b| in\b| now\b| these\b"
    r"| instead\b|$)",
    re.IGNORECASE,
)
_CHILD_STUDIES = re.compile(
    r"^my (?P<who>[\w' -]{1,30}?) (?:goes to|attends|studies at|is (?:now )?at"
    r"|(?:has |have |just |was |been |got )*(?:switched|moved|transferred|changed) to) (?:the )?"
    r"(?P<v>(?-i:[A-Z])[\w'-]*(?: (?-i:[A-Z])[\w'-]*)*)",
    re.IGNORECASE,
)
_SCHOOL = re.compile(
    r"\b(?:University|College|School|Academy|Institute|Kindergarten|High|Primary|Elementary|Middle|Secondary|Grammar"
    r"|Nursery|Preschool|Montessori|Polytechnic|Uni|uni|university|college|school)\b"
)
CALL_ME = re.compile(
    r"^(?:(?:please|just|you can|kindly|but) )*(?:call me|I (?:now )?go by|I am (?:now )?(?:called|known as)|I (?:am"
    r"|would) (?:rather"
    r"|prefer to) be called|I prefer (?:to be called|being called)"
    r"|my nick ?name is(?: now)?) (?P<v>(?-i:[A-Z])[\w'-]*(?: (?-i:[A-Z])[\w'-]*)?)(?=$| from now on| now| instead"
    r"| please| again| not | these days|,)",
    re.IGNORECASE,
)
_AM_NOW = re.compile(r"^I am (?:now )?(?P<v>[A-Z][\w'-]+ [A-Z][\w'-]+)(?<! Now)(?P<now> now)?$")
# Nouns of which a person has one at a time, those told by a number and those told by a name.
_MEASURED = (
    r"weight|height|salary|rent|budget|shoe size|size|level|dose|dosage|pin|bedtime|mortgage|hourly rate|rate|room|desk"
    r"|seat|locker"
)
_TITLED = r"language|mother tongue|nationality|citizenship|religion|major|star sign|stylist|team name|gamertag|handle"
_MEASURE = re.compile(
    rf"^my {_NEW}(?P<what>(?:(?!new|current|old)[\w-]+ ){{0,2}}?(?:{_MEASURED})) (?:is|has changed to"
    rf"|changed to|(?:went|has gone) (?:up|down) to|(?:has )?(?:increased|dropped|risen) to|rose to)(?: now)? "
    r"(?P<v>[^,;]{0,30}?\d(?:[^,;]|,(?=\d))*|(?-i:[A-Z])\d)",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"(?<=\d)[,.](?=\d{3}\b)")
_USERNAME = re.compile(
    rf"^my {_NEW}(?P<what>user ?name|handle|gamertag) (?:is|has changed to"
    r"|changed to)(?: now)? (?P<v>@?[\w.-]+)(?: now)?$"
    rf"|{I}changed my (?P<what2>user ?name|handle|gamertag) (?:from \S+ )?to (?P<v2>@?[\w.-]+)$",
    re.IGNORECASE,
)
_WEIGHS = re.compile(
    rf"{I}(?:weighs? |(?=[\d.,]+ ?(?:kg|kilos?|pounds|lbs|stone)(?:$| now))|(?:down|up) to (?=[\d.,]+ ?(?:kg|kilos?"
    r"|pounds|lbs|stone)\b))(?P<v>\d[^,;]*)",
    re.IGNORECASE,
)
_AGE_OF = re.compile(
    r"^my (?P<who>(?!number\b)[\w' -]{1,20}?) (?:is|(?P<new>(?:has )?(?:just )?turned))(?: now)? "
    rf"(?P<v>\d{{1,2}}|{either(NUMBERS)})"
    r"(?: years old)?(?: now| today| yesterday| last \w+| on \w+day)?$",
    re.IGNORECASE,
)
_NAMED_AGE = re.compile(
    rf"^(?:my [a-z]+ )?(?P<who>(?-i:[A-Z])\w+) (?:is|(?P<new>(?:has )?(?:just )?turned))(?: now)? (?P<v>\d{{1,2}}"
    rf"|{either(NUMBERS)})(?: years old)?"
    r"(?: now| today| yesterday| last \w+)?$",
    re.IGNORECASE,
)
_MOVED_IN = re.compile(r"^my (?P<who>[a-z]+) (?:has |have |just )*moved in(?: with (?:me|us)\b|$)", re.IGNORECASE)
_WAY_TO_WORK = re.compile(
    rf"{I}(?P<v>(?:take|catch|ride)s? (?:the|my) \w+|(?:cycle|bike|walk|drive|run)s?"
    r"|(?:go|goes|commutes?) (?:by|on) \w+) to (?:work|the office|school|uni)\b",
    re.IGNORECASE,
)
# Of which there is one at a time, told by any word but those that say how it is.
_SET = re.compile(
    rf"^my {_NEW}(?P<what>(?:[\w-]+ ){{0,2}}?(?:password|passphrase|passcode|password hint|(?:door|access|alarm"
    r"|entry) code|tariff|hair colou?r|licen[cs]e plate|wallpaper|ringtone)) is (?:now )?(?P<v>(?!not|weak|strong"
    r"|secure|safe|old|wrong|gone|expired|saved|stored|in|too|very|so)[\w.'-]+(?: [\w.'-]+)?)(?: now)?$",
    re.IGNORECASE,
)
_AGE = re.compile(
    rf"(?:{I}(?:turned )?|^my age is (?:now )?)(?P<v>\d{{1,3}})(?: years old)?(?: now| today| yesterday| last \w+)?$",
    re.IGNORECASE,
)
_NAMED_ONCE = re.compile(
    rf"^my {_NEW}(?P<what>(?:(?:native|first|main|home) )?(?:{_TITLED})) (?:is|has changed to|changed to)(?: now)? "
    r"(?P<v>(?-i:[A-Z])[\w-]+)",
    re.IGNORECASE,
)


_WITH_WHOM = re.compile(
    rf"{I}(?:live|lives|living) (?P<v>alone(?! in my\b)|with my (?:{either(RELATIVES)}|family|friends?|\w+mates?))\b"
    rf"|^I {ADVERB}share (?:an?|the|my) (?:flat|apartment|house|place|room) "
    rf"(?P<shared>with (?!my\b)[\w ]{{0,20}}?(?:flat|room|house)mates?)\b"
    rf"|{I}(?:have|got) (?P<own>my own (?:place|flat|apartment|house))\b",
    re.IGNORECASE,
)


def title(clause: Clause) -> Stems | None:
    """The words of what the speaker says to be by trade."""
    is_a = _IS_A.match(clause.text)
    return content_stems(is_a["v"]) if is_a else None


def _trade(clause: Clause) -> Iterator[Value]:
    is_a = _IS_A.match(clause.text)
    if is_a:
        yield Value("job", content_stems(is_a["v"]), tentative=True, renewed=bool(is_a["new"]))


def _studies(clause: Clause) -> Iterator[Value]:
    studies, child = _STUDIES.match(clause.text), _CHILD_STUDIES.match(clause.text)
    if studies and (_SCHOOL.search(studies["v"]) or "stud" in studies.group().lower()):
        yield Value("school", content_stems(studies["v"]))
    subject = _SUBJECT.match(clause.text)
    if subject:
        yield Value("studies", content_stems(subject["v"]), tentative=True)
    if child and _SCHOOL.search(child["v"]):
        yield Value(f"my {child['who'].lower()} school", content_stems(child["v"]))


def _called(clause: Clause) -> Iterator[Value]:
    called = CALL_ME.match(clause.text)
    if called and called["v"].casefold() not in NOT_NAMES:
        yield Value("name" if " " in called["v"] else "called", content_stems(called["v"]))
        if " " in called["v"]:
            yield Value("last name", content_stems(called["v"].split()[-1]), tentative=True)
    now = _AM_NOW.match(clause.text)
    if now and NOT_NAMES.union(OCCUPATIONS).isdisjoint(now["v"].casefold().split()):
        yield Value("name", content_stems(now["v"]), tentative=not now["now"])
        yield Value("last name", content_stems(now["v"].split()[-1]), tentative=True)


def _one_at_a_time(clause: Clause) -> Iterator[Value]:
    for pattern in (_MEASURE, _NAMED_ONCE):
        if (match := pattern.match(clause.text)) and is_amount(match["v"]):
            told = _THOUSANDS.sub("", match["v"])
            yield Value(f"my {match['what'].lower()}", content_stems(stated(told)))
    if username := _USERNAME.match(clause.text):
        kind = (username["what"] or username["what2"]).lower().replace(" ", "")
        yield Value(f"my {kind}", frozenset({(username["v"] or username["v2"]).casefold()}))
    if household := _WITH_WHOM.match(clause.text):
        yield Value("household", content_stems(next(filter(None, household.groups()))), tentative=True)
    if moved_in := _MOVED_IN.match(clause.text):
        yield Value("household", content_stems(f"with my {moved_in['who']}"), tentative=True, renewed=True)
    if way := _WAY_TO_WORK.match(clause.text):
        yield Value("way to work", content_stems(way["v"]), tentative=True)
    if chosen := _SET.match(clause.text):
        yield Value(f"my {chosen['what'].lower()}", content_stems(chosen["v"]), tentative=True)
    if (weighs := _WEIGHS.match(clause.text)) and is_amount(weighs["v"]):
        yield Value("my weight", content_stems(stated(weighs["v"])))
    if whose := _AGE_OF.match(clause.text):
        renewed = bool(whose["new"])  # else it may be told of another child
        yield Value(
            f"my {whose['who'].lower()} age",
            frozenset({COUNTS.get(whose["v"], whose["v"])}),
            tentative=True,
            renewed=renewed,
        )
    if named := _NAMED_AGE.match(clause.text):
        yield Value(
            f"{named['who'].lower()} age",
            frozenset({COUNTS.get(named["v"], named["v"])}),
            tentative=True,
            renewed=bool(named["new"]),
        )
    if age := _AGE.match(clause.text):
        yield Value("age", frozenset({age["v"]}))


_AT_SOMETHING = re.compile(r" (?:in|for|at|on) ", re.IGNORECASE)  # "my partner is Jo in the doubles"


def _roles(clause: Clause) -> Iterator[Value]:
    role = _ROLE.match(clause.text)
    if role and not (role["role"] and role["article"]):
        value = stated(role["v"])
        who = (role["role"] or role["thing"]).lower()
        for_a_game = who == "partner" and _AT_SOMETHING.search(role["v"])
        if value and value.split()[0].casefold() not in NOT_NAMES and not for_a_game:
            yield Value(f"my {who}", content_stems(value), tentative=who in _OFTEN_SEVERAL)
    if pet := _PET.match(clause.text):
        yield Value(f"my {(pet['pet'] or pet['pet2']).lower()}", content_stems(pet["v"] or pet["v2"]), tentative=True)
    if drives := _DRIVES.match(clause.text):
        kind = "my car" if "driv" in drives.group().lower() else "my bike"
        yield Value(kind, content_stems(stated(drives["v"])), tentative=True)


ROLES: tuple[Callable[[Clause], Iterator[Value]], ...] = (_trade, _studies, _called, _one_at_a_time, _roles)
