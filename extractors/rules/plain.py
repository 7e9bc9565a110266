"""A clause in plain word order with its subject in front, so that one pattern reads what people say in several ways.

`They fired me from Tesco` is `I was fired from Tesco`, `Olu isn't my boss any more` is `my boss is not Olu any more`,
and `just moved to Oslo` is `I just moved to Oslo`.
"""

import re
from collections.abc import Callable

from semmem.language.words import HELPERS, either

_NAMED = r"(?P<who>(?-i:[A-Z])[\w&'.-]*(?: (?-i:[A-Z])[\w&'.-]*){0,3}|they|my [\w-]+|the [\w-]+)"
_HELPING = r"(?:(?:have|has|had|just|recently|finally|also) )*"
_OR_ENDS = (
    r"(?=$| from\b| by\b| after\b| because\b| in\b| on\b| for\b| last\b| this\b| yesterday\b| today\b| ?[(,:;]| and\b"
    r"| (?:\w+ ){1,2}ago\b)"
)
_DISMISSED_ME = re.compile(
    rf"^{_NAMED} {_HELPING}(?P<how>laid|let|fired|sacked|dismissed|made) me(?P<rest>(?: (?:off|go"
    rf"|redundant))?){_OR_ENDS}",
    re.IGNORECASE,
)
_TOOK_ME = re.compile(rf"^{_NAMED} {_HELPING}(?P<how>hired|employed|promoted|transferred) me\b", re.IGNORECASE)
_LEFT_ME = re.compile(
    rf"^{_NAMED} {_HELPING}(?:dumped|left|divorced|broke up with|split up with|walked out on) me{_OR_ENDS}", re.I
)
_IS_MINE = re.compile(
    r"^(?!my [a-z ]{2,30} is (?:now )?my [a-z ]{2,20} (?-i:[A-Z]))(?P<what>(?!(?:it|that|this|these|those|he"
    r"|she|they|there|here|what|who|which|I|you|my|one|someone|something"
    r"|nobody|nothing|and|but|if)\b)[^,;:]{1,40}?) (?P<is>(?:is|are|has become|have become|became)(?: now| no longer"
    r"| not)*) my (?P<whose>[\w'-]+(?: [\w'-]+){0,4}?)(?P<end>(?: any ?more| any longer| now)?)$",
    re.IGNORECASE,
)
_FAMILY = re.compile(r"^(?:the|my) (?:whole |entire )?family (?:has |have )?(?=(?:just|moved|relocated)\b)", re.I)
# Adverbs of manner between "I" and its verb say nothing of what is so; those left out weigh or deny it.
_MANNER = re.compile(
    r"^(?P<front>I (?:(?:am|have|was|had|been|got|just|now) )*)(?!(?:reply|apply|supply|rely|fly|comply"
    r"|multiply|imply"
    r"|bully|hardly|barely|rarely|scarcely|nearly|probably|possibly|supposedly|allegedly|likely|unlikely|only)\b)"
    r"[a-z]+ly (?=[a-z])"
)
_NOUN_ALLERGY = re.compile(
    r"^I (?P<not>(?:do not |no longer )?)have (?:an? |this |any |my )?(?:(?:bad|severe|mild|strong|slight"
    r"|terrible) )*"
    r"(?P<what>(?!no\b)[\w-]+(?: [\w-]+)?) allergy\b"
)
_DIAGNOSED = re.compile(
    r"^I (?:have |was |got |am |been |just |recently )*diagnosed with (?:an? )?(?P<what>[\w-]+) allergy\b"
)
_OUTGROWN = re.compile(
    r"^(?:I (?:have )?(?:outgrew|outgrown|lost|got rid of) (?:my|the|a) (?P<what>[\w-]+(?: [\w-]+)?) allergy"
    r"|my (?P<what2>[\w-]+(?: [\w-]+)?) allergy (?:is|has|went|just|disappeared|cleared|vanished)\b(?: (?:now|been))*"
    r"(?: (?:gone|away|cured|disappeared|cleared|vanished|over)\b)?)"
)

