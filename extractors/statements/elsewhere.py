"""The words that open what is played, supposed or wished for in the languages of docs/languages.md beside English."""
# ruff: noqa: RUF001 - the look-alikes are words of other languages

import re

# Where a sentence opens, behind the small words that lead in.
OPENS = (
    r"(?:^|(?<=[.!?…])\s|(?<=[。！？।؟]))[\"“«¿¡\s]*(?:(?:ok|okay|hey|hi|hello|so|now|just|please|well|and|but"
    r"|also|hallo|und|aber|jetzt|nun|bitte|gut|mal|hola|y|pero|ahora|bueno|entonces|por favor|salut|bonjour|et|mais"
    r"|maintenant|alors|ciao|e|ma|ora|allora|olá|mas|agora|então|en|nu|dus|dan|hej|och|men|da|а|и|но|теперь|ну"
    r"|привет|давай|şimdi|peki|τώρα)\b,?\s*|(?:好|那|现在|请|では|じゃあ|자|이제|طيب|الآن|अच्छा|अब|עכשיו"
    r"|אז)[,，、]?\s*){0,4}"
)
# Whose first person shows without a pronoun, or with what is theirs.
FIRST_PERSON = (
    r"(?:ich|wir|je|nous|yo|nosotros|io|noi|eu|nós|ik|wij|jag|vi|я|мы)\s+\w|j['’]\w"
    r"|(?:mein|unser|mon|ma|mes|notre|mi|mis|nuestr[oa]|mio|mia|meu|minha|mijn|min|mitt|мой|моя)\w*\s+\w"
    r"|(?:soy|estoy|vivo|trabajo|tengo|sono|lavoro|sou|moro|trabalho|tenho)\s+\w"
)

