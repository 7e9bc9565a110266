"""Sentences in other words, as the plain ones that the rules read: `there is a piano in my hall` is a possession."""

import re

from semmem.language.words import MONTHS, NUMBERS, either

_NAME = r"(?-i:[A-Z])\w+"
_DONE = r"(?:have |has |is |just )*"
_NUMBER = (
    rf"(?:[$€£]?\d[\d.,]*k?|(?:{either(NUMBERS)}|thirteen|fourteen|fifteen|sixteen|eighteen|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety))\b"
)
# All that is left of the sentence: "to 700 for my tenant" is somebody else's rent.
_AMOUNT = rf"{_NUMBER}(?: (?!for\b|next\b|at\b)[a-z]+){{0,3}}(?: now| from now on)?$"
# Behind a wedding: nothing, or when it was; "we got married in a video game" is none.
WED_WHEN = rf"(?= *(?:$|[,.!]| (?:now|last|this|yesterday|today)\b| on \w+day\b| in (?:\d{{4}}|{either(MONTHS)})\b))"
_FROM = r"(?:from [^,;]{1,20} )?"

_WORDS = (
    # Names
    (
        r"\bI (?:would |want to |prefer to )*(?:like |prefer |rather |love )?(?:for )?(?:you |people |everyone )?"
        rf"(?:to )?(?:be called|(?:to )?call me|address me as) (?={_NAME})",
        "call me ",
    ),
    (rf"^(?:everyone|everybody|people|friends|my friends|my family) calls? me (?={_NAME})", "I go by "),
    (
        rf"\bI {_DONE}renamed (?:my|the) (?P<what>[a-z]+) (?:to )?(?P<name>{_NAME})",
        r"my \g<what> is now called \g<name>",
    ),
    (r"^(?=(?:mum|mom|mam|dad|grandma|grandpa|granny|gran|nan|nana) (?!and\b))", "my "),
    # How somebody is reached
    (
        r"^(?P<how>phone|e-?mail|text|sms|whatsapp|texts|text messages) (?:is|are) the best way to (?:reach|contact"
        r"|get hold of) me[.!]*$",
        r"please contact me by \g<how>",
    ),
    # Numbers
    (rf"\b(?:hiked|bumped) (?=my [a-z ]{{2,20}}? {_FROM}to {_AMOUNT})", "raised "),
    (
        rf"^[^,;]{{2,30}}? {_DONE}(?:put|brought|bumped|jacked|knocked) (?:my|the) (?P<what>[a-z ]{{2,20}}?) "
        rf"(?:up|down) {_FROM}to (?={_AMOUNT})",
        r"my new \g<what> is ",
    ),
    (
        rf"\bI {_DONE}(?:cut|raised|lowered|increased|reduced|bumped|upped) (?:my|the) (?P<what>[a-z ]{{2,20}}?) "
        rf"{_FROM}to (?={_AMOUNT})",
        r"my new \g<what> is ",
    ),
    (
        r"^my (?P<what>[a-z ]{2,20}?) (?:has been|was|got|is being) (?:raised|increased|cut|lowered|reduced|bumped)"
        rf"(?: up| down)? {_FROM}to (?={_AMOUNT})",
        r"my new \g<what> is ",
    ),
    (
        rf"\bI {_DONE}(?:set aside|put aside|budgeted) (?P<much>{_NUMBER}) for (?:the|my) (?P<what>[a-z]+)",
        r"my \g<what> budget is \g<much>",
    ),
    (
        rf"\bI {_DONE}(?:gone|went|cut|dropped|switched) (?:down |back |up )*to (?=\w+ (?:days|hours) a week\b)",
        "I now work ",
    ),
    (
        rf"^(?:they|my [a-z]+|the [a-z]+|{_NAME}) {_DONE}(?:switched|moved|put|changed) me (?:to|on|onto) (?:the )?"
        r"(?=[a-z]+ shifts\b)(?!.*\b(?:today|tonight|yesterday|tomorrow|for|because)\b)",
        "I now work ",
    ),
    (
        rf"\bI {_DONE}(?:upgraded|downgraded|switched|moved|changed|went) (?:up |down |over )?{_FROM}to "
        r"(?:the|an?) (?P<plan>(?:free|basic|standard|plus|pro|premium|family|student|team|business|monthly|yearly"
        r"|annual) (?:plan|tier))\b(?! (?:of|for|on|with)\b)",
        r"I am on the \g<plan> now",
    ),
    (r"\bI have been (?:getting|waking) up at (?=.* lately\b)", "I now get up at "),
    (r"\bI am on (?:extension|ext\.?) (?=\d)", "my extension is "),
    (r"^(?:please )?(?:send|forward) my (?:post|mail|letters) to (?=\d)", "my postal address is "),
    # What somebody has, owes and is supplied with
    (
        r"^there (?:is|are) (?P<what>(?:an? |two |three |four )[^,;]{2,40}?) (?:in|on|at|under|by) my (?=\w)",
        r"I have \g<what> in my ",
    ),
    (r"\bI (?:have )?had (?:my|the) (?=[\w ]{2,30} (?:disconnected|removed|taken away|scrapped)\b)", "my "),
    (
        rf"^(?:they|the [a-z]+|my [a-z]+|{_NAME}) {_DONE}(?:replaced|swapped) my (?=[\w ]{{2,30}} (?:with|for)\b)",
        "I replaced my ",
    ),
    (
        r"^(?:the|my) (?P<what>[a-z ]+?) (?:has |have |is |was |been |just |got )*(?:paid off|paid in full)\b",
        r"I paid off my \g<what>",
    ),
    (rf"\bI {_DONE}made (?:the|my) (?:last|final) payment on ", "I paid off "),
    (rf"^my (?P<what>[a-z]+) comes from (?={_NAME})", r"my \g<what> is with "),
    (
        rf"\bI am (?:now )?with (?P<who>{_NAME}) for (?:my )?"
        r"(?P<what>electricity|power|gas|energy|water|internet|broadband|insurance)\b",
        r"my \g<what> is with \g<who>",
    ),
    (
        rf"\bI {_DONE}(?:changed|switched) my (?P<what>[a-z]+) (?:supplier|provider|company) (?:over )?{_FROM}to ",
        r"I switched my \g<what> to ",
    ),
    # Where and with whom
    (rf"\bI {_DONE}settled into (?:my|a) (?:new )?(?:home|house|flat|place) in (?={_NAME})", "I moved to "),
    (
        rf"^(?:me and (?P<who>{_NAME})|(?P<other>{_NAME}) and (?:me|I)) {_DONE}"
        rf"(?:(?:are|got) (?:married|hitched)|tied the knot){WED_WHEN}",
        r"I am married to \g<who>\g<other>",
    ),
    (
        rf"\bI am (?:now )?in (?P<where>{_NAME}) now,? (?:I )?{_DONE}relocated\b",
        r"I moved to \g<where>",
    ),
    (r"\bI am getting married (?:on|in) (?=[A-Z\d])", "my wedding is on "),
    (
        r"^(?:the|my) engagement (?:is off|is over|was called off|has been called off|has ended)\b",
        "I called off my engagement",
    ),
    (
        r"^my divorce (?:from \w+ )?(?:is|was|went|came|has been|got)(?: now)? "
        r"(?:final|finali[sz]ed|through|official|done)\b.*",
        "I am divorced now",
    ),
    # What somebody studies
    (r"\bI (?:am )?major(?:ing)? in (?=\w)", "my major is "),
    (rf"\bI {_DONE}(?:changed|switched) my major {_FROM}to ", "my new major is "),
)
_REWORDED = tuple((re.compile(pattern, re.IGNORECASE), words) for pattern, words in _WORDS)


def reworded(sentence: str) -> str:
    """The sentence is in the first person already, as `semmem.extractors.rules.clauses` turns it."""
    for pattern, words in _REWORDED:
        sentence = pattern.sub(words, sentence)
    return sentence
