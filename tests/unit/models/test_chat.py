import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from semmem.errors import ModelError, ModelUnavailable, RequestFailed
from semmem.models.chat import OpenAIChat
from semmem.ports import ChatAnswer
from semmem.testing import ModelServer, Reply

SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
MESSAGES = [{"role": "system", "content": "You answer."}, {"role": "user", "content": "Is it?"}]
AT_ONCE = {"retry-after-ms": "1"}


@pytest.fixture
async def chat(server: ModelServer) -> AsyncIterator[OpenAIChat]:
    chat = OpenAIChat("test-model", base_url=server.base_url)
    yield chat
    await chat.aclose()


async def ask(chat: OpenAIChat) -> ChatAnswer:
    return await chat.complete(MESSAGES, schema=SCHEMA, schema_name="verdict", max_tokens=50)


def refusing(*refused: str, message: str) -> Callable[[dict[str, Any]], str | Reply]:
    """An endpoint that answers 400 to each of these response formats."""

    def answer(body: dict[str, Any]) -> str | Reply:
        if body.get("response_format", {}).get("type") in refused:
            return Reply(status=400, error={"message": message})
        return '{"ok": true}'

    return answer


async def test_free_text_is_asked_for_without_a_word_about_its_form(server: ModelServer, chat: OpenAIChat) -> None:
    server.answer = lambda body: "In Porto."
    answer = await chat.complete(MESSAGES, schema=None, max_tokens=50)
    assert answer.text == "In Porto."
    assert server.requests == [{"model": "test-model", "messages": MESSAGES, "max_tokens": 50, "temperature": 0}]


async def test_free_text_stays_free_where_the_endpoint_knows_no_schema(server: ModelServer, chat: OpenAIChat) -> None:
    server.answer = refusing("json_schema", "json_object", message="response_format is not supported")
    await ask(chat)  # from now on schemas are told in words
    await chat.complete(MESSAGES, schema=None, max_tokens=50)
    assert server.requests[-1]["messages"] == MESSAGES


async def test_asks_for_strict_structured_output_at_temperature_0(server: ModelServer, chat: OpenAIChat) -> None:
    server.answer = lambda body: '{"ok": true}'

    answer = await ask(chat)

    assert answer.text == '{"ok": true}'
    assert answer.finish_reason == "stop"
    assert answer.prompt_tokens > answer.completion_tokens > 0
    assert server.requests == [
        {
            "model": "test-model",
            "messages": MESSAGES,
            "max_tokens": 50,
            "temperature": 0,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "verdict", "schema": SCHEMA, "strict": True},
            },
        }
    ]


async def test_extra_fields_go_into_the_request_and_win(server: ModelServer) -> None:
    chat = OpenAIChat("m", base_url=server.base_url, extra={"seed": 7, "temperature": 0.3})

    await ask(chat)
    await chat.aclose()

    assert (server.requests[0]["seed"], server.requests[0]["temperature"]) == (7, 0.3)


async def test_without_reported_usage_the_tokens_are_0(server: ModelServer, chat: OpenAIChat) -> None:
    server.answer = lambda body: Reply(text="{}", usage=False)

    answer = await ask(chat)

    assert (answer.prompt_tokens, answer.completion_tokens) == (0, 0)


@pytest.mark.parametrize("text", ["", '{"ok": tr'])
async def test_a_cut_answer_is_returned_as_such(server: ModelServer, chat: OpenAIChat, text: str) -> None:
    server.answer = lambda body: Reply(text=text, finish_reason="length")

    answer = await ask(chat)

    assert (answer.text, answer.finish_reason) == (text, "length")


async def test_an_endpoint_without_json_schema_is_told_the_schema_in_words_from_then_on(
    server: ModelServer, chat: OpenAIChat
) -> None:
    server.answer = refusing("json_schema", message="This response_format type is unavailable")

    await ask(chat)
    await ask(chat)

    assert [body["response_format"]["type"] for body in server.requests] == [
        "json_schema",
        "json_object",
        "json_object",
    ]
    system, user = server.requests[-1]["messages"]
    assert system["content"].startswith("You answer.")
    assert '"additionalProperties": false' in system["content"]
    assert user == MESSAGES[1]


