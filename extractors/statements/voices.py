"""Which words of an event are its speaker's own claims: not what is pasted, quoted, to be worked on, or played."""
# ruff: noqa: RUF001 - the look-alikes are words of other languages

import re

from semmem.extractors.statements.elsewhere import OPENS, PLAYED, WROTE
from semmem.language.words import OCCUPATIONS, either

_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)
# Quoted lines, and those that a program wrote.
_QUOTED_LINE = re.compile(
    r"^[ \t]*(?:>|\||(?:\w*error|\w*exception|warning|fatal|traceback|usage)\b[^:\n]{0,40}:).*$",
    re.MULTILINE | re.IGNORECASE,
)
# Where a mail that is answered or passed on begins.
_MAIL = re.compile(
    r"^[ \t]*(?:-{2,}\s*(?:original|forwarded|weitergeleitete|ursprüngliche)\b.*"
    r"|begin forwarded message.*|on .{6,80} wrote:|am .{6,80} schrieb.*:|le .{6,80} a écrit ?:|el .{6,80} escribió:"
    r"|(?:fwd?|re|aw|wg): ?\S.*|(?:from|von|de|da|subject|betreff|objet|asunto): ?\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|sehr "
    r"geehrte\w*)\b[^.!?\n]{0,40}[,!:]?$",
    re.I,
)
_SIGNED = re.compile(
    r"^(?:best|best regards|kind regards|regards|warm regards|cheers|sincerely|yours(?: sincerely| truly| faithfully)?"
    r"|thanks|many thanks|thank you|love|xoxo|viele grüße|mit freundlichen grüßen|cordialement|saludos|atentamente),?$",
    re.IGNORECASE,
)

# What is asked to be done to a text, in the languages of docs/languages.md: to any text, or to one that is named.
_ALWAYS = (
    r"translat(?:e|ion)|proof-?read|rewrite|reword|rephrase|paraphrase|summari[sz]e|transcribe|tl;?dr"
    r"|übersetz(?!er)\w*|traduis\w*|traduire|traduce\w*|traducir|traduci\w*|traduz(?:ir|a|am)?|vertaal\w*"
    r"|översätt\w*|переве(?:ди|сти)\w*"
)
_IF_NAMED = (
    r"proof|continue|evaluate|assess|complete|finish|fill in|correct|fix|shorten|polish|edit|improve|review"
    r"|check(?! out)|format|analy[sz]e"
    r"|classify|annotate|parse|explain|simplify|draft a reply|write a reply|reply|respond|answer|read|look at"
    r"|critique|grade|score|rate|judge|roast|extract|turn|convert|make|korrigier\w*|verbesser\w*|fass[et]?|kürze?"
    r"|formuliere?|(?:über)?prüfe?|überarbeite|vereinfache|analysiere?|lies|mache?(?= (?:daraus|draus|hieraus"
    r"|aus)\b)|corrige\w*|corregir|résum(?!é)\w*|relis\w*|lis|fais|transforme[zr]?|réécri\w*|reformule\w*|raccourci\w*"
    r"|améliore\w*|vérifie\w*|resume\w*|resum(?:a|ir)|resúm[ea]\w*|revis[ae]|convierte|haz|mejora|acorta"
    r"|reescrib[ea]|lee(?= est)|correggi\w*|riassum[ei]\w*|trasforma|riscrivi|rivedi|leggi|accorcia|migliora"
    r"|corrija|reescreva|leia|encurte|melhore|verbeter\w*|vat(?= (?:de|dit|deze|het|mijn)\b)|herschrijf|controleer"
    r"|lees|maak(?= hier)|rätta|sammanfatta|korrekturläs|förkorta|granska|läs|çevir\w*|исправ\w*|перескаж\w*"
    r"|сократи\w*|перепиши\w*|проверь\w*|резюмируй\w*"
)
_ANYWHERE = re.compile(
    "çevir(?!m[ei]n)|metni özetle|özetle(?:r misin)?\\s*[:?]|περίληψη|συνόψισε|düzelt(?:ir|in|:)|[μΜ]ετ[άα]φρασ"
    "|[δΔ]ι[όο]ρθωσε|翻译|翻譯|改写|润色|校对|总结|翻訳|訳して|要約|添削|번역|요약|교정|ترجم"
    "|صحح|لخص|अनुवाद|सुधार"
)
_TEXT = (
    r"this|these|the following|following|below|above|text|paragraph|sentence|passage|mail|e-?mail|message|letter"
    r"|essay|article|post|bio|resume|cv|profile|pitch|caption|review|transcript|draft|document|code|lyrics|poem"
    r"|speech|quote|chat|conversation|grammar|spelling|typos|punctuation|wording|tone|dies\w*|daraus|hieraus"
    r"|das zusammen|rechtschreibung|grammatik|folgende\w*|text\w*|suivant\w*|texte|courriel|lettre|ceci|est[oae]"
    r"|siguiente|texto|correo|carta|ortografía|quest[oa]|seguente|testo|isto|seguinte|dit|deze|volgende|tekst"
    r"|hiervan|detta|det här|den här|följande|bunu|metni|это\w*|следующ\w*|текст\w*"
)
_ASKED = (
    r"(?:^[¿¡]?|[.!?]\s+[¿¡]?|,\s+(?=(?:make|fix|shorten|improve|edit|polish|correct) (?:it|this)\b)|\b(?:please"
    r"|pls|bitte|can you|could you|would you|help me|(?:need|want|like) you to|kannst du|könntest du|können sie"
    r"|peux-tu|pourrais-tu|pouvez-vous|puedes|podrías|puoi|potresti|você pode|kun je|kan du|можешь|кратко) (?:(?:me"
    r"|mir|moi|mi) )?)"
)
_WORK_ON = re.compile(
    rf"{_ASKED}(?:please )?(?:(?:{_ALWAYS})\b|(?:{_IF_NAMED})\b(?=[^.!?\n]{{0,120}}(?:\b(?:{_TEXT})\b|[:：])))",
    re.IGNORECASE,
)
# In German and Dutch the verb stands last: "Kannst du diesen Text kürzen?".
_WORK_ON_LAST = re.compile(
    r"\b(?:kannst du|könntest du|können sie|würdest du|bitte|kun je|kunt u)\b[^.!?:\n]{0,60}\b(?:zusammenfassen"
    r"|kürzen|korrigieren"
    r"|verbessern|übersetzen|umformulieren|überarbeiten|korrekturlesen|samenvatten|vertalen|verbeteren"
    r"|herschrijven)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?。！？]")
