"""What kind of speech a sentence is: a question, a request, a supposition; an agent's deed or promise, a status."""
# ruff: noqa: RUF001 - the look-alikes are words of other languages

import re

from semmem.extractors.statements.elsewhere import SUPPOSED

_MARKED = re.compile(r"[?？؟՞፧⁇⁈‽\u037e][\"'”’»)\s]*$")
_OPENED = re.compile(
    r"^[\"“«(]*¿|^(?:is|are|does|was) [\"“]|^(?:what|who|where|how|when|why)s (?:my|the|your|his|her|our|up)\b",
    re.IGNORECASE,
)
_IN_QUOTES = re.compile(r"[\"“„«][^\"”“»]*[\"”“»][.!]?")
_KIDDING = re.compile(
    r"(?:\b(?:jk|just kidding|only joking|just joking)|/s)[\s.!)]*$|^(?:jk|(?:just|only) (?:kidding|joking))\b",
    re.IGNORECASE,
)
_GREEK_MARK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff][^;]*;[\"'”’»)\s]*$")
_LEAD = (
    r"(?:(?:hey|hi|hello|so|and|but|ok|okay|also|please|well|sorry|um|oh|then|by the way|btw|quick question)[,:]? )*"
)
_WHO = (
    r"(?:i|you|we|he|she|they|it|there|this|that|these|those|my|your|our|his|her|their|the|a|an|any|anyone"
    r"|someone|one)"
)
_ENGLISH = re.compile(
    rf"^{_LEAD}(?:(?:what|who|whom|whose|which|where|when|why|how)(?:'s|'re|'d| \w+){{1,3}}? {_WHO}\b(?!.*,)"
    r"|(?:what|who|where|when|why|how|which)(?:'s| is| are| was| were| do| does| did| can| could| should| would| will"
    r"| has| have| much| many| often| long| old| far| about| come| else| time| day| kind)\b"
    rf"|(?:can|could|would|will|do|does|did|is|are|am|was|were|have|has|had|should|shall|may|might|don't|doesn't"
    rf"|didn't"
    rf"|isn't|aren't|can't|won't) {_WHO}\b|(?:any (?:idea|news|chance|update)|remind me|tell me|do you|you "
    rf"(?:know|remember) (?:what|who"
    r"|where|when|why|how|if|my))\b)",
    re.IGNORECASE,
)
# "When I was a kid I lived in Peru": the clause has its subject in front of the verb, and another follows.
_SUBORDINATE = re.compile(
    r"^(?:when|whenever|where|wherever|how) (?:i|we) (?:\w+[,:]? ){1,6}?(?:i|we|there|she|he|it|they|my|our)\b",
    re.IGNORECASE,
)
# "What I do for a living is fix boilers", "Should you need it, my locker code is 4412".
_CLEFT = re.compile(
    r"^what (?:i|we|my|our|matters|helps|bothers|worries|is (?:most |more |really )?(?:important|special|hard|easy|new"
    r"|best|worst))\b.{2,60}? (?:is|are|was|were) (?!\w+ing\b)|^should (?:you|anyone|anybody) [^,?]{2,60}, ",
    re.IGNORECASE,
)
_OTHER_WORDS = re.compile(
    r"^(?:(?:wer|wen|wem|wessen|was|wo|wann|wie|warum|wieso|weshalb|wohin|woher|welche\w*|worüber|womit) \w+(?!.*,)"
    r"|(?:habe|bin|war|wohne|arbeite|heiße|kann|soll|muss|darf|hatte) ich\b|\w+-(?:je|tu|vous|t-il|t-elle)\b"
    r"|(?:heb|ben|woon|werk|kan|moet|was|had) ik\b|(?:har|är|bor|kan|ska|hade|jobbar) jag\b"
    r"|(?:kannst|könntest|weißt|hast|bist|magst|willst|erinnerst) du\b|(?:können|könnten|wissen|haben|sind) sie\b"
    r"|(?:qu'est-ce|(?:\w+ )?est-ce|où|quand|qui|comment|pourquoi|combien|quel(?:le)?s?|que) |(?:peux|sais|as|es)-tu\b"
    r"|(?:pouvez|savez|avez)-vous\b|tu (?:te souviens|sais)\b"
    r"|(?:qué|dónde|cuándo|quién|cómo|cuál(?:es)?|cuánt[oa]s?|por qué|sabes|puedes|recuerdas|te acuerdas)\b"
    r"|quant[oaie] \w+ (?:ho|hai|sono|sei)\b|quant[oa]s \w+ (?:eu )?(?:tenho|tem|sou)\b"
    r"|(?:hoe|wat|waar|wanneer|welke?) (?:\w+ )?(?:ben|heb|woon|werk|heet|moet|kan|was|had) (?:ik|je|jij|we)\b"
    r"|(?:hur|vad|var|när|vilke\w*) (?:\w+ )?(?:är|har|bor|jobbar|heter|ska|kan|var) (?:jag|du|vi|min|mitt)\b"
    r"|(?:cosa|dove|quando|chi|come|perché|quanto|quale|sai|puoi|ricordi|ti ricordi) "
    r"|(?:o que|onde|quando|quem|como|por que|quanto|qual|você (?:sabe|lembra|pode)|lembra) "
    r"|(?:wat|waar|wanneer|wie|hoe|waarom|welke?) (?:is|zijn|heet|heb|ben|woon|doe|kan|moet|gaat|was)\b|(?:kun"
    r"|kan|weet|heb) je\b"
    r"|(?:vad|var|när|vem|hur|varför|vilken) (?:är|heter|bor|har|ska|kan|gör|var)\b|(?:kan|vet|minns) du\b"
    r"|(?:что|где|куда|когда|кто|как|почему|зачем|сколько|как(?:ой|ая|ое|ие)|чей|ты (?:помнишь|знаешь)|помнишь"
    r"|знаешь|можешь|можете)\b"
    r"|(?:ne|nerede|nereye|kim|kaç|nasıl|neden|niçin|hangi)\b"
    r"|(?:τι|πού|πότε|ποιος|ποια|πώς|γιατί|πόσο|θυμάσαι|ξέρεις|μπορείς)\b"
    r"|(?:هل|أين|متى|ماذا|كيف|لماذا|ما|من|كم|أتذكر|هل تذكر)\s|(?:האם|איפה|מתי|מה|מי|איך|למה|כמה|אתה זוכר)\s"
    r"|(?:क्या|कहाँ|कहां|कब|कौन|कैसे|क्यों|कितन\w+)\s)",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"(?:几|幾)(?:岁|歲|点|點|个|個|口)|多大[了啊]?$|\b(?:comment|où|quand|combien)[\s.]*$|^(?:\w+ ){0,3}kaç \w+[\s.]*$"
    r"|(?:何|誰|どこ|いつ|いくつ)[。\s]*$|(?:吗|嗎|呢|么|麼)[。！!~…\s]*$|(?:还|還)?(?:记得|記得)我|(?:哪里|哪裡|哪儿|哪個|哪个|什么|什麼|谁|誰|怎么"
    r"|怎麼|为什么|為什麼|多少|几点|幾點)[^，。]{0,12}$"
    r"|(?:ですか|ますか|でしたか|ましたか|だっけ|かな|のか|何ですか|どこ|いつ|だれ|誰|なぜ)[。\s]*$"
    r"|(?:어디|누구|언제|뭐|무엇|몇|왜|어떻게|얼마).{0,20}(?:지|야|니|냐|더라|죠|요)[.\s]*$"
    r"|(?:까|까요|나요|가요|니|는지 알아|ㄹ까)[.\s]*$|(?:ไหม|มั้ย"
    r"|หรือเปล่า|ที่ไหน|อะไร|ใคร|เมื่อไหร่"
    r"|ทำไม)\s*(?:ครับ|คะ|ค่ะ)?\s*$"
    r"|\b(?:mi|mı|mu|mü)(?:sin|sın|sun|sün|yim|yım|siniz|sınız|yiz|yız)?[.\s]*$|\bli\b[^.]*\?$|(?:कहाँ|कहां|कब"
    r"|कौन|कैसे|क्यों)[^,।]*$|\b(?:ne|nerede|nereye|kim|nasıl|neden|kaç)[.\s]*$|(?:है क्या|कहाँ है|क्या है|कौन "
    r"है)[।\s]*$"
)
_REQUEST = re.compile(
    rf"^{_LEAD}(?:(?:just |now |kindly |let's )*)"
    r"(?:book|order|delete|remove|erase|remind|send|show|give|find|search|look up|look for|list|write|draft|make"
    r"|create|generate|build"
    r"|tell|explain|describe|translate|summari[sz]e|fix|correct|proof-?read|rewrite|check|set|schedule|cancel|add"
    r"|update|change|move|open|close"
    r"|start|stop|play|turn|print|read|save|store|remember to|get|buy|pay|transfer|call (?!me\b)|e-?mail (?!me\b"
    r"|is\b|address\b)|text (?!me\b)|help|let me know"
    r"|suggest|recommend|compare|calculate|compute|convert|plan|count|pick|choose|reserve|track|file|submit"
    r"|export|import|run|execute"
    r"|use|ignore|forget (?!(?:that|what) (?:i|my)\b)|wipe|clear|reset|keep|answer|respond|reply|act|pretend"
    r"|imagine|speak"
    r"|talk|continue|go on|wait|stop|never mind"
    r"|don't (?:forget|tell|worry|share|mention)|do not (?:forget|tell|share|mention)|repeat|include|provide|sort"
    r"|rank|name|define|solve|prove|debug|refactor|implement"
    r"|bitte|zeig|buche?|lösch\w*|schreib\w*|erinner\w* mich|montre|réserve|supprime|écris|rappelle|muestra"
    r"|reserva|borra|escribe|recuérdame|prenota|cancella|scrivi|ricordami"
    r"|reserve|apague|escreva|boek|verwijder|schrijf|boka|radera|skriv|забронируй|удали|напиши|напомни"
    r"|покажи)\b(?!['’]s\b)(?!\s*[,:.!])(?! (?:is|was|are|were|has|had)\b)",
    re.IGNORECASE,
)
_REQUEST_ELSEWHERE = re.compile(
    r"^(?:закажи|купи|найди|сделай|позвони|отправь|скажи|создай|поставь|переведи|забронируй|удали|напиши)(?:те)?\b"
    r"|^(?:κλείσε|γράψε|στείλε|βρες|δείξε|θύμισέ|διάγραψε|πες|φτιάξε|ακύρωσε)\b"
    r"|^(?:احجز|اكتب|أرسل|ابحث|ذكرني|احذف|أخبرني|اعرض)\b|^(?:תזמין|תכתוב|תשלח|תמצא|תזכיר|תמחק)\b"
    r"|(?:करो|कीजिए|दीजिए|बताओ|बताइए|लिखो|भेजो|हटाओ)[।.!\s]*$"
    r"|\b(?:ayırt|yap|yaz|bul|gönder|sil|göster|hatırlat|söyle|sipariş et|iptal et)[.!\s]*$"
    r"|^(?:请|請|帮我|幫我|给我|給我|删除|刪除|提醒我)|(?:してください|して下さい|해 ?줘|해 ?주세요|てくれ)[。.\s]*$",
    re.IGNORECASE,
)
_REQUEST_OF_YOU = re.compile(rf"^{_LEAD}i(?:'d| would)? (?:like|need|want|expect|ask) you to\b", re.IGNORECASE)
# "Book club is on Tuesday": the verb is part of a name, for another follows without an object in between.
_COMPOUND = re.compile(
    r"^\w+ (?!(?:a|an|the|my|me|us|all|some|any|it|this|that|these|those|every|each|him|her|them|your|our)\b)"
    r"(?:(?!(?:that|which|who|where|when|what|how|if|so|because|and)\b)[\w-]+ ){1,4}?"
    r"(?:is|are|was|were|has|have|had|arrived|works?|starts?|costs?|takes?|ends?)\b",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"^(?:please |just )*(?:use my new\b"
    r"|(?:keep|make) (?:all )?your (?:answers|replies|responses|messages|explanations)\b"
    r"|(?:answer|reply|respond|write|speak|talk)(?: to)?(?: me)? in (?-i:[A-Z])\w+(?: please| from now on| now)*[.!]*$"
    r"|use (?:metric|imperial|celsius|fahrenheit|british|american)\b"
    r"|(?:call|text|e-?mail|contact|reach|phone|message|ping|address) me\b"
    r"|always\b|never\b"
    r"|don't ever\b|from now on\b"
    r"|(?:remember|note|keep in mind|be aware|know) that\b|(?:forget|ignore|disregard|scratch) (?:that|what) (?:i"
    r"|my)\b)|\b(?:instead|from now on|going "
    r"forward|in (?:the )?future|always|every time|anymore)\b",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"^(?:(?:and|but|so|well|oh) )?(?:(?:if|even if|as if|unless)\b.*\b(?:would|could|might|i'd|we'd|he'd|she'd"
    r"|were)\b"
    r"|(?:for the sake of (?:the )?argument|imagine|suppose|supposing|assume|assuming|pretend|say|let's say|what if"
    r"|hypothetically|if only|i wish"
    r"|wish)\b)"
    r"|^(?:i|we)(?:'d| would) (?:\w+ )*if\b|\bif i (?:were|was|lived|had|worked|could)\b",
    re.IGNORECASE,
)
_MOCKING = re.compile(
    r"^(?:oh,? )?(?:great|wonderful|fantastic|lovely|brilliant|perfect|fun),? (?:another|just what)\b(?![^:]*:)"
    r"|^(?:(?:yeah|yes|sure|right|of course|oh|ok|okay)[, ]+)+and (?:i'm|i am|my \w+ is) the\b",
    re.IGNORECASE,
)

