"""Chat endpoints as they are: one text that one of them refuses holds back no other, and what passes is waited for."""

import json
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from semmem import NewEvent, ScopedMemory
from semmem.errors import NotSettled
from semmem.testing import ModelServer, Reply, wait_until
from tests.applications import Opener
from tests.unit.extractors.builders import answer, said_fact

Say = Callable[[dict[str, Any]], str | Reply]

SAID = ["I live in Berlin.", "POISON is what I call my cat.", "My dog is called Rex."]
FACTS = {"alice said: I live in Berlin.", "alice said: My dog is called Rex."}
POISON = "alice said: POISON is what I call my cat."


def asked(body: dict[str, Any]) -> str:
    """The request itself, whatever was said about a first answer since."""
    return "\n".join(message["content"] for message in body["messages"][:2])


def data(body: dict[str, Any]) -> str:
    return asked(body).rsplit("DATA\n", 1)[-1]


def is_decision(body: dict[str, Any]) -> bool:
    return asked(body).rsplit("TASK: ", 1)[-1].startswith("decide")


def good(body: dict[str, Any]) -> str:
    """A model that draws one fact from every line of up to 500 characters, and adds whatever is new."""
    if is_decision(body):
        drafts = len(re.findall(r"^D\d", data(body), re.MULTILINE))
        return json.dumps({"verdicts": [{"draft": i + 1, "verdict": "add", "candidate": None} for i in range(drafts)]})
    lines = re.findall(r"^\[(\d+)\] ([^:]+): (.{1,500})$", data(body), re.MULTILINE)
    return answer(
        *(said_fact(text=f"alice said: {text}", quote=text, source=int(number), when=None) for number, _, text in lines)
    )


def poisoned(reply: Reply, seen: Callable[[dict[str, Any]], bool] = lambda body: "POISON" in data(body)) -> Say:
    return lambda body: reply if seen(body) else good(body)


def failing(status: int = 200, text: str = "", **error: Any) -> Reply:
    body = text.encode() if text else json.dumps({"error": error}).encode()
    return Reply(status=status, body=body, headers={"retry-after-ms": "1"})


@asynccontextmanager
async def remembering(
    opener: Opener, server: ModelServer, said: list[str], **given: Any
) -> AsyncIterator[ScopedMemory]:
    model = {"llm_base_url": server.base_url, "llm_model": "m", "llm_api_key": "k", "llm_timeout": 1}
    async with opener(**(model | given)) as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember_many([NewEvent(content=text, session="s1") for text in said])
        yield alice


async def texts(memory: ScopedMemory) -> set[str]:
    return {fact.text for fact in await memory.facts()}


REFUSED_FOR_GOOD = {
    "a content filter": (failing(400, message="triggering Azure OpenAI's content management policy"), "filtered"),
    "a content filter in a 200": (failing(200, code=400, message="blocked by our safety filter"), "filtered"),
    "a 400 without a word": (failing(400, text="Bad Request"), "refused_request"),
    "a 422 in Chinese": (failing(422, message="请求无效"), "refused_request"),
    "the model declines": (Reply(refusal="I would rather not."), "refused"),
    "it is cut off as unsafe": (Reply(text='{"fac', finish_reason="SAFETY"), "refused"),
    "no text": (Reply(text=""), "empty"),
    "prose": (Reply(text="I cannot find anything."), "not_json"),
    "it loops to the limit": (Reply(text='{"facts": [', finish_reason="MAX_TOKENS"), "truncated"),
    "a 500": (failing(500, message="Internal Server Error"), "no_answer"),
    "no choices, as Gemini blocks": (failing(200, text='{"choices": []}'), "no_answer"),
    "half a body": (failing(200, text='{"choices": [{"mess'), "no_answer"),
    "the connection cut": (Reply(text="{}", cut=True), "no_answer"),
    "a finish_reason of error": (Reply(text="", finish_reason="error"), "no_answer"),
    "HTML in a 200": (failing(200, text="<html>oops</html>"), "no_answer"),
}


@pytest.mark.parametrize(("reply", "reason"), REFUSED_FOR_GOOD.values(), ids=REFUSED_FOR_GOOD)
async def test_one_text_that_the_endpoint_refuses_is_buried_alone(opener: Opener, reply: Reply, reason: str) -> None:
    with ModelServer(poisoned(reply)) as server:
        async with remembering(opener, server, SAID, attempts=2) as alice:
            await alice.settled(timeout=60)
            (letter,) = await alice.dead_letters()
            [poison] = [event for event in await alice.history() if "POISON" in event.content]
            assert await texts(alice) == FACTS
            assert (letter.stage, letter.reason, letter.event_ids) == ("extraction", reason, (poison.id,))
            assert len(letter.detail) > 20
            assert "cat" not in letter.detail
            assert (await alice.context("Where does she live?", budget=400)).degraded == frozenset()

            server.answer = good
            assert await alice.replay() == 1
            await alice.settled()
            assert await texts(alice) == FACTS | {POISON}


