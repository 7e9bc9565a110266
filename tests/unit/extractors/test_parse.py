import json

import pytest

from semmem.errors import BadAnswer
from semmem.extractors.parse import MAX_ANSWER_CHARS, parse
from semmem.extractors.schema import Answer, Verdicts
from tests.unit.extractors.builders import answer, said_fact, verdicts

GOOD = answer(said_fact(), summaries=[{"session": 1, "text": "A move {to Berlin}."}])
BARE = json.dumps(said_fact())


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  \ufeff{GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```",
        f"Sure! Here is {{what you asked}} for:\n{GOOD}\nHope it {{helps}}.",
        f"Sure:\n```json\n{GOOD}\n```\nDone.",
        GOOD.replace("}]", "},]").replace("]}", "],}"),
        json.dumps(json.loads(GOOD), indent=2),
    ],
)
def test_wrapping_does_not_matter(text: str) -> None:
    assert parse(text, Answer) == parse(GOOD, Answer)


@pytest.mark.parametrize("text", [BARE, f"[{BARE}]", f'{{"facts": {BARE}}}', f'{{"facts": [{BARE}]}}'])
def test_one_fact_in_place_of_the_whole_is_put_in_its_place(text: str) -> None:
    assert parse(text, Answer).facts == parse(GOOD, Answer).facts


def test_commas_inside_strings_stay() -> None:
    said = answer(said_fact(text="a list [1,] and {2,}"))
    assert parse(said.replace("]}", "],}"), Answer).facts[0].text == "a list [1,] and {2,}"


def test_found_nothing_is_an_answer() -> None:
    assert parse('{"facts": [], "summaries": []}', Answer).facts == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("I found nothing.", "not_json"),
        ("null", "not_json"),
        ("[]", "not_json"),
        ("42", "not_json"),
        ('"facts"', "not_json"),
        ("{}", "schema"),
        ('{"error": "overloaded"}', "schema"),
        ('{"facts": null, "summaries": []}', "schema"),
        ('{"facts": [], "facts": [], "summaries": []}', "not_json"),
        ('{"facts": [], "summaries": [], "tenant": "other"}', "schema"),
        (f"{GOOD} or rather {GOOD}", "ambiguous"),
        (f'{{"facts": [], "summaries": []}} {GOOD[:-5]}', "ambiguous"),
        ("[" * 50_000, "not_json"),
        ("x" * (MAX_ANSWER_CHARS + 1), "too_long"),
        (GOOD.replace("0.9", "NaN"), "not_json"),
        (GOOD.replace("0.9", "Infinity"), "not_json"),
        (GOOD.replace("0.9", "1e999"), "schema"),
        (GOOD.replace("0.9", "9" * 5_000), "not_json"),
    ],
)
def test_all_else_is_one_typed_refusal(text: str, reason: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        parse(text, Answer)
    assert caught.value.reason == reason


def test_an_answer_that_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(BadAnswer) as caught:
        parse('{"a":' * 5_000 + "1" + "}" * 5_000, Answer)
    assert caught.value.reason in {"not_json", "schema"}  # Pythons differ in how deep they read


def test_a_refusal_repeats_nothing_of_the_content() -> None:
    with pytest.raises(BadAnswer) as caught:
        parse(answer(said_fact(secret_canary="canary", confidence="canary")), Answer)
    assert "canary" not in str(caught.value)
    assert "facts.0" in str(caught.value)


def test_verdicts_are_read_the_same_way() -> None:
    assert parse(f"```\n{verdicts((1, 'add', None))}\n```", Verdicts).verdicts[0].verdict == "add"
    with pytest.raises(BadAnswer):
        parse(verdicts((1, "delete", 1)), Verdicts)
