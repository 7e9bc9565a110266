"""An application's login is a member of semmem_app and nothing else: reindex works with it, in every form."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from semmem import Memory, StoreUnavailable
from semmem.engine.reconciliation import Reconciler
from semmem.stores.qdrant.client import connect as connect_qdrant
from semmem.testing import ManualClock, wait_until
from semmem.wiring.bootstrap import Application
from tests.applications import opened
from tests.servers import with_login

PLACES: dict[str, dict[str, Any]] = {"user": {"user": "alice"}, "workspace": {"workspace": "launch"}}


@pytest.fixture(params=["inherits", "inherits nothing"])
async def login(request: pytest.FixtureRequest, postgres_url: str) -> AsyncIterator[str]:
    name, inherits = f"svc_{uuid4().hex[:8]}", "true" if request.param == "inherits" else "false"
    owner = await asyncpg.connect(postgres_url)
    try:
        await owner.execute(f"create role {name} login")
        await owner.execute(f"grant semmem_app to {name} with inherit {inherits}")
        yield name
    finally:
        await owner.execute(f"drop role {name}")
        await owner.close()


@pytest.fixture
async def application(urls: dict[str, Any], login: str, clock: ManualClock) -> AsyncIterator[Application]:
    async with opened(urls | {"postgres_url": with_login(urls["postgres_url"], login)}, clock) as application:
        yield application


@pytest.mark.parametrize("dry_run", [False, True], ids=["mending", "counting"])
async def test_reindex_in_every_form(application: Application, dry_run: bool) -> None:
    memory = application.memory
    alice, launch = (memory.scope(tenant="acme", **named) for named in PLACES.values())
    project = alice.branch("projects", "apollo")
    private = alice.branch("notes", owner="scout")
    for place in (alice, launch, project, private):
        await place.remember("I live in Berlin.")
        await place.settled()
    reconciler = application.parts.reconciler
    assert reconciler is not None
    for place in (alice, launch, project, private):
        found = await place.reindex(dry_run=dry_run, progress=_untold)
        assert (found.drift, found.compared >= 2) == (0, True)
    for tenant in ("acme", "nobody", None):
        found = await memory.reindex(tenant=tenant, dry_run=dry_run, progress=_untold)
        assert (found.drift, found.compared) == (0, 0 if tenant == "nobody" else 8)
    await _lose(application)
    found = await memory.reindex(tenant="acme", dry_run=dry_run)
    assert found.drift == 2
    queued = await reconciler.queued()
    await wait_until(partial(_carried, reconciler, queued))
    assert (await memory.reindex(dry_run=True)).drift == (2 if dry_run else 0)


async def test_a_collection_that_was_lost_is_filled_again(application: Application, urls: dict[str, Any]) -> None:
    alice = application.memory.scope(tenant="acme", user="alice")
    await alice.remember("I live in Berlin.")
    await alice.settled()
    client = connect_qdrant(urls["qdrant_url"], urls["qdrant_api_key"])
    for collection in (await client.get_collections()).collections:
        if collection.name.startswith(urls["qdrant_prefix"]):
            await client.delete_collection(collection.name)
    await client.close()

    await wait_until(partial(_whole, application.memory))


async def _carried(reconciler: Reconciler, through: int) -> bool:
    return not await reconciler.waiting(through)


async def _whole(memory: Memory) -> bool:
    try:
        found = await memory.reindex()
    except StoreUnavailable:  # the collection is not there yet
        return False
    return not found.filling and found.compared == 2 and not found.drift


def _untold(done: int, of: int) -> None:
    """Asked for, so that the sizes are counted too."""


async def _lose(application: Application) -> None:
    """One tenant's points, as if somebody had deleted them in Qdrant."""
    reconciler = application.parts.reconciler
    assert reconciler is not None
    alice = application.memory.scope(tenant="acme", user="alice")
    held = [each.id async for page in reconciler.mirror.held(alice.scope) for each in page]
    await reconciler.mirror.remove(alice.scope, held)
