"""The languages that lexical analysis knows: their scripts, their stop words, and which of them a text is in.

The lists are short: articles, pronouns, prepositions, conjunctions, auxiliaries and question words, which are most of
what is said in any language. They tell languages apart, and they go.
"""

# ruff: noqa: RUF001 (letters of other scripts look like Latin ones)

import re
from collections.abc import Mapping, Sequence

# English words that carry no meaning of their own, wh-words, auxiliaries and pronouns among them; "may" is a month.
_ENGLISH = """
a about above after again against all also am an and any are aren't as at be because been before being below
between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either
else ever few for from further had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers
herself him himself his how how's however i i'd i'll i'm i've if in into is isn't it it'd it'll it's its itself
just let's many me might mightn't more most much must mustn't my myself neither no nor not now of off on once only
or other ought our ours ourselves out over own same shall shan't she she'd she'll she's should shouldn't so some
such than that that'd that'll that's the their theirs them themselves then there there's these they they'd they'll
they're they've this those through to too under until up us very was wasn't we we'd we'll we're we've were weren't
what what's when when's where where's whether which while who who's whom whose why why's will with won't would
wouldn't yet you you'd you'll you're you've your yours yourself yourselves
"""
_GERMAN = """
aber alle als also am an auch auf aus bei beim bin bis bist da damit dann das dass dein deine dem den der des dich die
dir doch du durch ein eine einem einen einer eines er es euch euer eure für gegen habe haben hast hat hatte hatten ich
ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ist ja kann kein keine keinen man mein meine meinem meinen meiner mich
mir mit nach nicht noch nun nur ob oder ohne schon sehr sein seine seinem seinen seiner seit sich sie sind so über um
und uns unser unsere unter vom von vor wann war waren warum was weil welche welchem welchen welcher welches wem wen
wenn wer werden wie wir wird wo woher wohin wurde wurden zu zum zur zwischen
"""
_DUTCH = """
aan al als altijd ben bent bij daar dan dat de deze die dit door dus een en er geen had hadden heb hebben heeft hem
het hij hoe hun ik in is je jij jou jouw jullie kan maar me met mij mijn na naar niet nog nu of om omdat onder ons
onze ook op over te tegen toch toen tot uit van veel voor waar waarom wanneer was waren wat we wel welk welke werd wie
wij wordt worden ze zich zij zijn zo zonder zou
"""
_SWEDISH = """
alla att av blev bli blir de dem den denna deras dess det detta dig din dina ditt du där då efter ej eller en er era
ert ett från för ha hade han hans har henne hennes hon honom hur här i icke inte ja jag kan kunde man med mellan men
mig min mina mitt mot mycket ni nu när någon något några och om oss på samma sedan sin sina sitt ska skulle som så
till under upp ut utan vad var vara varför vart vem vi vid vilka vilken vilket vår våra vårt är över
"""
_FRENCH = """
ai as au aux avait avant avec avez avoir avons c'est c'était ce ces cet cette chez combien comme comment d'un d'une
dans de depuis des dont du elle elles en es est est-ce et étaient étais était été être eu eux fait il ils j'ai j'avais
je jusqu la le les leur leurs lui ma mais me mes moi mon n'a n'ai n'est ne nos notre nous on ont où ou par pas pendant
plus pour pourquoi qu'elle qu'est qu'il qu'on quand que quel quelle quelles quels qui quoi s'est sa sans se sera ses
si son sont sous suis sur ta te tes toi ton tous tout très tu un une vers vos votre vous y à
"""
_SPANISH = """
a adónde al algo antes aquí así aunque cada como con cuál cuales cuáles cual cuando cuándo cuanto cuánta cuántas
cuánto cuántos de del desde donde dónde dos durante e el él ella ellas ellos en entre era eran eres es esa ese eso
esta está estaba están estar este esto estos estoy fue fueron ha hace han has hasta hay he la las le les lo los más me
mi mí mis mucho muy nada ni no nos nosotros nuestra nuestro o os otra otro para pero por porque qué que quién quien
quiénes se sea ser si sí siempre sin sobre sois solo somos son soy su sus también te tenía tengo ti tiene tienen
tienes todo todos tu tú tus un una uno unos usted ustedes vosotros y ya yo
"""
_ITALIAN = """
a abbiamo agli ai al alla alle allo anche avere aveva avevo c'è c'era che chi ci come con contro cosa cui da dagli dai
dal dalla dalle degli dei del della delle dello di dopo dove dov'è e è ed era erano eri ero essere fa gli ha hai hanno
ho i il in io la le lei li lo loro lui ma me mi mia mie miei mio molto ne negli nei nel nella nelle no noi non nostra
nostro o per perché più prima qual quale quali quando quanta quante quanti quanto quella quello questa queste questi
questo se sei si siamo sia sono stata stato su sua sue sugli sui sul sulla suo suoi ti tra tu tua tuo tutti tutto un
un'altra una uno vi voi
"""
_PORTUGUESE = """
a à ao aos aquela aquele as às até como da das de dela dele deles depois do dos e é ela elas ele eles em entre era
eram essa esse esta está estão estava este estou eu foi foram há isso isto já lhe mais mas me meu meus minha minhas
muito na não nas nem no nos nós nossa nosso num numa o onde os ou para pela pelo pelos por porque porquê qual quais
quando quanta quantas quanto quantos que quê quem são se sem ser seu seus só sobre somos sou sua suas também te tem
têm tenho tinha tu tua tudo um uma você vocês
"""
_TURKISH = """
ama ancak bana bazı belki ben beni benim bir biri biz bize bizim bu buna bunu çok çünkü da daha de değil diye en gibi
hangi hangisi hem her hiç için ile ise kaç kadar ki kim kime kimin mı mi mu mü nasıl ne neden nerede nereden nereye
niye o olan olarak oldu olduğu ona onlar onu onun şey sen seni senin siz sizin şu ve veya ya yok zaman
"""
_RUSSIAN = """
а без более больше будет будут бы был была были было быть в вам вас весь во вот все всё всего всех вы где да для до
его ее её если есть еще ещё же за здесь и из или им их к как какая какие какой какого какую ко когда кому который
которая которые кто куда ли лишь между меня мне мной мной могу может мой моя моё моего моей моих мои мы на над надо
нам нас наш наша не него нее неё нет ни них но ну о об один она они оно от откуда очень по под почему при про с сам
свой своя свои своего своей себе себя сейчас со так также такой там тебе тебя тем то тогда того тоже только том тот ту
ты у уже хотя чего чей чем через что чтобы чья чье эта эти это этого этой этом этот эту я
"""
_GREEK = """
αλλά αν από απο αυτά αυτή αυτό αυτόσ αυτού για δεν είμαι είναι είσαι είχα είχε εμείσ ένα ένασ εγώ εκεί εσείσ εσύ έχει
έχω η ήταν ήμουν θα κάθε και κατά μασ με μετά μέχρι μη μην μια μία μου να ο οι όμωσ όπωσ όταν ότι ού παρά ποια ποιο
ποιοσ ποιον πολύ που πού πόσα πόσο πότε πριν προσ πωσ πώσ σασ σε σου στα στη στην στισ στο στον στουσ τα τη την τησ τι
τισ το τον του τουσ των ωσ
"""
_ARABIC = """
أن أنا أنت أنتم أو أي أين إذا إلا إلى إن أنه إنه أنها إنها التي الذي الذين الى الي ان انا اين بعد بل بين تلك ثم حتى
حيث خلال ذلك سوف عن عند عندما على علي عليه غير فقط في فيه فيها قبل قد كان كانت كل كم كما كنت كيف لا لأن لقد لكن لم
لماذا لن له لها لي ليس ليست ما ماذا متى مع من منذ منه منها نحن هذا هذه هل هم هنا هناك هو هي وأن وهو وهي يا
"""
_HINDI = """
अपना अपनी अपने अब आप आपका आपकी आपके इस इसका इसकी इसके इसमें इसे उन उनका उनकी उनके उन्हें उस उसका उसकी उसके उसने उसे और
एक ऐसा ऐसे कब कर करता करती करते करना करने कहाँ कहां का कि कितना कितनी कितने किस किसका किसकी किसके किसने किसे की कुछ के
को कोई कौन कौनसा क्या क्यों गई गए गया जब जहाँ जहां जा जाता जाती जाते जिस जो तक तब तथा तुम तुम्हारा तुम्हारी तुम्हारे
तू तो था थी थीं थे द्वारा न नहीं ना ने पर बहुत भी मुझे मे में मेरा मेरी मेरे मैं मैंने यह यहाँ यहां या ये रहा रही रहे
लिए ले वह वहाँ वहां वाला वाली वाले वे सब साथ से हम हमारा हमारी हमारे हमें ही हुआ हुई हुए हूँ हूं है हैं हो होता होती
होते होना
"""

