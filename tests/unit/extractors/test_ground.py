# ruff: noqa: RUF001

import time
import unicodedata
from typing import Any

import pytest

from semmem.extractors.ground import ground
from semmem.language.reading import Reading

SOURCE = "Well — I’ve moved to  7 Oak\nAvenue, near the Café “Zoë” (it's small)."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("I've moved to 7 oak avenue", "I’ve moved to  7 Oak\nAvenue"),
        ('the cafe\u0301 "zoe\u0308"', "the Café “Zoë”"),
        ("well - i've", "Well — I’ve"),
        ("I've moved ... it's small", "I’ve moved … it's small"),
        ("I've moved … near the Café", "I’ve moved … near the Café"),
    ],
)
def test_a_quote_comes_back_as_it_stands_in_the_source(quote: str, found: str) -> None:
    assert ground(quote, SOURCE) == found


@pytest.mark.parametrize(
    "quote",
    [
        "I moved to Berlin",
        "oak aven",
        "it's small ... I've moved",
        "a ... b ... c",
        "...",
        "",
        "—",
        "7 Oak Avenue near",
    ],
)
def test_what_is_not_in_the_source_is_not_grounded(quote: str) -> None:
    assert ground(quote, SOURCE) is None


def test_the_unicode_form_of_the_source_does_not_matter() -> None:
    decomposed = unicodedata.normalize("NFD", "Zoë lebt in Köln")
    assert ground("Zoë lebt in Köln", decomposed) == decomposed


def test_scripts_without_spaces_ground_inside_a_run() -> None:
    assert ground("住在上海", "我住在上海很久了") == "住在上海"


def test_an_ellipsis_of_the_source_itself_is_found() -> None:
    assert ground("so... I quit", "And so... I quit my job") == "so... I quit"


@pytest.mark.parametrize(
    ("source", "quote"),
    [
        ("I am **severely allergic** to peanuts.", "I am severely allergic to peanuts"),
        ("I work at [Acme](https://acme.example) in Bonn.", "I work at Acme in Bonn"),
        ("I work at AT&amp;T in Dallas.", "I work at AT&T in Dallas"),
        ("It&#39;s 5&nbsp;kg.", "It's 5 kg"),
        ("<p>I live in <b>Rome</b></p>", "I live in Rome"),
        ("I like:\n- jazz\n- tea", "I like: jazz, tea"),
        ("# Me\n* I am `root` on ~~two~~ hosts", "I am root on two hosts"),
        ("My number is \u2068+49 170 1234567\u2069 now.", "My number is +49 170 1234567 now"),
        ("אני גר ב\u200fתל אביב", "אני גר בתל אביב"),
        ("אֲנִי גָּר בְּתֵל אָבִיב", "אני גר בתל אביב"),
        ("أنا أعيـــش في برلين", "أنا أعيش في برلين"),
        ("أَنَا أَعِيشُ فِي بَرْلِين", "أنا أعيش في برلين"),
        ("I ❤️ Lisbon a lot.", "I ❤ Lisbon a lot"),
        ("I am a 👩🏽‍⚕️ in Lisbon.", "I am a 👩‍⚕️ in Lisbon"),
        ("I am alergic to peanuts.", "I am allergic to peanuts"),
        ("I'm allergic to nuts.", "I am allergic to nuts"),
        ("I don’t eat meat and can't swim.", "I do not eat meat and cannot swim"),
        ("It's mine, they've moved.", "it is mine, they have moved"),
        ("電話は０９０－１２３４です", "電話は090-1234です"),
        ("我住在柏林，对花生过敏。", "我住在柏林,对花生过敏."),
        ("我住在臺灣，學習漢語。", "我住在台湾,学习汉语"),
        (
            "I live in Rome, which I like, with my wife, who cooks, and two cats.",
            "I live in Rome ... with my wife ... and two cats",
        ),
        ("I live in Rome, which I like, with my wife.", "I live in Rome [...] with my wife"),
        ("I like tea. I live in Rome.", "I like tea ... I live in Rome"),
        ("I live in Rome.", '"I live in Rome"'),
        ("I live in Rome.", "alice: I live in Rome."),
        ("İstanbul'da yaşıyorum.", "istanbul'da yaşıyorum"),
        ("Ich wohne in Köln.", "Ich wohne in Koeln"),
        ("Vivo en Málaga.", "Vivo en Malaga"),
        ("My doctor is Dr. Weiss of St. Mary's.", "My doctor is Dr Weiss of St Mary's"),
        ("I get up at 6 a.m. in the U.S. too.", "I get up at 6 am in the US too"),
        ("I am **vege**tarian, **Anna**'s cook.", "I am vegetarian, Anna's cook"),
        ("İSTANBUL'DA YAŞIYORUM.", "istanbul'da yaşıyorum"),
        ("ISPARTA'DA DOĞDUM.", "ısparta'da doğdum"),
        ("I moved to Porto.", "[7] Ines: I moved to Porto."),
        ("I moved to Porto.", "**Ines** (assistant): I moved to Porto."),
        ("我搬到了上海。", "李明：我搬到了上海。"),
        ("Im vegan and dont eat meat, ive told you.", "I'm vegan and don't eat meat, I've told you"),
        ("I earn 3,000 euros.", "I earn 3000 euros"),
        ("I moved—finally—to Rome.", "I moved - finally - to Rome"),
        ("See <https://a.example> for it.", "<https://a.example>"),
        ("My wife, who cooks, moved to Rome.", "My wife ... moved to Rome"),
    ],
)
def test_a_quote_is_found_as_people_read_it(source: str, quote: str) -> None:
    found = ground(quote, source)
    assert found is not None
    assert all(part in source for part in found.split(" … "))


