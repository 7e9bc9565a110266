"""Whole sentences that say something, told in the third person where that is safe."""

import re
from collections.abc import Iterator
from itertools import pairwise

from semmem.domain.fact import Category
from semmem.extractors.gate import is_small_talk
from semmem.extractors.statements.speech import asks
from semmem.extractors.words import content_stems, words
from semmem.language.sentences import LONGEST, sentence_ends
from semmem.language.words import S_VERBS

MAX_LINK_CHARS = 1_500  # an address is not cut: its parts lead nowhere


def _any_of(*alternatives: str) -> str:
    return f"(?:{'|'.join(alternatives)})"


_FEELS_FOR_YOU = (
    r"(?:i'm|i am) (?:so |really |very )?(?:glad|sorry|happy|proud|excited) (?:to hear|for you|of you|that you|you)"
)
_REACTIONS = _any_of(
    r"wow|that(?:'s| is| sounds| must| helps?(?: me)?| makes sense)|(?:i (?:see|get it|understand)|got it)(?=[.!,]"
    r"|$)|this (?:is|sounds|looks)|sounds|looks|congrat\w*",
    r"glad|so glad|so happy for|good luck|i (?:totally |completely )?agree",
    _FEELS_FOR_YOU,
    r"thank\w*|no (?:problem|worries)|your|you(?:'re|'ve|'ll| are| have| can| should| must| look)?",
    r"it(?:'s| is| was| looks| sounds)|how|what|keep|let me know|let's|yeah|yep|cool|nice|great|amazing|awesome",
    r"absolutely|definitely|totally|good|love (?:that|it|this)",
)
_LEADS_IN = r"hey|hi|hello|oh|wow|well|yes|yeah|yep|no|sure|thanks|thank you|haha|ok|okay|so|and|but|also"
_REACTS = re.compile(rf"^{_REACTIONS}\b", re.IGNORECASE)
_LEAD_IN = re.compile(rf"^(?:{_LEADS_IN})\b[^,.!]{{0,20}}[,.!]\s+", re.IGNORECASE)
_OWN = re.compile(r"\b(?:I|I'm|I've|I'd|I'll|my|we|our|me|us|mine)\b", re.IGNORECASE)

_PRESENT = {verb: f"{verb}s" for verb in S_VERBS} | {
    **{"am": "is", "'m": "is", "have": "has", "'ve": "has", "do": "does", "go": "goes", "study": "studies"},
}
_PAST = (
    "was had will would can could did went got bought sold met took made saw told gave lost won began quit left broke "
    "found became felt thought kept came ran wrote read said paid spent built grew chose drove flew ate drank hurt"
)
_SAME_IN_THIRD = frozenset(_PAST.split())
_ADVERBS = "just|recently|now|also|still|really|always|never|usually|finally|currently|already"
_FIRST_PERSON = re.compile(rf"\bI(?P<short>'m|'ve)?(?P<adverb> (?:{_ADVERBS})\b)?(?P<verb> [a-z]+\b)?")
_UNSAFE = re.compile(
    r"\b(?:you|your|yours|you're|we|us|our|ours|me|mine|myself|this|here|it|I'[dl]l?|(?<!^)my)\b", re.IGNORECASE
)

_QUOTES = re.compile(r"(?:[\"“«„]|(?<!\w)['‘](?=\w))[^\"”»“]*\bI\b")  # noqa: RUF001 - who speaks in quotation marks is not turned

_CATEGORIES: dict[Category, str] = {
    "preference": _any_of(
        r"prefer\w*|favou?rite|likes?|loves?|enjoys?|hates?|dislikes?|instead|no longer want\w*|can't stand|fan of",
    ),
    "plan": _any_of(
        r"plan(?:s|ned|ning)?|going to|will|next (?:week|month|year|\w+day)|tomorrow|want to|hop(?:e|ing) to",
        r"thinking (?:of|about)|considering",
    ),
    "profile": _any_of(
        r"lives?|living|moved|works? (?:at|as|for|in)|job|born|grew up|years old|allerg\w*|address|phone|e-?mail",
        r"birthday|diagnosed|vegan|vegetarian|name is",
    ),
    "relationship": _any_of(
        r"husband|wife|partner|son|daughter|kids?|child\w*|mother|father|mom|mum|dad|sister|brother|friends?",
        r"married|engaged|boyfriend|girlfriend|family",
    ),
    "decision": _any_of(r"decided|decision|agreed|chose|chosen|approved|signed off|settled on"),
    "event": _any_of(
        r"went|attended|visited|yesterday|last|ago|bought|met|joined|started|finished|won|lost|broke|happened|\w{3,}ed",
    ),
}
_WEIGHTY = re.compile(
    r"\b(?:allerg\w*|diagnos\w*|moved|address|married|divorced|died|born|pregnant|deadline|decided|no longer|birthday"
    r"|job|phone|e-?mail)\b",
    re.IGNORECASE,
)

