"""Places of the pool that could not be filled are filled again as soon as connections are to be had."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import asyncpg
from sqlalchemy.engine import make_url

from semmem.errors import PoolExhausted
from semmem.stores.postgres.pool import Postgres
from semmem.testing import wait_until
from tests.faults.proxy import Fault, Link, Proxy
from tests.servers import way_to_postgres

SIZE = 4


class Full(Fault):
    """What is established works on; new connections are taken and never answered, as by a pooler that is full."""

    def __init__(self) -> None:
        self._established: set[Link] = set()

    def begin(self, link: Link) -> None:
        self._established.add(link)

    async def request(self, link: Link, data: bytes) -> None:
        link.dead = link not in self._established
        link.to_server(data)


async def test_a_pool_that_shrank_grows_again_by_itself(postgres_url: str) -> None:
    place = make_url(postgres_url)
    async with Proxy(way_to_postgres(postgres_url)) as proxy:
        through = place.set(host="127.0.0.1", port=proxy.port, query={"connect_timeout": "1"})
        postgres = await Postgres.connect(through.render_as_string(hide_password=False), size=SIZE, wait=0.5)
        await proxy.impose(Full())
        served = asyncio.gather(*(_selects(postgres) for _ in range(SIZE)))
        await served  # by the one connection there is
        with_all = partial(_holds_all, postgres)
        assert not await with_all()
        await proxy.heal()
        await wait_until(with_all, timeout=30)
        await postgres.aclose()


async def _selects(postgres: Postgres) -> None:
    """Until the others have given up on connections of their own."""
    for _ in range(40):
        try:
            async with postgres.statement() as tx:
                await tx.connection.fetchval("select 1")
        except PoolExhausted:
            continue
        await asyncio.sleep(0.05)


async def _holds_all(postgres: Postgres) -> bool:
    async with AsyncExitStack() as stack:
        try:
            for _ in range(SIZE):
                tx = await stack.enter_async_context(postgres.statement())
                assert isinstance(tx.connection, asyncpg.pool.PoolConnectionProxy)
        except PoolExhausted:
            return False
    return True
