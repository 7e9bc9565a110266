"""Refusals as real endpoints word them: the request is put more plainly, made smaller, or known to be at fault."""
# ruff: noqa: E501 (refusals are quoted as they come)

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from semmem.errors import BadAnswer, ModelError, ModelUnavailable, RequestFailed, RequestRefused
from semmem.models.chat import OpenAIChat
from semmem.models.refusals import read_refusal
from semmem.ports import ChatAnswer
from semmem.testing import ModelServer, Reply

SCHEMA = {
    "type": "object",
    "properties": {"ok": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}},
    "required": ["ok"],
    "additionalProperties": False,
}
MESSAGES = [{"role": "system", "content": "You answer."}, {"role": "user", "content": "Is it?"}]
ANSWER = '{"ok": true}'
Holds = Callable[[dict[str, Any]], bool]


@pytest.fixture
async def chat(server: ModelServer) -> AsyncIterator[OpenAIChat]:
    chat = OpenAIChat("test-model", base_url=server.base_url, reasoning_effort="low")
    yield chat
    await chat.aclose()


async def ask(chat: OpenAIChat, said: str = "Is it?", max_tokens: int = 4_000) -> ChatAnswer:
    messages = [MESSAGES[0], {"role": "user", "content": said}]
    return await chat.complete(messages, schema=SCHEMA, schema_name="verdict", max_tokens=max_tokens)


def refusing(holds: Holds, status: int, body: object) -> Callable[[dict[str, Any]], str | Reply]:
    raw = body if isinstance(body, str) else json.dumps(body)
    return lambda request: (
        Reply(status=status, body=raw.encode(), headers={"retry-after-ms": "1"}) if holds(request) else ANSWER
    )


def kind(request: dict[str, Any]) -> str:
    return str(request.get("response_format", {}).get("type"))


def has_schema(request: dict[str, Any]) -> bool:
    return kind(request) == "json_schema"


def has_format(request: dict[str, Any]) -> bool:
    return "response_format" in request


def is_closed(request: dict[str, Any]) -> bool:
    return "additionalProperties" in json.dumps(request.get("response_format", {}))


def is_strict(request: dict[str, Any]) -> bool:
    return "strict" in json.dumps(request.get("response_format", {}))


def names(*fields: str) -> Holds:
    return lambda request: any(field in request for field in fields)


def has_system(request: dict[str, Any]) -> bool:
    return any(message["role"] == "system" for message in request["messages"])