async def test_an_endpoint_without_any_response_format_is_asked_without(server: ModelServer, chat: OpenAIChat) -> None:
    server.answer = refusing("json_schema", "json_object", message="unknown field: response_format")

    await ask(chat)

    assert [body.get("response_format", {}).get("type") for body in server.requests] == [
        "json_schema",
        "json_object",
        None,
    ]


async def test_a_model_with_a_fixed_temperature_and_another_name_for_the_limit(
    server: ModelServer, chat: OpenAIChat
) -> None:
    def answer(body: dict[str, Any]) -> str | Reply:
        if "max_tokens" in body:
            return Reply(status=400, error={"message": "Use 'max_completion_tokens' instead.", "param": "max_tokens"})
        if "temperature" in body:
            return Reply(status=400, error={"message": "Only the default (1) is supported", "param": "temperature"})
        return "{}"

    server.answer = answer
    await ask(chat)
    await ask(chat)

    assert len(server.requests) == 4
    assert server.requests[-1]["max_completion_tokens"] == 50
    assert server.requests[-1]["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_passing_refusal_is_retried(server: ModelServer, chat: OpenAIChat, status: int) -> None:
    replies = [Reply(status=status, headers=AT_ONCE), Reply(status=status, headers=AT_ONCE), Reply(text="{}")]
    server.answer = lambda body: replies.pop(0)

    assert (await ask(chat)).text == "{}"
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, 529])
async def test_a_lasting_refusal_is_unavailability(server: ModelServer, chat: OpenAIChat, status: int) -> None:
    server.answer = lambda body: Reply(status=status, headers=AT_ONCE)

    with pytest.raises(ModelUnavailable, match=str(status)) as caught:
        await ask(chat)
    assert not isinstance(caught.value, RequestFailed)
    assert len(server.requests) == 4


async def test_an_endpoint_that_fails_at_a_request_is_asked_in_plainer_forms_unless_it_has_answered_before(
    server: ModelServer, chat: OpenAIChat
) -> None:
    server.answer = lambda body: Reply(status=500, headers=AT_ONCE)
    with pytest.raises(RequestFailed, match="500"):
        await ask(chat)
    assert {"max_tokens", "response_format", "temperature"}.isdisjoint(server.requests[-1])
    server.answer = lambda body: "{}"
    await ask(chat)
    assert server.requests[-1] == server.requests[0]

    server.requests.clear()
    server.answer = lambda body: Reply(status=500, headers=AT_ONCE)
    with pytest.raises(RequestFailed, match="500"):
        await ask(chat)
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("status", "way_out"),
    [(401, "API key"), (402, "account"), (403, "API key"), (404, "base_url"), (405, "405"), (307, "base_url")],
)
async def test_what_no_retry_mends_says_the_way_out(
    server: ModelServer, chat: OpenAIChat, status: int, way_out: str
) -> None:
    server.answer = lambda body: Reply(status=status, error={"message": "no", "code": "bad"})

    with pytest.raises(ModelError, match=way_out) as caught:
        await ask(chat)

    assert not isinstance(caught.value, ModelUnavailable)
    assert len(server.requests) == 1


async def test_an_error_does_not_repeat_what_was_sent(server: ModelServer, chat: OpenAIChat) -> None:
    server.answer = lambda body: Reply(status=400, error={"message": f"cannot read {body['messages']}"})

    with pytest.raises(ModelError) as caught:
        await ask(chat)

    assert "Is it?" not in str(caught.value)


async def test_silence_is_unavailability(server: ModelServer) -> None:
    never = threading.Event()
    server.answer = lambda body: Reply(text="{}", after=never)
    chat = OpenAIChat("m", base_url=server.base_url, timeout=0.1, max_retries=0)

    with pytest.raises(RequestFailed, match="in time"):
        await ask(chat)
    never.set()
    await chat.aclose()


async def test_a_cut_connection_is_unavailability(server: ModelServer) -> None:
    server.answer = lambda body: Reply(text="{}", cut=True)
    chat = OpenAIChat("m", base_url=server.base_url, max_retries=0)

    with pytest.raises(RequestFailed, match="cut"):
        await ask(chat)
    await chat.aclose()


async def test_no_server_is_unavailability() -> None:
    with ModelServer() as gone:
        chat = OpenAIChat("m", base_url=gone.base_url, max_retries=0)

    with pytest.raises(ModelUnavailable, match="reached"):
        await ask(chat)
    await chat.aclose()
