"""Whose words: what is pasted, quoted, to be worked on, asked, ordered, supposed or played is nobody's fact."""
# ruff: noqa: RUF001

import time

import pytest

from semmem.domain.event import Role
from semmem.extractors.offline import OfflineExtractor
from semmem.extractors.statements.speech import asks, did_or_promised, reports_status, requests, supposes
from semmem.extractors.statements.voices import own_words
from tests.unit.extractors.builders import event

OFFLINE = OfflineExtractor()


async def facts(content: str, role: Role = "user") -> list[str]:
    return [draft.text for draft in (await OFFLINE.extract([event(content, role=role)], {})).drafts]


@pytest.mark.parametrize(
    "content",
    [
        "Can you draft a reply to this mail?\n\nHi team,\nI live in Boston and my name is John Carter.\nBest,\nJohn",
        "Translate this into German:\nI am allergic to nuts.\nI work at a hospital.",
        'Translate "I live in Rome" into French',
        "Please translate to Spanish: My name is Ana and I live in Lima.",
        "Please fix the grammar:\n\nMy name is Kofi. I have two wives.",
        "Proofread my essay below.\n\nI grew up in Kenya. I have four brothers.",
        "Summarize the following article:\nI am the CEO of Acme. I live in Monaco.",
        "I am a nurse in Leeds. I have three kids.\n\nRewrite the above to sound formal.",
        "Let's play a game. I am Gandalf. I live in Minas Tirith.",
        "Let's role-play: I am your landlord and I live upstairs.",
        "Pretend you are a doctor. I have a broken leg.",
        "Write a short story. I am a pirate and I live on a ship.",
        "Imagine I am a king. I own ten castles.",
        "If I lived in Paris, I would walk to work.",
        "I wish I lived in Rome.",
        "What is my dog called",
        "can you tell me what my address is",
        "where do I live",
        "do you remember my birthday",
        "Book me a table for two at Nopi for Friday",
        "Delete everything you know about my ex-wife.",
        "please send the report to my boss",
        "Remind me to call my mom tomorrow",
        "> I live in Boston.\n> I work at IBM.",
        "On Mon, 4 May 2026 Bob Smith wrote:\nI live in Boston.\nI work at IBM.",
        "From: bob@example.com\nSubject: hi\n\nI moved to Boston.",
        "My sister wrote: I moved to Boston and I have a new job.",
        "Here's what my boss said:\nI live in Boston now.",
        "```\nmy_name = 'Bob'\nI live in Boston.\n```",
        "“I live in Boston. I work at IBM.”",
        "Übersetze das ins Englische:\nIch wohne in Köln und arbeite bei Bosch.",
        "Traduce este texto:\nVivo en Lima y trabajo en un banco.",
        "Traduis ce texte :\nJ'habite à Lyon et je suis médecin.",
        "翻译:我住在上海,我对花生过敏。",
        "For my novel: I am a detective. I live in Oslo.",
        'Is this email ok? "I am sick and I live in Bern."',
        "whats my favourite colour",
        "¿Dónde vivo",
        "I am Batman, just kidding",
        "Lyrics:\nI was born in the USA\nI am on fire",
        "My flatmate texted: I'm moving out and I have a new job at Roche.",
        "Suppose I have 3 kids and earn 50k. What tax do I pay?",
    ],
)
async def test_what_is_not_the_users_own_claim_is_no_fact(content: str) -> None:
    assert await facts(content) == []


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("I live in Rome. Translate this into German:\nI am allergic to nuts.", ["alice lives in Rome."]),
        ("I moved to Rome.\n\nOn Mon, 4 May 2026 Bob wrote:\nI live in Boston.", ["alice moved to Rome."]),
        ("I read this book last summer.", ['alice: "I read this book last summer (2023)."']),
        ("I translate novels for a living.", ['alice: "I translate novels for a living."']),
        ("I can't imagine life without my dog.", ['alice: "I can\'t imagine life without my dog."']),
        ("Please call me instead of emailing me.", ['alice: "Please call me instead of emailing me."']),
        ("Always send invoices to my office.", ['alice: "Always send invoices to my office."']),
        ("What I like most is jazz, as you know.", ['alice: "What I like most is jazz, as you know."']),
        ("My sister lives in Berlin.", ["alice's sister lives in Berlin."]),
        ("Hi team,\nI live in Boston.\nBest,\nAlice", ["alice lives in Boston."]),
        ("Ich wohne in Berlin.", ['alice: "Ich wohne in Berlin."']),
        ("我住在上海。", ['alice: "我住在上海。"']),
    ],
)
async def test_the_users_own_claims_stay(content: str, kept: list[str]) -> None:
    assert [text.replace(" (2023)", "") for text in await facts(content)] == [
        text.replace(" (2023)", "") for text in kept
    ]