_GERMAN_CLAUSE = r"(?=\s*[,:!.]|\s+(?:dass|ich|wir|mein\w*|du|es|wie)\b|\s*$)"
_SUPPOSE = {
    "German": rf"stell(?:e|t|en sie)? (?:dir|euch|sich|uns)(?: \w+){{0,2}} vor{_GERMAN_CLAUSE}"
    rf"|stellen wir uns vor\b|(?:nimm|nehmt|nehmen (?:wir|sie))(?: \w+){{0,2}} an{_GERMAN_CLAUSE}"
    rf"|(?:einmal )?angenommen{_GERMAN_CLAUSE}"
    r"|gesetzt den fall\b|sagen wir(?: mal)?,? (?:ich|wir|dass|mein\w*)\b|tu(?:e|t|n wir|n sie)?(?: (?:mal|bitte"
    r"|einfach|doch))*(?: so)?,? als\b|(?:rein )?hypothetisch\b|was(?: wäre)?,? wenn (?:ich|wir)\b|es war einmal\b",
    "Dutch": r"stel (?:je|u|jullie)(?: eens| even)? voor\b|stel(?: je)?,? dat (?:ik|we|wij|mijn)\b|veronderstel\b"
    r"|neem(?: \w+)? aan dat\b|doe(?:n we)?(?: \w+)? alsof\b|laten we (?:doen alsof|zeggen dat|aannemen)\b"
    r"|wat als (?:ik|we)\b|er was eens\b",
    "Swedish": r"föreställ (?:dig|er)\b|tänk (?:dig|er)(?: att)?\b|tänk om (?:jag|vi)\b|anta(?:g)? att\b|låtsas\b"
    r"|låt oss (?:anta|låtsas|säga)\b|säg att (?:jag|vi|min)\b|hypotetiskt\b|det var en gång\b",
    "French": r"imagin(?:ez|ons)\b|suppos(?:ez|ons)\b|admett(?:ons|ez)\b|mettons que\b|disons que\b"
    r"|hypothétiquement\b|fai(?:s|sons|tes) (?:comme si|semblant)\b|et si (?:j['’]|je|on|nous)\b|il était une fois\b",
    "Spanish": r"imag[ií]n(?:a|ate|ad|aos|emos|émonos|ese|e|ense)(?= que| ser| estar|,|:)|sup(?:ón|on|oned|ongamos"
    r"|onte)\b|pongamos que\b|digamos que\b|fin(?:ge|gid|jamos) (?:que|ser)\b|ha(?:z|ced|gamos) como (?:si|que)\b"
    r"|qué pasaría si\b|hipotéticamente\b|(?:érase|había) una vez\b",
    "Italian": r"immagina(?:te|ti|tevi|mo)?(?= che| di|,|:)|immaginiamo\b|suppon(?:i|iamo|ete)\b|mettiamo (?:che"
    r"|caso)\b|diciamo che\b|fa(?:i|te|cciamo) (?:finta|conto)\b|e se io\b|ipoteticamente\b|c['’]era una volta\b",
    "Portuguese": r"imagin(?:a|e|em|emos)(?= que| ser|,|:)|supon(?:ha|ham|hamos)\b|digamos que\b|fin(?:ge|ja"
    r"|jamos) (?:que|ser)\b|(?:faz|faça|façamos|vamos fazer) de conta\b|e se eu\b|hipoteticamente\b|era uma vez\b",
    "Turkish": r"diyelim ki\b|farz et\w*|varsay(?:alım)?(?: ki)?\b|hayal et\b|düşün ki\b|bir varmış\b",
    "Russian": r"представь(?:те)?(?=,| себе| что)|представим\b|вообрази(?:те)?\b|предположим\b|допустим(?=,| что"
    r"| я\b| у )|притвори(?:сь|тесь|мся)\b|а что,? если\b|жил-был\b",
    "Greek": r"φαντάσου\b|φανταστείτε\b|ας (?:υποθέσουμε|πούμε|φανταστούμε)\b|υπόθεσε\b|κάνε (?:πως|ότι)\b"
    r"|μια φορά κι",
    "Arabic": r"تخيّ?ل(?:ي|وا)?\s|لنفترض|افترض|لنتخيل|تظاهر",
    "Hebrew": r"(?:ת?דמיינ[יו]|ת?דמיין|נניח|בוא[יו]? נניח|תאר[יו]? לעצמ)",
    "Hindi": r"मान (?:लो|लीजिए|लें)|कल्पना (?:करो|कीजिए|करें)|सोचो कि|फ़र्ज़ करो",
    "Chinese": r"(?:我们|我們|让我们|来|來)?(?:假设|假設|假定|想象一下|想像一下|想象你|想象我|假装|假裝|设想|設想"
    r"|比方说我)",
    "Japanese": r"(?:もし)?仮に|想像して(?:ください|下さい|みて|ごらん)",
    "Thai": r"สมมติ",
}
# In these the verb stands last.
_SUPPOSE_LAST = (
    r"\bhayal (?:et|edin|edelim)\b|\bvarsayalım\b|\bfarz edelim\b|(?:と仮定し|と想像し|ふりをし)て(?:[。、]|ください"
    r"|みて|$)|상상해 ?(?:봐|보)|가정(?:해 ?(?:봐|보)|하자|합시다)|고 치자|척해 ?(?:줘|봐)"
)

