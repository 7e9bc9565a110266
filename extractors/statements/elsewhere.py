"""What is played, supposed or wished for in other languages than English, by the words that begin it."""
# ruff: noqa: RUF001 - the look-alikes are words of other languages

import re

_BEGINS = (
    r"(?:^|[.!?¡¿。！？:]\s*)"
    r"(?:(?:und|aber|also|jetzt|bitte|y|pero|ahora|et|mais|maintenant|e|ma|en|och|и|а|теперь) )?"
)
# Let us imagine, suppose, pretend: in the order of docs/languages.md.
_SUPPOSED = (
    r"stell(?:e|t|en sie)? (?:dir|euch|sich)(?: \w+)? vor\b|stellen wir uns vor\b|(?:nehmen wir|nimm|nehmt)(?: mal"
    r"| einmal)? an\b"
    r"|(?:mal )?angenommen(?=,| (?:ich|wir|dass|mein))|gesetzt den fall\b|sagen wir(?: mal)?\b|tu(?:n wir|t"
    r"|e)?(?: mal)?(?: so)?,? als\b",
    r"stel (?:je |u )?(?:eens )?(?:voor\b|dat\b)|veronderstel\b|doe (?:maar )?alsof\b|laten we (?:doen alsof"
    r"|zeggen dat)\b",
    r"föreställ (?:dig|er)\b|tänk (?:dig|er)(?: att)?\b|anta(?:g)? att\b|låtsas\b|låt oss (?:säga|anta|låtsas)\b"
    r"|säg att\b",
    r"imagine(?:z|ons)?\b|suppos(?:e|ez|ons)\b|admett(?:ons|ez)\b|disons que\b|fai(?:s|sons|tes) (?:comme si"
    r"|semblant)\b",
    r"imagin(?:a|e|ad|emos|ate|ense)\b|imagín(?:ate|ese|ense)\b|imaginémonos\b|sup(?:ón|oned|ongamos|onte)\b"
    r"|pong(?:amos|ámonos)\b|digamos que\b|fing(?:e|amos)\b|ha(?:z|gamos) como (?:si|que)\b",
    r"immagin(?:a|ate|iamo|i)\b|suppon(?:i|iamo|ete)\b|mettiamo (?:che|caso)\b|diciamo che\b|fa(?:i|cciamo"
    r"|te)? finta\b",
    r"imagin(?:a|e|em|emos)\b|suponh?a(?:mos)?\b|finj?a(?:mos)?\b|faz(?:er)? de conta\b|faça(?:mos)? de conta\b",
    r"diyelim\b|varsay(?:alım)?\b|farz et(?:elim)?\b|hayal et\b|düşün ki\b",
    r"представь(?:те)?\b|вообрази(?:те)?\b|предположим\b|допустим\b|представим\b|притвори(?:сь|тесь|мся)\b",
    r"φαντάσου\b|φανταστείτε\b|ας (?:υποθέσουμε|πούμε|φανταστούμε)\b|υπόθεσε\b|κάνε (?:πως|ότι)\b",
    r"تخيل|تخيّل|لنفترض|افترض|لنتخيل|تظاهر",
    r"मान (?:लो|लीजिए|लें)|कल्पना (?:करो|कीजिए|करें)|सोचो कि",
    r"假设|假設|想象|想像|假装|假裝|设想|設想|比方说我",
    r"想像して|仮に|もし仮に",
    r"상상해|가정해|치자",
    r"דמיין|דמייני|נניח|בוא נניח|תאר לעצמך",
)
_ROLES = (
    r"\brollenspiel\w*|\brollespil\b|\brollenspel\w*|\brollspel\w*|\bjuegos? de rol\b|\bjeux? de rôles?\b"
    r"|\bgioc(?:o|hi) di ruolo\b|\bjogos? de interpretação\b|\brol yapma\b|\bролев\w+ игр\w+|παιχνίδι ρόλων"
    r"|角色扮演|ロールプレイ|롤플레이|역할극|משחק תפקידים|لعب(?:ة)? أدوار|تقمص"
    r"|\bspiel(?:e|en wir)? (?:die|eine) rolle\b|\bjou(?:e|ons|ez) le rôle\b|\bjugamos a (?:que|ser)\b"
    r"|\bgiochiamo a fare\b",
    r"(?:^|[.!?¡]\s*)(?:bitte )?(?:agis(?:sez)? comme|comporte-toi comme|actúa como|haz de|compórtate como|agisci come"
    r"|comportati come|aja como|comporte-se como|verhalte dich wie|benimm dich wie|sei ein|gedraag je als|bete dig som"
    r"|agera som|веди себя как|(?:du bist|tu es|eres|sei|você é) (?:jetzt |nun |maintenant |ahora |ora |agora )?"
    r"(?:eine?|une?|una?|um|uma)(?= [^.!?]{2,60}[.!?,:] ))\b",
)
_WRITE = (
    r"schreib\w*|verfass\w*|erzähl\w*|écri(?:s|vez)|rédige\w*|raconte\w*|escribe|escríbe\w*|redacta|cuenta|cuénta\w*"
    r"|scrivi\w*"
    r"|racconta\w*|escrev[ae]\w*|redija|conte|schrijf|vertel|skriv|berätta|напиши\w*|сочини\w*|расскажи\w*|yaz|γράψε"
)
_WORKS = (
    r"\w*geschichten?|\w*brief\w*|gedichte?|lied|\w*mail\w*|\w*rede|bewerbung\w*|histoire|lettre|poème|chanson"
    r"|courriel|discours|cuento"
    r"|historia|carta|poema|canción|correo|discurso|storia|lettera|poesia|canzone|conto|história|canção|verhaal"
    r"|brief|gedicht"
    r"|berättelse|saga|brev|dikt|рассказ|истори\w+|письмо|стих\w*|сказк\w+|hikaye|mektup|şiir|ιστορία|γράμμα|ποίημα"
)