_CODE = re.compile(r"[{}<>|\\=`]|;\s*$|\w[(\[]|\w_\w|^\W*(?:[#/*]|--)|\w\.\w+\(|^\W*\w+:$")
_LINK = re.compile(r"\b(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+")  # or an e-mail address, which no code is


def is_prose(sentence: str) -> bool:
    """False for a line of code, markup or a table."""
    return not _CODE.search(_LINK.sub("link", sentence))


def whole_sentences(text: str) -> Iterator[str]:
    """The text's sentences and lines as they stand, with the white space between them."""
    for start, end in pairwise([0, *sentence_ends(text)]):
        yield text[start:end]


def sentences(text: str) -> Iterator[str]:
    """The text's sentences as they stand, over-long ones in pieces cut between words."""
    for sentence in whole_sentences(text):
        yield from _pieces(sentence.strip())


def says_something(sentence: str) -> bool:
    """False for questions, small talk, and mere reactions to what somebody else said."""
    if asks(sentence) or is_small_talk(sentence):
        return False
    if not sentence.isascii() and len(words(sentence)) < 3:
        return sum(character.isalpha() for character in sentence) >= 4  # scripts that write without spaces
    rest = _LEAD_IN.sub("", sentence)
    if _REACTS.match(rest) and not (_OWN.search(_REACTS.sub("", rest)) or any(map(str.isdigit, rest))):
        return False
    needed = 1 if _OWN.search(rest) else 2
    return len(words(rest)) > needed and len(content_stems(rest)) >= needed


def told(sentence: str, speaker: str) -> str:
    """The sentence about its speaker: in the third person where every "I" can safely be turned, else quoted."""
    quoted = f'{speaker}: "{sentence}"'
    if not re.match(r"(?:I\b|[Mm]y )", sentence) or _UNSAFE.search(sentence) or _QUOTES.search(sentence):
        return quoted
    own = re.sub(r"^[Mm]y ", f"{speaker}'s ", sentence)
    turned = _FIRST_PERSON.sub(lambda match: _turned(match, speaker), own)
    return quoted if "\0" in turned else turned


def category_of(sentence: str) -> Category:
    for category, pattern in _CATEGORIES.items():
        if re.search(rf"\b{pattern}\b", sentence, re.IGNORECASE):
            return category
    return "other"


def importance_of(sentence: str) -> float:
    """.3 for a remark, more for what is said of oneself, for names and numbers, and for what changes a life."""
    named = re.search(r"(?<=\s)[A-Z]\w+|\d", sentence)
    return 0.3 + 0.2 * bool(_OWN.search(sentence)) + 0.1 * bool(named) + 0.3 * bool(_WEIGHTY.search(sentence))


def _turned(match: re.Match[str], speaker: str) -> str:
    """The words "I'm just" as "Alice is just"; NUL where the verb is not known well enough to turn."""
    adverb, verb = match["adverb"] or "", match["verb"] or ""
    if match["short"]:
        return f"{speaker} {_PRESENT[match['short']]}{adverb}{verb}"
    known = verb.strip() in _SAME_IN_THIRD or re.fullmatch(r" [a-z]{2,}ed", verb)
    third = _PRESENT.get(verb.strip()) or (verb.strip() if known else "\0")
    return f"{speaker}{adverb} {third}"


def _pieces(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        cut = sentence.rfind(" ", 1, LONGEST)
        if cut <= 0:
            cut = LONGEST
            link = _LINK.match(sentence)
            if link and link.end() <= MAX_LINK_CHARS:  # an address that a fact can hold stays whole
                cut = max(cut, link.end())
        yield sentence[:cut]
        sentence = sentence[cut:].lstrip()
    if sentence:
        yield sentence
