"""A statement as clauses in the first person, each with what must be known before a fact may rest on it.

`alice isn't vegan anymore` and `alice: "I'm not vegan anymore"` are the same clause, `I am not vegan anymore`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from semmem.extractors.rules.plain import BARE_VERB, JOINED_BY_AND, plain, together
from semmem.extractors.rules.reworded import reworded
from semmem.extractors.rules.taken_back import void
from semmem.language.words import S_VERBS, SAYINGS, either

RESOLVED_DATE = re.compile(r" \((?:week of |weekend of )?(?:\d{1,2} )?(?:[A-Z][a-z]+ )?\d{4}(?: \d\d:\d\d)?\)")

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'"})  # noqa: RUF001
# Some words in quotation marks are somebody's speech, one is a name.
_QUOTED = re.compile(
    r"(?<![\w.!?,…])\"(?=[^\"\n]* )[^\"\n]{4,2000}\"|“(?=[^“”\n]* )[^“”\n]{4,2000}”|«(?=[^»\n]* )[^»\n]{4,2000}»"
    r"|(?<![\w'])'(?=(?:[^'\n]|'(?=\w)){0,300} )(?:[^'\n]|'(?=\w)){4,300}'(?!\w)"
)
_SPELLED_OUT = (
    # As they are typed on a phone.
    (re.compile(r"\b(do|does|did|is|are|was|were|have|has|had|could|should|would)nt\b", re.IGNORECASE), r"\1 not"),
    (re.compile(r"\bcant\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bim\b(?= \w)", re.IGNORECASE), "I am"),
    (re.compile(r"\bive\b", re.IGNORECASE), "I have"),
    (re.compile(r"\b(?:fave?)(?= \w)", re.IGNORECASE), "favourite"),
    (re.compile(r"\bcan't\b|\bcannot\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bwon't\b", re.IGNORECASE), "will not"),
    (re.compile(r"n't\b", re.IGNORECASE), " not"),
    (re.compile(r"(?<=\bI)'m\b", re.IGNORECASE), " am"),
    (re.compile(r"\b(it|that|there|here)'s\b", re.IGNORECASE), r"\1 is"),
    (
        re.compile(
            r"(?<=\w)'s(?= (?:gone|dead|over|off|sold|closed|broken|finished|dissolved|been|not|no longer|now"
            r"|called|with|an?)\b)",
            re.IGNORECASE,
        ),
        " is",
    ),
    (re.compile(r"(?<=\w)'re\b", re.IGNORECASE), " are"),
    (re.compile(r"(?<=\w)'ve\b", re.IGNORECASE), " have"),
    (re.compile(r"(?<=\w)'ll\b", re.IGNORECASE), " will"),
    (re.compile(r"(?<=\w)'d\b", re.IGNORECASE), " would"),
)
# A smiley, or a word of the kind that ends what is typed in a chat.
_ASIDE = re.compile(
    r"(?<![\s,])[\s,]+(?:(?:[:;=]-?[()DPpo/|]+|<3|xD|lol|haha\w*|btw|by the way|fyi|tho|though|ugh|sigh|yay|omg|sadly"
    r"|unfortunately"
    r"|thank god|finally|so excited|(?:so|really|very) (?:happy|sad|proud))[\s.!]*)+$",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:i|we)\b(?= )", re.IGNORECASE)
_MINE = re.compile(r"\b(?:my|our)\b", re.IGNORECASE)
_LABEL = re.compile(  # "New cell number: 212 555 0112"
    r"^(?:here is |this is |please |use |(?:I (?:have |got )+an? ))*(?:my )?(?P<what>new (?:[\w-]+ ){0,3}?(?:number"
    r"|address|e-?mail|phone|cell|mobile))(?:\s?[:=] ?|, (?=[+\d(]))",
    re.IGNORECASE,
)
_HAS_CHANGED = re.compile(  # "My address has changed: Hill Road 9"
    r"^(?P<what>my (?:[\w-]+ ){0,2}(?:number|address|e-?mail|phone|mobile|name)) (?:has |have "
    r"|just )*changed\s?(?:[:,] ?(?:it is )?|(?: and|;) (?:it )?is )(?:now )?",
    re.IGNORECASE,
)
_SWITCHED_NUMBERS = re.compile(  # "I've switched numbers: 020 7946 0222"
    r"\bI (?:have |just )*(?:changed|switched) (?:my )?(?:phone )?(?P<what>number|e-?mail|address)(?:s"
    r"|es)?\s?[:,;] ?(?:it is )?(?:now )?",
    re.IGNORECASE,
)
_THIRD = (
    (re.compile(r"\bI (?P<adverb>(?:now |still |also |just |no longer )?)(?:is|are)\b"), r"I \g<adverb>am"),
    (re.compile(r"\bI (?P<adverb>(?:now |still |also |just |no longer )?)has\b"), r"I \g<adverb>have"),
    (re.compile(r"\bI (?P<adverb>(?:now |still |also |just |no longer )?)goes\b"), r"I \g<adverb>go"),
    (re.compile(r"\bI (?P<adverb>(?:now |still |also |just )?)does\b"), r"I \g<adverb>do"),
    (
        re.compile(
            r"\bI (?P<adverb>(?:now |still |also |just |really |never |always |usually )?)"
            rf"(?P<verb>{either(S_VERBS)})s\b"
        ),
        r"I \g<adverb>\g<verb>",
    ),
    (re.compile(r"\bI (?P<adverb>(?:now |still |also |just )?)studies\b"), r"I \g<adverb>study"),
)
_TIME = r"(?:last|this|next) \w+|yesterday|today|recently|now|nowadays|these days|in (?:\d{4}|[A-Z]\w+)|on \w+"
_LEADS_IN = re.compile(
    r"(?:correction|(?:quick |small |little |life |another |status )?update|edit|heads up|just a heads up|oops|typo"
    r"|my bad|haha|lol|ugh|omg|yay|argh|right|anyway|alright|good morning|morning|thanks|tbh|honestly"
    r"|change of plans?|hi there|hello again|also|actually|well|so|and|but|fyi|by the way|btw|ok|okay|hey|hi|hello"
    r"|yes|yeah|no(?! more"
    r"| longer)|nope|wait|oh|sorry|(?:great |good |bad |sad |big )?news|sadly|unfortunately|luckily|finally"
    r"|guess what"
    r"|then|just so you know|for the record|(?:it )?turn(?:s|ed) out|as it turns out|(?:(?:the|my) )?(?:doctor|doc"
    r"|gp|nurse|specialist|vet|allergist"
    r"|tests?|results?|scan|lab)s? (?:says?|said|showed|shows?|confirmed|found|told me)"
    r"|(?:i )?(?:just )?(?:found out|learned"
    r"|learnt|realised|realized|discovered)(?= that\b| i\b| my\b)|(?:please )?(?:note|remember)|as of (?:(?:this"
    r"|last) )?\w+|from now on|since (?:last )?\w+|(?:after|before) all|i (?:just )?want(?:ed)? to (?:tell you"
    rf"|let you know|say)|i have to say|{_TIME})(?: that\b)?[,:]?\s+",
    re.IGNORECASE,
)
# A comma in front of a capital or a digit belongs to an address: "Elm Street 5, Bonn".
_SPLIT = re.compile(
    r"[;:!?—]+(?:\s|$)|(?<!\bDr)(?<!\bSt)(?<!\bMr)(?<!\bMs)(?<!\bMrs)\.(?:\s|$)|,\s(?=(?!(?:in|near|outside|close"
    r"|an? (?:part|district|suburb|quarter|borough))\b)[a-z]|I\b|(?:[A-Z][\w&]* ){1,3}(?:laid|let|fired|sacked) me\b)"
    r"|\s(?:and|but|so|then)\s(?:now )?(?=(?:I|my|the|we|it|he|she|they|that) )|\s(?:because|although|since I)\s"
)

# Of a whole sentence, and of one clause of it.
_SUPPOSED = re.compile(
    r"\b(?:(?<!know )(?<!see )(?<!ask )(?<!sure )(?<!wonder )if|unless|would have|wish|imagine|suppose|pretend"
    r"|dream\w*|as if|jok(?:e|es|ing)|kidding|whether|rumou?rs?|apparently|reportedly|maybe|perhaps|probably"
    r"|possibly)\b",
    re.IGNORECASE,
)
_DOUBTED = re.compile(
    r"\b(?:would(?! rather\b)|could|might|(?-i:may)|almost|nearly|consider\w*|think\w* (?:of|about)|hop(?:e|es"
    r"|ing) to"
    r"|wants? to|plan(?:s|ned|ning)? (?:to|on)|about to|try|tries|trying|tried|should|supposed to|likely to|need to"
    r"|have to)\b",
    re.IGNORECASE,
)
_COMING = re.compile(
    r"\b(?:will|shall|(?<!stopped )(?<!quit )(?<!started )(?<!up )(?<!like )(?<!love )(?<!enjoy )"
    r"going to (?!the\b|an?\b|my\b|(?-i:[A-Z]))|gonna|(?<!is )(?<!to )next (?!to\b|door\b)|tomorrow"
    r"|soon|upcoming"
    r"|in (?:an?|one|two|three|four|five|six|a few|\d+) (?:minute|hour|day|week|fortnight|month|year)s?$)(?:\b"
    r"|(?<= ))",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:used to|(?:was|were)(?! (?:promoted|hired|transferred|appointed|diagnosed|switched|moved (?:on)?to"
    r"|put on)\b)|had|formerly|previously"
    r"|once|back then|before$|back when|as a (?:child|kid))\b",
    re.I,
)
_PASSING = re.compile(
    r"\bfor (?:(?:the|an?|this|that|my|our|about|just|only|some|a few|few|half|ten|fifteen|twenty|thirty|\d+"
    r"|two|three|four|five|six) )*"
    r"(?:weekend|week|month|day|hour|minute|night|summer|winter|spring|autumn|fall|season|semester|holiday"
    r"|vacation|conference"
    r"|while|trip|wedding|internship|visit|project|year|fair|festival|christmas|easter|lent|ramadan|advent)s?\b"
    r"|\bin (?:the )?(?:spring|summer|autumn|winter)s?,? +I (?:live|work|stay|drive|am)\b|\b(?:temporar\w+|until|till"
    r"|at the moment|on vacation|on holiday|visiting|during|over the \w+|on a trip"
    r"|for now)\b",
    re.IGNORECASE,
)
_BESIDES = re.compile(
    r"\b(?:also|too|as well|both|(?<!to )(?<!am )(?<!work )(?<!down )part[- ]time|work part[- ]time (?:at|for|as)"
    r"|second(?! (?:year|grade|form|floor|semester|term|trimester)\b)|side|besides"
    r"|(?<!last )(?<!this )(?<!past )weekends?|evenings"
    r"|nights|volunteer\w*|freelanc\w*|(?:mon|tues|wednes|thurs|fri|satur|sun)days|sometimes|occasionally|one of"
    r"|another|other)\b",
    re.IGNORECASE,
)
# "I moved to Linz over the weekend": when it was done, and not for how long it holds.
_DONE_WITHIN = re.compile(
    r"(\bI (?:have )?(?:just |finally )?(?:moved|relocated|quit|left|joined|started|switched|changed|got|bought|sold)\b"
    r"[^,;]*?) (?:at|over|on|during) (?:the (?:last |past )?(?:weekend|week|month|summer|winter|holidays)"
    r"|(?:christmas|easter|new year))(?=$|[,.;!])",
    re.IGNORECASE,
)
# "After ten years in Prague I moved": when and where something was stands in front of what it was.
_FRONTED = re.compile(
    r"^(?:after|in|on|at|over|during|by|with|without|from|for|until|as of) (?!i\b)[^,;]{1,40}?,? (?=I |my )", re.I
)
_ANNOUNCES = re.compile(r"^[\w ]{0,20}\b(?:news|update|correction|note|hello|hi|hey)\b[\w ]{0,10}$", re.IGNORECASE)
# What takes place on a day of every week is not something beside another.
_WEEKLY = re.compile(
    r"\b(?:(?:is|are|meets?|moved)(?: now)? (?:on|to)|I (?:now )?(?:(?:do|have|attend|teach|take) )?(?!am\b"
    r"|work\b)[a-z]+(?: [a-z]+)? on|I am (?:in|at) the office(?: on)?) \w+days?\b(?:(?:,|,? and) \w+days?\b)*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S+@\S+")
_LOWER = re.compile(r"(?:^|[\s\"])(?:i|i'm|i've|my|we|our)\s")
_NEGATED = re.compile(r"\b(?:not|never|no longer)\b", re.IGNORECASE)
_RENEWED = re.compile(
    r"\b(?:now|nowadays|these days|instead|new|again|changed|changes|from now on|currently|correction|actually|wrong"
    r"|as of|meant|any ?more|no longer)\b",
    re.IGNORECASE,
)


# What others say or think, and what is denied: what is joined to it is no more than that.
_REPORTED = re.compile(
    rf"^(?:(?!I\b)[\w' -]{{1,40}}? (?:{either(SAYINGS)})|I (?:\w+ )?(?:lied|den(?:y|ied)|doubt\w*)"
    r"|it is (?:not|hardly) (?:true|so|the case))(?: \w+){0,2}?(?: that)? (?:I|my)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """Its words, and of its sentence: whether it is doubted or yet to come, and says that something is new."""

    text: str
    supposed: bool  # by its sentence, where what is doubted may be so by the clause alone
    doubted: bool
    coming: bool
    past: bool
    passing: bool  # true for a while only
    besides: bool  # beside something else that stays
    negated: bool
    renewed: bool
    lower: bool  # typed without capitals, so that a name is not told by one
    void: bool  # taken back by what follows, or of a story

    @property
    def holds(self) -> bool:
        """It says what is so now, and not what was, will or might be."""
        return not (self.doubted or self.coming or self.past)


@lru_cache(maxsize=4_096)
def clauses(subject: str, text: str) -> tuple[Clause, ...]:
    """The clauses of a statement about `subject`, those that begin neither with them nor with what is theirs too."""
    own = in_first_person(subject, text)
    supposed, renewed = bool(_SUPPOSED.search(own)), bool(_RENEWED.search(own))
    bare = _said_by(subject, text)
    quoted = bare != RESOLVED_DATE.sub("", text).strip()  # what was turned into the third person had capitals
    lower = (quoted or bool(_LOWER.search(text) or BARE_VERB.match(bare))) and not any(map(str.isupper, bare))
    found: list[Clause] = []
    parts = list(_parts(own))
    reported = False  # by somebody else, from here on
    for number, (said, whole, joined) in enumerate(parts, start=1):
        once = _DONE_WITHIN.sub(r"\1", whole)
        found.append(
            Clause(
                text=said,
                supposed=supposed,
                doubted=supposed or reported or bool(_DOUBTED.search(said)) or (joined and found[-1].doubted),
                coming=bool(_COMING.search(whole)) or (joined and found[-1].coming),
                past=bool(_PAST.search(said)),
                passing=bool(_PASSING.search(once)),
                besides=bool(_BESIDES.search(_ADDRESS.sub("", _WEEKLY.sub("", once)))),
                negated=bool(_NEGATED.search(said)),
                renewed=renewed,
                lower=lower,
                void=void(said, "; ".join(each for each, _, _ in parts[number:])),
            )
        )
        reported = reported or bool(_REPORTED.match(said))
    return tuple(found)


def in_first_person(subject: str, text: str) -> str:
    """`alice's cat isn't old` as `my cat is not old`, without resolved dates; what is in quotes as it was said."""
    own = _ASIDE.sub("", _QUOTED.sub("…", _said_by(subject, text.translate(_APOSTROPHES))))
    for pattern, spelled in _SPELLED_OUT:
        own = pattern.sub(spelled, own)
    for name in dict.fromkeys((subject, subject.split()[0] if subject.split() else subject)):
        if len(name) > 1:
            own = re.sub(rf"\b{re.escape(name)}'s?(?= )", "my", own, flags=re.IGNORECASE)
            own = re.sub(
                r"(?:(?<=^)|(?<=[.,;:] )|(?<= and )|(?<= so )|(?<= but )|(?<= because )|(?<= then )|(?<= said )"
                r"|(?<= says )"
                rf"|(?<= when )|(?<= that )|(?<= confirmed )){re.escape(name)}(?= )",
                "I",
                own,
                flags=re.IGNORECASE,
            )
    own = _MINE.sub("my", _FIRST_PERSON.sub("I", own))
    for pattern, turned in _THIRD:
        own = pattern.sub(turned, own)
    own = _SWITCHED_NUMBERS.sub(r"my new \g<what> is ", own)
    own = _HAS_CHANGED.sub(r"\g<what> has changed to ", own)
    return together(reworded(_LABEL.sub(r"my \g<what> is ", own)))


def _parts(own: str) -> Iterator[tuple[str, str, bool]]:
    """Each clause in plain order and with what stands in front of it, and whether it goes on with the subject and the
    mood of the one before."""
    alone = True  # so far nobody else was named who does something
    for part in _SPLIT.split(own):
        led = _without_lead(part.strip(" \t\"'“”."))
        joined = False
        while led:
            said = plain(led, alone=alone)
            alone = said.startswith("I ") or (alone and bool(_ANNOUNCES.match(said)))
            both = JOINED_BY_AND.match(said)
            led = said[both.end() :] if both else ""
            led = f"I {led}" if led else led
            own_words = both[1] if both else said
            yield own_words, (own_words if joined else f"{part[: len(part) - len(said)]} {own_words}"), joined
            joined = True


def _said_by(subject: str, text: str) -> str:
    """The statement without resolved dates; what was told in quotes without these."""
    own = RESOLVED_DATE.sub("", text).strip()
    quoted = f'{subject}: "'
    return own[len(quoted) : -1] if own.startswith(quoted) and own.endswith('"') else own


def _without_lead(part: str) -> str:
    part = _FRONTED.sub("", part)
    for _ in range(4):
        led = _LEADS_IN.match(part)
        if not led:
            break
        part = part[led.end() :]
    return part