# Chinese particles, pronouns and question words, by character; a pair of two such goes too.
STOP_CHARACTERS = frozenset(
    "的了是吗呢吧啊我你您他她它们在和与也都就不没有这那哪什么谁怎样被把对从给为以及个会能要很过着里之几多少"
)

STOP_WORDS: Mapping[str, frozenset[str]] = {
    "english": frozenset(_ENGLISH.split()),
    "german": frozenset(_GERMAN.split()),
    "dutch": frozenset(_DUTCH.split()),
    "swedish": frozenset(_SWEDISH.split()),
    "french": frozenset(_FRENCH.split()),
    "spanish": frozenset(_SPANISH.split()),
    "italian": frozenset(_ITALIAN.split()),
    "portuguese": frozenset(_PORTUGUESE.split()),
    "turkish": frozenset(_TURKISH.split()),
    "russian": frozenset(_RUSSIAN.split()),
    "greek": frozenset(_GREEK.split()),
    "arabic": frozenset(_ARABIC.split()),
    "hindi": frozenset(_HINDI.split()),
}

# Of the other languages' stop words those that are English words, names or abbreviations too.
_ALSO_ENGLISH = """
ai al alla alle allo als ama as att aus bei ben bent biz boa bu bin cet che chi ci com come comment como cosa da dal
dan das dat de dei del dem den der des det di die dig din dir dit dont door dos dove du e ed el ela elle ella em en er
era es esa ese est esta este et eu fa fait fur ha hade han har hat hay hem het ho hoe hon hun i il ile im io ise ja
kan ki kim la las le lei les li lo los lui ma man mar mas me med mein men mes met mi mia mich mie min mio mir mit moi
mon mot mu mucho na nada nas ne negli nem ni noi non nos notre nu num nun o om on ons op os ou par para pas pendant
per plus pour qual que qui sa sans se sea sedan sei sem sen ser sera ses si sia sin siz ska solo som son sou sous soy
su sua sui sur sus ta te tem ti till todo todos ton tot tout tra tu tua um un una uno ut va van var vara ve vi vid vis
vos war wen y ya yo yok zo zou
"""

