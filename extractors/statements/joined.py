"""A sentence that joins statements of its speaker, as these statements: one may end while the other holds.

"I work at Oracle and I am allergic to peanuts" is two. Where one leans on the other it stays whole.
"""

import re

from semmem.language.words import SAYINGS, either

_JOINT = re.compile(
    r"(?:,|(?<!\s))\s+(?:and(?=\s+(?:I|I'm|I've|we|my|our)\s)|but(?=\s+(?:my|our)\s))\s+", re.IGNORECASE
)
_OWN = re.compile(r"(?:I|I'm|I've|we|we're|we've|my|our)\s", re.IGNORECASE)
_DOES = re.compile(  # "my wife and I" says nothing yet
    r"^(?:I|I'm|I've|we|we're|we've)\s+\w|\b(?:is|isn't|are|aren't|was|were|has|hasn't|have|haven't|had|does|doesn't|did"
    r"|lives|works|likes|loves|hates|prefers|needs|wants|goes|studies|plays|speaks|drives|got|went|came|left|\w{3,}ed)\b",
    re.IGNORECASE,
)
# "We called it off, Priya and I are not together": the joint stands within a subject, as the verb behind it tells.
_OPEN_SUBJECT = re.compile(r"(?:^|[,;] )(?:[A-Z]\w+|my \w+),?\s+and\s+I\s+(?:are|were|aren't|weren't)\b")
_LEANS = re.compile(  # on another statement, or on who says it
    r"\b(?:it|its|them|they|their|there|that|this|those|these|he|she|him|her|his|one|ones|so|too|also|then|instead|again"
    r"|either|neither|both|same|others?|another|if|when|while|because|since|though|although|unless|until|before|after"
    rf"|who|which|whose|where|than|would|could|might|should|{either(SAYINGS)})\b|[\"“”«»]",
    re.IGNORECASE,
)


def statements(sentence: str) -> list[str]:
    """The statements as they stand in the sentence, or the sentence where it is one."""
    parts = _JOINT.split(sentence)
    if len(parts) == 1 or _LEANS.search(sentence):
        return [sentence]
    whole = all(_OWN.match(part) and _DOES.search(part) for part in parts)
    return parts if whole and not _OPEN_SUBJECT.search(sentence) else [sentence]