def openai_error(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def forbidden(*place: str) -> dict[str, Any]:
    """As FastAPI says it (Mistral, older vLLM), with the value that was sent."""
    told = {"type": "extra_forbidden", "loc": ["body", *place], "msg": "Extra inputs are not permitted"}
    return {"detail": [told | {"input": {"temperature": 0, "content": "Is the max_tokens too long? Is it?"}}]}


REFUSALS: dict[str, tuple[Holds, int, object]] = {
    "OpenAI, an older model: json_schema": (
        has_schema,
        400,
        openai_error("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", "response_format"),
    ),
    "OpenAI: the schema is not to its taste": (
        has_schema,
        400,
        openai_error("Invalid schema for response_format 'verdict': In context=(), 'required' is required", "response_format"),
    ),
    "OpenAI, reasoning: temperature": (
        names("temperature"),
        400,
        openai_error("Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", "temperature", "unsupported_value"),
    ),
    "OpenAI, reasoning: max_tokens": (
        names("max_tokens"),
        400,
        openai_error("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens", "unsupported_parameter"),
    ),
    "OpenAI: reasoning_effort": (
        names("reasoning_effort"),
        400,
        openai_error("Unrecognized request argument supplied: reasoning_effort"),
    ),
    "OpenAI: the value of reasoning_effort": (
        names("reasoning_effort"),
        400,
        openai_error("Unsupported value: 'low' is not supported with the 'gpt-5-pro' model. Supported values are: 'high'.", "reasoning_effort", "unsupported_value"),
    ),
    "Azure: an older API version": (
        has_schema,
        400,
        openai_error("response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later"),
    ),
    "vLLM: a grammar it cannot compile": (
        has_schema,
        400,
        {"object": "error", "message": "Grammar error: Unimplemented keys: [\"additionalProperties\"]", "type": "BadRequestError", "code": 400},
    ),
    "vLLM with Mistral's tokenizer: extra fields": (has_format, 400, forbidden("response_format")),
    "llama.cpp: a grammar, as 500": (
        has_schema,
        500,
        {"error": {"code": 500, "message": "failed to parse grammar", "type": "server_error"}},
    ),
    "llama.cpp: the schema, as 400": (
        has_schema,
        400,
        {"error": {"code": 400, "message": "Failed to initialize samplers: failed to parse grammar", "type": "invalid_request_error"}},
    ),
    "LM Studio: json_object": (
        lambda request: kind(request) in ("json_object",) or is_strict(request) or is_closed(request),
        400,
        {"error": "'response_format.type' must be 'json_schema' or 'text'"},
    ),
    "Ollama: the format, as 500": (has_format, 500, {"error": "invalid format: expected \"json\" or a JSON schema"}),
    "Ollama: a model that does not think": (
        names("reasoning_effort"),
        400,
        {"error": {"message": "\"test-model\" does not support thinking", "type": "api_error", "param": None, "code": None}},
    ),
    "TGI: a grammar, as 422": (
        has_schema,
        422,
        {"error": "Input validation error: `grammar` must be a valid JSON schema", "error_type": "validation"},
    ),
    "TGI: an unknown variant, in plain text": (
        has_schema,
        422,
        "Failed to deserialize the JSON body into the target type: response_format: unknown variant `json_schema`, expected one of `json_object`, `regex`",
    ),
    "Groq: json_schema": (
        has_schema,
        400,
        openai_error("This model does not support response format `json_schema`. See supported models at our documentation."),
    ),
    "Together: no JSON mode": (
        has_format,
        400,
        {"id": "x", "error": {"message": "This model does not support JSON mode / function calling", "type": "invalid_request_error"}},
    ),
    "Mistral: an extra field": (
        names("reasoning_effort"),
        422,
        {"object": "error", "message": forbidden("reasoning_effort"), "type": "invalid_request_error", "code": 3051},
    ),
    "Mistral: strict": (is_strict, 422, forbidden("response_format", "json_schema", "strict")),
    "Gemini: additionalProperties": (
        is_closed,
        400,
        [{"error": {"code": 400, "message": "Invalid JSON payload received. Unknown name \"additionalProperties\" at 'generation_config.response_schema': Cannot find field.", "status": "INVALID_ARGUMENT"}}],
    ),
    "Gemini: a field": (
        names("reasoning_effort"),
        400,
        [{"error": {"code": 400, "message": "Invalid JSON payload received. Unknown name \"reasoning_effort\": Cannot find field.", "status": "INVALID_ARGUMENT"}}],
    ),
    "Gemma: no system message": (
        has_system,
        400,
        [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/gemma-3-27b-it", "status": "INVALID_ARGUMENT"}}],
    ),
    "vLLM, a chat template: no system message": (
        has_system,
        400,
        {"object": "error", "message": "System role not supported", "type": "BadRequestError", "code": 400},
    ),
    "Anthropic: response_format": (
        has_format,
        400,
        {"type": "error", "error": {"type": "invalid_request_error", "message": "response_format: Extra inputs are not permitted"}},
    ),
    "Anthropic: temperature while thinking": (
        names("temperature"),
        400,
        {"type": "error", "error": {"type": "invalid_request_error", "message": "`temperature` may only be set to 1 when thinking is enabled."}},
    ),
    "Bedrock gateway: an extraneous key": (
        has_format,
        400,
        {"detail": "An error occurred (ValidationException) when calling the Converse operation: extraneous key [response_format] is not permitted"},
    ),
    "LiteLLM: unsupported parameters": (
        has_format,
        400,
        openai_error("litellm.UnsupportedParamsError: ollama does not support parameters: ['response_format'], for model=llama3. To drop these, set `litellm.drop_params=True`"),
    ),
    "DashScope: a model that only streams": (
        lambda request: not request.get("stream"),
        400,
        openai_error("This model only support stream mode, please enable the stream parameter to access the model."),
    ),
    "DashScope: one that thinks only in a stream": (
        lambda request: not request.get("stream"),
        400,
        openai_error("parameter.enable_thinking must be set to false for non-streaming calls"),
    ),
    "DeepSeek: json_schema": (has_schema, 400, openai_error("This response_format type is unavailable now")),
    "DeepSeek: a variant, as 422": (
        has_schema,
        422,
        "Failed to deserialize the JSON body into the target type: response_format: response_format.type: unknown variant `json_schema`, expected `text` or `json_object` at line 1 column 99",
    ),
    "Fireworks: the schema": (
        is_closed,
        400,
        {"error": {"object": "error", "type": "invalid_request_error", "message": "JSON Schema not supported: could not understand the instance `{'additionalProperties': False}`"}},
    ),
    "OpenRouter: no provider for it, as 404": (
        has_schema,
        404,
        {"error": {"message": "No endpoints found that can handle the requested parameters. To learn more about provider routing, visit our documentation", "code": 404}},
    ),
    "OpenRouter: the provider's own words, carried along": (
        has_format,
        400,
        {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "{\"error\": {\"message\": \"json_schema is not supported\"}}", "provider_name": "X"}}},
    ),
    "a server that has not built it, as 501": (has_format, 501, {"error": {"message": "Not Implemented"}}),
    "a server that fails at it, as 500": (has_schema, 500, "Internal Server Error"),
    "a max_tokens that is called otherwise, as 422": (names("max_tokens"), 422, forbidden("max_tokens")),
    "neither name for the limit": (
        names("max_tokens", "max_completion_tokens"),
        400,
        {"error": {"message": "max_completion_tokens / max_tokens: unknown field"}},
    ),
    "no words, json_schema": (has_schema, 400, ""),
    "no words, any format": (has_format, 400, {"error": {"message": "Bad Request"}}),
    "no words, strict": (is_strict, 422, {"error": {"message": "Unprocessable"}}),
    "no words, temperature": (names("temperature"), 400, {"status": "error"}),
    "no words, max_tokens": (names("max_tokens"), 400, "bad request"),
    "no words, any limit": (names("max_tokens", "max_completion_tokens"), 400, "<html>400</html>"),
    "no words, effort": (names("reasoning_effort"), 400, "null"),
    "no words, system": (has_system, 400, {"error": "invalid argument"}),
    "no words, everything": (names("response_format", "temperature", "max_tokens", "reasoning_effort"), 400, {"error": {}}),
    "an error in a 200": (has_schema, 200, {"error": {"message": "response_format is not supported", "code": 400}}),
}  # fmt: skip