_DOES = re.compile(
    r"^(?:(?:ok|okay|sure|done|great|perfect|yes|certainly|of course|absolutely|good news|update)[,!.:] )*(?:i"
    r"|we)(?:'ve|'ll| have| will| am going to| promise to| shall)?"
    r"(?: (?:just|already|now|also|since|successfully|personally))*"
    r" (?P<verb>book|booked|sent|send|cancel\w*|refund\w*|schedul\w*|reschedul\w*|order|ordered|shipped|ship"
    r"|updat\w+|changed|change|created|create|opened|open|closed|close|added|add|removed"
    r"|remove|deleted|delete|paid|pay|transferred|transfer|reserved|reserve|filed|file|submitted|submit|confirmed"
    r"|confirm|called|call|emailed|email|contacted|contact|notified|notify|escalated|escalate"
    r"|forwarded|forward|replaced|replace|repaired|repair|fixed|fix|issued|issue|credited|credit|applied|apply"
    r"|registered|register|enrolled|signed|set up|arranged|arrange|assigned|assign|moved|move"
    r"|charged|charge|waived|waive|extended|extend|remind|reminded|deliver|delivered|return|deployed|deploy"
    r"|merged|merge|installed|install|upgraded|upgrade|processed|process|rescheduled|made|recorded"
    r"|noted|saved|stored|wrote|write|drafted|reported|report|follow up|get back|ask|asked|check|checked|found"
    r"|looked|prepared|prepare|finished|completed|started|bought|buy|picked|chose|decided|agreed)\b",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"\b(?:apologi[sz]e|sorry|if you|once you|when you|would|could|might|(?-i:may)|can(?:not|'t)?|unable|as an ai"
    r"|language model|cannot|didn't|don't|not|happy to|glad to|want me|let me know"
    r"|sounds like|seems?|probably|perhaps|maybe|i think|i guess|i assume|i understand|example)\b",
    re.IGNORECASE,
)
_STATUS = re.compile(
    r"\b(?:your|you)\b.*\b(?:is|are|was|were|has been|have been|will be|been)(?: (?:now|already|successfully"
    r"|being|due to be|scheduled to be))* "
    r"(?:sent|booked|shipped|scheduled|rescheduled|refunded|cancell?ed|confirmed|ready|approved|rejected|declined"
    r"|delivered|issued|processed|activated|deactivated|updated|changed|created|closed"
    r"|opened|credited|charged|delayed|due|on (?:its|the) way|dispatched|received|paid|overdue|renewed|expired"
    r"|registered|reserved|assigned|completed|moved|postponed|extended|suspended|upgraded|blocked|locked|verified"
    r"|out for delivery|in transit|available|valid|set|returned|replaced|repaired)\b"
    r"|\byour [\w -]{2,40} (?:ships|arrives|starts|ends|expires|leaves|departs|begins|renews|is on|is at|is in|is "
    r"\d|is scheduled|is due|costs|will (?:arrive|ship|start|end|expire|leave|be))\b",
    re.IGNORECASE,
)
_OWN_VOICE = re.compile(r"\b(?:i|i'm|i've|me|my|mine|we|we're|we've|our|ours|us)\b", re.IGNORECASE)


