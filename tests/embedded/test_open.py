"""Opening a data folder gives three real servers, and closing it leaves no process behind."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest
import redis.asyncio
from sqlalchemy import make_url

from semmem.embedded import Servers, open_servers
from semmem.embedded.layout import Layout
from semmem.testing import wait_until
from tests.embedded.clients import ALL_KEPT, connect_qdrant, in_qdrant, kept, store
from tests.embedded.processes import keeper_of, servants, start_opener


async def test_all_three_clients_work_and_closing_stops_everything(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        marker = await store(servers)
        assert await kept(servers, marker) == ALL_KEPT
        assert {(each.name, each.state) for each in await servers.status()} == {
            ("postgres", "running"),
            ("redis", "running"),
            ("qdrant", "running"),
        }
    await wait_until(lambda: not servants(folder))

    async with await open_servers(folder) as again:
        assert await kept(again, marker) == ALL_KEPT


async def test_postgres_is_durable_utf8_and_logs_no_content(servers: Servers) -> None:
    connection = await asyncpg.connect(servers.postgres_url)
    settings = {row["name"]: row["setting"] for row in await connection.fetch("SELECT name, setting FROM pg_settings")}
    with pytest.raises(asyncpg.PostgresError):
        await connection.execute("SELECT 'the secret' FROM nowhere")
    await connection.close()

    assert settings["server_version_num"].startswith("18")
    assert (settings["fsync"], settings["synchronous_commit"]) == ("on", "on")
    assert (settings["server_encoding"], settings["TimeZone"]) == ("UTF8", "UTC")
    assert settings["listen_addresses"] == ""
    assert settings["log_min_error_statement"] == "panic"


async def test_the_postgres_url_also_works_for_sqlalchemy(servers: Servers) -> None:
    url = make_url(servers.postgres_url).set(drivername="postgresql+asyncpg")
    _, arguments = url.get_dialect()().create_connect_args(url)
    connection = await asyncpg.connect(**arguments)
    assert await connection.fetchval("SELECT current_database()") == "semmem"
    await connection.close()


async def test_valkey_persists_every_write_and_asks_for_its_password(servers: Servers) -> None:
    async with redis.asyncio.from_url(servers.redis_url) as cache:
        assert await cache.config_get("appendonly") == {"appendonly": "yes"}
    without_password = "unix://" + servers.redis_url.partition("@")[2]
    async with redis.asyncio.from_url(without_password) as cache:
        with pytest.raises(redis.exceptions.ConnectionError, match="authenticated"):
            await cache.ping()


async def test_two_processes_share_and_the_last_one_out_stops_the_servers(folder: Path) -> None:
    other = await start_opener(folder)
    servers = await open_servers(folder)
    assert servers.postgres_url == other.answer["postgres"]
    assert servers.qdrant_url == other.answer["qdrant"]
    marker = await store(servers)
    keeper = keeper_of(folder)

    await other.leave()
    assert await kept(servers, marker) == ALL_KEPT
    assert keeper.is_running()

    await servers.aclose()
    await wait_until(lambda: not servants(folder))


async def test_processes_that_race_to_open_are_all_served_by_one_keeper(folder: Path) -> None:
    openers = await asyncio.gather(*(start_opener(folder) for _ in range(4)))
    assert len({opener.answer["qdrant"] for opener in openers}) == 1
    keeper_of(folder)
    await asyncio.gather(*(opener.leave() for opener in openers))


async def test_a_client_that_comes_while_the_servers_stop_is_served(folder: Path) -> None:
    marker = None
    for _ in range(3):
        async with await open_servers(folder) as servers:
            marker = marker or await store(servers)
            assert await kept(servers, marker) == ALL_KEPT
        await wait_until(lambda: not Layout.of(folder).keeper_socket.exists())
        assert servants(folder)


async def test_qdrant_can_be_stopped_and_started_under_one_url(folder: Path) -> None:
    async with await open_servers(folder) as servers:
        marker = await store(servers)
        await servers.stop("qdrant")
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(servers.qdrant_url)
        assert {each.name: each.state for each in await servers.status()}["qdrant"] == "stopped"

        await servers.start("qdrant")
        assert await in_qdrant(servers, marker)


async def test_qdrant_refuses_a_wrong_key(servers: Servers) -> None:
    async with httpx.AsyncClient(base_url=servers.qdrant_url) as client:
        assert (await client.get("/collections")).status_code == 401
        assert (await client.get("/collections", headers={"api-key": "wrong"})).status_code == 401
        bearer = {"authorization": f"Bearer {servers.qdrant_api_key}"}
        assert (await client.get("/collections", headers=bearer)).status_code == 200
    assert (await connect_qdrant(servers).info()).version
