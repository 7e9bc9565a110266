"""Whose key goes where: OPENAI_API_KEY to OpenAI's own host only, an explicit one where the base URL points."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from semmem.errors import ConfigurationError, ModelError
from semmem.models.chat import OpenAIChat
from semmem.models.embedding import OpenAIEmbedder
from semmem.models.endpoint import OpenAIKey, connect
from semmem.testing import ModelServer, Reply
from semmem.wiring.opening import make_chat, make_embedder
from semmem.wiring.settings import Settings, load_settings

SECRET = "sk-of-openai"

OPENAIS = [
    "https://api.openai.com/v1",
    "https://api.openai.com",
    "https://api.openai.com:443/v1/",
    "https://API.OpenAI.com/v1",
    "https://eu.api.openai.com/v1",
    "https://us.api.openai.com/v1",
]
OTHERS = [
    "http://api.openai.com/v1",
    "https://api.openai.com:8443/v1",
    "https://api.openai.com.evil.example/v1",
    "https://evil-api.openai.com.example/v1",
    "https://notapi.openai.com/v1",
    "https://openai.com/v1",
    "https://xapi.openai.com/v1",
    "https://api-openai.com/v1",
    "https://api.openai.com@evil.example/v1",
    "https://evil.example/api.openai.com/v1",
    "https://evil.example/?https://api.openai.com",
    "https://evil.example#api.openai.com",
    "https://my.openai.azure.com/openai/v1",
    "https://api.openai.com./v1",
    "https://api.opena\u0131.com/v1",  # a dotless i
    "http://localhost:11434/v1",
    "http://127.0.0.1:8000/v1",
    "http://[::1]:8000/v1",
    "https://openrouter.ai/api/v1",
]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def sent_to(base_url: str | None, api_key: str | None = None) -> str:
    """All headers that a client would send there."""
    client = connect(base_url, api_key, 1.0, 0)
    return str({**client.auth_headers, **client.default_headers})


@pytest.mark.parametrize("base_url", [None, *OPENAIS])
def test_openais_key_goes_to_openai(base_url: str | None) -> None:
    assert f"Bearer {SECRET}" in sent_to(base_url)


@pytest.mark.parametrize("base_url", OTHERS)
@pytest.mark.parametrize("key", [None, OpenAIKey(SECRET)])
def test_openais_key_goes_nowhere_else(base_url: str, key: str | None) -> None:
    assert SECRET not in sent_to(base_url, key)


@pytest.mark.parametrize("base_url", [*OPENAIS, *OTHERS])
def test_a_key_of_the_endpoints_own_goes_where_the_base_url_points(base_url: str) -> None:
    headers = sent_to(base_url, "own-key")
    assert "Bearer own-key" in headers
    assert SECRET not in headers


def test_a_base_url_of_the_environment_moves_nothing_but_an_explicit_key(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://evil.example/v1")
    with caplog.at_level(logging.WARNING):
        assert SECRET not in sent_to(None)
    assert "OPENAI_API_KEY is not sent to evil.example" in caplog.text
    assert SECRET not in caplog.text
    assert "Bearer own-key" in sent_to(None, "own-key")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://eu.api.openai.com/v1")
    assert SECRET in sent_to(None)
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert SECRET in sent_to(None)


@pytest.mark.parametrize("key", ["own-key\n", "  own-key ", "own-key\r\n"])
def test_white_space_around_a_key_is_no_part_of_it(key: str) -> None:
    assert "'Bearer own-key'" in sent_to("https://openrouter.ai/api/v1", key)


@pytest.mark.parametrize("key", ["schlüssel", "“key”", "ключ"])
def test_a_key_that_cannot_be_sent_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="api_key") as caught:
        connect("https://openrouter.ai/api/v1", key, 1.0, 0)
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", ["", "  "])
def test_openai_without_a_key_says_what_to_set(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        OpenAIChat("m")


@pytest.mark.parametrize(
    "base_url",
    [
        "localhost:8000",
        "api.openai.com/v1",
        "ftp://x/v1",
        "https://",
        "http://[bad/v1",
        "http://x:99999/v1",
        "file:///x",
    ],
)
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        connect(base_url, "k", 1.0, 0)


async def _chat(settings: Settings) -> None:
    chat = make_chat(settings)
    try:
        await chat.complete([{"role": "user", "content": "hi"}], schema={}, schema_name="x", max_tokens=9)
    finally:
        await chat.aclose()


async def _embed(settings: Settings) -> None:
    embedder = make_embedder(settings)
    try:
        await embedder.embed(["hi"])
    finally:
        await embedder.aclose()


CALLS = pytest.mark.parametrize(("part", "call"), [("llm", _chat), ("embedding", _embed)])
Call = Callable[[Settings], Awaitable[None]]


@CALLS
async def test_settings_keep_the_two_kinds_of_key_apart(part: str, call: Call) -> None:
    with ModelServer() as server:
        there = {"embedder": "openai", f"{part}_base_url": server.base_url}
        await call(load_settings(**there))
        await call(load_settings(**there, **{f"{part}_api_key": "own-key"}))
        await call(load_settings(**there, openai_api_key="sk-other"))
        await call(load_settings(**there, **{f"{part}_api_key": ""}))
    assert server.keys == ["Bearer none", "Bearer own-key", "Bearer none", "Bearer none"]


@CALLS
async def test_the_environment_names_them_apart(part: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with ModelServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        await call(load_settings(embedder="openai"))
        monkeypatch.setenv(f"SEMMEM_{part.upper()}_API_KEY", "own-key")
        await call(load_settings(embedder="openai"))
    assert server.keys == ["Bearer none", "Bearer own-key"]


@CALLS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(part: str, call: Call, status: int) -> None:
    """It would carry what was said, and on some paths the key, to a host that nobody chose."""
    with ModelServer() as elsewhere, ModelServer() as server:
        path = "/chat/completions" if part == "llm" else "/embeddings"
        away = Reply(status=status, headers={"Location": f"{elsewhere.base_url}{path}"})
        server.answer, server.embed = (lambda body: away), (lambda body: away)
        settings = {f"{part}_base_url": server.base_url, f"{part}_api_key": "own-key", "embedder": "openai"}
        with pytest.raises(ModelError, match="set base_url"):
            await call(load_settings(**settings))
    assert server.requests
    assert elsewhere.requests == []


@CALLS
@pytest.mark.parametrize("key", ["", "own-key"])
@pytest.mark.parametrize(
    "name", ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_WEBHOOK_SECRET", "OPENAI_CUSTOM_HEADERS"]
)
async def test_what_else_the_client_reads_of_openais_is_sent_to_no_other_host(
    part: str, call: Call, key: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In no form of the request: a copy of the client would read the environment again."""
    monkeypatch.setenv(name, "Authorization: canary" if name == "OPENAI_CUSTOM_HEADERS" else "canary")
    with ModelServer() as server:
        plainer = server.embed

        def refuse_the_first(body: dict[str, Any]) -> Any:
            if "response_format" in body or body.get("encoding_format"):
                return Reply(status=400, error={"message": "Bad Request"})
            return plainer(body) if "input" in body else "{}"

        server.answer = server.embed = refuse_the_first
        settings = {f"{part}_base_url": server.base_url, f"{part}_api_key": key, "embedder": "openai"}
        await call(load_settings(**settings))
    assert len(server.headers) > 1
    assert "canary" not in str(server.headers)


def test_openais_key_alone_makes_a_model_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().uses_llm
    assert not load_settings(openai_api_key=None).uses_llm
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert not load_settings().uses_llm
    assert load_settings(llm_api_key=SecretStr("k")).uses_llm
    assert load_settings(llm_base_url="http://localhost/v1").uses_llm


def test_no_setting_shows_a_key() -> None:
    assert SECRET not in repr(load_settings())


async def test_clients_used_alone_keep_the_rule_too() -> None:
    with ModelServer() as server:
        chat, embedder = OpenAIChat("m", base_url=server.base_url), OpenAIEmbedder("m", base_url=server.base_url)
        await chat.complete([{"role": "user", "content": "hi"}], schema={}, schema_name="x", max_tokens=9)
        await embedder.embed(["hi"])
        await chat.aclose()
        await embedder.aclose()
    assert set(server.keys) == {"Bearer none"}