_LATIN = ("german", "dutch", "swedish", "french", "spanish", "italian", "portuguese", "turkish")
_FOREIGN = frozenset(
    word
    for name in _LATIN
    for word in STOP_WORDS[name] - STOP_WORDS["english"]
    if len(word) > 1 or not word.isascii()  # a single letter may be anything
)
_TELLING = _FOREIGN - set(_ALSO_ENGLISH.split())
_OF_SCRIPT = {
    "russian": re.compile("[\u0400-\u04ff]+"),
    "greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]+"),
    "arabic": re.compile("[\u0621-\u063a\u0640-\u065f\u0670]+"),  # without the letters that Persian and Urdu add
    "hindi": re.compile("[\u0900-\u097f]+"),
}


def latin_languages(words: Sequence[str]) -> tuple[str, ...]:
    """Returns the languages besides English whose stop words are most of the text's: none, one, or several if even.

    The words are casefolded, repetitions kept. English wins where it has as many, and one word that may be a name tells
    nothing.
    """
    found = _FOREIGN.intersection(words)
    least = 2 if _TELLING.isdisjoint(found) else 1
    if len(found) < least:
        return ()
    votes = {name: sum(word in STOP_WORDS[name] for word in words) for name in ("english", *_LATIN)}
    most = max(votes.values())
    return tuple(
        name for name in _LATIN if votes[name] == most > votes["english"] and len(found & STOP_WORDS[name]) >= least
    )


def script_language(word: str) -> str | None:
    """Returns the language by which a word of another script than Latin is stemmed."""
    return next((name for name, letters in _OF_SCRIPT.items() if letters.fullmatch(word)), None)
