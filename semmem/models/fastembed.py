"""Any text model of fastembed as a local embedder: ONNX on the CPU, without a network once its files are there."""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semmem.domain.embeddings import Embeddings
from semmem.errors import ConfigurationError, MissingExtra
from semmem.models.onnx import leave_to_parent
from semmem.models.turns import Turns
from semmem.runtime import forking

BATCH_TEXTS = 16  # after each a question may overtake an import
SECONDS_A_TEXT = 0.05  # after which a request is due, as in semmem.models.minilm
SUPPORTED = "`python -c 'from fastembed import TextEmbedding as T; print(T.list_supported_models())'`"

_turns = Turns("fastembed")  # one thread for all, for the model spreads each batch over the cores itself
_loaded: dict[tuple[str, Path, Path | None], Any] = {}


class FastEmbedder:
    """Vectors of the model named `name`, from files in `cache`, or in `folder` where that holds this model's own.

    Nothing is ever downloaded. Weights are loaded by the first call, once per process. Raises MissingExtra where the
    extra `fastembed` is not installed, and ConfigurationError for a model that fastembed does not know or whose files
    are not there.
    """

    def __init__(self, name: str, *, cache: Path, folder: Path | None = None) -> None:
        self._name, self._cache, self._folder = name, cache, folder

    @property
    def model(self) -> str:
        return f"fastembed-{self._name}"

    @property
    def pools(self) -> bool:
        return False  # it hands out no token states

    async def dimensions(self) -> int:
        return int((await _turns.take(monotonic(), _described, self._name))["dim"])

    def expect(self, dimensions: int) -> None:
        """Learns nothing: fastembed knows them."""

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        """Computes in the process's one thread, batch by batch; texts are truncated to what the model reads.

        `tokens` is accepted and has no effect: there are no token states.
        """
        due = monotonic() + SECONDS_A_TEXT * len(texts)
        size = await self.dimensions()
        vectors, cut = np.zeros((len(texts), size), np.float32), set[int]()
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))  # of like length, so little is padded
        for start in range(0, len(order), BATCH_TEXTS):
            batch = order[start : start + BATCH_TEXTS]
            found, longer = await _turns.take(due, self._embedded, [texts[place] for place in batch])
            vectors[batch] = found
            cut |= {batch[row] for row in longer}
        return Embeddings(vectors, truncated=frozenset(cut))

    async def states(self, texts: Sequence[str]) -> None:
        """It hands out none."""

    async def aclose(self) -> None:
        """Releases nothing: the weights belong to the process."""

    def _embedded(self, texts: list[str]) -> tuple[NDArray[np.float32], list[int]]:
        """The vectors, rows L2-normalised, and the rows of which the model read the beginning alone."""
        loaded = _load(self._name, self._cache, self._folder)
        found = np.asarray(list(loaded.embed(texts, batch_size=len(texts))), np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        tokenizer = getattr(loaded.model, "tokenizer", None)
        encoded = tokenizer.encode_batch(texts) if tokenizer else []
        return found / np.maximum(lengths, 1e-12), [row for row, each in enumerate(encoded) if each.overflowing]


@cache
def _fastembed() -> Any:
    with forking.undivided():
        try:
            module = import_module("fastembed")
        except ImportError as error:
            raise MissingExtra("fastembed", "SEMMEM_EMBEDDER=fastembed") from error
    import_module("loguru").logger.disable("fastembed")  # what it would print, the errors below say
    return module


@cache
def _described(name: str) -> Mapping[str, Any]:
    models: list[Mapping[str, Any]] = _fastembed().TextEmbedding.list_supported_models()
    for model in models:
        if str(model["model"]).lower() == name.lower():
            return model
    raise ConfigurationError(
        f"SEMMEM_FASTEMBED_MODEL: fastembed has no text model {name!r:.200}; choose one that {SUPPORTED} shows"
    )


def _load(name: str, cache: Path, folder: Path | None) -> Any:
    """Called in the one thread only."""
    known = (name, cache, folder)
    if known not in _loaded:
        _described(name)
        given = {} if folder is None else {"specific_model_path": str(folder)}
        with forking.undivided():
            try:
                made = _fastembed().TextEmbedding(name, cache_dir=str(cache), local_files_only=True, **given)
            except Exception as error:  # of any of its libraries, for a file that is missing or is none of a model
                raise _missing(name, cache, folder) from error
        _loaded[known] = made
    return _loaded[known]


def _missing(name: str, cache: Path, folder: Path | None) -> ConfigurationError:
    if folder is not None:
        held = "its ONNX file, config.json, tokenizer.json, tokenizer_config.json and special_tokens_map.json"
        return ConfigurationError(
            f"SEMMEM_FASTEMBED_FOLDER: no files of {name} can be read in {folder}; put there {held}"
        )
    fetch = f"from fastembed import TextEmbedding; TextEmbedding({name!r}, cache_dir={str(cache)!r})"
    return ConfigurationError(
        f"the fastembed model {name} is not in {cache}; fetch it once, where there is a network, by "
        f'`python -c "{fetch}"`, or name a folder that holds it by SEMMEM_FASTEMBED_FOLDER'
    )


def _after_fork() -> None:
    """A forked child loads weights of its own, as in semmem.models.minilm."""
    if _loaded:
        leave_to_parent(dict(_loaded))
        _loaded.clear()
    _turns.start_anew()


os.register_at_fork(after_in_child=_after_fork)