@pytest.mark.parametrize(("holds", "status", "body"), REFUSALS.values(), ids=REFUSALS)
async def test_a_refused_field_is_left_out_from_then_on(
    server: ModelServer, chat: OpenAIChat, holds: Holds, status: int, body: object
) -> None:
    server.answer = refusing(holds, status, body)

    assert (await ask(chat)).text == ANSWER
    asked = len(server.requests)
    assert (await ask(chat)).text == ANSWER

    assert len(server.requests) == asked + 1, "what was learnt is kept"
    told = json.dumps(server.requests[-1])
    assert "additionalProperties" in told or '\\"ok\\"' in told or '"ok"' in told, "the schema is told in some way"


@pytest.mark.parametrize("name", [name for name in REFUSALS if "temperature" in name])
async def test_only_what_is_refused_is_given_up(server: ModelServer, chat: OpenAIChat, name: str) -> None:
    holds, status, body = REFUSALS[name]
    server.answer = refusing(holds, status, body)

    await ask(chat)
    await ask(chat)

    assert set(server.requests[0]) - set(server.requests[-1]) == {"temperature"} or "everything" in name
    assert has_schema(server.requests[-1]) or "everything" in name


async def test_an_answer_that_failed_to_become_json_is_asked_for_plainly_once(
    server: ModelServer, chat: OpenAIChat
) -> None:
    """Groq's json_validate_failed is the model's failure at one answer, not the endpoint's at a field."""
    failed = openai_error(
        "Failed to generate JSON. Please adjust your prompt. See 'failed_generation'.", code="json_validate_failed"
    )
    failed["error"]["failed_generation"] = "temperature max_tokens"
    server.answer = refusing(has_format, 400, failed)
    assert (await ask(chat)).text == ANSWER

    server.requests.clear()
    server.answer = lambda body: ANSWER
    await ask(chat)
    assert kind(server.requests[0]) == "json_schema"