_STRICT = re.compile(rf"\b(?:{_ALWAYS})\b", re.IGNORECASE)
_ABOVE = re.compile(r"\b(?:above|oben|ci-dessus|arriba|sopra|acima|hierboven|ovan|выше)\b", re.IGNORECASE)
_PASTED = re.compile(
    r"\b(?:saw|found|read|got|spotted|came across) this\b[^:\n]{0,40}:|\bthis (?:just )?(?:came|comes|is|was"
    r"|arrived)(?: in)?(?: \w+)? from (?!me\b|my (?:diary|journal|notes)\b)[^:\n]{1,40}:"
    r"|^(?:from (?:the|my|our) )?(?:message|voicemail|ticket|mail|e-?mail|letter|complaint)"
    r"(?: #?\d{1,9})?(?: from (?!me\b)[^:\n]{1,40})?:\s*(?=$|(?:i|my|we|our|i'm)\b)|\bhanded (?:this|it) in:"
    r"|^(?:you )?be (?:my|an?|the) [^.!?\n]{2,60}[.!,:]|^you are (?:now )?(?:(?:an?|the) (?:[a-z-]+ ){0,3}[a-z-]+"
    rf"|my (?!favou?rite|best|only)(?:[a-z-]+ ){{0,2}}(?:{either(OCCUPATIONS)}|landlord|landlady|boss|therapist"
    rf"|coach|interviewer|client"
    r"|customer))\.(?= (?:i am|i'm|my)\b)"
    r"|\b(?:does|how does) (?:this|it|that) (?:sound|read|look|come across)[^.?\n]{0,20}\?(?= \S)"
    r"|(?:\b(?:wrote|sent|said|says|texted|posted|replied|e-?mailed|told me|asked)(?: (?:me|us|this|the following"
    r"|back))*|\bhere(?:'s| is| are) (?:the|an?|my \w+'s|his|her|their|what)\b[^:\n]{0,60}|\bi (?:got|received|found"
    r"|read|copied) (?:this|the following|an?)\b[^:\n]{0,60}|\b(?:says|reads|go(?:es)?|prints|outputs|returns|displays"
    r"|shows|states|quote(?: of the \w+)?|(?:example|sample|test)(?: (?:sentence|text|message|input))?|e\.g\.|output"
    r"|results?|log|transcript|lyrics|article"
    r"|page))\s*[:：]\s*(?=$|[\"“'«]|(?:i|my|we|our|i'm)\b)|\bas (?-i:[A-Z])\w+(?: \w+)? (?:once )?(?:said|wrote|put it"
    r"|sang),",
    re.IGNORECASE,
)
_PLAYED = re.compile(
    r"\brole-?play\w*|\bplay the (?:role|part) of\b|\bin this (?:scenario|exercise|game),? (?:i|you|we)\b|\blet(?:'s"
    r"| us) (?:play (?:a|an|the|pretend|dungeons|d&d|make)|pretend|imagine|say (?:i|that i|my))\b"
    rf"|{OPENS}(?:pretend|imagine|suppose|hypothetically|what if|act as|once upon a time)\b"
    r"|\bin (?:this|my|the) (?:story|novel|scene|campaign|screenplay|fanfic|script)\b|\bmy (?:character|persona)\b"
    r"|\bfor (?:my|a|the|our) (?:novel|story|character|screenplay|script|role-?play|campaign|fanfic)\b"
    rf"|{_ASKED}(?:write|tell|compose|continue|draft|generate|create) (?:me |us )?(?:an?|the|my) (?:\w+ ){{0,3}}"
    r"(?:story|poem|song|letter|scene|dialogue|speech|script|monologue|essay|bio|novel|e-?mail|post|tweet|joke|rap"
    r"|haiku|review)\b|\byou(?: a|['’])re (?:now )?(?:an?|the|my) [^.!?\n]{2,60}(?: and|,) i(?: am|['’]m)\b"
    r"|\bfor (?:the next|the rest of"
    r"|this|these|our) (?:the |this |few |\w+ )?(?:messages?|chat|conversation|exercise|game|scenario|session"
    r"|minutes),? (?:i|i'm|i'll|you|you're|we|we're|my|your|our)\b|\bi(?:'ll| will| am going to) (?:be|play) (?:the "
    r"|an? )?\w+(?: and|,) you\b",
    re.IGNORECASE,
)
# Somebody asks about a text that follows, or who said it.
_ASKED_ABOUT = re.compile(
    r"^[ \t]*(?:(?:so|ok|hey|please) )?(?:what (?:should|can|do|would) i (?:answer|reply|respond|say)"
    r"|how (?:should|would|do|can) i (?:answer|reply|respond)|is this (?:spam|a scam|phishing|legit|real|true"
    r"|correct|polite"
    r"|good (?-i:[A-Z])\w+)|what does (?:this|that|it) mean|who (?:wrote|said|sent) (?:this|that)"
    r"|see below|(?:i )?(?:just )?got this (?:message|text|mail|e-?mail|letter)\b[^.!?\n]{0,20}"
    r"|give me (?:some )?feedback on this(?: \w+)?|k(?:annst|önntest) du das (?:\w+ )?(?:übersetzen|korrigieren"
    r"|zusammenfassen))"
    r"(?: to (?:this|that|it|him|her|them))?(?: (?:mail|message|text|e-?mail"
    r"|letter))?(?:, what do i do)?[?.!:]*[ \t]*$|"
    r"^[ \t]*(?:so |ok |hey )?(?:what (?:do|would) you (?:think|make|say) (?:of|about|to)|(?:any )?(?:thoughts|feedback"
    r"|opinions?|comments) (?:on|about)|(?:how |what )?(?:is|does|do)) (?:this|these|that|the following) (?:\w+ ){0,2}?"
    rf"(?:{_TEXT}|comment|ad|listing|answer|reply|sounds?|reads?|come across)\b[^.!\n]{{0,30}}[?:]?[ \t]*$",
    re.IGNORECASE,
)
_ASKED_WHO = re.compile(
    r"^[ \t]*(?:who|what|which|where|how|is|are|does|did)\b[^.?!\n:]{2,60}:(?=\s*(?:[\"“'«]|(?:i|my|we|our|i'm)\b))",
    re.I,
)
_WHOLE_QUOTE = re.compile(
    r"(?:^|(?<=\n)|(?<=: ))[ \t]*(?:\"[^\"\n]{1,4000}\"|“[^”\n]{1,4000}”|«[^»\n]{1,4000}»|„[^“\n]{1,4000}“)[ "
    r"\t]*(?=\n|$)"
)


