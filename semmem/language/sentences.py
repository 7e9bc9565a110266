"""Where sentences end: not at the point of an abbreviation, nor at that of an ordinal, as in "am 3. Mai"."""

import re
from collections.abc import Iterator

from semmem.language.words import listed

LONGEST = 400  # characters: of a longer one the next point is the end, whatever stands before it

# The look-behind starts a run of marks once, so that a text of ten thousand "!" stays linear.
_SENTENCE = re.compile(r"[^\n]+?(?:(?<![.!?…])[.!?…]+[\"'”’)]*(?=\s)|[。！？]+[”」]?|(?=\n)|\Z)")  # noqa: RUF001

# What they stand for goes on: a name, a number, the rest of the sentence.
_ABBREVIATIONS = listed(
    """
    Mr Mrs Ms Dr Prof St Jr Sr vs etc approx No Mt
    bzw ca Nr evtl ggf inkl exkl zzgl vgl Hr Hrn Frl Dipl Ing geb verh sog
    Dra Sra Srta Avda Av Lic Ud Uds EE núm Núm aprox
    Mme Mmes Mlle Mlles Ste bd Bd boul env
    Sig Dott Avv Egr Gent
    Exmo Exma
    dhr Dhr mevr Mevr bijv drs Drs
    bl
    """
)
_ABBREVIATED = re.compile(
    rf"(?:\b(?:{'|'.join(_ABBREVIATIONS)}|e\.g|i\.e|a\.m|p\.m|p\. ?ex|p\. ?ej|t\. ?ex|c\.-à-d)|\b[A-Z]"
    r"|\b[a-z]\. ?(?:[a-z]\. ?)?[A-Za-z])\.$"  # "z. B.", "d. h.", "i. d. R."
)
# The first letter of such a pair.
_FIRST_OF_PAIR = re.compile(r"\b[a-z]\.$")
_PAIRED = re.compile(r" (?:[A-Za-z]|ex|ej)\.")

# These may end a sentence too: not where a number or a small letter follows, as in "Hauptstr. 5" or "Acme Inc. in".
_MAY_END = listed(
    """
    Ave Blvd Rd Ln Sq Apt Tel tel Inc Ltd Co Corp Dept Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec
    Mrz Okt Dez Str usw ecc enz osv UU Std Min Mio Mrd
    """
)
_MAY_GO_ON = re.compile(rf"(?:\b(?:{'|'.join(_MAY_END)})|[a-zäöüß]str)\.$")
_GOES_ON = re.compile(r" +(?:\d|[a-zà-öø-ÿ])")
_NUMBER_SIGN = re.compile(r"\bno\.$")  # also the answer, as a word for itself
_A_NUMBER = re.compile(r" ?\d")

# An ordinal in numbers, and what may stand behind it and before it.
_NUMBERED = re.compile(r"(?<![\w.,:])\d{1,2}\.$")
_MONTHS = listed(
    """
    Januar Jänner Februar Feber März April Mai Juni Juli August September Oktober November Dezember
    Jan Feb Mrz Apr Jun Jul Aug Sep Sept Okt Nov Dez
    """
)
_IN_A_DATE = re.compile(rf" *(?:\d{{1,2}}\.|(?:{'|'.join(_MONTHS)})\b)", re.IGNORECASE)
_WORD = re.compile(r" +[^\W\d_]")
_SMALL = re.compile(r" +[a-zß-öø-ÿčďěňřšťůžśźżłąęćń]")
_LEADS_TO_ORDINAL = re.compile(
    r"(?:\b(?:(?<!\bi )am|im|der|die|das|den|dem|des|vom|zum|zur|beim|ans|ins|ab|seit|bis|vor|nach|zwischen|und|oder"
    r"|jede[nmrs]?|diese[nmrs]?|(?:[mds]ein|ihr|unse?r|eue?r|ein|kein)(?:e[nmrs]?)?) +|\d\.[/–-])\d{1,2}\.$",  # noqa: RUF001
    re.IGNORECASE,
)
# What begins a sentence behind a number: "I have 3. You have 4."
_BEGINS = re.compile(
    r" +(?:I|we|you|he|she|it|they|my|our|your|his|her|their|the|this|that|there|these|so|but|ich|wir|er|sie|es|du|ihr"
    r"|meine?|unsere?|das|die|der|yo|mis?|el|la|los|las|je|mon|ma|mes|nous|il|elle|le|les|io|mio|mia|eu|meu|minha|ik|wij"
    r"|mijn|jag|vi|min|mitt)\b",
    re.IGNORECASE,
)


def sentence_ends(text: str) -> Iterator[int]:
    """Where the text's sentences and lines end, the last at its end."""
    start = 0
    for match in _SENTENCE.finditer(text):
        end = match.end()
        if end - start >= LONGEST or end >= len(text) or text[end] == "\n" or not _leads_on(text, start, end):
            yield end
            start = end


def _leads_on(text: str, start: int, end: int) -> bool:
    """Whether the point at `end` belongs to an abbreviation or a number, and the sentence goes on behind it."""
    last = text[max(start, end - 30) : end]
    if _ABBREVIATED.search(last):
        return True
    if _FIRST_OF_PAIR.search(last):
        return bool(_PAIRED.match(text, end))
    if _MAY_GO_ON.search(last):
        return bool(_GOES_ON.match(text, end))
    if _NUMBER_SIGN.search(last):
        return bool(_A_NUMBER.match(text, end))
    return bool(_NUMBERED.search(last)) and _is_ordinal(text, start, end, last)


def _is_ordinal(text: str, start: int, end: int, last: str) -> bool:
    """Whether the number is one of an order. Alone in front of a line it is the mark of an item, but for a date."""
    if _IN_A_DATE.match(text, end):
        return True
    if _NUMBERED.fullmatch(text[start:end].strip()) or not _WORD.match(text, end) or _BEGINS.match(text, end):
        return False
    return bool(_SMALL.match(text, end) or _LEADS_TO_ORDINAL.search(last))