_ROLE_PLAY = (
    r"(?:rollenspiel\w*|rollenspel\w*|rollspel\w*|juegos? de rol(?:es)?|jeux? de rôles?|gioc\w+ di ruolo"
    r"|jogos? de (?:interpretação|rpg|papéis)|rol yapma\w*|ролев\w+ игр\w+|παιχνίδι ρόλων|角色扮演|ロールプレイ"
    r"|롤플레이|역할극|משחק תפקידים|لعب\w* (?:ال)?أدوار|role-?play\w*)"
)
_LETS = (
    r"(?:lasst? uns|lassen sie uns|(?:machen|spielen|starten) wir|mach|spiele?|starte|beginne|hagamos|vamos a"
    r"|juguemos|empecemos|haz|jouons|faisons|commençons|facciamo|giochiamo|vamos|façamos|laten we|låt oss|сыграем"
    r"|поиграем|начн[её]м|hadi|haydi|ας|我们来|我們來|来玩|让我们|בוא\w*|دعنا|لنلعب|هيا)"
)
_WE = (  # who may say what they do every Monday too
    r"(?:wir (?:machen|spielen)|on (?:joue|fait)|nous (?:jouons|faisons)|jugamos|giochiamo|we (?:doen|spelen)"
    r"|vi (?:spelar|kör)|мы играем в)"
)
_ACT_AS = (
    r"(?:verhalte dich wie|benimm dich wie|agiere (?:als|wie)|agis(?:sez)? comme|comporte-toi comme|actúa como"
    r"|compórtate como|haz de (?=\w+[.,:])|agisci come|comportati come|aja como|comporte-se como|gedraag je als"
    r"|bete dig som|agera som|веди себя как|действуй как|gibi davran|扮演|你来扮演|你来当)"
)
# Who is told to be somebody from now on.
_BE = (
    r"(?:(?:du bist|tu es|vous êtes|eres|sei|você é|je bent|du är|ты)(?: ab)? (?:jetzt|nun|maintenant|désormais"
    r"|ahora|ora|adesso|agora|nu|теперь)|ab (?:jetzt|sofort) bist du|à partir de maintenant,? tu es|(?:desde"
    r"|a partir de) ahora,? eres|(?:da|d['’])? ?(?:ora|adesso) in poi sei|vanaf nu ben je|från och med nu är du) "
    r"(?:eine?|mein\w*|der|die|une?|mon|ma|una?|mi|el|la|il|um|uma|o|a|een|mijn|ett|en|min|mitt|мой|моя) (?=\w)"
)
_NOVEL = (
    r"(?:für meinen? (?:roman|geschichte|buch)|para mi (?:novela|cuento|historia)|pour (?:mon|ma) (?:roman|histoire"
    r"|nouvelle)|per (?:il mio romanzo|la mia storia)|para (?:o )?meu (?:romance|conto)|voor mijn (?:roman|verhaal)"
    r"|för min (?:roman|novell|berättelse)|для моего романа)\s*[:,]"
)
_WRITE = (
    r"(?:(?:schreib(?:e|t|en sie)?|verfass(?:e|t|en sie)|erfinde|dichte|erzähl(?:e|t)?|rédige[zr]?|écri(?:s|vez)"
    r"|invente|raconte|escrib[ea]|escríbe(?:me|le|nos)|redacta|inventa|cuenta|cuénta(?:me|nos)|scriv[ia](?:mi)?"
    r"|racconta(?:mi)?|escrev[ae]|redija|conte|schrijf|verzin|vertel|skriv|hitta på|berätta|напиши|сочини|придумай"
    r"|расскажи|γράψε)\b|写|寫|编个|讲个)"
)
_WORKS = (
    r"(?:\b(?:\w*geschichten?|\w*brief\w*|\w*gedicht\w*|\w*lied|\w*mail\w*|\w*rede|bewerbung\w*|szene|dialog"
    r"|histoire|lettre|poème|chanson|courriel|discours|scène|cuento|historia|carta|poema|canción|correo|discurso"
    r"|escena|diálogo|storia|lettera|poesia|canzone|discorso|conto|história|canção|verhaal|berättelse|saga|brev"
    r"|dikt|mejl|рассказ\w*|истори\w+|письмо|стих\w*|сказк\w+|ιστορία|γράμμα|ποίημα)\b|故事|信|诗|邮件)"
)
_WRITE_LAST = r"\b(?:hikaye|mektup|şiir)\w* yaz\b"

PLAYED = re.compile(
    rf"(?:{OPENS}|:\s*)(?:{'|'.join(_SUPPOSE.values())}|{_ACT_AS}|{_BE}|{_NOVEL}|{_LETS}[^.!?\n]{{0,40}}{_ROLE_PLAY}"
    rf"|{_WE}(?: \w+)? {_ROLE_PLAY}\s*[:：.!,]|(?:\w{{1,20}} ){{0,2}}{_ROLE_PLAY}\s*[:：.!]"
    rf"|{_WRITE}[^.!?:\n]{{0,40}}{_WORKS})|{_ROLE_PLAY}\s*[:：]|{_SUPPOSE_LAST}|{_WRITE_LAST}",
    re.IGNORECASE,
)