# A line of a chat that was copied: who said it, often behind the time. Blanks behind the time belong to it alone: two
# repeats of blanks beside each other are tried at every cut between them.
_CHAT_LINE = re.compile(
    r"^[ \t]*(?:(?P<time>\[[^\]\n]{1,30}\]|\(?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: ?[ap]m)?\)?,?)[ \t]*)?(?:[-–] ?)?"
    r"(?P<name>[A-Z][\w'-]{0,20}(?: [A-Z][\w'-]{0,20})?): ?(?P<said>.*)$",
    re.IGNORECASE,
)
_LABELS = frozenset(
    [
        "note",
        "update",
        "correction",
        "edit",
        "news",
        "ps",
        "todo",
        "question",
        "answer",
        "summary",
        "reminder",
        "fact",
        "fyi",
        "info",
    ]
)
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i've|my|me|we|our)\b", re.IGNORECASE)
# In quotation marks; a straight mark behind a word closes and does not open.
_IN_QUOTES = re.compile(r"(?<![\w.!?,…])\"[^\"\n]{4,4000}\"|“[^“”\n]{4,4000}”")
_SENTENCES = re.compile(r"[.!?] \S")


def own_words(text: str, speaker: str) -> str:
    """The text less code, quoted lines, mails, what is to be worked on or was pasted, and what is played or made up.

    These are the lines up to where such material begins; a request about what stands above leaves nothing.
    """
    lines = typed(text, speaker).split("\n")
    last = max((number for number, line in enumerate(lines) if line.strip()), default=-1)
    kept: list[str] = []
    for number, line in enumerate(lines):
        asked = _WORK_ON.search(line) or _WORK_ON_LAST.search(line) or _ANYWHERE.search(line)
        if asked and _ABOVE.search(line):
            return ""
        sentence = _SENTENCE_END.split(line[asked.end() :], maxsplit=1)[0] if asked else ""
        follows = number < last or ":" in sentence or "：" in sentence or bool(_STRICT.search(line))
        about = _ASKED_ABOUT.match(line) if number < last else None
        begins = (
            about
            or _ASKED_WHO.match(line)
            or _PLAYED.search(line)
            or PLAYED.search(line)
            or (asked if follows else None)
            or _PASTED.search(line)
            or WROTE.search(line)
        )
        if begins:
            # Of the whole sentences before.
            end = max(line.rfind(mark, 0, begins.start() + 1) for mark in ".!?。！？।؟")
            kept.append(line[: end + 1])
            break
        kept.append(line)
    return "\n".join(kept)