WINDOWS = {
    "OpenAI": "This model's maximum context length is {limit} tokens. However, you requested {total} tokens ({prompt} in the messages, {asked} in the completion). Please reduce the length of the messages or completion.",
    "vLLM": "'max_tokens' or 'max_completion_tokens' is too large: {asked}. This model's maximum context length is {limit} tokens and your request has {prompt} input tokens ({asked} > {limit} - {prompt}).",
    "llama.cpp": "the request exceeds the available context size ({limit} tokens), try increasing it",
    "LM Studio": "Trying to keep the first {prompt} tokens when context the overflows. However, the model is loaded with context length of only {limit} tokens",
    "TGI": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= {limit}. Given: {prompt} `inputs` tokens and {asked} `max_new_tokens`",
    "Mistral": "Prompt contains {prompt} tokens and {asked} draft tokens, too large for model with {limit} maximum context length",
    "Anthropic": "input length and `max_tokens` exceed context limit: {prompt} + {asked} > {limit}, decrease input length or `max_tokens` and try again",
    "Gemini": "The input token count ({total}) exceeds the maximum number of tokens allowed ({limit}).",
    "Cohere": "too many tokens: total number of tokens in the prompt cannot exceed {limit}",
    "Groq": "Request too large for model `x` on tokens per minute (TPM): Limit {limit}, Requested {total}, please reduce your message size and try again.",
    "Bedrock": "Input is too long for requested model.",
    "wordless about the number": "context length exceeded",
}  # fmt: skip


