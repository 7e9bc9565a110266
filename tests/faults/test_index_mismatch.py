"""Another embedding model is refused with the way out, and what was indexed stays."""

import pytest

from semmem import IndexMismatch
from semmem.stores.postgres.pgvector import PgVectorIndex
from semmem.stores.postgres.pool import Postgres
from tests.applications import Opener


async def test_a_database_belongs_to_one_embedding_model(opener: Opener, postgres_url: str) -> None:
    async with opener() as application:
        alice = application.memory.scope(tenant="acme", user="alice")
        await alice.remember("I am allergic to peanuts.")
        await alice.settled()

    postgres = await Postgres.connect(postgres_url)
    try:
        for model, dimensions in (("another-model", 384), (application.models.embedder.model, 768)):
            other = PgVectorIndex(postgres, model=model, dimensions=dimensions, hnsw=True)
            with pytest.raises(IndexMismatch, match=r"all-MiniLM.* of 384 dimensions, .*set the first again"):
                await other.ensure()
    finally:
        await postgres.aclose()

    async with opener() as again:
        alice = again.memory.scope(tenant="acme", user="alice")
        assert "peanuts" in (await alice.recall("allergies"))[0].text