def typed(text: str, speaker: str) -> str:
    """The text less what is marked as somebody else's: code, quoted lines, mails and letters."""
    text = _without_others("\n".join(_FENCE.split(text)[::2]), speaker)
    text = _IN_QUOTES.sub(_shortened, text)
    text = _WHOLE_QUOTE.sub("", _QUOTED_LINE.sub("", text))
    mail = _MAIL.search(text)
    text = text[: mail.start()] if mail else text
    # A letter goes that somebody else signed: from its greeting to the name below.
    lines = text.split("\n")
    signed = next((i for i, line in enumerate(lines) if _SIGNED.match(line.strip())), None)
    if signed is None or signed + 1 >= len(lines):
        return text
    name = lines[signed + 1].strip()
    if not name or len(name) > 60 or name.split()[0].casefold() in speaker.casefold():
        return text
    greeting = next((i for i, line in enumerate(lines[:signed]) if _GREETING.match(line.strip())), 0)
    return "\n".join([*lines[:greeting], *lines[signed + 2 :]])


def _shortened(quote: re.Match[str]) -> str:
    """Several sentences in which somebody speaks of themselves are left out."""
    words = quote.group()
    return '"…"' if _SENTENCES.search(words) and _FIRST_PERSON.search(words) else words


def _without_others(text: str, speaker: str) -> str:
    """The text less what others say in a chat that was copied, which its times show, or two lines or more."""
    lines = [(line, _CHAT_LINE.match(line)) for line in text.split("\n")]
    told = [match for _, match in lines if match and match["name"].casefold() not in _LABELS and _is_said(match)]
    if not told or not (len(told) > 1 or told[0]["time"]):
        return text
    own = ("me", "i", "myself", *speaker.casefold().split())
    kept: list[str] = []
    for line, match in lines:
        if not match or match not in told:
            kept.append(line)
        elif match["name"].casefold() in own:
            kept.append(match["said"])
    return "\n".join(kept)


def _is_said(line: re.Match[str]) -> bool:
    """Somebody says something of themselves; `City: Rome` is a line of a form."""
    return bool(line["time"] or _FIRST_PERSON.search(line["said"]))
