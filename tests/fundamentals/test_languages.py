"""Memories in other languages than English: what was said is found by a question that inflects its words otherwise.

`pytest tests/fundamentals/test_languages.py -rP` prints the table of docs/languages.md.
"""

# ruff: noqa: RUF001 (Chinese punctuation)

from datetime import UTC, datetime

import pytest

from semmem import NewEvent
from semmem.evals.retrievers import RetrieverName, Stored, make_retriever
from semmem.memory.scoped import ScopedMemory
from semmem.wiring.bootstrap import Application

pytestmark = pytest.mark.shared

MISSED = 1_000

RETRIEVERS: tuple[RetrieverName, ...] = ("bm25", "dense", "semmem")

# Language: what was said, and a question that it answers, before the other seven. Of the German ones two share no stem
# with their questions: a participle with ge-, a strong verb.
SAID = {
    "German": [
        ("Meine Schwester hat zwei schwarze Katzen.", "Welche Farbe hat die Katze der Schwester?"),
        ("Ich arbeite seit drei Jahren in einer Bäckerei.", "Wo hat sie früher gearbeitet?"),
        ("Gegen Erdnüsse bin ich allergisch.", "Welche Allergien hat sie? Darf sie eine Erdnuss essen?"),
        ("Im Sommer fliegen wir nach Lissabon.", "Wohin ist die Familie geflogen?"),
        ("Mein Vater hat sein altes Haus in Köln verkauft.", "Welche Häuser verkaufte der Vater?"),
        ("Der Arzt hat mir neue Tabletten verschrieben.", "Was verschreibt der Arzt? Welche Tablette?"),
        ("Am Freitag spielt mein Sohn Geige in der Schule.", "Welches Instrument spielen die Söhne?"),
        ("Unser Auto steht in der Werkstatt.", "Wo stehen die Autos?"),
    ],
    "Spanish": [
        ("Mi hermana tiene dos gatos negros.", "¿De qué color es el gato de sus hermanas?"),
        ("Trabajo desde hace tres años en una panadería.", "¿Dónde trabajaba ella?"),
        ("Soy alérgica a los cacahuetes.", "¿Es alérgico al cacahuete?"),
        ("En verano volamos a Lisboa.", "¿Adónde vuelan en los veranos?"),
        ("Mi padre vendió su casa vieja en Toledo.", "¿Qué casas vendieron los padres?"),
        ("El médico me recetó unas pastillas nuevas.", "¿Qué pastilla recetaron los médicos?"),
        ("El viernes mi hijo toca el violín en la escuela.", "¿Qué instrumento tocan los hijos?"),
        ("Nuestro coche está en el taller.", "¿Dónde están los coches?"),
    ],
    "Russian": [
        ("У моей сестры две чёрные кошки.", "Какого цвета кошка сестры?"),
        ("Я уже три года работаю в пекарне.", "Где она работала раньше? В какой пекарне?"),
        ("У меня аллергия на арахис.", "Какие у неё аллергии? Можно ли ей есть блюда с арахисом?"),
        ("Летом мы летим в Лиссабон.", "Была ли она в Лиссабоне?"),
        ("Отец продал старый дом в Казани.", "Какие дома продали отцы?"),
        ("Врач выписал мне новые таблетки.", "Какую таблетку выписали врачи?"),
        ("В пятницу сын играет на скрипке в школе.", "На чём играют сыновья? На скрипках?"),
        ("Наша машина стоит в мастерской.", "Где стояли машины?"),
    ],
    "Chinese": [
        ("我姐姐养了两只黑猫。", "她姐姐有猫吗？是什么颜色的？"),
        ("我在一家面包店工作了三年。", "她在哪里工作过？"),
        ("我对花生过敏。", "她吃什么会过敏？"),
        ("夏天我们要飞去里斯本。", "他们什么时候去里斯本？"),
        ("我父亲把成都的老房子卖了。", "她父亲卖掉了哪里的房子？"),
        ("医生给我开了新药。", "医生开的是什么药？"),
        ("星期五我儿子在学校拉小提琴。", "儿子会拉什么琴？"),
        ("我们的车在修理厂。", "车在哪里？"),
    ],
    "Arabic": [
        ("عند أختي قطتان سوداوان.", "ما لون قطط الأخت؟"),
        ("أعمل في المخبز منذ ثلاث سنوات.", "في أي مخبز كانت تعمل؟"),
        ("عندي حساسية من الفول السوداني.", "ما هي الحساسيات؟ هل تأكل فولا سودانيا؟"),
        ("سنسافر إلى لشبونة في الصيف.", "متى سافروا؟ في أي صيف؟"),
        ("باع والدي بيته القديم في القاهرة.", "أين كان البيت الذي باعه الوالد؟"),
        ("وصف لي الطبيب دواء جديدا.", "ما الدواء الذي وصفه طبيبها؟"),
        ("يعزف ابني على الكمان في المدرسة يوم الجمعة.", "هل يدرس ابنها في مدرسة؟"),
        ("سيارتنا في الورشة.", "أين السيارة؟"),
    ],
    "Hindi": [
        ("मेरी बहन के पास दो काली बिल्लियाँ हैं।", "बहन की बिल्ली किस रंग की है?"),
        ("मैं तीन साल से एक बेकरी में काम करती हूँ।", "वह किन बेकरियों में काम करती थी?"),
        ("मुझे मूँगफली से एलर्जी है।", "उसे मूँगफलियों से क्या होता है?"),
        ("गर्मियों में हम लिस्बन जाएँगे।", "वे गर्मी में कहाँ जाएँगे?"),
        ("मेरे पिता ने पुणे का पुराना मकान बेच दिया।", "पिता ने कौन से मकानों को बेचा?"),
        ("डॉक्टर ने मुझे नई दवाइयाँ लिखीं।", "डॉक्टरों ने कौन सी दवाई लिखी?"),
        ("शुक्रवार को मेरा बेटा स्कूल में वायलिन बजाता है।", "बेटे स्कूलों में क्या बजाते हैं?"),
        ("हमारी गाड़ी मरम्मत के लिए गई है।", "गाड़ियों की मरम्मत कहाँ हुई?"),
    ],
}