@pytest.mark.parametrize(
    ("source", "quote"),
    [
        ("I am **not** allergic to peanuts.", "I am allergic to peanuts"),
        ("I'm not vegan.", "I'm vegan"),
        ("I don't eat meat.", "I do eat meat"),
        ("I do not smoke.", "I do ... smoke"),
        ("I have never been to Rome.", "I have ... been to Rome"),
        ("Ich bin nicht allergisch.", "Ich bin … allergisch"),
        ("我不住在柏林。", "我…住在柏林"),
        ("I earn 3,000 €.", "I earn 3,500 €"),
        ("I earn 3.5 k.", "I earn 35 k"),
        ("I earn 3000 €.", "I earn 3000 $"),
        ("It is -5 degrees.", "It is 5 degrees"),
        ("My number is 555-0100.", "My number is 555-0101"),
        ("My number is 555-0100.", "My number is 5550100"),
        ("We meet at 10:30.", "We meet at 10:50"),
        ("I pay 20% tax.", "I pay 20 tax"),
        ("I live in **Rome**.", "I live in Roma"),
        ("My sister is Anna Berg.", "My sister is Anne Berg"),
        ("My friend Hanna called.", "My friend Hana called"),
        ("I like tea. Coffee is bad.", "I like tea Coffee is bad"),
        ("I live in Paris. My mum lives in Rome.", "I live ... in Rome"),
        ("I hate it. Rome is nice.", "I hate ... Rome"),
        ("I ate dessert at noon there.", "I ate desert at noon there"),
        ("Yo hablo con él mañana mismo.", "Yo habló con él mañana mismo"),
        ("Trabajó en el banco.", "Trabajo en el banco"),
        ("Tengo 30 años.", "Tengo 30 anos"),
        ("I can swim.", "I can't swim"),
        ("Bob's dog is old.", "Bob is dog is old"),
        ("Love 👍 it", "Love 👎 it"),
        ("I was born in 1990.", "I was born in 1909"),
        ("我住在上海。", "我住在北京"),
        ("I said <b>no</b> to him.", "I said to him"),
        ("I gave 20% of it.", "I gave 20"),
        ("I gave 20 % of it.", "I gave 20"),
        ("I paid 3,000 euros.", "I paid 3"),
        ("I paid 1,500 euros.", "I paid 1.5 euros"),
        ("It was -5 outside.", "5 outside"),
        ("I pay $50 a month.", "50 a month"),
        ("It takes 3-5 days.", "5 days"),
        ("Call 555-0100.", "0100"),
        ("I write C++ all day.", "I write C"),
        ("I write C# all day.", "I write C"),
        ("I stopped eating meat.", "I ... eating meat"),
        ("I used to live in Rome.", "I ... live in Rome"),
        ("I might move to Rome.", "I ... move to Rome"),
        ("I think my sister moved to Rome.", "I think ... moved to Rome"),
        ("I dont smoke.", "I ... smoke"),
        ("I dont smoke.", "I do smoke"),
        ("I live in Rome.", "No: I live in Rome"),
        ("I was in Dr. No, not in Rome.", "I was in Dr Who, not in Rome"),
        ("Işık evde.", "Isik evde"),
        ("sınır yakın", "sinir yakin"),
    ],
)
def test_what_means_something_else_is_refused(source: str, quote: str) -> None:
    assert ground(quote, source) is None


