import pytest

from semmem.extractors.statements.sentences import says_something, sentences, told
from semmem.language.sentences import LONGEST, sentence_ends


def test_sentences_stand_as_in_the_text() -> None:
    text = "Dr. Smith came at 5 p.m. on Friday. It cost 3.50! Really?\nA line without end\n我住在上海。我喜欢茶。"
    assert list(sentences(text)) == [
        "Dr. Smith came at 5 p.m. on Friday.",
        "It cost 3.50!",
        "Really?",
        "A line without end",
        "我住在上海。",
        "我喜欢茶。",
    ]


@pytest.mark.parametrize("text", ["!" * 32_000, "A. " * 10_000, "!a" * 16_000, "x" * 32_000, "字" * 10_000])
def test_hostile_text_is_cut_into_pieces_that_lose_nothing(text: str) -> None:
    pieces = list(sentences(text))
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(len(piece) <= LONGEST + 20 for piece in pieces)


@pytest.mark.parametrize(
    "text", ["I'm vegan.", "I've been to Rome", "My son plays judo.", "我住在上海。", "The launch is on 4 May."]
)
def test_statements_say_something(text: str) -> None:
    assert says_something(text)


@pytest.mark.parametrize(
    "text", ["How are you?", "Wow, that's cool, Caroline!", "Thanks so much!", "You're the best!", "👍", "I agree."]
)
def test_questions_and_reactions_do_not(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize(
    ("sentence", "statement"),
    [
        ("I am allergic to peanuts.", "Alice is allergic to peanuts."),
        ("I'm vegan.", "Alice is vegan."),
        ("I've just moved to Rome.", "Alice has just moved to Rome."),
        ("My address is 12 Elm Street.", "Alice's address is 12 Elm Street."),
        ("I never drink coffee.", "Alice never drinks coffee."),
        ("I love my dog.", 'Alice: "I love my dog."'),
        ("I think you know me.", 'Alice: "I think you know me."'),
        ("I'd like tea.", 'Alice: "I\'d like tea."'),
    ],
)
def test_the_third_person_is_used_only_where_it_is_safe(sentence: str, statement: str) -> None:
    assert told(sentence, "Alice") == statement


def test_what_may_end_a_sentence_does_not_where_it_goes_on() -> None:
    said = [
        "My address is Hauptstr. 5, 10115 Berlin.",
        "I work at Acme Inc. in Rome.",
        "I live on Elm Rd.",
        "It is nice.",
    ]
    assert [each.strip() for each in sentences(" ".join(said))] == said


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Ich habe am 3. Mai einen Termin bei Dr. Weber. Danach frei.", 2),
        ("Bin am 3. Mai nicht da.", 1),
        ("Ich will nicht vor dem 1. Juli umziehen.", 1),
        ("Ich arbeite bei Bosch bzw. Siemens, nicht bei Audi.", 1),
        ("Ich mag Obst, z. B. Birnen.", 1),
        ("Vi a la Dra. López ayer.", 1),
        ("J'ai vu Mme. Durand. Elle va bien.", 2),
        ("I have 3. You have 4.", 2),
        ("I was born in 1990. Then we moved.", 2),
    ],
)
def test_a_point_behind_an_ordinal_or_an_abbreviation_ends_nothing(text: str, cut: int) -> None:
    assert len(list(sentence_ends(text))) == cut