def asks(sentence: str) -> bool:
    """A question, with or without its mark, in the languages of docs/languages.md."""
    said = sentence.strip()
    if _MARKED.search(said):
        return True
    if _SUBORDINATE.match(said) or _CLEFT.match(said):
        return False
    return bool(
        _OPENED.match(said)
        or _GREEK_MARK.search(said)
        or _ENGLISH.match(said)
        or _OTHER_WORDS.match(said)
        or _ELSEWHERE.search(said)
    )


def requests(sentence: str) -> bool:
    """An order to do something once; how somebody wants to be treated from now on is none."""
    said = sentence.strip()
    if _LASTING.search(said):
        return False
    if _REQUEST.match(said):
        return not _COMPOUND.match(said)
    return bool(_REQUEST_OF_YOU.match(said) or _REQUEST_ELSEWHERE.search(said))


def supposes(sentence: str) -> bool:
    """A supposition, a wish or a joke."""
    said = sentence.strip()
    return any(pattern.search(said) for pattern in (_SUPPOSED, SUPPOSED, _MOCKING, _KIDDING))


def is_quotation(sentence: str) -> bool:
    """Nothing but words in quotation marks."""
    return bool(_IN_QUOTES.fullmatch(sentence.strip()))


def did_or_promised(sentence: str) -> bool:
    """An agent's own deed or promise, or how something of the user's stands."""
    if _NOT_DONE.search(sentence):
        return False
    return bool(_DOES.match(sentence) or _STATUS.search(sentence))


def reports_status(sentence: str) -> bool:
    """How something of the user's stands, as a tool tells it; a page that speaks of itself tells nothing of them."""
    return bool(_STATUS.search(sentence)) and not _OWN_VOICE.search(sentence)
