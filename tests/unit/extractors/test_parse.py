import json
import re
from typing import Any

import pytest

from semmem.errors import BadAnswer
from semmem.extractors.answers.loading import MAX_ANSWER_CHARS
from semmem.extractors.answers.parse import parse_answer, parse_beginning, parse_verdicts
from semmem.extractors.answers.schema import MAX_FACTS, Answer, SaidFact
from semmem.extractors.answers.tidy import NOT_GIVEN
from tests.unit.extractors.builders import answer, said_fact, verdicts

GOOD = answer(said_fact(), summaries=[{"session": 1, "text": "A move {to Berlin}."}])
BARE = json.dumps(said_fact())
DRAFT = '{"facts": [{"subject": "alice", "text": "..."}]}'
TAGGED = answer(said_fact(text="alice writes </think> and <|end|> into her notes."))


def parse(text: str) -> Answer:
    reading = parse_answer(text)
    assert reading.faults == ()
    return reading.answer


def parsed_fact(**changed: Any) -> SaidFact:
    (fact,) = parse(answer(said_fact(**changed))).facts
    return fact


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  \ufeff{GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```",
        f"```json {GOOD} ```",
        f"~~~json\n{GOOD}\n~~~",
        f"Sure! Here is {{what you asked}} for:\n{GOOD}\nHope it {{helps}}.",
        f"Sure:\n```json\n{GOOD}\n```\nDone.",
        f'Here is the object with "facts" and "summaries":\n{GOOD}',
        GOOD.replace("}]", "},]").replace("]}", "],}"),
        json.dumps(json.loads(GOOD), indent=2),
        json.dumps(GOOD),
        f"[{GOOD}]",
        str(json.loads(GOOD)),
        f"```python\n{json.loads(GOOD)}\n```",
        f"Here it is: {json.loads(GOOD)}",
        GOOD.replace("null", "None"),
        GOOD.replace('"facts"', "facts").replace('"summaries"', "summaries"),
        json.dumps({"name": "facts", "arguments": json.loads(GOOD)}),
        json.dumps({"name": "facts", "arguments": GOOD}),
        json.dumps({"answer": json.loads(GOOD)}),
        f'<tool_call>\n{{"name": "facts", "arguments": {GOOD}}}\n</tool_call>',
        f"<answer>{GOOD}</answer>",
        f"Sure. <answer>{GOOD}</answer> Done.",
        json.dumps([{"name": "facts", "parameters": json.loads(GOOD)}]),
        json.dumps({"facts": json.loads(GOOD)}),
        json.dumps({name.upper(): child for name, child in json.loads(GOOD).items()}),
        json.dumps({f" {name.capitalize()} ": child for name, child in json.loads(GOOD).items()}),
        GOOD.replace('"summaries"', '// none "here"\n"summaries"'),
        GOOD.replace('"summaries"', '/* none, */ "summaries"'),
        GOOD.replace("}]", "}, // the end\n]"),
        re.sub('"([^"]*)"', r"“\1”", GOOD),
    ],
)
def test_wrapping_does_not_matter(text: str) -> None:
    assert parse(text) == parse(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\nShe lives in Berlin.\n</think>\n\n{GOOD}",
        f"<think></think>{GOOD}",
        f'<think>an object with "facts" and "summaries": one each</think>{GOOD}',
        f"<think>first {DRAFT}, then better</think>\n```json\n{GOOD}\n```",
        f'The schema wants "facts": [...].\n</think>\n{GOOD}',
        f"{DRAFT}\n</think>\n{GOOD}",
        f"<thought>* facts: {DRAFT}\n</thought>\n```json\n{GOOD}\n```",
        f"<thinking>{GOOD}</thinking>{GOOD}",
        f"<reasoning>{DRAFT}</reasoning>Here: {GOOD}",
        f"<THINK>hm</THINK>{GOOD}",
        f"[THINK]a draft {DRAFT}[/THINK]{GOOD}",
        f"◁think▷hm {DRAFT}◁/think▷{GOOD}",
        f"<|START_THINKING|>{DRAFT}<|END_THINKING|><|START_RESPONSE|>{GOOD}<|END_RESPONSE|>",
        f"<think>one</think><think>two {DRAFT}</think>{GOOD}",
        f"<think>never closed, a draft {DRAFT}, and now the answer: {GOOD}",
        f"<think>never closed\n```json\n{GOOD}\n```",
        f'<|channel|>analysis<|message|>We need "facts".<|end|><|start|>assistant<|channel|>final<|message|>{GOOD}',
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{GOOD}<|return|>",
        f"<|channel|>final <|constrain|>json<|message|>{GOOD}",
        f"analysisWe need {DRAFT} first.assistantfinal{GOOD}",
        f"{GOOD}<|im_end|>",
        f"{GOOD}</s>",
        f"{GOOD}<end_of_turn>\n<eos>",
        f"<|im_start|>assistant\n{GOOD}<|im_end|>\n",
        f"{GOOD}<\uff5cend\u2581of\u2581sentence\uff5c>",
    ],
)
def test_thoughts_channels_and_stop_tokens_do_not_matter(text: str) -> None:
    assert parse(text) == parse(GOOD)


@pytest.mark.parametrize("text", [TAGGED, f"<think>hm</think>{TAGGED}", f"{TAGGED}<|im_end|>", f"```\n{TAGGED}\n```"])
def test_marks_inside_a_statement_stay(text: str) -> None:
    assert parse(text) == parse(TAGGED)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>first {DRAFT}, and then",
        f"<think>the answer could be {GOOD}, but no",
        f"<think>{GOOD}</think>",
        f"<think>{DRAFT}</think>{GOOD[:-5]}",
        f"<|channel|>analysis<|message|>{GOOD}<|end|><|start|>assistant<|channel|>final<|message|>{GOOD[:-9]}",
        f"analysis{GOOD}assistantfinal{GOOD[:30]}",
        f"{json.loads(GOOD)}"[:-1],
        f"Here it is: {json.loads(GOOD)}"[:-20],
        answer(said_fact(quote='{"facts": []}', text="x"))[:-9],
        '{"name": "facts", "arguments": {"facts": [',
    ],
)
def test_a_draft_or_a_part_never_passes_for_the_answer(text: str) -> None:
    with pytest.raises(BadAnswer):
        parse_answer(text)


@pytest.mark.parametrize("text", [BARE, f"[{BARE}]", f'{{"facts": {BARE}}}', f'{{"facts": [{BARE}]}}'])
def test_one_fact_in_place_of_the_whole_is_put_in_its_place(text: str) -> None:
    assert parse(text).facts == parse(GOOD).facts


TWO = [json.loads(BARE), json.loads(BARE) | {"text": "alice has a dog."}]
LINES = "\n".join(map(json.dumps, TWO))


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        f"```jsonl\n{LINES}\n```",
        LINES.replace("\n", ",\n"),
        "\n".join(f"```json\n{json.dumps(one, indent=1)}\n```" for one in TWO),
        "\n".join(json.dumps({"facts": [one], "summaries": []}) for one in TWO),
        f"{json.dumps({'facts': TWO})}\n{json.dumps({'facts': []})}",
        json.dumps({"facts": {"1": TWO[0], "2": TWO[1]}}),
        f"Here they are:\n```json\n{json.dumps(TWO)}\n```\nThat is all.",
        json.dumps({"facts": [{name.capitalize(): child for name, child in one.items()} for one in TWO]}),
    ],
)
def test_several_objects_are_put_in_one_list(text: str) -> None:
    assert parse(text).facts == parse(json.dumps({"facts": TWO})).facts


@pytest.mark.parametrize("text", [LINES[:-9], f"{LINES}\n{{", f"{LINES}\nand more", f"{LINES}\n[1]"])
def test_several_objects_with_a_rest_are_no_list(text: str) -> None:
    with pytest.raises(BadAnswer):
        parse_answer(text)


def test_marks_of_a_comment_inside_strings_stay() -> None:
    said = answer(said_fact(text="see https://example.org /* here */"))
    assert parse(said.replace("]}", "],}")).facts[0].text == "see https://example.org /* here */"


def test_commas_and_line_breaks_inside_strings_stay() -> None:
    said = answer(said_fact(text="a list [1,] and {2,}"))
    assert parse(said.replace("]}", "],}")).facts[0].text == "a list [1,] and {2,}"
    assert parse(answer(said_fact(text="one|two")).replace("|", "\n")).facts[0].text == "one\ntwo"


def test_found_nothing_is_an_answer() -> None:
    assert parse('{"facts": [], "summaries": []}').facts == []


@pytest.mark.parametrize("summaries", ["null", '""', "[]", "{}", "0"])
def test_summaries_may_be_missing(summaries: str) -> None:
    assert parse(f'{{"facts": [{BARE}], "summaries": {summaries}}}') == parse(f'{{"facts": [{BARE}]}}')


@pytest.mark.parametrize(
    "summaries",
    [{"session": 1, "text": "A move."}, {"1": "A move."}, [{"session": "S1", "text": "A move.", "words": 2}]],
)
def test_a_summary_in_another_form_is_read(summaries: object) -> None:
    (said,) = parse(json.dumps({"facts": [], "summaries": summaries})).summaries
    assert (said.session, said.text) == (1, "A move.")


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
        ('{"facts": [], "error": "overloaded"}', "schema"),
        ('{"facts": null, "summaries": []}', "schema"),
        ('{"facts": "none"}', "schema"),
        ('{"summaries": []}', "schema"),
        ('{"facts": [], "facts": [], "summaries": []}', "not_json"),
        (answer(said_fact(quote="")), "schema"),
        (answer(said_fact(source=None)), "schema"),
        (answer(said_fact(source=0)), "schema"),
        (answer(*[said_fact()] * 201), "schema"),
        (f"{GOOD} or rather {GOOD}", "ambiguous"),
        (f'{{"facts": [], "summaries": []}} {GOOD[:-5]}', "ambiguous"),
        ("[" * 50_000, "not_json"),
        ("x" * (MAX_ANSWER_CHARS + 1), "too_much"),
        (GOOD.replace("0.9", "NaN"), "not_json"),
        (GOOD.replace("0.9", "Infinity"), "not_json"),
        ("{'facts': [f(1)]}", "not_json"),
        ("{'facts': [], **{}}", "not_json"),
        ("{'facts': [], 'facts': []}", "not_json"),
    ],
)
def test_all_else_is_one_typed_refusal(text: str, reason: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        parse_answer(text)
    assert caught.value.reason == reason


def test_an_answer_that_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(BadAnswer) as caught:
        parse_answer('{"a":' * 5_000 + "1" + "}" * 5_000)
    assert caught.value.reason in {"not_json", "schema"}  # Pythons differ in how deep they read


@pytest.mark.parametrize("when", [None, "", " ", "null", "None", "n/a", "Unknown", "x" * 65, True, {}, []])
def test_a_when_that_says_no_time_is_none(when: object) -> None:
    assert parsed_fact(when=when).when is None


def test_a_year_as_a_number_is_a_when() -> None:
    assert parsed_fact(when=2019).when == "2019"


@pytest.mark.parametrize(("said", "read"), [("0.9", 0.9), (1, 1.0), (0, 0.0), ("1", 1.0), (0.25, 0.25)])
def test_a_number_from_0_to_1_is_read_in_any_form(said: object, read: float) -> None:
    fact = parsed_fact(confidence=said, importance=said)
    assert (fact.confidence, fact.importance) == (read, read)


@pytest.mark.parametrize("said", [8, 80, -1, 1.01, "8", "8/10", "high", "", None, True, [], {}, 10**40])
def test_a_number_of_an_unknown_scale_counts_as_not_given(said: object) -> None:
    fact = parsed_fact(confidence=said, importance=said)
    assert (fact.confidence, fact.importance) == (NOT_GIVEN, NOT_GIVEN)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Profile", "profile"),
        (" PLAN ", "plan"),
        ("health", "other"),
        ("", "other"),
        (None, "other"),
        (["plan"], "other"),
    ],
)
def test_a_category_that_is_none_is_other(said: object, read: str) -> None:
    assert parsed_fact(category=said).category == read


@pytest.mark.parametrize(
    "said", ["1", "[1]", "(1)", " 1 ", "L1", "#1", 1.0, "1.0", "line 1", "Line [1]", [1], ["1", 2]]
)
def test_the_number_of_a_line_is_read_in_any_form(said: object) -> None:
    assert parsed_fact(source=said).source == 1


@pytest.mark.parametrize("missing", ["category", "confidence", "importance", "when"])
def test_what_only_describes_a_fact_may_be_missing(missing: str) -> None:
    said = {name: value for name, value in said_fact().items() if name != missing}
    assert parse(answer(said)).facts[0].text == said["text"]


@pytest.mark.parametrize("missing", ["subject", "text", "quote", "source"])
def test_what_makes_a_fact_may_not(missing: str) -> None:
    said = {name: value for name, value in said_fact().items() if name != missing}
    reading = parse_answer(answer(said_fact(), said))
    assert len(reading.answer.facts) == 1
    (fault,) = reading.faults
    assert fault.detail.startswith(f"facts.1.{missing}: ")


def test_a_long_statement_is_kept_up_to_the_limit_of_a_fact() -> None:
    assert len(parsed_fact(text="x" * 2_000).text) == 2_000


@pytest.mark.parametrize(
    "text",
    [
        '{"verdicts": {"1": "add", "2": {"verdict": "confirm", "candidate": 1}}}',
        '{"verdicts": {"D1": {"verdict": "add"}, "D2": {"verdict": "confirm", "candidate": "F1"}}}',
        '{"verdicts": [{"verdict": "add"}, {"verdict": "confirm", "candidate": 1}]}',
        '{"Verdicts": [{"Draft": 1, "Verdict": "Added."}, {"Draft": 2, "Verdict": "confirms", "Candidate": [1]}]}',
        '[{"draft": 2, "verdict": "confirmed", "candidate": 1}, {"draft": 1, "verdict": "\'add\'"}]',
        '{"draft": 1, "verdict": "add"}\n{"draft": "draft 2", "verdict": "confirm", "candidate": "fact 1"}',
    ],
)
def test_verdicts_in_other_shapes_are_read(text: str) -> None:
    read = [(said.draft, said.verdict, said.candidate) for said in parse_verdicts(text)]
    assert read == [(1, "add", None), (2, "confirm", 1)]


@pytest.mark.parametrize("verdict", ["update", "new", "none", "supersede or add", "", None, ["add"]])
def test_a_verdict_in_another_word_is_none(verdict: object) -> None:
    with pytest.raises(BadAnswer, match="verdict"):
        parse_verdicts(json.dumps({"verdicts": [{"draft": 1, "verdict": verdict, "candidate": 1}]}))


def test_a_refusal_repeats_nothing_of_the_content() -> None:
    with pytest.raises(BadAnswer) as caught:
        parse_answer(answer(said_fact(secret_canary="canary", text={"canary": 1}, source="canary")))
    assert "canary" not in str(caught.value)
    assert "facts.0" in str(caught.value)


def test_verdicts_are_read_the_same_way() -> None:
    assert parse_verdicts(f"<think>hm</think>```\n{verdicts((1, 'add', None))}\n```")[0].verdict == "add"
    assert [said.draft for said in parse_verdicts(verdicts((2, "add", None), (1, "add", None)))] == [1, 2]
    with pytest.raises(BadAnswer):
        parse_verdicts(verdicts((1, "delete", 1)))


def test_of_a_truncated_answer_no_more_is_read_than_of_a_whole_one() -> None:
    many = answer(*(said_fact(source=line) for line in range(1, 2 * MAX_FACTS)))[:-40]
    long = answer(*(said_fact(source=line, text="long " * 390) for line in range(1, 100)))[:-40]
    of_many, of_long = parse_beginning(many), parse_beginning(long)
    assert of_many is not None
    assert of_long is not None
    assert len(of_many.answer.facts) == MAX_FACTS
    assert 0 < len(of_long.answer.facts) < MAX_ANSWER_CHARS / len("long " * 390)


def test_a_truncated_answer_is_read_up_to_the_first_fact_that_it_repeats() -> None:
    said = [said_fact(source=1), said_fact(source=2)]
    reading = parse_beginning(answer(*said, *said, said_fact(source=3))[:-40])
    assert reading is not None
    assert [fact.source for fact in reading.answer.facts] == [1, 2]