@pytest.mark.parametrize("words", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("status", [400, 413])
async def test_in_a_small_context_window_the_answer_gets_what_is_left(
    server: ModelServer, chat: OpenAIChat, words: str, status: int
) -> None:
    limit = 4_096

    def answer(body: dict[str, Any]) -> str | Reply:
        prompt, asked = len(json.dumps(body["messages"])) // 4, body["max_tokens"]
        if prompt + asked <= limit:
            return ANSWER
        told = words.format(limit=limit, total=prompt + asked, prompt=prompt, asked=asked)
        return Reply(status=status, error={"message": told})

    server.answer = answer
    said = "word " * 1_000

    assert (await ask(chat, said)).text == ANSWER
    assert 256 <= server.requests[-1]["max_tokens"] < 4_000
    assert has_schema(server.requests[-1])
    with pytest.raises(BadAnswer) as caught:
        await ask(chat, "word " * 10_000)
    assert caught.value.reason == "too_long"
    assert (await ask(chat)).text == ANSWER


CAPS = {
    "OpenAI": "max_tokens is too large: {asked}. This model supports at most {limit} completion tokens, whereas you provided {asked}.",
    "Groq": "`max_tokens` must be less than or equal to `{limit}`, the maximum value for `max_tokens` is less than the `context_window` for this model",
    "DeepSeek": "Invalid max_tokens value, the valid range of max_tokens is [1, {limit}]",
    "DashScope": "<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, {limit}]",
    "Anthropic": "max_tokens: {asked} > {limit}, which is the maximum allowed number of output tokens for claude-3-5-haiku-20241022",
    "Bedrock": "The maximum tokens you requested exceeds the model limit of {limit}. Try again with a maximum tokens value that is lower than {limit}.",
    "Gemini": "Unable to submit request because it has a maxOutputTokens value of {asked} but the supported range is from 1 (inclusive) to {limit} (exclusive).",
    "Cohere": "too many tokens: max tokens must be less than or equal to {limit}",
    "a gateway": "max_tokens must be less than or equal to {limit}",
    "wordless about the number": "max_tokens is too large",
}  # fmt: skip


@pytest.mark.parametrize("words", CAPS.values(), ids=CAPS)
async def test_a_cap_on_the_answer_is_learnt(server: ModelServer, chat: OpenAIChat, words: str) -> None:
    limit = 2_048

    def answer(body: dict[str, Any]) -> str | Reply:
        asked = body["max_tokens"]
        over = asked >= limit if "exclusive" in words or "lower than" in words else asked > limit
        return Reply(status=400, error={"message": words.format(limit=limit, asked=asked)}) if over else ANSWER

    server.answer = answer
    await ask(chat)
    assert limit // 2 <= server.requests[-1]["max_tokens"] <= limit
    assert has_schema(server.requests[-1])

    if "{limit}" in words:
        asked = len(server.requests)
        await ask(chat)
        assert len(server.requests) <= asked + 2


FILTERS = {
    "DeepSeek, in three words": (400, openai_error("Content Exists Risk")),
    "Zhipu, in Chinese": (400, openai_error("系统检测到输入或生成内容可能包含不安全或敏感内容")),
    "Azure": (400, {"error": {"message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", "code": "content_filter", "param": "prompt", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
    "OpenAI": (400, openai_error("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", code="invalid_prompt")),
    "OpenAI, moderation": (400, openai_error("Your request was rejected as a result of our safety system.", code="moderation_blocked")),
    "DashScope": (400, {"error": {"code": "data_inspection_failed", "message": "Input data may contain inappropriate content."}}),
    "OpenRouter": (403, {"error": {"code": 403, "message": "x requires moderation on y. Your input was flagged for \"violence\"", "metadata": {"reasons": ["violence"], "flagged_input": "..."}}}),
    "Zhipu": (400, {"error": {"code": "1301", "message": "The system detected sensitive content in the input"}}),
    "DeepSeek": (400, {"error": {"message": "Content Exists Risk: inappropriate content", "type": "invalid_request_error"}}),
    "Gemini": (400, {"error": {"code": 400, "message": "The prompt was blocked due to PROHIBITED_CONTENT", "status": "INVALID_ARGUMENT"}}),
    "LiteLLM": (400, openai_error("litellm.BadRequestError: litellm.ContentPolicyViolationError: AzureException - content_policy_violation")),
    "Bedrock": (400, {"message": "Sorry, the model cannot answer: blocked by guardrail"}),
    "Groq's guard, in a 200": (200, {"error": {"code": 400, "message": "Request was rejected: content policy"}}),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body"), FILTERS.values(), ids=FILTERS)
async def test_a_content_filter_is_told_apart_and_teaches_nothing(
    server: ModelServer, chat: OpenAIChat, status: int, body: object
) -> None:
    server.answer = refusing(lambda request: "cat" in str(request["messages"]), status, body)

    with pytest.raises(BadAnswer, match="content filter") as caught:
        await ask(chat, "my cat")
    assert (caught.value.reason, len(server.requests)) == ("filtered", 1)
    await ask(chat)
    assert has_schema(server.requests[-1])


async def test_words_of_the_request_that_come_back_are_not_the_endpoints(server: ModelServer, chat: OpenAIChat) -> None:
    said = "My content filter is clogged and the context length of my prompt is too long."
    server.answer = refusing(
        has_schema, 422, {"detail": [{"loc": ["body", "response_format"], "msg": "no", "input": said}]}
    )
    assert (await ask(chat, said)).text == ANSWER


@pytest.mark.parametrize("words", ["Bad Request", "response_format and temperature and max_tokens", "grammar"])
async def test_a_request_refused_in_every_form_is_an_error_after_a_bounded_number(
    server: ModelServer, chat: OpenAIChat, words: str
) -> None:
    server.answer = lambda body: Reply(status=400, error={"message": words})

    with pytest.raises(RequestRefused, match="400") as caught:
        await ask(chat)

    assert not isinstance(caught.value, ModelUnavailable | BadAnswer)
    assert len(server.requests) <= 24
    server.answer = lambda body: ANSWER
    await ask(chat)
    assert server.requests[-1] == server.requests[0], "what helped nothing is not learnt"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, {"message": "The model `gpt-9` does not exist or you do not have access to it.", "code": "model_not_found"}),
        (404, {"message": "model 'qwen3' not found, try pulling it first"}),
        (404, {"message": "404 page not found"}),
        (401, {"message": "Incorrect API key provided", "code": "invalid_api_key"}),
        (402, {"message": "Insufficient credits"}),
    ],
)  # fmt: skip
async def test_what_another_form_cannot_mend_is_asked_once(
    server: ModelServer, chat: OpenAIChat, status: int, error: dict[str, str]
) -> None:
    server.answer = lambda body: Reply(status=status, error=error)
    with pytest.raises(ModelError, match=str(status)):
        await ask(chat)
    assert len(server.requests) == 1


async def test_a_rate_limit_that_no_waiting_mends_is_a_request_that_is_too_large(
    server: ModelServer, chat: OpenAIChat
) -> None:
    told = "Request too large for gpt-4 on tokens per min (TPM): Limit 3000, Requested 4100."

    def answer(body: dict[str, Any]) -> str | Reply:
        over = body["max_tokens"] > 2_500
        return Reply(status=429, error={"message": told}, headers={"retry-after-ms": "1"}) if over else ANSWER

    server.answer = answer
    assert (await ask(chat)).text == ANSWER
    assert server.requests[-1]["max_tokens"] < 3_000


def test_an_outage_is_no_refusal() -> None:
    for status in (408, 409, 425, 429, 502, 503, 504, 529):
        assert read_refusal(status, '{"error": "response_format temperature content filter"}', 4_000).kind == "outage"


@pytest.mark.parametrize("words", ["The moderation service is temporarily unavailable", "safety system timed out"])
async def test_a_filter_that_fails_itself_has_not_refused_what_was_said(
    server: ModelServer, chat: OpenAIChat, words: str
) -> None:
    await ask(chat)
    server.answer = refusing(lambda request: True, 500, openai_error(words))
    with pytest.raises(RequestFailed):
        await ask(chat)


@pytest.mark.parametrize("status", [400, 500])
async def test_a_failure_without_words_that_passes_teaches_nothing(
    server: ModelServer, chat: OpenAIChat, status: int
) -> None:
    """It passes in the middle of the first request, between the form it began with and a plainer one."""
    plainer_came = False

    def answer(body: dict[str, Any]) -> str | Reply:
        nonlocal plainer_came
        plainer_came = plainer_came or not is_closed(body)
        return ANSWER if plainer_came else Reply(status=status, headers={"retry-after-ms": "1"})

    server.answer = answer
    assert (await ask(chat)).text == ANSWER
    await ask(chat)
    assert server.requests[-1] == server.requests[0]


async def test_what_a_refusal_names_is_learnt_beside_a_failure_that_passes(
    server: ModelServer, chat: OpenAIChat
) -> None:
    failures: Iterator[str | Reply] = iter([Reply(status=400)])
    holds, status, body = REFUSALS["OpenAI, reasoning: temperature"]
    refuse = refusing(holds, status, body)

    def answer(request: dict[str, Any]) -> str | Reply:
        return refuse(request) if holds(request) else next(failures, ANSWER)

    server.answer = answer
    await ask(chat)
    await ask(chat)
    assert set(server.requests[0]) - set(server.requests[-1]) == {"temperature"}
    assert server.requests[-1]["response_format"] == server.requests[0]["response_format"]


async def test_an_outage_when_a_form_is_asked_for_once_more_teaches_nothing_and_loses_no_answer(
    server: ModelServer, chat: OpenAIChat
) -> None:
    replies: Iterator[str | Reply] = iter(
        [Reply(status=400), ANSWER, *[Reply(status=503, headers={"retry-after-ms": "1"})] * 4]
    )
    server.answer = lambda body: next(replies, ANSWER)

    assert (await ask(chat)).text == ANSWER
    await ask(chat)
    assert server.requests[-1] == server.requests[0]