ROLES = rf"(?:{either(HELPERS)}|employer)"
_NEW_ONE = re.compile(
    r"^I (?:(?:now|just|also|recently|finally) )*(?:have|got)(?: got)? a new (?!boyfriend|girlfriend"
    rf"|partner)(?P<what>{ROLES}),? (?:(?:called|named) )?(?P<who>(?-i:[A-Z]).+)",
    re.IGNORECASE,
)
_TOOK_OVER = re.compile(
    rf"^(?P<who>(?-i:[A-Z])[\w'.-]*(?: (?-i:[A-Z])[\w'.-]*)*) {_HELPING}(?:replaced|succeeded|took over(?: from)?)"
    rf"(?: [\w'. -]{{1,40}}?)? as my (?P<what>{ROLES})\b(?!')",
    re.IGNORECASE,
)
_REPLACED_BY = re.compile(
    rf"^[A-Z][\w'.-]* {_HELPING}(?:got |was |been )+(?:replaced"
    rf"|succeeded) by (?P<who>[A-Z][\w'.-]*(?: [A-Z][\w'.-]*)*) as my (?P<what>{ROLES})\b(?!')"
)
_RESET = r"(?:changed|updated|reset|set|raised|increased|lowered|reduced|cut|put up)"
_RESET_TO = re.compile(
    rf"^(?:(?:I|they|(?:my|the) land(?:lord|lady)) {_HELPING}{_RESET} (?:my|the)|{_NAMED} {_HELPING}{_RESET} my)"
    r" (?P<what>(?!(?:[\w-]+ )*(?:name|address|e-?mail|major)\b)[\w -]{2,30}?) (?:from [^,;]{1,40}? )?to"
    r" (?=\S)(?!\S+(?: \w+){0,2}? (?:for|next) )",
    re.IGNORECASE,
)
_REPLACES = re.compile(
    r"^I (?P<how>bought|got) (?P<new>[^,;]{2,40}?) to replace my (?P<old>[^,;]{2,40})$", re.IGNORECASE
)
_CHANGED_ONE = re.compile(  # "I changed dentists, it is Dr. Klein now"
    rf"\bI {_HELPING}(?:changed|switched|swapped) (?:my )?(?P<what>{ROLES})s?[,;:]? (?:(?:and|now|it is|he is|she is"
    r"|to|the) )+"
    r"(?P<who>[A-Z][\w'-]*\.?(?: [A-Z][\w'-]*)*)"
)
_RAISE = re.compile(
    r"^I (?:have |just )*(?:got|received|was given) a (?:pay |salary )?(?:raise"
    r"|rise) to (?=\d)",
    re.I,
)
_HAS_NO = re.compile(
    r"^I (?P<v>have|speak|own|eat|drink|play|wear|take|use)s? no (?!longer\b|more\b|idea\b|one\b)", re.IGNORECASE
)

