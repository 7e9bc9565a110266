"""Answers in the forms in which compatible servers give them, and what is none."""

import json
from typing import Any

import pytest

from semmem.errors import BadAnswer, RequestFailed
from semmem.models.completion import THINKING, ErrorInBody, read_completion

SAID = '{"facts": []}'
THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}


def completion(message: Any, finish: Any = "stop", **changed: Any) -> str:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"id": "x", "choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}} | changed)


@pytest.mark.parametrize(
    "message",
    [
        {"content": SAID},
        {"content": [{"type": "text", "text": SAID}]},
        {"content": [THOUGHT, {"type": "text", "text": SAID[:5]}, {"type": "text", "text": SAID[5:]}]},
        {"content": [{"type": "output_text", "text": SAID}]},
        {"content": [{"text": SAID}]},
        {"content": [{"type": "text", "text": {"value": SAID}}]},
        {"content": [SAID]},
        {"content": {"facts": []}},
        {"content": None, "tool_calls": [{"function": {"name": "facts", "arguments": SAID}}]},
        {"content": "", "tool_calls": [{"function": {"name": "facts", "arguments": {"facts": []}}}]},
        {"content": "I call it now.", "tool_calls": [{"function": {"name": "facts", "arguments": SAID}}]},
        {"content": SAID, "tool_calls": []},
        {"content": None, "function_call": {"name": "facts", "arguments": SAID}},
        {"content": None, "tool_calls": {"function": {"name": "facts", "arguments": SAID}}},
        {"content": None, "tool_calls": [{"type": "custom", "custom": {"name": "facts", "input": SAID}}]},
        {"content": [{"type": "tool_use", "name": "facts", "input": {"facts": []}}]},
        {"content": SAID, "reasoning_content": "hm"},
        {"content": SAID, "refusal": ""},
    ],
)
def test_the_answer_is_found_wherever_it_stands(message: dict[str, Any]) -> None:
    answer = read_completion(completion(message))
    assert (answer.text, answer.finish_reason) == (SAID, "stop")
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 3)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
def test_an_answer_among_the_thoughts_is_marked_as_such(name: str) -> None:
    assert read_completion(completion({"content": "", name: SAID})).text == f"{THINKING}{SAID}"


@pytest.mark.parametrize("choice", [{"text": SAID}, {"delta": {"content": SAID}}])
def test_the_choice_of_another_api_is_read(choice: dict[str, Any]) -> None:
    assert read_completion(json.dumps({"choices": [choice]})).text == SAID


@pytest.mark.parametrize(
    "body",
    [
        [{"choices": [{"message": {"content": SAID}}]}],
        {"choices": {"message": {"content": SAID}}},
        {"choices": [{"message": {"content": ""}}, {"message": {"content": SAID}}]},
        {"choices": [{"message": {"content": SAID}}, {"message": {"content": SAID}}]},
        {
            "choices": [
                {"message": {"content": "I call it now."}},
                {"message": {"content": None, "tool_calls": [{"function": {"arguments": SAID}}]}},
            ]
        },
        {"model": "m", "message": {"role": "assistant", "content": SAID}, "done": True, "done_reason": "stop"},
        {"type": "message", "content": [{"type": "text", "text": SAID}], "stop_reason": "end_turn"},
    ],
    ids=["in a list", "one choice", "an empty choice", "twice", "words and a call", "Ollama's API", "Anthropic's API"],
)
def test_the_body_of_another_api_is_read(body: Any) -> None:
    answer = read_completion(json.dumps(body))
    assert (answer.text, answer.finish_reason) == (SAID, "stop")


def test_a_cut_answer_of_another_api_is_one() -> None:
    body = {"content": [{"type": "text", "text": SAID[:5]}], "stop_reason": "max_tokens"}
    assert read_completion(json.dumps(body)).finish_reason == "length"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        *((word, "stop") for word in ("stop", "STOP", "end_turn", "eos", "eos_token", "stop_sequence", "tool_calls")),
        *((word, "stop") for word in (None, "", "function_call", "FinishReason.STOP", "FINISH_REASON_STOP", "done")),
        *((word, "length") for word in ("length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_length")),
        *((word, "length") for word in ("incomplete", "FinishReason.MAX_TOKENS", "max_new_tokens", "token_limit")),
    ],
)
def test_why_an_answer_ended_is_one_word(given: str | None, read: str) -> None:
    assert read_completion(completion({"content": SAID}, given)).finish_reason == read