PLAYED = re.compile(
    rf"{_BEGINS}(?:{'|'.join(_SUPPOSED)})|{'|'.join(_ROLES)}|{_BEGINS}(?:{_WRITE})\b[^.!?\n]{{0,40}}\b(?:{_WORKS})\b",
    re.IGNORECASE,
)
# "If I lived there, I would ...", "I wish I ...": one sentence, and what follows is meant again.
SUPPOSED = re.compile(
    r"^wenn (?:ich|wir)\b.*\b(?:würden?|hätten?|wären?|könnten?|ginge|käme)\b|^si\b.*\w(?:ría|rías|ríamos|rían)\b"
    r"|^si (?:j'|je |nous |on )\w*(?:ais|ait|ions)\b.*\w(?:rais|rait|rions|raient)\b"
    r"|^se\b.*\w(?:ssi|esse|asse|isse)\b.*\w(?:rei|rebbe|ria)\b|^als ik\b.*\bzou\b|^om jag\b.*\bskulle\b"
    r"|\bесли бы\b|\b\w+(?:saydım|seydim)\b|^αν\b.*\bθα\b|^(?:如果|要是|假如)|^もし.*(?:たら|なら|れば)"
    r"|(?:다면|라면)\b.*(?:텐데|겠다|겠어)|^لو |^(?:अगर|यदि)\b.*(?:ता|ती|ते)\b|^(?:אילו|לו)\b"
    r"|^(?:ich|wir) wünschten?\b|^(?:wäre|hätte|würde|könnte|wohnte) ich (?:doch|nur|bloß)\b|^wenn ich (?:doch|nur"
    r"|bloß)\b"
    r"|^(?:ojal[aá]|ya quisiera|desearía que)\b|^si seulement\b|^j'aurais (?:aimé|voulu)\b|^je voudrais (?:être"
    r"|habiter|avoir)\b"
    r"|^(?:magari|vorrei (?:essere|avere|vivere))\b|^(?:oxalá|tomara|quem me dera)\b|^(?:ik wou dat|was ik maar"
    r"|had ik maar)\b"
    r"|^(?:jag önskar att|om jag bara|tänk om)\b|^(?:хотел(?:а)? бы я|вот бы|жаль, что я не)\b|^keşke\b|^μακάρι\b"
    r"|^(?:ليت|يا ليت)"
    r"|^काश\b|^הלוואי\b|^要是我|^但愿|^要是.*就好了|たらいいのに|면 좋겠",
    re.IGNORECASE,
)
