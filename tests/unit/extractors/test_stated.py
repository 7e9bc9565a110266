"""What is stated before a question or a request is taken, and of what only asks nothing."""

import pytest

from semmem.extractors.statements.stated import stated


@pytest.mark.parametrize(
    ("sentence", "statement"),
    [
        ("I live in Berlin, what's the weather like there?", "I live in Berlin"),
        ("I'm vegan, what can I cook tonight", "I'm vegan"),
        ("I'm vegan so can you suggest a recipe", "I'm vegan"),
        ("I'm vegan, so suggest a recipe for tonight.", "I'm vegan"),
        ("I'm allergic to nuts - is pesto ok?", "I'm allergic to nuts"),
        ("I live in Berlin; find me a dentist.", "I live in Berlin"),
        ("I left Bosch... how do I write an invoice?", "I left Bosch"),
        ("My girlfriend Tara and I are planning a picnic, ideas?", "My girlfriend Tara and I are planning a picnic"),
        ("My son is allergic to nuts, is pesto ok for him?", "My son is allergic to nuts"),
        ("Hi, I'm Anna, can you help me?", "Hi, I'm Anna"),
        ("Landlord's put my rent up to 920, is he allowed to do it?", "Landlord's put my rent up to 920"),
        ("Cancelled Netflix last week, so what's good on free TV?", "Cancelled Netflix last week"),
        ("The council didn't renew my contract, could you look over my CV?", "The council didn't renew my contract"),
        ("Learning Spanish, quick tips?", "Learning Spanish"),
        ("We've lowered the budget to 40 a month, sensible?", "We've lowered the budget to 40 a month"),
        ("my email is a@b.example, please update it", "my email is a@b.example"),
        ("Soy vegano, ¿qué puedo cocinar?", "Soy vegano"),
        ("Ich bin Veganer, was kann ich kochen?", "Ich bin Veganer"),
        ("Je suis végétarien, que puis-je cuisiner ?", "Je suis végétarien"),
        ("Я живу в Москве, что посмотреть?", "Я живу в Москве"),
    ],
)
def test_the_statement_before_what_is_asked_is_taken(sentence: str, statement: str) -> None:
    assert stated(sentence) == statement


@pytest.mark.parametrize(
    "sentence",
    [
        "I live in Berlin, right?",
        "I live in Berlin, don't I?",
        "I'm not vegan, am I?",
        "I live in Berlin, is that right?",
        "I live in Berlin, is this sentence correct?",
        "I am a vegetarian, could you say that in German?",
        "Translate: I live in Berlin, what about you?",
        "Did I tell you I live in Berlin, what's the weather?",
        "If I live in Berlin, what can I do?",
        "For my vegan wife, what can I cook?",
        "We could live in Berlin or Munich, which is better?",
        "I don't know where I live, can you tell me?",
        "Can't I eat nuts, or what would happen?",
        "My landlord wrote this, can you make sense of it?",
        "I was wondering, can I eat honey?",
        "I live in Potsdam, which is near Berlin.",
        "I run, write novels and play chess.",
        "I know what I want, what I like.",
        "Ich wohne in Berlin, oder?",
        "Ich weiß nicht, wo wohne ich?",
        "I bet you know, where do I live?",
        "I see, what about Tuesday?",
        "I just wanted to check, is my order shipped?",
    ],
)
def test_what_only_asks_or_only_states_stays_whole(sentence: str) -> None:
    assert stated(sentence) == sentence
