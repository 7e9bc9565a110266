"""Endpoints with limits, and texts that they refuse: told apart by trying, learned, and not met again."""

import base64
import json
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from itertools import count
from textwrap import wrap
from typing import Any

import numpy as np
import pytest

from semmem.errors import ModelError, ModelUnavailable
from semmem.models.embedding import SHORTEST, OpenAIEmbedder
from semmem.testing import ModelServer, Reply, Vectors, hashed_words, texts_of

Body = dict[str, Any]
Answer = Callable[[Body], Vectors | Reply]
CITIES = [f"I visited city number {number}." for number in range(40)]
POISON = "I visited city number 3."


@pytest.fixture
async def embedder(server: ModelServer) -> AsyncIterator[OpenAIEmbedder]:
    embedder = OpenAIEmbedder("bge-m3", base_url=server.base_url, max_retries=0)
    yield embedder
    await embedder.aclose()


def _refusing(when: Callable[[list[str]], bool], status: int, message: str = "no") -> Answer:
    return lambda body: Reply(status=status, error={"message": message}) if when(texts_of(body)) else hashed_words(body)


def _then_hashed_words(first: Reply) -> Answer:
    """The first request is answered with this, the others as usual."""
    replies = iter([first])
    return lambda body: next(replies, None) or hashed_words(body)


def _most(server: ModelServer) -> int:
    return max(len(texts_of(body)) for body in server.requests)


async def _same_as_hashed(embedder: OpenAIEmbedder, texts: Sequence[str]) -> None:
    embeddings = await embedder.embed(texts)
    assert embeddings.refused == {}
    np.testing.assert_allclose(embeddings.vectors, hashed_words({"input": list(texts)}), rtol=1e-5)


@pytest.mark.parametrize(
    ("most", "status", "message"),
    [
        (32, 413, "batch size 40 > maximum allowed batch size 32"),  # TEI
        (10, 400, "batch size is invalid, it should not be larger than 10"),  # DashScope
        (1, 400, "input must be a string"),
        (16, 422, "Zu viele Texte"),
        (8, 500, "input array too long"),
        (5, 501, ""),
        (3, 403, "blocked"),
    ],
)
async def test_a_limit_of_texts_a_request_is_learned_once(
    server: ModelServer, embedder: OpenAIEmbedder, most: int, status: int, message: str
) -> None:
    server.embed = _refusing(lambda texts: len(texts) > most, status, message)

    await _same_as_hashed(embedder, CITIES)

    server.requests.clear()
    await _same_as_hashed(embedder, CITIES)
    assert most / 2 < _most(server) <= most  # no request is refused again


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_limit_of_tokens_a_request_is_learned_and_does_not_make_small_texts_go_alone(
    server: ModelServer, embedder: OpenAIEmbedder, status: int
) -> None:
    server.embed = _refusing(lambda texts: sum(map(len, texts)) > 2_000, status, "max tokens per request")
    long = [f"{number} " * 300 for number in range(6)]

    await _same_as_hashed(embedder, long)

    server.requests.clear()
    await _same_as_hashed(embedder, long)
    assert all(sum(map(len, texts_of(body))) <= 2_000 for body in server.requests)
    await _same_as_hashed(embedder, CITIES[:8])
    assert _most(server) == 8


