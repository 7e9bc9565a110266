"""A stream that nobody asked for is put together; one that broke off is no answer."""

import json
from typing import Any

import pytest

from semmem.errors import RequestFailed
from semmem.models.completion import ErrorInBody, read_completion

SAID = '{"facts": [{"text": "Zürich\u2028"}]}'
PIECES = [SAID[start : start + 5] for start in range(0, len(SAID), 5)]


def chunk(delta: dict[str, Any], finish: str | None = None, index: int = 0) -> str:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return json.dumps({"object": "chat.completion.chunk", "choices": [choice]}, ensure_ascii=False)


USAGE = json.dumps({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}})
CONTENT = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": piece}) for piece in PIECES)]
ENDED = [*CONTENT, chunk({}, "stop"), USAGE, "[DONE]"]


def events(lines: list[str], field: str = "data: ", end: str = "\n\n") -> str:
    return "".join(f"{field}{line}{end}" for line in lines)


def call(arguments: object, index: int = 0) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


STREAMS = {
    "OpenAI": events(ENDED),
    "without a space": events(ENDED, field="data:"),
    "with CRLF": events(ENDED, end="\r\n\r\n"),
    "with comments, as OpenRouter keeps alive": ": OPENROUTER PROCESSING\n\n" * 3 + events(ENDED),
    "with names and ids of events": events(ENDED, field="event: message\nid: 7\nretry: 100\ndata: "),
    "without its last mark": events(ENDED[:-1]),
    "without a reason, but with the last mark": events([*CONTENT, USAGE, "[DONE]"]),
    "thoughts first": events([chunk({"reasoning_content": "hm"}), *ENDED]),
    "a second answer between": events([ENDED[0], chunk({"content": "no"}, index=1), *ENDED[1:]]),
    "a call": events([*(chunk(call(piece)) for piece in PIECES), chunk({}, "tool_calls"), USAGE]),
    "a call's object": events([chunk(call(json.loads(SAID))), chunk({}, "tool_calls"), USAGE]),
    "two calls": events([chunk(call(SAID)), chunk(call("{}", index=1)), chunk({}, "tool_calls"), USAGE]),
    "parts": events([chunk({"content": [{"type": "text", "text": piece}]}) for piece in PIECES] + ENDED[-3:]),
    "all at once": events(
        [
            json.dumps(
                {
                    "choices": [{"message": {"content": SAID}, "finish_reason": "stop"}],
                    "usage": json.loads(USAGE)["usage"],
                }
            ),
            "[DONE]",
        ]
    ),
}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_a_stream_is_put_together(stream: str) -> None:
    answer = read_completion(stream)
    assert json.loads(answer.text) == json.loads(SAID)
    assert (answer.finish_reason, answer.prompt_tokens, answer.completion_tokens) == ("stop", 7, 3)


def test_lines_of_ollamas_own_api_are_put_together() -> None:
    lines = [json.dumps({"message": {"content": piece}, "done": False}) for piece in PIECES]
    lines.append(json.dumps({"message": {"content": ""}, "done": True, "done_reason": "stop"}))
    assert read_completion("\n".join(lines)).text == SAID


def test_a_stream_that_was_cut_at_the_limit_is_a_cut_answer() -> None:
    assert read_completion(events([*CONTENT[:4], chunk({}, "length"), "[DONE]"])).finish_reason == "length"


@pytest.mark.parametrize(
    "stream",
    [
        events(CONTENT),
        events(ENDED)[:200],
        events(CONTENT[:4]),
        events([]),
        "data: \n\n",
        "data: {\n\n",
        "data: [1]\n\ndata: [DONE]\n\n",
        "data: " + "[" * 100_000,
    ],
)
def test_a_stream_that_broke_off_is_no_answer(stream: str) -> None:
    with pytest.raises(RequestFailed):
        read_completion(stream)


def test_an_error_in_a_stream_is_one() -> None:
    with pytest.raises(ErrorInBody) as caught:
        read_completion(events([*CONTENT[:3], json.dumps({"error": {"message": "overloaded", "code": 503}})]))
    assert caught.value.status == 503
