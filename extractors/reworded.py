"""Sentences in other words, as the plain ones that the rules read: `there is a piano in my hall` is a possession."""

import re

from semmem.language.words import NUMBERS, either

_NUMBER = (
    rf"(?:[$€£]?\d[\d.,]*k?|(?:{either(NUMBERS)}|thirteen|fourteen|fifteen|sixteen|eighteen|twenty|thirty|forty"
    rf"|fifty|sixty"
    r"|seventy|eighty|ninety))\b"
)
_AMOUNT = rf"{_NUMBER}(?: (?!for\b|next\b|at\b)[a-z]+){{0,3}}(?: now| from now on)?$"
_RELATIVES = r"mum|mom|mam|dad|grandma|grandpa|granny|gran|nan|nana"
_REWORDED: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"\bI (?:would |want to |prefer to )*(?:like |prefer |rather |love )?(?:for )?(?:you |people |everyone )?"
            r"(?:to )?(?:be called|(?:to )?call me|address me as) (?=(?-i:[A-Z]))",
            re.IGNORECASE,
        ),
        "call me ",
    ),
    (re.compile(r"\bI (?:am )?major(?:ing)? in (?=\w)", re.IGNORECASE), "my major is "),
    (
        re.compile(
            r"^there (?:is|are) (?P<what>(?:an? |two |three |four )[^,;]{2,40}?) (?:in|on|at|under"
            r"|by) my (?=\w)",
            re.I,
        ),
        r"I have \g<what> in my ",
    ),
    (
        re.compile(
            rf"\bI (?:have )?(?:set aside|put aside|budgeted) (?P<much>{_NUMBER}) for (?:the"
            rf"|my) (?P<what>[a-z]+)",
            re.I,
        ),
        r"my \g<what> budget is \g<much>",
    ),
    (
        re.compile(
            r"^[^,;]{2,30}? (?:has |have |is |just )*(?:put|brought|bumped|jacked|knocked) (?:my"
            r"|the) (?P<what>[a-z ]{2,20}?)"
            rf" (?:up|down) (?:from [^,;]{{1,20}} )?to (?={_AMOUNT})",
            re.IGNORECASE,
        ),
        r"my new \g<what> is ",
    ),
    (
        re.compile(
            rf"\bI (?:have |just )*(?:cut|raised|lowered|increased|reduced|bumped|upped) (?:my"
            rf"|the) (?P<what>[a-z ]{{2,20}}?)"
            rf" (?:from [^,;]{{1,20}} )?to (?={_AMOUNT})",
            re.IGNORECASE,
        ),
        r"my new \g<what> is ",
    ),
    (
        re.compile(
            r"\bI (?:have |just )*(?:gone|went|cut|dropped|switched) (?:down |back |up )*to (?=(?:\w+"
            r"|\d+) (?:days|hours) a week\b)",
            re.IGNORECASE,
        ),
        "I now work ",
    ),
    (re.compile(rf"^(?=(?:{_RELATIVES}) (?!and\b))", re.IGNORECASE), "my "),
    (
        re.compile(
            r"^my (?P<what>[a-z ]{2,20}?) (?:has been|was|got|is being) (?:raised|increased|cut|lowered|reduced"
            r"|bumped)(?: up| down)?"
            rf" (?:from [^,;]{{1,20}} )?to (?={_AMOUNT})",
            re.IGNORECASE,
        ),
        r"my new \g<what> is ",
    ),
    (
        re.compile(r"\bI (?:have )?(?:changed|switched) my major (?:from [^,;]{1,30} )?to ", re.IGNORECASE),
        "my new major is ",
    ),
    (
        re.compile(
            r"^(?:everyone|everybody|people|friends|my friends"
            r"|my family) calls? me (?=(?-i:[A-Z]))",
            re.I,
        ),
        "I go by ",
    ),
    (
        re.compile(r"\bI (?:have |just )*renamed (?:my|the) (?P<what>[a-z]+) (?:to )?(?P<name>(?-i:[A-Z])\w+)", re.I),
        r"my \g<what> is now called \g<name>",
    ),
    (
        re.compile(
            r"^(?:they|the [a-z]+|my [a-z]+|(?-i:[A-Z])\w+) (?:has |have |just )*(?:replaced"
            r"|swapped) my (?=[\w ]{2,30} (?:with|for)\b)",
            re.IGNORECASE,
        ),
        "I replaced my ",
    ),
    (
        re.compile(
            r"^(?:the|my) engagement (?:is off|is over|was called off|has been called off"
            r"|has ended)\b",
            re.I,
        ),
        "I called off my engagement",
    ),
    (
        re.compile(
            r"\bI am (?:now )?with (?P<who>(?-i:[A-Z])\w*) for (?:my )?(?P<what>electricity|power|gas|energy"
            r"|water|internet|broadband"
            r"|insurance)\b",
            re.IGNORECASE,
        ),
        r"my \g<what> is with \g<who>",
    ),
    (re.compile(r"\bI have been (?:getting|waking) up at (?=.* lately\b)", re.IGNORECASE), "I now get up at "),
    (re.compile(r"^my (?P<what>[a-z]+) comes from (?=(?-i:[A-Z]))", re.IGNORECASE), r"my \g<what> is with "),
    (
        re.compile(
            r"\bI (?:have )?(?:changed|switched) my (?P<what>[a-z]+) (?:supplier|provider"
            r"|company) (?:over )?(?:from [^,;]{1,30} )?to ",
            re.IGNORECASE,
        ),
        r"I switched my \g<what> to ",
    ),
    (
        re.compile(
            r"\bI (?:have |just )*settled into (?:my|a) (?:new )?(?:home|house|flat"
            r"|place) in (?=(?-i:[A-Z]))",
            re.I,
        ),
        "I moved to ",
    ),
    (
        re.compile(r"^(?:me and (?P<who>(?-i:[A-Z])\w+)|(?P<other>(?-i:[A-Z])\w+) and (?:me|I)) are married", re.I),
        r"I am married to \g<who>\g<other>",
    ),
    (
        re.compile(
            r"\bI (?:have )?had (?:my|the) (?=[\w ]{2,30} (?:disconnected|removed|taken away"
            r"|scrapped)\b)",
            re.I,
        ),
        "my ",
    ),
    (
        re.compile(
            r"^my divorce (?:from \w+ )?(?:is|was|went|came|has been|got)(?: now)? (?:final|finali[sz]ed"
            r"|through|official"
            r"|done)\b.*",
            re.I,
        ),
        "I am divorced now",
    ),
    (
        re.compile(
            r"^(?:please )?(?:send|forward) my (?:post|mail"
            r"|letters) to (?=\d)",
            re.IGNORECASE,
        ),
        "my postal address is ",
    ),
    (re.compile(r"\bI am on (?:extension|ext\.?) (?=\d)", re.IGNORECASE), "my extension is "),
    (
        re.compile(
            r"^(?:the|my) (?P<what>[a-z ]+?) (?:has |have |is |was |been |just |got )*(?:paid off"
            r"|paid in full)\b",
            re.I,
        ),
        r"I paid off my \g<what>",
    ),
    (re.compile(r"\bI (?:have |just )*made (?:the|my) (?:last|final) payment on ", re.I), "I paid off "),
)


def reworded(sentence: str) -> str:
    """In the first person, as `semmem.extractors.clauses` has turned it."""
    for pattern, words in _REWORDED:
        sentence = pattern.sub(words, sentence)
    return sentence