@pytest.mark.parametrize("language", SAID)
async def test_what_was_said_is_found_by_an_inflected_question(
    application: Application, alice: ScopedMemory, language: str
) -> None:
    stored = await _remembered(alice, language)
    ranks = {name: await _ranks(application, stored, name, language) for name in RETRIEVERS}
    for name, found in ranks.items():
        print(f"| {language} | {name} | {_share(found, 1):.2f} | {_share(found, 3):.2f} |")

    assert _share(ranks["bm25"], 1) >= 0.75
    assert _share(ranks["semmem"], 2) >= 0.7


async def _remembered(memory: ScopedMemory, language: str) -> Stored:
    """Each sentence in a session of its own, so that none lends its neighbours any weight."""
    day = datetime(2026, 2, 1, tzinfo=UTC)
    events = [
        NewEvent(content=text, session=f"s{at}", key=str(at), occurred_at=day)
        for at, (text, _) in enumerate(SAID[language])
    ]
    ids = [ack.id for ack in await memory.remember_many(events)]
    await memory.settled()
    keys = {id: [event.key or ""] for id, event in zip(ids, events, strict=True)}
    return Stored(memory=memory, events=dict(zip(ids, events, strict=True)), keys=keys)


async def _ranks(application: Application, stored: Stored, name: RetrieverName, language: str) -> list[int]:
    """For each question, the place of the sentence that answers it, from 1."""
    retriever = make_retriever(name, application, limit=len(SAID[language]))
    places: list[int] = []
    for at, (_, question) in enumerate(SAID[language]):
        keys = [key for hit in (await retriever.ranked(stored, question)).hits for key in hit.keys]
        places.append(keys.index(str(at)) + 1 if str(at) in keys else MISSED)
    return places


def _share(ranks: list[int], k: int) -> float:
    return sum(rank <= k for rank in ranks) / len(ranks)
