"""What of an event may be extracted at all: small talk, recalled memory and system text are held back."""

import re
import unicodedata

from semmem.domain.event import Event
from semmem.domain.unicode import normalized
from semmem.extractors.echo import without_recalled

# A message made of these alone carries nothing. "Yes", "no", "sure" and "morning" may answer a question: not here.
_SMALL_TALK = (
    "hi|hey|hello|hiya|howdy|yo|hi there|hey there|hello there|hi all|hello everyone|"
    "good (?:morning|afternoon|evening|night)|bye|goodbye|bye-bye|"
    "see (?:you|ya)(?: soon| later| then| around)?|take care|"
    "have a (?:good|great|nice|lovely) (?:day|one|weekend|evening)|"
    "how are you(?: doing)?(?: today)?|how's it going|what's up|"
    "thanks|thank you|thx|ty|cheers|many thanks|thanks a lot|thank you (?:so|very) much|"
    "thanks so much|much appreciated|you're welcome|no worries|"
    "ok|okay|k|kk|got it|great|cool|nice|awesome|perfect|wow|oh|ah|haha(?:ha)*|lol|hm+|mhm|"
    "hallo|guten (?:tag|morgen|abend)|danke|danke schön|vielen dank|tschüss|bonjour|bonsoir|salut|merci|merci beaucoup|"
    "hola|buenos días|buenas (?:tardes|noches)|gracias|muchas gracias|adiós|ciao|grazie|olá|obrigad[oa]|tchau|"
    "привет|спасибо|пока|你好|您好|谢谢|谢谢你|多谢|好的|嗯|再见|こんにちは|ありがとう|ありがとうございます|안녕하세요|감사합니다|مرحبا|شكرا|नमस्ते|धन्यवाद"
)
_ONLY_SMALL_TALK = re.compile(rf"(?:\b(?:{_SMALL_TALK})(?:$|[\s,.;:!?~。！？、，]+))+")  # noqa: RUF001


def worth_extracting(event: Event) -> bool:
    """False where an event surely holds nothing to remember; when unsure, True."""
    if event.role == "system":
        return False
    return not is_small_talk(without_recalled(event.content))


def is_small_talk(text: str) -> bool:
    """True for greetings, thanks and the like, and for text without a letter or digit."""
    folded = normalized("NFC", text).casefold().replace("’", "'")  # noqa: RUF001
    kept = "".join(character for character in folded if unicodedata.category(character)[0] not in "SC").strip()
    return not any(character.isalnum() for character in kept) or bool(_ONLY_SMALL_TALK.fullmatch(kept))


def speaker_of(event: Event) -> str:
    """The name facts are told under: the event's voice, or in a user's scope that user where nobody is named."""
    if event.role == "user" and event.speaker is None and event.scope.kind == "user":
        return event.scope.id
    return event.voice
