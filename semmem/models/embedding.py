"""Embedding models behind any OpenAI-compatible endpoint, whose limits and refusals are learned by trying."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import openai

from semmem.domain.checks import check_int
from semmem.domain.embeddings import HARMLESS, Embeddings, Refused
from semmem.errors import ModelError, ModelUnavailable
from semmem.models.endpoint import MAX_ERROR_CHARACTERS, connect, parse_body, post, typed_errors
from semmem.models.refusals import read_refusal
from semmem.models.vectors import ExaminedRow, Row, Shortened, read_rows

_log = logging.getLogger(__name__)

MAX_TEXT_BYTES = 8_191  # OpenAI's limit is 8,191 tokens, and a token is at least a byte
MAX_REQUEST_BYTES = 300_000  # and 300,000 tokens for the texts of one request together
MAX_BATCH = 2_048
MAX_DIMENSIONS = 16_000  # that pgvector holds
ANSWER_BYTES = 1 << 20  # that an answer may take beside its numbers
BYTES_A_NUMBER = 40  # as JSON, each on a line of its own
CONCURRENT_REQUESTS = 4

PLAIN, DENSE = "word ", "a b c d e "  # texts of few and of many tokens a byte
SHORTEST = 32  # bytes that a refused text is cut down to, at the least


@dataclass(frozen=True, slots=True)
class Limits:
    """What the endpoint takes, as far as it is known: texts and bytes a request, bytes a text."""

    texts: int
    request_bytes: int
    text_bytes: int

    def batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Yields runs of the texts, in order, each within the limits of a request or of one text."""
        batch: list[str] = []
        size = 0
        for text in texts:
            length = len(text.encode())
            if batch and (len(batch) >= self.texts or size + length > self.request_bytes):
                yield batch
                batch, size = [], 0
            batch.append(text)
            size += length
        if batch:
            yield batch