# "Meine Schwester schrieb: Ich ...": what follows is hers.
WROTE = re.compile(
    r"\b(?:schrieb|schreibt|steht|(?:hat|haben)(?: \w+){0,3} (?:gesagt|geschrieben)|sagte?|meint|meinte|écrit|dit"
    r"|escribió|escribe|dijo|dice|scritto|scrive|disse|detto|escreveu|schreef|schrijft|zei|zegt|skrev|skriver|sa"
    r"|säger|написал[аи]?|пишет"
    rf"|сказал[аи]?|говорит)\s*[:：]\s*(?=$|[\"“„«]|{FIRST_PERSON})",
    re.IGNORECASE,
)

# "If I lived there, I would ...", "I wish I ...": one sentence, and what follows is meant again.
_IF = {
    "German": r"wenn (?:ich|wir)\b.*\b(?:würden?|hätten?|wären?|könnten?|ginge|käme)\b",
    "Spanish": r"si\b.*\w(?:ría|rías|ríamos|rían)\b",
    "French": r"si (?:j'|je |nous |on )\w*(?:ais|ait|ions)\b.*\w(?:rais|rait|rions|raient)\b",
    "Italian and Portuguese": r"se\b.*\w(?:ssi|esse|asse|isse)\b.*\w(?:rei|rebbe|ria)\b",
    "Dutch": r"als ik\b.*\bzou\b",
    "Swedish": r"om jag\b.*\bskulle\b",
    "Greek": r"αν\b.*\bθα\b",
    "Chinese": r"(?:如果|要是|假如)",
    "Japanese": r"もし.*(?:たら|なら|れば)",
    "Arabic": r"لو ",
    "Hindi": r"(?:अगर|यदि)\b.*(?:ता|ती|ते)\b",
    "Hebrew": r"(?:אילו|לו)\b",
}
_WISH = {
    "German": r"(?:ich|wir) wünscht?e[nt]?(?: (?:mir|uns))?,? (?:dass )?(?:ich|wir|mein\w*|es)\b"
    r"|(?:hätte|wäre|würde|könnte|dürfte|\w{3,}te) ich (?:doch|nur|bloß)\b|wenn ich (?:doch|nur|bloß)\b",
    "Dutch": r"ik wou dat\b|(?:was|had|woonde|kon) ik maar\b|als ik maar\b",
    "Swedish": r"jag (?:önskar|önskade) (?:att )?jag\b|om jag bara\b|om jag ändå\b",
    "French": r"si seulement\b|si (?:je|j['’]\w+) (?:\w+ )?pouvais seulement\b|j['’]aurais (?:aimé|voulu|préféré)\b",
    "Spanish": r"ojal[aá]\b|quién (?:fuera|tuviera|pudiera)\b|ya quisiera\b|si tan solo\b",
    "Italian": r"magari (?:\w+ss[ie]|fossi|avessi)\w*\b|vorrei che\b|se solo\b",
    "Portuguese": r"oxalá\b|tomara\b|quem me dera\b|se ao menos\b",
    "Turkish": r"keşke\b",
    "Russian": r"вот бы\b|если бы\b|хотел[аи]? бы я\b|жаль, что я не\b",
    "Greek": r"μακάρι\b",
    "Arabic": r"(?:يا )?ليت",
    "Hebrew": r"הלוואי\b",
    "Hindi": r"काश\b",
    "Chinese": r"但愿|真希望我|要是.*就好了",
}
SUPPOSED = re.compile(
    rf"^[¿¡«\"]*(?:(?:ach|oh|ah|ay|und|aber|y|et|e|и|а|ох),? )?(?:{'|'.join([*_IF.values(), *_WISH.values()])})"
    r"|\bесли бы\b|\b\w+(?:saydım|seydim)\b|(?:다면|라면)\b.*(?:텐데|겠다|겠어)|(?:たら|なら|れば)(?:いいのに"
    r"|よかったのに)|(?:으?면) 좋(?:겠|을)",
    re.IGNORECASE,
)