async def test_a_text_that_is_alone_in_its_batch_is_buried_too(opener: Opener) -> None:
    """No neighbour's answer shows that the endpoint is well: it is asked with no data."""
    with ModelServer(poisoned(failing(400, text="Bad Request"))) as server:
        async with remembering(opener, server, SAID[1:2]) as alice:
            await alice.settled()
            (letter,) = await alice.dead_letters()
            assert letter.reason == "refused_request"


PASSING = {
    "an error in a 200": failing(200, code=429, message="Provider returned error"),
    "an error in a 200, without a number": failing(200, message="overloaded", type="server_error"),
    "no choices": failing(200, text='{"id": "x", "choices": [], "usage": {}}'),
    "a finish_reason of error": Reply(text="", finish_reason="error"),
    "HTML in a 200": failing(200, text="<html>maintenance</html>"),
    "an empty body": Reply(body=b""),
    "half a body": failing(200, text='{"choices": [{"mess'),
    "a cut connection": Reply(text="{}", cut=True),
    "a 500": failing(500, message="Internal Server Error"),
    "a 502": failing(502, text="<html>Bad Gateway</html>"),
    "a 503 while it loads the model": failing(503, message="Loading model"),
    "a 429": failing(429, message="Rate limit reached"),
    "a 529": failing(529, message="Overloaded"),
    "a 401 until the key is right": failing(401, message="Incorrect API key"),
    "a 402 until it is paid": failing(402, message="Insufficient credits"),
    "a 403 of an account that was closed": failing(
        403, message="Your access was terminated due to violation of our policies"
    ),
    "a 403 of an account under review": failing(403, message="Your account was flagged for review"),
    "a 403 of a firewall": failing(403, message="Your request was blocked by the network firewall"),
    "a 500 of a filter that is down": failing(500, message="The moderation service is temporarily unavailable"),
    "a 404 until the model is there": failing(404, message="model 'm' not found, try pulling it first"),
    "a 400 for everything": failing(400, message="Bad Request"),
}


async def _lacks_its_model(memory: ScopedMemory) -> bool:
    return (await memory.context("Where does she live?", budget=400)).degraded == {"llm"}


@pytest.mark.parametrize("reply", PASSING.values(), ids=PASSING)
async def test_a_fault_of_the_endpoint_buries_nothing(opener: Opener, reply: Reply) -> None:
    with ModelServer(lambda body: reply) as server:
        async with remembering(opener, server, SAID, attempts=1) as alice:
            await wait_until(lambda: _lacks_its_model(alice))
            await wait_until(lambda: len(server.requests) >= 3)
            assert (await texts(alice), await alice.dead_letters()) == (set(), [])

            server.answer = good
            await alice.settled(timeout=60)
            assert (await texts(alice), await alice.dead_letters()) == (FACTS | {POISON}, [])


async def test_tries_that_met_an_outage_are_no_bad_answers(opener: Opener, owner: asyncpg.Connection) -> None:
    replies: list[str | Reply] = []

    def say(body: dict[str, Any]) -> str | Reply:
        return replies.pop(0) if replies else good(body)

    async def was_tried_often() -> bool:
        return bool(await owner.fetchval("select bool_or(attempts > 3) from semmem.jobs"))

    with ModelServer(lambda body: failing(503, message="Loading model")) as server:
        async with remembering(opener, server, SAID[:1], attempts=2) as alice:
            await wait_until(was_tried_often)
            replies += ["no idea", "no idea"]  # the answer, and the one to what was wrong with it
            server.answer = say
            await alice.settled(timeout=60)
            assert replies == []
            assert (await texts(alice), await alice.dead_letters()) == ({"alice said: I live in Berlin."}, [])


async def test_an_endpoint_that_hangs_at_one_text_holds_back_no_other(opener: Opener) -> None:
    with ModelServer() as server:
        never = threading.Event()
        server.answer = poisoned(Reply(text="{}", after=never))
        async with remembering(opener, server, SAID, attempts=1, llm_timeout=2) as alice:
            await alice.settled(timeout=120)
            (letter,) = await alice.dead_letters()
            assert (await texts(alice), letter.reason) == (FACTS, "no_answer")
        never.set()