@pytest.mark.parametrize("piece", ["a. ", "a ", "<b ", "&amp;", "**", "](", "... ", "不", "i'm ", "-1"])
def test_hostile_sources_and_quotes_take_no_time(piece: str) -> None:
    source, quote = (piece * 32_000)[:32_000], (piece * 2_000)[:1_900]
    began = time.process_time()
    for tried in (quote, quote + "x", "a a", "a ... x", quote + " ... b"):
        ground(tried, source)
    assert time.process_time() - began < 5


def _searched(monkeypatch: pytest.MonkeyPatch, source: str) -> tuple[int, int]:
    """How often a text is looked for in vain, and how many characters are counted on the way."""
    finds = counted = 0

    class Watched(str):
        __slots__ = ()

        def find(self, *given: Any) -> int:
            nonlocal finds
            finds += 1
            return super().find(*given)

        def count(self, mark: Any, *between: Any) -> int:
            nonlocal counted
            start, end = between
            counted += end - start
            return super().count(mark, *between)

    texts = Reading.texts
    with monkeypatch.context() as patched:
        patched.setattr(Reading, "texts", lambda reading, fold: Watched(texts(reading, fold)))
        assert ground("1", source) is None
    return finds, counted


def test_a_number_that_is_a_part_of_others_everywhere_is_looked_for_once_in_each_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for times in (100, 200):
        finds, counted = _searched(monkeypatch, "1-1 " * times)
        assert finds <= 2 * times + 2, "the folds change nothing here"
        assert counted <= len("1-1 ") * times


@pytest.mark.parametrize(
    ("source", "quote"),
    [
        ("رقمي ٠١٢٣٤٥", "رقمي 012345"),
        ("मेरी उम्र ३५ साल है", "मेरी उम्र 35 साल है"),
        ("> I live in Rome\n> with my wife", "I live in Rome with my wife"),
        ("My dog ![Rex](rex.png) is five.", "My dog Rex is five"),
        ("I work at [Acme][1] in Bonn.", "I work at Acme in Bonn"),
        ('I read [Dune](https://d.example "the book") weekly.', "I read Dune weekly"),
        ("I take Ozempic™ daily.", "I take Ozempic daily"),
        ("My sister is a dentist.", "[2] My sister is a dentist."),
    ],
)
def test_what_a_copyist_writes_plainly_stands_there(source: str, quote: str) -> None:
    assert ground(quote, source)


@pytest.mark.parametrize(
    ("source", "quote"), [("My code is ٣٥.", "My code is 36."), ("It costs 5 > 6 euros", "It costs 6 euros")]
)
def test_and_what_it_changes_does_not(source: str, quote: str) -> None:
    assert ground(quote, source) is None