_DID = re.compile(r"\bI did (?P<v>move|leave|quit|sell|start|join|retire|get|change)\b")
_COUPLE = re.compile(
    r"^(?P<who>(?-i:[A-Z])[\w-]+) and I are (?:now )?(?:together|a couple|an item|dating)\b", re.IGNORECASE
)
_AND_DIED = re.compile(r"^(?P<who>my [\w-]+|(?-i:[A-Z])[\w-]+) (?:got|was) [\w ]{2,40} and died\b", re.IGNORECASE)
_PARTED = re.compile(
    r"^(?P<who>(?-i:[A-Z])[\w-]+|my \w+) and I (?:have |are |just |recently |finally |got )*"
    r"(?:parted ways|broke up|broken up|split up|split|separated|divorced|called it quits)\b",
    re.IGNORECASE,
)
_IS_WHERE = re.compile(r"^(?P<where>[A-Z][\w-]+(?: [A-Z][\w-]+)*) is where I (?:now )?(?P<how>live)\b")
# "The meeting will be on Friday instead" tells of a plan that holds already.
_WILL_BE = re.compile(r"\b(?P<what>(?:my|the) [\w' -]{2,40}?) will be (?=(?:on|at|in) .*\binstead\b)", re.IGNORECASE)
_ENDED_UP = re.compile(r"\bended up moving to\b|\b(?:ended up|made the move|made my way) to(?= [A-Z])")
_TOOK_OFF = re.compile(
    r"^(?:they|my [\w-]+|the [\w-]+|(?-i:[A-Z])[\w'.-]+(?: (?-i:[A-Z])[\w-]+)?) (?:have |has |just |now )*(?:took"
    r"|taken) me off ",
    re.I,
)
_PUT_ON = re.compile(
    r"^(?:they|my [\w-]+|the [\w-]+|(?-i:[A-Z])[\w'.-]+(?: (?-i:[A-Z])[\w-]+)?) (?:have |has |just "
    r"|now )*put me on(?:to)? ",
    re.I,
)
_HOME_IS = re.compile(r"^home is (?:now )?(?=(?-i:[A-Z]))", re.IGNORECASE)
_SOLD_AND_BOUGHT = re.compile(
    r"\bsold (?:my|the) (?:flat|house|apartment|place|home|condo)(?: in [A-Z]\w+)?,? (?:and |I |have )*(?:bought|got"
    r"|found|rented) (?:an?|the|my) "
    r"(?:[\w-]+ ){0,2}?[\w-]+ in (?=[A-Z])"
)
_REWROTE = re.compile(
    r"\bI (?:have |just )*(?:rewrote|rewritten|ported|moved) (?:my|the) (?P<what>[a-z]+) (?P<how>in|to|into"
    r"|onto) (?=[A-Z])"
)
_GOT_A_NEW = re.compile(
    r"\bI (?:have |just |now )*(?:got|bought|have) (?:myself )?a new (?P<what>keyboard|mouse|phone|laptop|car|bike"
    r"|monitor|tablet|camera|watch|guitar)"
    r"(?:,| -|:) (?:it is )?(?=(?:an? |the )?[A-Z])"
)
_CHANGED_JOBS = re.compile(
    r"\bI (?:have |just |recently )*(?:changed|switched) (?:jobs|employers|companies)[,;:]? (?:and |so |I am "
    r"|it is )*(?:now )?"
    r"(?:at|with|working (?:at|for)) (?=(?:the )?[A-Z])"
)
_ACCEPTED = re.compile(
    r"\bI (?:have |just |recently )*(?:accepted|took) (?:an?|the|my) (?:job |new )?offer (?:from|at"
    r"|with) (?P<who>[A-Z][\w&.-]*)"
    r"(?= and (?:I )?(?:have )?(?:already )?(?:started|begun|began))"
)
_DIVORCED = re.compile(
    r"^(?P<who>(?-i:[A-Z])[\w-]+|my (?:husband|wife)) and I (?:have |are |just |recently |finally |got )*divorced\b",
    re.IGNORECASE,
)
_WENT_BACK_TO = re.compile(r"\bI (?:have |am )?(?:went|gone|am|been)? ?back to (?P<v>living|working)\b")
_NOT_TOGETHER = re.compile(
    r"^(?P<who>(?-i:[A-Z])[\w-]+|my \w+) and I (?:am|are) (?:not|no longer) (?:together|a couple|dating"
    r"|an item)(?: any ?more| any longer)?",
    re.IGNORECASE,
)
_NOT_THAT = re.compile(  # "I meant Malaga, not Madrid": what is taken back is named
    r"^(?P<said>.{0,60}\b(?:meant|should (?:be|have been|say|read))(?: to (?:say"
    r"|write))? [A-Z\d][\w@.+ -]{0,40}?),? (?:and )?not (?P<v>[A-Z\d][\w@+-]*(?:[ .][A-Z\d][\w@+-]*){0,3})[.!]*$"
)
_HAD_TO = re.compile(
    r"\bI had to (?P<v>cancel|sell|rehome|quit|leave|stop|drop|return|scrap|abandon|postpone|reschedule)\b"
)
# "My favourite band these days is Muse" says it is news; the words between a subject and its verb are no part of it.
_BETWEEN = re.compile(
    r"^(?P<what>(?:my|the) [\w' ]{2,40}?) (?:these days|nowadays|now|currently|at the moment) (?=(?:is|are|leaves"
    r"|starts|begins|departs|ends|opens|works|lives|goes|plays)\b)",
    re.I,
)
_THE_NEW = re.compile(
    r"^the (?P<what>[a-z]+(?: [a-z]+)?) (?=(?:is|are) (?:[^,;]{1,60} )?(?:now|instead|from now on)\b)", re.I
)
_BACK_TOGETHER = re.compile(
    r"\b[Mm]y (?P<who>husband|wife|spouse|boyfriend|girlfriend|partner|ex) and I (?:am |are |have |got "
    r"|just )*back together\b",
    re.I,
)
_HOUSED = re.compile(  # "bought a house in Linz and moved in"
    r"\b(?:(?<=sold my )(?:flat|house|apartment|place|home) and )?(?:bought|got|found|rented) (?:an?|the"
    r"|my) [\w -]{2,30}? in (?P<where>[A-Z][\w-]+(?: [A-Z][\w-]+)*)"
    r"(?:,? and|,) (?:I |have |now |just )*(?:moved in|live there|living there)\b"
)
_VERBS = (
    r"moved|relocated|emigrated|quit|left|got|sold|started|stopped|accepted|joined|switched|changed|gave up|given up"
    r"|adopted|bought|became|retired|resigned|lost|began|cancelled|canceled|deleted|divorced|broke up|split up"
    r"|dropped"
    r"|traded|graduated|ditched|retrained|took|finished|found|renewed|paid off"
)
_ADVERBS = r"(?:(?:just|finally|recently|already|now|also|then|[a-z]+ly) )*"
_NEW_ROLE = re.compile(
    rf"^(?:got (?:an? )?)?new (?P<what>{ROLES})(?=$| since\b| now\b| as of\b| this\b| at work\b)", re.IGNORECASE
)
BARE_VERB = re.compile(rf"^{_ADVERBS}(?:{_VERBS}) (?!by\b)", re.IGNORECASE)
_BARE_STATE = re.compile(
    r"^(?:(?:no longer|not) (?!sure|only|bad|really|that|much|too|so\b|the\b|my\b|a\b|an\b|all|just|even|yet|long)\w+"
    r"|(?:now |currently |still )?(?:living|based|working) (?:in|at|for)\b"
    r"(?!.*\b(?:is|was|must|would|can|could|has|had|means|makes)\b)|single again)",
    re.IGNORECASE,
)
# "I quit my job and moved to Rome"; not "my friend who quit and moved", nor "I like baked and fried fish".
JOINED_BY_AND = re.compile(
    r"^(I (?:(?!\b(?:who|that|which|he|she|they|if|as)\b)[^;]){1,120}?),? and (?=(?:then |now |also |just |finally "
    rf"|recently )*(?:(?:{_VERBS})\b|(?:am|have|do not|can not|no longer) \w|now \w+ing\b|(?:live|work) (?:in|at|for"
    r"|as)\b))",
)


