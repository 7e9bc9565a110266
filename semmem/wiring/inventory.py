"""Whose memories a database holds: for an administrator, who may see addresses across tenants, and never content."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from semmem.domain.checks import check_int, check_optional_id
from semmem.domain.scope import Scope
from semmem.errors import InvalidInput
from semmem.stores.postgres.inventory import holdings
from semmem.stores.postgres.pool import Postgres
from semmem.wiring.opening import open_migrated
from semmem.wiring.settings import Settings

MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A user's or a workspace's memory, and how much it holds, its branches included."""

    scope: Scope
    events: int
    facts: int
    records: int
    branches: int


async def scopes(
    settings: Settings, *, tenant: str | None = None, after: Scope | None = None, limit: int = 100
) -> list[Holding]:
    """Lists users and workspaces, by tenant, kind and id; `after` is the last one of the page before.

    Asks with the administrator's login if the settings name one. Raises InvalidInput, or what opening a memory raises.
    """
    check_optional_id("tenant", tenant)
    check_int("limit", limit, 1, MAX_PAGE)
    if after is not None and not isinstance(after, Scope):
        raise InvalidInput("after", "must be a Scope", "pass the scope of the last holding")
    async with AsyncExitStack() as stack:
        servers = await open_migrated(stack, settings)
        own = servers.postgres_url if servers else settings.postgres_url or ""
        admin = settings.postgres_admin_url
        name = "SEMMEM_POSTGRES_ADMIN_URL" if admin else "SEMMEM_POSTGRES_URL"
        postgres = await Postgres.connect(admin or own, size=1, name=name)
        stack.push_async_callback(postgres.aclose)
        return [Holding(scope=scope, **counts) for scope, counts in await holdings(postgres, tenant, after, limit)]