@pytest.mark.parametrize(
    "text",
    [
        *(completion({"content": SAID[:5]}, word) for word in ("content_filter", "SAFETY", "RECITATION", "refusal")),
        *(completion({"content": ""}, word) for word in ("PROHIBITED_CONTENT", "guardrail_intervened", "sensitive")),
        completion({"content": None, "refusal": "I will not"}),
    ],
)
def test_a_refusal_of_the_model_is_one(text: str) -> None:
    with pytest.raises(BadAnswer, match="declined"):
        read_completion(text)


@pytest.mark.parametrize("message", [{"content": ""}, {"content": None}, {"content": []}, {"content": 7}, {}])
def test_no_text_is_an_empty_answer(message: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match="no text"):
        read_completion(completion(message))


def test_no_text_before_the_limit_is_a_cut_answer() -> None:
    assert read_completion(completion({"content": None}, "length")).finish_reason == "length"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>gateway</html>",
        completion({"content": SAID})[:40],
        "[]",
        "null",
        '"ok"',
        "{}",
        "[" * 200_000,
        '{"choices": []}',
        '{"choices": null}',
        '{"choices": "none"}',
        '{"choices": [null]}',
        completion("hi"),
        *(completion({"content": ""}, word) for word in ("error", "network_error", "ERROR", "abort")),
        *(completion({"content": SAID}, word) for word in ("MALFORMED_FUNCTION_CALL", "insufficient_system_resource")),
    ],
)
def test_what_is_no_completion_may_pass(text: str) -> None:
    with pytest.raises(RequestFailed):
        read_completion(text)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"message": "Provider returned error", "code": 429}}, 429),
        ({"error": {"message": "overloaded", "type": "server_error"}}, 500),
        ({"error": "no", "status": 503}, 503),
        ({"error": {"code": "502"}, "choices": []}, 502),
        ({"object": "error", "message": "no", "code": 400}, 400),
        ({"detail": "Not Found"}, 500),
        ({"errors": [{"message": "no"}]}, 500),
        ({"choices": [{"error": {"code": 502}, "message": {"content": ""}, "finish_reason": "error"}]}, 502),
    ],
)
def test_an_error_that_comes_as_a_success_is_one(body: dict[str, Any], status: int) -> None:
    with pytest.raises(ErrorInBody) as caught:
        read_completion(json.dumps(body))
    assert caught.value.status == status


def test_half_a_character_is_replaced() -> None:
    """It could not be sent back with the fault named."""
    assert read_completion(completion({"content": "yes \ud83d 😀"})).text == "yes \ufffd 😀"


@pytest.mark.parametrize("reported", [7, "7", 7.0])
def test_tokens_are_read_as_numbers_or_text(reported: Any) -> None:
    answer = read_completion(completion({"content": SAID}, usage={"prompt_tokens": reported}))
    assert answer.prompt_tokens == 7


@pytest.mark.parametrize(
    "tokens", [None, "many", "", -5, 2**31, 2**80, "9" * 40, float("inf"), float("nan"), True, [7]]
)
def test_a_count_that_cannot_be_one_is_0(tokens: Any) -> None:
    """The ledger's columns hold no number above 2**31, and a scope may not stall for it."""
    usage = {"prompt_tokens": tokens, "completion_tokens": tokens}
    answer = read_completion(completion({"content": SAID}, usage=usage))
    assert (answer.prompt_tokens, answer.completion_tokens) == (0, 0)


@pytest.mark.parametrize("usage", [None, 3, {}, []])
def test_without_a_usage_that_can_be_read_the_tokens_are_0(usage: Any) -> None:
    answer = read_completion(completion({"content": SAID}, usage=usage))
    assert (answer.prompt_tokens, answer.completion_tokens) == (0, 0)