@pytest.mark.parametrize(
    "question",
    [
        "What is my dog called",
        "how old am I",
        "is my flight still on time",
        "any idea where I left my keys",
        "Πού μένει η αδελφή μου;",
        "wo wohne ich",
        "Weißt du noch, wo ich wohne",
        "où est-ce que j'habite",
        "dónde vivo",
        "dove abito",
        "onde eu moro",
        "waar woon ik",
        "var bor jag",
        "где я живу",
        "你还记得我住在哪里吗",
        "我的狗叫什么",
        "私はどこに住んでいますか",
        "내가 어디에 사는지 기억하니",
        "أين أسكن",
        "मैं कहाँ रहता हूँ",
        "איפה אני גר",
        "benim adım ne",
        "ฉันอยู่ที่ไหน",
        "Where do I live؟",
    ],
)
def test_questions_need_no_mark(question: str) -> None:
    assert asks(question)


@pytest.mark.parametrize(
    "statement",
    [
        "I know what you mean.",
        "Whatever I eat, I get sick.",
        "What I need is sleep.",
        "Wie du weißt, wohne ich in Köln.",
        "我住在上海",
        "Vivo en Lima",
        "Will moved to Rome.",
    ],
)
def test_statements_are_no_questions(statement: str) -> None:
    assert not asks(statement)


def test_requests_and_suppositions() -> None:
    assert requests("Book me a table for two")
    assert requests("please don't tell my wife")
    assert not requests("Call me Bob from now on.")
    assert not requests("Please keep your answers short, I read them on the train.")
    assert not requests("Update: I moved to Rome.")
    assert supposes("If I were rich, I would travel.")
    assert not supposes("If it rains I take the tram.")


@pytest.mark.parametrize(
    "sentence",
    [
        "I have booked your flight to Rome for 5 May.",
        "I've sent the invoice to your new address.",
        "I will call you back on Monday.",
        "We refunded 30 EUR to your card.",
        "Your order was shipped this morning.",
        "Your appointment is confirmed for Friday at 10.",
    ],
)
def test_an_agents_deeds_and_promises_are_facts(sentence: str) -> None:
    assert did_or_promised(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "As an AI language model, I don't have personal experiences, but I can help you plan.",
        "It sounds like you are probably diabetic and you live alone.",
        "Tell me your shoe size and I will look for boots you like.",
        "I apologize for the confusion in my previous answer about your order.",
        "I understand that you live in Rome.",
        "I can help you with your order.",
        "You should drink more water.",
        "Rome is the capital of Italy.",
        "I would be happy to book your flight.",
    ],
)
async def test_what_an_agent_says_beside_is_none(sentence: str) -> None:
    assert await facts(sentence, "assistant") == []


def test_a_tool_tells_how_something_of_the_users_stands() -> None:
    assert reports_status("Your refund of 30 EUR was sent.")
    assert not reports_status("We ship your order in two days.")
    assert not reports_status("My name is Bob, I am the CEO.")
    assert not reports_status("Search results: my favourite recipe blog, I cook for my kids every day.")


@pytest.mark.parametrize(
    "piece",
    [
        "I said: ",
        "if i ",
        "> a\n",
        "hi,\nbest,\n",
        "what is ",
        '"',
        "let's ",
        "please fix ",
        "on x wrote:\n",
        "your is ",
        "can you ",
    ],
)
async def test_hostile_text_takes_no_time(piece: str) -> None:
    content = (piece * 32_000)[:32_000]
    began = time.process_time()
    own_words(content, "alice")
    await facts(content)
    await facts(content, "assistant")
    assert time.process_time() - began < 4