def windowed(limit: int) -> Say:
    """A server with a context window, in rough tokens, that counts the answer's allowance in."""

    def say(body: dict[str, Any]) -> str | Reply:
        size = sum(len(message["content"]) // 4 for message in body["messages"]) + body.get("max_tokens", 0)
        if size <= limit:
            return good(body)
        told = f"This model's maximum context length is {limit} tokens. However, you requested {size} tokens."
        return Reply(status=400, error={"message": told, "code": "context_length_exceeded"})

    return say


LONG = "\n".join(f"Entry {number}: drawer {number} holds the keys of flat {number}." for number in range(590))


@pytest.mark.parametrize("limit", [3_000, 4_096, 8_192])
async def test_a_text_longer_than_the_window_is_read_in_pieces(opener: Opener, limit: int) -> None:
    def say(body: dict[str, Any]) -> str | Reply:
        said = windowed(limit)(body)
        entries = re.findall(r"Entry \d+: drawer \d+ holds the keys of flat \d+\.", data(body))
        if isinstance(said, Reply) or not entries or is_decision(body):
            return said
        return answer(said_fact(text=f"alice noted: {entries[0]}", quote=entries[0], when=None))

    with ModelServer(say) as server:
        async with remembering(opener, server, [SAID[0], LONG, SAID[2]]) as alice:
            await alice.settled(timeout=120)
            found = await texts(alice)
            assert found >= FACTS
            assert len([text for text in found if text.startswith("alice noted")]) >= 2
            assert await alice.dead_letters() == []


async def test_a_window_too_small_for_the_instructions_is_an_endpoints_fault(opener: Opener) -> None:
    with ModelServer(windowed(1_024)) as server:
        async with remembering(opener, server, SAID, attempts=1) as alice:
            with pytest.raises(NotSettled):
                await alice.settled(timeout=3)
            assert await alice.dead_letters() == []
            assert (await alice.context("Where does she live?", budget=400)).degraded == {"llm"}


async def test_a_window_that_is_set_is_kept_to_where_the_server_would_cut_in_silence(opener: Opener) -> None:
    with ModelServer(good) as server:
        async with remembering(opener, server, [LONG[:12_000]], llm_context_tokens=4_096) as alice:
            await alice.settled(timeout=60)
        sizes = [
            sum(len(message["content"]) for message in body["messages"]) / 5 + body["max_tokens"]
            for body in server.requests
        ]
        assert len(sizes) > 1
        assert max(sizes) < 4_096


async def test_tokens_of_the_answer_and_effort_are_settings(opener: Opener) -> None:
    with ModelServer(good) as server:
        async with remembering(opener, server, SAID, llm_answer_tokens=900, llm_reasoning_effort="low") as alice:
            await alice.settled()
        assert Counter((body["max_tokens"], body["reasoning_effort"]) for body in server.requests)[900, "low"] >= 1
        server.requests.clear()
    with ModelServer(good) as server:
        async with remembering(opener, server, SAID) as alice:
            await alice.settled()
        assert "reasoning_effort" not in server.requests[0]


async def test_a_fact_that_no_verdict_can_be_had_for_is_buried_alone(opener: Opener) -> None:
    with ModelServer() as server:
        server.answer = lambda body: "no idea" if is_decision(body) and "Bern" in data(body) else good(body)
        async with remembering(opener, server, SAID, attempts=2) as alice:
            await alice.settled(timeout=60)
            told = [NewEvent(content="I live in Bern, not Berlin.", session="s2"), NewEvent(content="My bike is red.")]
            await alice.remember_many(told)
            await alice.settled(timeout=60)
            assert "alice said: My bike is red." in await texts(alice)
            for letter in await alice.dead_letters():
                assert letter.reason == "not_json"
                assert [event.content for event in await alice.history() if event.id in letter.event_ids] == [
                    "I live in Bern, not Berlin."
                ]


async def test_what_is_wrong_in_an_answer_goes_to_the_dead_letters_and_the_rest_is_kept(opener: Opener) -> None:
    def say(body: dict[str, Any]) -> str:
        said = json.loads(good(body))
        for fact in said.get("facts", []):
            if "POISON" in fact["text"]:
                fact["subject"] = None
        return json.dumps(said)

    with ModelServer(say) as server:
        async with remembering(opener, server, SAID) as alice:
            await alice.settled()
            (letter,) = await alice.dead_letters()
            assert await texts(alice) == FACTS
            assert (letter.stage, letter.reason) == ("draft", "schema")
            assert letter.detail == "facts.1.subject: input should be a valid string"
            server.answer = good
            await alice.replay()
            await alice.settled()
            assert await texts(alice) == FACTS | {POISON}
