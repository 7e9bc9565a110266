"""Embedding models behind any OpenAI-compatible endpoint."""

import asyncio
import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semmem.checks import check_int
from semmem.errors import ModelError
from semmem.models.endpoint import connect, parse_body, typed_errors
from semmem.ports import Embeddings

MAX_TEXT_BYTES = 8_191  # OpenAI's limit is 8,191 tokens, and a token is at least a byte
MAX_REQUEST_BYTES = 300_000  # and 300,000 tokens for the texts of one request together
MAX_BATCH = 2_048
CONCURRENT_REQUESTS = 4


class OpenAIEmbedder:
    """Texts to vectors, `batch` texts a request and at most CONCURRENT_REQUESTS of them at once.

    `dimensions` asks the endpoint for shorter vectors; left out, they are probed on first need. `timeout` is in seconds
    for each of 1 + `max_retries` attempts. Texts are truncated to MAX_TEXT_BYTES.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        dimensions: int | None = None,
        batch: int = 256,
        timeout: float = 30.0,
        max_retries: int = 3,
    ) -> None:
        check_int("batch", batch, 1, MAX_BATCH)
        if dimensions is not None:
            check_int("dimensions", dimensions, 1, 65_536)
        self._name = model
        self._client = connect(base_url, api_key, timeout, max_retries)
        self._asked = {} if dimensions is None else {"dimensions": dimensions}
        self._dimensions = dimensions
        self._batch = batch
        self._free = asyncio.Semaphore(CONCURRENT_REQUESTS)

    @property
    def model(self) -> str:
        return f"{self._name}-{self._dimensions}d" if self._asked else self._name

    async def dimensions(self) -> int:
        if self._dimensions is None:
            await self.embed(["dimensions"])
        assert self._dimensions is not None
        return self._dimensions

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        """Raises ModelUnavailable after the retries, and ModelError for vectors that cannot be right.

        `tokens` is accepted and has no effect: an endpoint gives no token states.
        """
        batches = _batches([_truncated(text) for text in texts], self._batch)
        requests = [asyncio.create_task(self._request(batch)) for batch in batches]
        try:
            parts = await asyncio.gather(*requests)
        finally:
            for request in requests:
                request.cancel()
        return Embeddings(np.concatenate(parts) if parts else np.empty((0, await self.dimensions()), np.float32))

    async def _request(self, texts: list[str]) -> NDArray[np.float32]:
        async with self._free:
            with typed_errors(self.model):
                raw = await self._client.embeddings.with_raw_response.create(
                    model=self._name, input=texts, encoding_format="base64", extra_body=self._asked
                )
        return self._checked(_read(parse_body(raw.text)), len(texts))

    def _checked(self, vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        if len(vectors) != count:
            raise ModelError(f"{self.model}: {len(vectors)} vectors came back for {count} texts")
        if not np.isfinite(vectors).all():
            raise ModelError(f"{self.model}: a vector holds NaN or infinity")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not lengths.all():
            raise ModelError(f"{self.model}: a vector has length 0")
        known = self._dimensions = self._dimensions or vectors.shape[1]
        if vectors.shape[1] != known:
            raise ModelError(f"{self.model}: vectors have {vectors.shape[1]} dimensions, not {known}")
        normalised: NDArray[np.float32] = vectors / lengths
        return normalised

    async def aclose(self) -> None:
        await self._client.close()


def _truncated(text: str) -> str:
    return text if len(text) * 4 <= MAX_TEXT_BYTES else text.encode()[:MAX_TEXT_BYTES].decode(errors="ignore")


def _batches(texts: list[str], count: int) -> Iterator[list[str]]:
    """Runs of at most `count` texts and MAX_REQUEST_BYTES, in order."""
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode())
        if batch and (len(batch) == count or size + length > MAX_REQUEST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def _read(body: Mapping[str, Any]) -> NDArray[np.float32]:
    """(n, dimensions), in the order of the texts, which is `index` and not the order of the answer."""
    try:
        data = sorted(body["data"], key=lambda item: item["index"])
        if [item["index"] for item in data] != list(range(len(data))):
            raise ModelError("the endpoint's answer does not give each text one vector")
        vectors = np.array([_vector(item["embedding"]) for item in data], dtype=np.float32)
        return vectors if vectors.ndim == 2 else np.empty((0, 0), np.float32)
    except (LookupError, TypeError, ValueError) as error:
        raise ModelError("the endpoint's answer is no list of embeddings of one size") from error


def _vector(embedding: str | list[float]) -> NDArray[np.float32]:
    """Base64 of little-endian floats, or plain numbers from an endpoint that knows no encoding_format."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding), dtype="<f4")
    return np.asarray(embedding, dtype=np.float32)