def plain(text: str, *, alone: bool) -> str:
    """The clause in plain order; where it stands `alone`, one without a subject is its speaker's."""
    if alone and BARE_VERB.match(text):
        text = f"I {text[0].lower()}{text[1:]}"
    elif alone and _NEW_ROLE.match(text):
        text = f"I have a {text[0].lower()}{text[1:]}"
    elif alone and _BARE_STATE.match(text):
        text = f"I am {text[0].lower()}{text[1:]}"
    text = _FAMILY.sub("I ", text)
    for _ in range(2):
        text = _MANNER.sub(r"\g<front>", text)
    for pattern, turned in _TURNS:
        if match := pattern.match(text):
            return turned(match) + text[match.end() :]
    return text


_COMES = re.compile(
    r"^I (?:(?:am|will|shall)(?: be)?(?: going to)? )?(?P<v>moving|move|relocating|relocate|starting|start|joining"
    r"|join|leaving|leave|quitting|quit|retiring|retire|switching|switch|selling|sell|changing|change|getting"
    r"|get)\b(?! to be)",
    re.IGNORECASE,
)
_DONE = (
    {"rehome": "rehomed", "stop": "stopped", "drop": "dropped", "scrap": "scrapped", "cancel": "cancelled"}
    | {"leave": "left", "leaving": "left", "quit": "quit", "quitting": "quit", "sell": "sold", "selling": "sold"}
    | {
        **{
            "get": "got",
            "getting": "got",
            "move": "moved",
            "moving": "moved",
            "change": "changed",
            "changing": "changed",
        },
        **{"relocate": "relocated", "relocating": "relocated", "retire": "retired", "retiring": "retired"},
    }
)


def done(text: str) -> str | None:
    """What a clause says is to come as if it had come: `I am moving to Oslo` as `I moved to Oslo`; None for no plan."""
    coming = _COMES.match(text)
    if not coming:
        return None
    return f"I {_past(coming['v'])}{text[coming.end() :]}"