async def test_both_limits_at_once(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.embed = _refusing(lambda texts: len(texts) > 10 or sum(map(len, texts)) > 500, 400)

    await _same_as_hashed(embedder, [*CITIES, *(f"{number} " * 100 for number in range(9))])


async def test_a_limit_is_learned_although_several_requests_meet_it_at_once(
    server: ModelServer, embedder: OpenAIEmbedder
) -> None:
    server.embed = _refusing(lambda texts: len(texts) > 32, 413)

    await _same_as_hashed(embedder, [f"My note has number {number}." for number in range(1_500)])

    assert len([body for body in server.requests if len(texts_of(body)) > 32]) <= 6 + 3


async def test_a_batch_that_fails_once_teaches_no_limit(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    for failure in (Reply(status=500), Reply(status=503), Reply(body=b'{"error": {"message": "overloaded"}}')):
        server.embed = _then_hashed_words(failure)
        await _same_as_hashed(embedder, CITIES)

    server.requests.clear()
    await _same_as_hashed(embedder, CITIES)
    assert _most(server) == len(CITIES)


PASSING = {
    "a rate limit": Reply(status=429, error={"message": "Rate limit reached"}, headers={"retry-after-ms": "1"}),
    "an overload": Reply(status=503),
    "a gateway's": Reply(status=502),
    "no connection": Reply(cut=True, body=b"a proxy that starts again" * 9),
}


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
async def test_an_outage_while_a_refused_batch_is_examined_teaches_no_number_of_texts(
    server: ModelServer, embedder: OpenAIEmbedder, failure: Reply
) -> None:
    """The batch holds a bad text; numbers of harmless ones are refused for a while, and a single one passes."""
    await embedder.dimensions()
    server.embed = lambda body: (
        Reply(status=400) if POISON in texts_of(body) else failure if len(texts_of(body)) > 1 else hashed_words(body)
    )
    with pytest.raises(ModelUnavailable):
        await embedder.embed(CITIES)

    server.embed = hashed_words
    server.requests.clear()
    await _same_as_hashed(embedder, CITIES)
    assert [len(texts_of(body)) for body in server.requests] == [len(CITIES)]


async def test_failures_for_every_number_of_texts_teach_no_limit(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    """All of them are one outage, where one text fails as well at last."""
    await embedder.dimensions()
    harmless = count(1)

    def embed(body: Body) -> Vectors | Reply:
        return hashed_words(body) if texts_of(body) == ["hello"] and next(harmless) == 1 else Reply(status=500)

    server.embed = embed
    with pytest.raises(ModelUnavailable):
        await embedder.embed(CITIES)

    server.embed = hashed_words
    server.requests.clear()
    await _same_as_hashed(embedder, CITIES)
    assert _most(server) == len(CITIES)


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
async def test_an_outage_while_a_refused_text_is_examined_teaches_no_length(
    server: ModelServer, embedder: OpenAIEmbedder, failure: Reply
) -> None:
    """A text is refused for its words; shorter ones are taken, and those of its length meet an outage meanwhile."""
    long = "word " * 60 + POISON

    def embed(body: Body) -> Vectors | Reply:
        [text] = texts_of(body)
        if POISON in text:
            return Reply(status=400)
        return failure if len(text) == len(long) else hashed_words(body)

    server.embed = embed
    with pytest.raises(ModelUnavailable):
        await embedder.embed([long])

    server.embed = hashed_words
    server.requests.clear()
    await _same_as_hashed(embedder, ["another " * 40])
    assert [texts_of(body) for body in server.requests] == [["another " * 40]]


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
async def test_a_batch_that_meets_an_outage_whenever_it_is_whole_teaches_no_size(
    server: ModelServer, embedder: OpenAIEmbedder, failure: Reply
) -> None:
    texts = CITIES[:4]
    server.embed = lambda body: failure if texts_of(body) == texts else hashed_words(body)
    await _same_as_hashed(embedder, texts)

    server.embed = hashed_words
    server.requests.clear()
    await _same_as_hashed(embedder, texts)
    assert len(server.requests) == 1


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("broken", [Reply(status=500), Reply(body=b"{}"), Reply(cut=True)], ids=["500", "{}", "cut"])
async def test_one_of_two_servers_behind_an_address_that_is_ill_buries_nothing(
    server: ModelServer, first: int, broken: Reply
) -> None:
    """One of the tries of the job goes through; none says that a text is bad."""
    embedder = OpenAIEmbedder("m", base_url=server.base_url, max_retries=1)
    turns = count(first)
    server.embed = lambda body: broken if next(turns) % 2 else hashed_words(body)
    went_through = 0
    for _ in range(3):
        with suppress(ModelError):
            await _same_as_hashed(embedder, CITIES[:4])
            went_through += 1
    assert went_through
    await embedder.aclose()


@pytest.mark.parametrize(
    "ill",
    [
        lambda body: hashed_words({**body, "dimensions": 32}),
        lambda body: [[float("nan")] * 64 for _ in texts_of(body)],
        lambda body: Reply(status=401),
        lambda body: Reply(status=404),
        lambda body: Reply(status=500),
        lambda body: Reply(body=b"<html>maintenance</html>"),
    ],
    ids=["another size", "NaN", "401", "404", "500", "a page"],
)
async def test_an_endpoint_that_is_mended_just_before_it_is_examined_buries_no_text(
    server: ModelServer, embedder: OpenAIEmbedder, ill: Answer
) -> None:
    await embedder.dimensions()
    mended = False

    def until_a_harmless_text_comes(body: Body) -> Vectors | Reply:
        nonlocal mended
        mended = mended or CITIES[0] not in texts_of(body)
        return hashed_words(body) if mended else ill(body)

    server.embed = until_a_harmless_text_comes
    await _same_as_hashed(embedder, CITIES[:1])


@pytest.mark.parametrize("status", [400, 413, 500])
async def test_a_text_that_is_too_long_is_cut_and_so_are_all_later_ones(
    server: ModelServer, embedder: OpenAIEmbedder, status: int
) -> None:
    server.embed = _refusing(lambda texts: max(map(len, texts)) > 2_000, status, "less than 512 tokens")
    long = "I wrote: " + "word " * 600

    embeddings = await embedder.embed([*CITIES[:4], long])

    assert embeddings.refused == {}
    np.testing.assert_allclose(np.linalg.norm(embeddings.vectors, axis=1), 1, rtol=1e-5)
    server.requests.clear()
    await embedder.embed([long, CITIES[0]])
    assert [len(text) for text in texts_of(server.requests[0])] == [1_504, len(CITIES[0])]
    assert len(server.requests) == 1


async def test_a_text_of_more_tokens_a_byte_is_cut_alone(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.embed = _refusing(lambda texts: max(len(text.split()) for text in texts) > 512, 413)

    embeddings = await embedder.embed(["1 2 3 4 5 " * 200, "sentence " * 300])

    assert embeddings.refused == {}
    assert embeddings.truncated == {0}, "what was not embedded is told"
    assert "1 2 3 4 5 " * 100 in [text for body in server.requests for text in texts_of(body)]
    server.requests.clear()
    await embedder.embed(["sentence " * 300])
    assert [len(text) for text in texts_of(server.requests[0])] == [2_700]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Reply(status=500, error={"message": "failed to encode response: json: unsupported value: NaN"}), "status-500"),
        (Reply(status=400, error={"message": "the input is empty"}), "status-400"),
        (Reply(status=413), "status-413"),
        (Reply(status=403, error={"message": "blocked by the firewall"}), "status-403"),
        (Reply(status=503), "status-503"),
        (Reply(cut=True, body=b"the runner was killed" * 9), "no-answer"),
        (Reply(body=b"<html>"), "no-answer"),
        (Reply(body=b'{"error": {"message": "bad"}}'), "no-answer"),
        ([0.0] * 64, "zero"),
        ([float("nan")] * 64, "nan"),
        ([None] * 64, "nan"),
        ([1.0, 2.0, 3.0], "dimensions"),
        ([], "unreadable"),
        (None, "unreadable"),
        ("not base64", "unreadable"),
    ],
)
async def test_a_text_that_cannot_be_embedded_holds_back_no_other(
    server: ModelServer, embedder: OpenAIEmbedder, bad: object, reason: str
) -> None:
    def embed(body: Body) -> Reply:
        texts = texts_of(body)
        if isinstance(bad, Reply) and POISON in texts:
            return bad
        rows = enumerate(zip(texts, hashed_words(body), strict=True))
        return _reply([{"index": at, "embedding": bad if text == POISON else row} for at, (text, row) in rows])

    server.embed = embed
    embeddings = await embedder.embed(CITIES[:5])

    assert {place: refused.reason for place, refused in embeddings.refused.items()} == {3: reason}
    assert POISON not in embeddings.refused[3].detail
    rest = [0, 1, 2, 4]
    np.testing.assert_allclose(embeddings.vectors[rest], np.array(hashed_words({"input": CITIES[:5]}))[rest], rtol=1e-5)
    assert not embeddings.vectors[3].any()


async def test_bad_texts_among_many_are_found_and_teach_no_limit(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.embed = _refusing(lambda texts: bool({CITIES[7], CITIES[29]} & set(texts)), 500, "NaN")

    assert set((await embedder.embed(CITIES)).refused) == {7, 29}

    server.requests.clear()
    await embedder.embed([*CITIES[:7], *CITIES[8:29]])
    assert len(server.requests) == 1


async def test_a_limit_and_a_bad_text_at_once(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.embed = _refusing(lambda texts: len(texts) > 10 or CITIES[7] in texts, 400)

    assert set((await embedder.embed(CITIES)).refused) == {7}


async def test_a_long_text_that_is_refused_for_what_it_says_is_not_cut(
    server: ModelServer, embedder: OpenAIEmbedder
) -> None:
    server.embed = _refusing(lambda texts: any("number 3." in text for text in texts), 500)

    assert set((await embedder.embed(["word " * 400 + POISON])).refused) == {0}


async def test_a_text_is_not_cut_for_ever(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.embed = _refusing(lambda texts: texts != ["hello"], 400)

    assert set((await embedder.embed(["word " * 1_000])).refused) == {0}
    assert len(server.requests) < 25
    assert min(len(text) for body in server.requests for text in texts_of(body) if text != "hello") >= SHORTEST


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
async def test_an_outage_is_told_apart_from_a_refusal_soon(
    server: ModelServer, embedder: OpenAIEmbedder, status: int
) -> None:
    server.embed = lambda body: Reply(status=status)

    with pytest.raises(ModelUnavailable):
        await embedder.embed(CITIES)
    assert len(server.requests) <= 4


async def test_a_rate_limit_refuses_no_text(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.embed = _refusing(lambda texts: texts != ["hello"], 429, "tokens per minute")

    with pytest.raises(ModelUnavailable):
        await embedder.embed(["My dog is called Rex."])


async def test_a_request_that_is_larger_than_the_rate_allows_is_split(
    server: ModelServer, embedder: OpenAIEmbedder
) -> None:
    server.embed = _refusing(lambda texts: len(texts) > 8, 429, "Request too large: Limit 1000, Requested 5000")

    await _same_as_hashed(embedder, CITIES)


def _reply(data: object, **more: object) -> Reply:
    return Reply(body=json.dumps({"object": "list", "data": data, "model": "m", **more}).encode())


def _written(write: Callable[[int, Sequence[float]], object]) -> Answer:
    """An endpoint that writes the item of each place and vector in its own way."""
    return lambda body: _reply([write(at, vector) for at, vector in enumerate(hashed_words(body))])


def _whole(body: object) -> Reply:
    return Reply(body=json.dumps(body).encode())


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


@pytest.mark.parametrize(
    "answer",
    [
        _written(lambda at, vector: {"index": 0, "embedding": vector}),
        _written(lambda at, vector: {"embedding": vector}),
        _written(lambda at, vector: {"embedding": vector} | ({"index": at} if at else {})),  # Gemini
        _written(lambda at, vector: {"index": at + 1, "embedding": vector}),
        _written(lambda at, vector: {"index": None, "embedding": vector}),
        _written(lambda at, vector: {"index": str(at), "embedding": vector}),
        lambda body: _reply(
            [{"index": str(at), "embedding": vector} for at, vector in enumerate(hashed_words(body))][::-1]
        ),
        lambda body: _reply(
            [{"index": float(at), "embedding": vector} for at, vector in enumerate(hashed_words(body))][::-1]
        ),
        lambda body: _whole([{"index": at, "embedding": [vector]} for at, vector in enumerate(hashed_words(body))]),
        lambda body: _whole([{"object": "list", "data": [{"embedding": vector} for vector in hashed_words(body)]}]),
        lambda body: _whole(hashed_words(body)),  # TEI
        lambda body: _whole({"embeddings": hashed_words(body)}),  # Ollama
        lambda body: _whole({"embeddings": {"float": hashed_words(body)}}),  # Cohere
        _written(lambda at, vector: {"index": at, "embedding": _packed(vector).rstrip("=")}),
        _written(lambda at, vector: {"index": at, "embedding": "\n".join(wrap(_packed(vector), 76))}),
        _written(lambda at, vector: {"index": at, "embedding": [vector]}),  # llama.cpp
        _written(lambda at, vector: {"index": at, "embedding": [str(value) for value in vector]}),
        _written(lambda at, vector: {"index": at, "embedding": json.dumps(vector)}),
        _written(lambda at, vector: {"index": at, "embedding": _packed(vector)}),
        _written(lambda at, vector: {"index": at, "embedding": [value * 1e-30 for value in vector]}),
        _written(lambda at, vector: {"index": at, "embedding": [value * 1e200 for value in vector]}),
        _written(lambda at, vector: vector),
        lambda body: _reply(
            [{"index": at, "embedding": vector} for at, vector in enumerate(hashed_words(body))][::-1], usage=None
        ),
    ],
)
async def test_answers_in_other_shapes_are_read(server: ModelServer, embedder: OpenAIEmbedder, answer: Answer) -> None:
    server.embed = answer

    await _same_as_hashed(embedder, CITIES[:5])
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 415, 422, 500])
async def test_an_endpoint_without_base64_is_asked_without(
    server: ModelServer, embedder: OpenAIEmbedder, status: int
) -> None:
    def embed(body: Body) -> Vectors | Reply:
        return Reply(status=status) if "encoding_format" in body else hashed_words(body)

    server.embed = embed
    await _same_as_hashed(embedder, CITIES[:5])
    await _same_as_hashed(embedder, CITIES[5:9])

    assert [("encoding_format" in body) for body in server.requests][-2:] == [False, False]


async def test_a_model_of_one_size_is_not_asked_for_it_twice(server: ModelServer) -> None:
    def embed(body: Body) -> Vectors | Reply:
        return Reply(status=400, error={"message": "no matryoshka"}) if "dimensions" in body else hashed_words(body)

    server.embed = embed
    embedder = OpenAIEmbedder("m", base_url=server.base_url, dimensions=64, max_retries=0)
    await _same_as_hashed(embedder, CITIES[:2])
    await embedder.aclose()

    assert await embedder.dimensions() == 64


async def test_vectors_of_another_size_than_expected_are_refused_from_the_first_on(server: ModelServer) -> None:
    server.embed = lambda body: [[1.0, 2.0]] if texts_of(body) == [POISON] else hashed_words(body)
    embedder = OpenAIEmbedder("m", base_url=server.base_url, max_retries=0)
    embedder.expect(64)

    assert (await embedder.embed([POISON])).refused[0].reason == "dimensions"
    await embedder.aclose()
