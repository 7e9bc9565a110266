# ruff: noqa: RUF001 (letters of other scripts look like Latin ones)
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.retrieval.analysis import MAX_TERM_BYTES, normalised, terms
from semmem.retrieval.languages import STOP_WORDS

SENTENCES = [
    "{}",
    "{}?",
    "I think that {} was with them",
    "Ich glaube, dass {} nicht bei uns ist",
    "Creo que {} no está con nosotros",
    "Je crois que {} n'est pas avec nous",
    "Мы думали, что {} не с нами",
    "أظن أن {} ليس معنا",
    "मुझे लगता है कि {} हमारे साथ नहीं है",
    "我觉得 {} 不在这里",
]
SCRIPTS = [
    string.ascii_lowercase + "äöüñéèçàãåığ",
    "жишкаёйть",
    "λόγσάτ",
    "كتابةيوال",
    "कखबहन",
    "北京大学他猫",
    "카메라은",
]
LETTERS = "".join(SCRIPTS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She moved, she was moving: MOVES!", ["move", "move", "move"]),
        ("Who is it that didn't call, and why? They couldn’t.", ["call"]),
        ("Caroline's cats in May 2023", ["carolin", "cat", "may", "2023"]),
        ("ﬁsh ＡＢＣ straße", ["fish", "abc", "strass"]),
        ("snake_case, room 12", ["snake", "case", "room", "12"]),
        ("Привет, дома", ["привет", "дом"]),
        ("हिन्दी भाषा", ["हिन्द", "भाष"]),
        ("北京大学", ["北", "京", "大", "学", "北京", "京大", "大学"]),
        ("水 iPhone手机", ["水", "iphon", "手", "机", "手机"]),
        ("ไทย", ["ไท", "ทย"]),
        ("ひらがな", ["ひら", "らが", "がな"]),
        ("שלום", ["שלום"]),
        ("  ?! …", []),
    ],
)
def test_words_become_terms(text: str, found: list[str]) -> None:
    assert terms(text) == found


@pytest.mark.parametrize(
    ("said", "question", "shared"),
    [
        ("Meine Schwester hat zwei Katzen.", "Wie heißt die Katze?", {"katz"}),
        ("Ich habe die Häuser verkauft.", "Wo ist das Haus?", {"haus"}),
        ("We zijn naar de katten gegaan.", "Waar is mijn kat?", {"kat"}),
        ("Katterna är hos min syster.", "Var är katten?", {"katt"}),
        ("Mes amies habitent à l'école.", "Qui est l'amie? Où sont les écoles?", {"ami", "écol"}),
        ("Mi padre vendió las casas.", "¿Por qué vende mi padre la casa?", {"vend", "padr", "casa", "cas"}),
        ("Nell'acqua ci sono dei gatti.", "Dove è il gatto? Perché beve l'acqua?", {"acqua", "gatt"}),
        ("Meus gatos estão com a minha irmã.", "Onde está o gato?", {"gato", "gat"}),
        ("İstanbul'da evim var, çok güzel.", "İstanbul nerede ve evler kimin?", {"istanbul", "ev"}),
        ("У сестры две чёрные кошки.", "Какого цвета кошка сестры?", {"кошк", "сестр"}),
        ("Οι γάτες είναι στο σπίτι.", "Πού είναι η γάτα;", {"γατ"}),
        ("القطة في المدرسة والكتاب معها.", "أين قطة وكتاب ومدرسة؟", {"قطة", "كتاب", "مدرس"}),
        ("मेरी बहन के पास दो बिल्लियाँ हैं।", "बहन की बिल्ली कहाँ है?", {"बहन", "बिल्ल"}),
        ("我养了一只猫。", "她有猫吗？", {"猫"}),
        ("책을 세 권 샀어요.", "무슨 책?", {"책"}),
    ],
)
def test_an_inflected_word_of_a_question_meets_the_one_of_the_text(said: str, question: str, shared: set[str]) -> None:
    assert set(terms(said)) & set(terms(question)) == shared


@pytest.mark.parametrize(
    "text",
    [
        "Was ist das, und wo bin ich?",
        "Waar is het en van wie zijn ze?",
        "Vad är det och vem var han?",
        "Où est-ce qu'il était avec elle?",
        "¿Dónde está y con quién?",
        "Che cosa è, e di chi sono?",
        "Onde está ele, e quem é?",
        "Bu ne ve kim için?",
        "Где это было, и кто они?",
        "Πού είναι και ποιος ήταν;",
        "أين كانت، من هو الذي في هذا؟",
        "वह कौन है और कहाँ था?",
        "他是谁？",
    ],
)
def test_words_without_a_meaning_of_their_own_go_in_every_language(text: str) -> None:
    assert terms(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We saw Die Hard in Los Angeles", ["saw", "die", "hard", "los", "angel"]),
        ("La La Land", ["la", "la", "land"]),
        ("Notre Dame, El Niño", ["notr", "dame", "el", "niño"]),
        ("It was a café near the Champs", ["café", "near", "champ"]),
    ],
)
def test_names_of_other_languages_do_not_change_an_english_text(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_a_name_in_another_language_is_met_by_an_english_question() -> None:
    assert set(terms("Who is Jennifer?")) <= set(terms("Gestern war ich mit Jennifer und ihrer Katze da"))


@given(st.one_of([st.text(letters, min_size=1, max_size=12) for letters in SCRIPTS]), st.sampled_from(SENTENCES))
def test_one_word_has_the_same_term_in_a_text_and_in_a_question(word: str, sentence: str) -> None:
    if any(normalised(word) in words for words in STOP_WORDS.values()):
        return
    assert set(terms(word)) <= set(terms(sentence.format(word)))


@pytest.mark.parametrize("language", STOP_WORDS)
def test_stop_words_are_written_as_texts_are_read(language: str) -> None:
    assert [word for word in STOP_WORDS[language] if normalised(word) != word] == []


def test_one_word_in_two_unicode_forms_is_one_term() -> None:
    assert terms("cafe\u0301") == terms("caf\u00e9") == ["café"]


@given(st.text() | st.text(LETTERS + " '’"))
def test_any_text_gives_short_clean_terms(text: str) -> None:
    for term in terms(text):
        assert term
        assert len(term.encode()) <= MAX_TERM_BYTES
        assert not any(character.isspace() for character in term)


def test_a_long_term_is_cut_between_characters() -> None:
    assert terms("я" * 50) == ["я" * 32]
    assert terms("a" + "я" * 50) == ["a" + "я" * 31]
    assert terms("x" * 100_000) == ["x" * 64]


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


def test_the_same_words_are_told_from_others() -> None:
    assert normalised("She  likes\nTea. ") == normalised("she likes tea") != normalised("she likes tea 2")
    assert normalised("C++") != normalised("C")
