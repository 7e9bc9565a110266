"""What a statement takes back itself, and what is told of a story: `my car was stolen but the police found it`."""

import re

from semmem.language.kinds import GAMES
from semmem.language.words import DAYS, MONTHS, either

_IT = r"(?:it|him|her|them|that|those|mine|both|all)"
_WHEN = (
    rf"(?=$|[,.;!)]| (?:again|later|now|today|yesterday|since|soon|the|after|on (?:{either(DAYS)})"
    rf"|in (?:{either(MONTHS)})|last|this|an? (?:day|week|month|year|few)"
    r"|(?:\w+ ){1,2}(?:hours|days|weeks|months|years) (?:later|ago)|within|by|and|but|safe\w*"
    r"|to (?:it|him|her|them))\b)"
)
_UNDONE = re.compile(
    r"(?:[,;]|\b(?:but|and|then|until|though|although|yet|only to)\b)"
    r"(?:(?!\b(?:not|never|nobody|no one|none|no|if|unless|whether|hop(?:e|ed|ing)|wish|would|might|could|may|will"
    r"|until|till|who|that)\b)[^;,])*?\b(?:"
    rf"(?:found|recovered|retrieved|kept|saved|fixed) {_IT}\b|was found\b|were found\b|(?:turned|showed) up\b"
    rf"|(?:got|have|had|has|bought|took|taken|brought|won|gave|given|put|called|hired) (?:{_IT}|me) back\b"
    rf"|(?:(?:came|come|went|gone|moved|switched|got)|(?:it|he|she|they|I|(?:the|my) [a-z]+) (?:is|was|am|are|were)) "
    rf"(?:straight |right |all the way )?back{_WHEN}"
    rf"|back (?:to|in|at) (?!(?:{either(MONTHS, DAYS)})\b)(?-i:[A-Z])|back (?:home|again)\b"
    r"|I am (?:an? )?[a-z]+ again\b"
    rf"|(?:recovered|returned|retrieved){_WHEN}|survived\b"
    r"|(?:it|he|she|they) (?:is|are|was|were) (?:all )?(?:safe|fine|ok|okay|alright|unhurt|alive)\b"
    r"|re(?:booked|newed|joined|subscribed|activated|installed|instated|opened|hired|adopted|enrolled)\b"
    r"|changed my mind(?! about\b)|(?:backed out|fell through)\b|talked me (?:out of|into staying)\b"
    rf"|stayed (?:on|put|after all){_WHEN}|(?:withdrew|took back) my\b|relapsed\b"
    r"|(?:started|began|resumed|took it up|doing it|do it|at it|smoking|drinking) again\b|back together\b|reconciled\b"
    r")",
    re.IGNORECASE,
)
_STORY = re.compile(
    r"\bin (?:(?:(?:the|an?|my|our|his|her|this|that) )?(?:\w+ )?(?:games?|sims|dreams?|nightmare|simulation)"
    r"|(?:the|an?|my|our|his|her|this|that) (?:\w+ )?(?:movies?|films?|shows?|series|books?|novels?|story|stories"
    rf"|episodes?|play|musical)|(?:the )?(?:{either(GAMES)}))\b(?! (?:industry|business|company|studio|club|shop)\b)",
    re.IGNORECASE,
)


def void(said: str, after: str) -> bool:
    """Whether a clause holds of nobody: it is of a story, or what comes `after` it in its sentence takes it back."""
    return bool(_STORY.search(said) or _UNDONE.search(f"{said}; {after}"))