class OpenAIEmbedder:
    """Texts to vectors, `batch` texts a request and at most CONCURRENT_REQUESTS of them at once.

    `dimensions` asks the endpoint for vectors of that size; left out, they are of the size that was
    `expect`ed, else of the first answer's. `timeout` is in seconds for each of 1 + `max_retries` attempts. Texts are
    truncated to `text_bytes`.

    What an endpoint refuses is told apart by trying, not by its words, except for what may pass: where even a harmless
    text fails, the endpoint is at fault; where as many harmless texts fail, the number is; else a batch is halved until
    the one text is found.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        dimensions: int | None = None,
        batch: int = 256,
        text_bytes: int = MAX_TEXT_BYTES,
        timeout: float = 30.0,
        max_retries: int = 3,
    ) -> None:
        check_int("batch", batch, 1, MAX_BATCH)
        check_int("text_bytes", text_bytes, SHORTEST, 10 * MAX_TEXT_BYTES)
        if dimensions is not None:
            check_int("dimensions", dimensions, 1, MAX_DIMENSIONS)
        self._name = model
        self._client = connect(base_url, api_key, timeout, max_retries)
        self._retries = max_retries
        self._asked, self._dimensions = dimensions, dimensions
        self._limits = Limits(batch, max(MAX_REQUEST_BYTES, text_bytes), text_bytes)
        self._form: Mapping[str, Any] = self._forms()[0]
        self._free = asyncio.Semaphore(CONCURRENT_REQUESTS)
        self._learning = asyncio.Lock()

    @property
    def model(self) -> str:
        return self._name if self._asked is None else f"{self._name}-{self._asked}d"

    @property
    def pools(self) -> bool:
        return False

    async def dimensions(self) -> int:
        if self._dimensions is None:
            await self._check_endpoint()
        assert self._dimensions is not None
        return self._dimensions

    def expect(self, dimensions: int) -> None:
        """Vectors of any other size are refused."""
        self._dimensions = dimensions

    async def embed(self, texts: Sequence[str], *, tokens: bool = False) -> Embeddings:
        """Raises ModelUnavailable after the retries, and ModelError where the endpoint refuses whatever it is asked.

        A text that it refuses by itself has a row of zeros, and a reason in `refused`. `tokens` is accepted and has no
        effect: an endpoint gives no token states.
        """
        most = self._limits.text_bytes
        cut = [_truncated(text, most) for text in texts]
        requests = [asyncio.create_task(self._rows(batch)) for batch in self._limits.batches(cut)]
        try:
            parts = await asyncio.gather(*requests)
        finally:
            for request in requests:
                request.cancel()
        rows = [row for part, _ in parts for row in part]
        vectors = np.zeros((len(rows), await self.dimensions()), np.float32)
        refused = {place: row for place, row in enumerate(rows) if isinstance(row, Refused)}
        shortened = {place for place, row in enumerate(rows) if isinstance(row, Shortened)}
        for place, row in enumerate(rows):
            if not isinstance(row, Refused):
                vectors[place] = row.vector if isinstance(row, Shortened) else row
        most = min(most, self._limits.text_bytes)  # a lower limit may have been learned meanwhile
        truncated = {place for place, text in enumerate(texts) if len(text.encode()) > most}
        return Embeddings(vectors, refused=refused, truncated=frozenset(truncated | shortened))

    async def states(self, texts: Sequence[str]) -> None:
        """An endpoint gives none."""

    async def aclose(self) -> None:
        await self._client.close()

    async def _rows(self, texts: list[str], *, again: bool = True) -> tuple[list[ExaminedRow], bool]:
        """Returns a row for each text, and whether the endpoint took them as they were sent."""
        batches = list(self._limits.batches(texts))
        if len(batches) > 1:  # a lower limit was learned since the batch was made
            parts = [await self._rows(batch) for batch in batches]
            return [row for part, _ in parts for row in part], False
        form = self._form
        try:
            rows: list[ExaminedRow] = [*await self._ask(texts)]
        except ModelError as failure:
            await self._check_endpoint()
            if self._form != form:
                return await self._rows(texts)
            if again and not _is_refusal(failure):
                return await self._repeated(texts, failure)
            return await self._divided(texts), False
        refused = [place for place, row in enumerate(rows) if isinstance(row, Refused)]
        for place in refused:
            rows[place] = await self._examined(texts[place])
        return rows, not refused

    async def _repeated(self, texts: list[str], failure: ModelError) -> tuple[list[ExaminedRow], bool]:
        """Asks once more, for what may have passed; a plain 500 is often an answer to the texts, and not waited for."""
        plain = isinstance(failure.__cause__, openai.APIStatusError) and failure.__cause__.status_code == 500
        try:
            rows: list[ExaminedRow] = [*await self._ask(texts, retries=0 if plain else self._retries)]
        except ModelError:
            return await self._divided(texts), False
        if any(isinstance(row, Refused) for row in rows):
            return await self._rows(texts, again=False)
        return rows, True

    async def _divided(self, texts: list[str]) -> list[ExaminedRow]:
        """Divides a batch that was refused while a harmless text passes: too many, too large, or one bad one."""
        if len(texts) == 1:
            return [await self._examined(texts[0], unanswered=True)]
        if await self._too_many(len(texts)):
            return (await self._rows(texts))[0]
        middle = (len(texts) + 1) // 2
        left, right = texts[:middle], texts[middle:]
        first, whole = await self._rows(left, again=False)
        second, also_whole = await self._rows(right, again=False)
        if whole and also_whole and await self._is_too_large(texts):  # or the failures had passed meanwhile
            self._learn(request_bytes=max(_size(left), _size(right)))
        return [*first, *second]

    async def _is_too_large(self, texts: list[str]) -> bool:
        """Returns whether a batch is refused, or takes too long, of which both halves were taken."""
        try:
            return not await self._accepts(texts)
        except ModelUnavailable as failure:
            return isinstance(failure.__cause__, openai.APITimeoutError)

    async def _too_many(self, count: int) -> bool:
        """Returns whether so many harmless texts are refused; then a request that met the limit learns it."""
        async with self._learning:
            most = min(count, self._limits.texts)
            while most > 1 and not await self._accepts([HARMLESS] * most):
                most = (most + 1) // 2
            if most < self._limits.texts and most < count:
                if most == 1:
                    await self._check_endpoint()  # what had failed for all but this number may fail for it as well
                self._learn(texts=most)
        return most < count

    async def _examined(self, text: str, *, unanswered: bool = False) -> ExaminedRow:
        """Shortens a text that was refused while a harmless one passes, until it is taken, if its length may be why.

        Where texts of its length are refused in general, all later ones are truncated as well.
        """
        if unanswered:  # behind a load balancer every second request may meet a server that is ill
            with suppress(ModelError):
                return (await self._ask([text]))[0]
        row = await self._alone(text)
        if isinstance(row, Refused) and not unanswered:
            row = await self._alone(text)  # the endpoint may have been mended just before a harmless text was tried
        if not isinstance(row, Refused):
            return row
        size = len(text.encode())
        if await self._accepts([_filled(DENSE, size)]):
            return row
        general = not await self._accepts([_filled(PLAIN, size)])
        while (size := size // 2) >= SHORTEST:
            shorter = await self._alone(_truncated(text, size))
            if not isinstance(shorter, Refused):
                if general:
                    self._learn(text_bytes=size)
                return Shortened(shorter)
        return row

    async def _alone(self, text: str) -> Row:
        """Raises what is no fault of the text: an endpoint that fails altogether, or asks for a pause."""
        for again in (True, False):
            try:
                row = (await self._ask([text]))[0]
                break
            except ModelError as failure:
                cause = failure.__cause__
                if isinstance(cause, openai.RateLimitError):
                    raise
                reason = f"status-{cause.status_code}" if isinstance(cause, openai.APIStatusError) else "no-answer"
                row = Refused(reason, f"the endpoint refuses this text and takes others: {failure}")
                if again and _is_refusal(failure):
                    break  # else another server behind the address may answer
        if isinstance(row, Refused):
            await self._check_endpoint()
        return row

    async def _accepts(self, texts: list[str]) -> bool:
        """Raises a failure that may pass, which tells nothing about what was asked."""
        try:
            return not any(isinstance(row, Refused) for row in await self._ask(texts, retries=self._retries))
        except ModelError as failure:
            if _may_pass(failure):
                raise
            return False

    async def _check_endpoint(self) -> None:
        """Raises what is wrong with the endpoint itself; learns which fields of a request it refuses."""
        try:
            await self._harmless(self._form, self._retries)
        except ModelError as failure:
            if isinstance(failure.__cause__, openai.APIConnectionError | openai.RateLimitError):
                raise
            for form in self._forms():
                if form == self._form:
                    continue
                with suppress(ModelError):
                    await self._harmless(form, 0)
                    self._form = form
                    _log.info("%s: from now on asked with %s", self.model, ", ".join(form) or "no further fields")
                    return
            raise

    async def _harmless(self, form: Mapping[str, Any], retries: int) -> None:
        row = (await self._ask([HARMLESS], form=form, retries=retries))[0]
        if isinstance(row, Refused):
            raise ModelError(f"{self.model}: even a harmless text fails: {row.detail}")

    def _forms(self) -> list[Mapping[str, Any]]:
        """Returns the further fields of a request, the richest first."""
        size = {} if self._asked is None else {"dimensions": self._asked}
        forms: list[Mapping[str, Any]] = [{"encoding_format": "base64", **size}, size, {}]
        return forms if size else forms[:2]

    async def _ask(self, texts: Sequence[str], *, form: Mapping[str, Any] | None = None, retries: int = 0) -> list[Row]:
        """Rows of another size than the known one are refused; the first answer's, or most of it, makes it known."""
        body = {"model": self._name, "input": list(texts), **(self._form if form is None else form)}
        async with self._free:
            most_bytes = ANSWER_BYTES + len(texts) * (self._dimensions or MAX_DIMENSIONS) * BYTES_A_NUMBER
            with typed_errors(self.model):
                answer = await post(self._client, "/embeddings", body, retries, most_bytes=most_bytes)
        rows = read_rows(parse_body(answer), len(texts))
        sizes = Counter(len(row) for row in rows if not isinstance(row, Refused))
        if self._dimensions is None and sizes:
            self._dimensions = sizes.most_common(1)[0][0]
        known = self._dimensions
        for place, row in enumerate(rows):
            if not isinstance(row, Refused) and len(row) != known:
                rows[place] = Refused("dimensions", f"the vector has {len(row)} dimensions, not {known}")
        return rows

    def _learn(self, **smaller: int) -> None:
        learned = {name: min(value, getattr(self._limits, name)) for name, value in smaller.items()}
        self._limits = replace(self._limits, **learned)
        _log.info("%s: learned from a refusal: at most %s", self.model, self._limits)


def _truncated(text: str, size: int) -> str:
    return text if len(text) * 4 <= size else text.encode()[:size].decode(errors="ignore")


def _filled(pattern: str, size: int) -> str:
    return (pattern * (size // len(pattern) + 1))[:size]


def _size(texts: Sequence[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def _is_refusal(failure: ModelError) -> bool:
    """Returns whether the request itself was refused, which will not pass; an error in a 200, for example, may."""
    return isinstance(failure.__cause__, openai.APIStatusError) and not isinstance(failure, ModelUnavailable)


def _may_pass(failure: ModelError) -> bool:
    """Returns whether it is no answer to what was asked: no connection, a pause that is asked for, an overload."""
    cause = failure.__cause__
    if isinstance(cause, openai.APIStatusError):
        return read_refusal(cause.status_code, cause.response.text[:MAX_ERROR_CHARACTERS], 0).kind == "outage"
    return isinstance(failure, ModelUnavailable)
