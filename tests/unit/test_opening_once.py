"""What semmem.open() answers is good for one `async with`."""

from typing import Any

import pytest

import semmem
from semmem import Closed, ConfigurationError, InvalidInput, StoreUnavailable
from semmem.domain.checks import check_text
from semmem.stores.redis.client import connect

NOWHERE = "postgresql://nobody@127.0.0.1:9/none"


async def test_it_is_entered_once() -> None:
    opening = semmem.open(postgres_url=NOWHERE)
    with pytest.raises(StoreUnavailable):
        async with opening:
            pass
    with pytest.raises(Closed, match=r"call semmem.open\(\) again"):
        async with opening:
            pass


@pytest.mark.parametrize("path", ["/abc", "/-1", "/1/2", "/1a", "/0x1", "//1", "/%31", "/٣"])
async def test_a_redis_database_that_is_no_number(path: str) -> None:
    with pytest.raises(ValueError, match="no number of a database"):
        connect(f"redis://127.0.0.1:9{path}")


@pytest.mark.parametrize("path", ["", "/", "/0", "/15", "/15/"])
async def test_a_redis_database(path: str) -> None:
    client = connect(f"redis://127.0.0.1:9{path}")
    assert client.connection_pool.connection_kwargs.get("db", 0) == int(path.strip("/") or 0)
    await client.aclose()


async def test_a_redis_url_is_refused_before_anything_is_asked(urls: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="SEMMEM_REDIS_URL must be like redis://host:6379/0"):
        async with semmem.open(**urls | {"redis_url": "redis://127.0.0.1:9/abc"}):
            pass


UNSEEN = [
    "\u200b",
    " \u200b\n",
    "\ufeff",
    "\u2060\u00ad",
    "\u202e",
    "\U000e0041",
    "\u3164",
    "\u2800",
    "\u200d",
    "\ufe0f",
    "\x01",
]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_text_that_nobody_sees_is_empty(text: str) -> None:
    with pytest.raises(InvalidInput, match="content: must not be empty; pass at least one visible character"):
        check_text("content", text, 100)


@pytest.mark.parametrize("text", ["a\u200b", "\u200b.", "👩‍👩‍👧", "❤\ufe0f", "नी", "ـ", "\u0301"], ids=ascii)
def test_text_with_anything_to_see_stands(text: str) -> None:
    assert check_text("content", text, 100) == text


def test_who_does_not_await_it_is_told_how_it_is_opened() -> None:
    with pytest.raises(Closed, match="not by `with`"), semmem.open(postgres_url=NOWHERE):  # type: ignore[attr-defined]
        pass
    with pytest.raises(AttributeError, match=r"no scope before it is open: write `async with semmem.open\(\)"):
        semmem.open(postgres_url=NOWHERE).scope  # type: ignore[attr-defined]  # noqa: B018


async def test_an_argument_that_is_no_setting_is_told_which_was_meant() -> None:
    with pytest.raises(ConfigurationError, match=r"extract_afer: is no setting; did you mean extract_after\?"):
        async with semmem.open(extract_afer=3):
            pass