def _past(verb: str) -> str:
    return _DONE.get(verb.lower(), verb.lower().removesuffix("ing") + "ed")


def together(sentence: str) -> str:
    """What is told of two as what the speaker did: `Jo and I split up` as `I broke up with Jo`."""
    sentence = _DID.sub(lambda match: f"I {_past(match['v'])}", sentence)
    sentence = _COUPLE.sub(r"I am dating \g<who>", sentence)
    sentence = _AND_DIED.sub(r"\g<who> died", sentence)
    sentence = _DIVORCED.sub(r"I got divorced from \g<who>", sentence)
    sentence = _REWROTE.sub(r"my \g<what> is now in ", sentence)
    sentence = _GOT_A_NEW.sub(r"my new \g<what> is ", sentence)
    sentence = _CHANGED_JOBS.sub("I now work at ", sentence)
    sentence = _ACCEPTED.sub(r"I got a job at \g<who>", sentence)
    sentence = _PARTED.sub(r"I broke up with \g<who>", sentence)
    sentence = _NOT_TOGETHER.sub(r"I broke up with \g<who>", sentence)
    sentence = _WENT_BACK_TO.sub(r"I am \g<v>", sentence)
    sentence = _SOLD_AND_BOUGHT.sub("moved to ", sentence)
    sentence = _IS_WHERE.sub(r"I \g<how> in \g<where>", sentence)
    sentence = _ENDED_UP.sub("moved to", sentence)
    sentence = _CHANGED_ONE.sub(r"my new \g<what> is \g<who>", sentence)
    sentence = _WILL_BE.sub(r"\g<what> is ", sentence)
    sentence = _NOT_THAT.sub(r"\g<said>; \g<v> is wrong", sentence)
    sentence = _HAD_TO.sub(lambda match: f"I {_past(match['v'])}", sentence)
    sentence = _BACK_TOGETHER.sub(_reunited, sentence)
    return _HOUSED.sub(r"moved to \g<where>", sentence)


def _reunited(match: re.Match[str]) -> str:
    return "I am married" if match["who"].lower() in ("husband", "wife", "spouse") else "I am in a relationship"


def _dismissed(match: re.Match[str]) -> str:
    how = f"{match['how']}{match['rest']}".lower()
    rest = match.string[match.end() :]
    named = match["who"][:1].isupper() and match["who"].split()[0].lower() not in ("they", "my", "the")
    return f"I got {how}" + (f" from {match['who']}" if named and not rest.startswith(" from") else "")


def _allergic(match: re.Match[str]) -> str:
    negation = match["not"].replace("do not", "not")
    return f"I am {negation}allergic to {match['what']}"


def _mine(match: re.Match[str]) -> str:
    return f"my {match['whose']} {match['is']} {match['what']}{match['end']}"


_TURNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_DISMISSED_ME, _dismissed),
    (
        _TOOK_ME,
        lambda match: f"I got {match['how'].lower()}" + ("" if match["how"] == "promoted" else f" by {match['who']}"),
    ),
    (_TOOK_OFF, lambda _: "I am off "),
    (_PUT_ON, lambda _: "I am on "),
    (_HOME_IS, lambda _: "my home is "),
    (_BETWEEN, lambda match: f"{match['what']} "),
    (_THE_NEW, lambda match: f"my {match['what']} "),
    (_LEFT_ME, lambda match: f"I broke up with {match['who']}"),
    (_IS_MINE, _mine),
    (_NEW_ONE, lambda match: f"my new {match['what']} is {match['who']}"),
    (_TOOK_OVER, lambda match: f"my new {match['what']} is {match['who']}"),
    (_REPLACED_BY, lambda match: f"my new {match['what']} is {match['who']}"),
    (_RESET_TO, lambda match: f"my {match['what']} is "),
    (_REPLACES, lambda match: f"I replaced my {match['old']} with {match['new']}"),
    (_RAISE, lambda match: "my salary is "),
    (_HAS_NO, lambda match: f"I do not {match['v']} "),
    (_NOUN_ALLERGY, _allergic),
    (_DIAGNOSED, lambda match: f"I am allergic to {match['what']}"),
    (_OUTGROWN, lambda match: f"I am no longer allergic to {match['what'] or match['what2']}"),
)
