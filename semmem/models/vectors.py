"""Reads the vectors out of an embedding endpoint's answer, as endpoints really write them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semmem.domain.embeddings import Refused
from semmem.errors import ModelError


@dataclass(frozen=True, slots=True)
class Shortened:
    """The vector of a text's beginning, where the endpoint does not take the whole."""

    vector: NDArray[np.float32]


Row = NDArray[np.float32] | Refused
ExaminedRow = Row | Shortened

NAN = Refused("nan", "the model gives NaN or infinity for this text")
ZERO = Refused("zero", "the model gives a vector of length 0 for this text")
UNREADABLE = Refused("unreadable", "the endpoint's answer holds no list of numbers for this text")


def read_rows(body: Any, count: int) -> list[Row]:
    """Returns a vector of length 1 for each of `count` texts, in their order, or why that one has none.

    Raises ModelError where the answer as a whole cannot be matched with the texts.
    """
    if not body or not isinstance(body, Mapping | list):
        raise ModelError("the endpoint's answer is not a JSON object")
    # The items, or vectors alone, as OpenAI's API holds them, or llama.cpp's, TEI's, Ollama's or Cohere's own.
    data: Any = body
    if isinstance(data, list) and len(data) == 1 and isinstance(data[0], Mapping) and "data" in data[0]:
        data = data[0]
    if isinstance(data, Mapping):
        data = data.get("data", data.get("embeddings"))
    if isinstance(data, Mapping):
        data = data.get("float")
    if not isinstance(data, list):
        failed = isinstance(body, Mapping) and body.get("error")
        what = "an error in place of vectors" if failed else "no list of embeddings"
        raise ModelError(f"the endpoint's answer holds {what}")
    if len(data) != count:
        raise ModelError(f"{len(data)} vectors came back for {count} texts")
    return [_row(item) for item in _ordered(data)]


def _ordered(data: list[Any]) -> Sequence[Any]:
    """Sorts by `index` where that tells the items apart; some leave it out, or write the same for all."""
    try:
        places = [float(item.get("index") or 0) for item in data]
    except (AttributeError, TypeError, ValueError, OverflowError):
        return data
    if len(set(places)) < len(data):
        return data
    return [item for _, item in sorted(zip(places, data, strict=True), key=lambda placed: placed[0])]


def _row(item: object) -> Row:
    try:
        vector = _numbers(item["embedding"] if isinstance(item, Mapping) else item)
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
        return UNREADABLE
    if not vector.size:
        return UNREADABLE
    if not np.isfinite(vector).all():
        return NAN
    if not vector.any():
        return ZERO
    vector = vector / np.abs(vector).max()  # the square of a very small or large number is 0 or infinite
    row: NDArray[np.float32] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return row


def _numbers(embedding: object) -> NDArray[np.float64]:
    """Reads numbers, numbers as strings, JSON as a string, or base64 of little-endian 32-bit floats.

    A list that holds the vector as its only element is that vector.
    """
    if isinstance(embedding, str):
        if not embedding.lstrip().startswith("["):
            packed = "".join(embedding.split()).rstrip("=")
            packed += "=" * (-len(packed) % 4)
            return np.frombuffer(base64.b64decode(packed, validate=True), dtype="<f4").astype(np.float64)
        embedding = json.loads(embedding)
    if not isinstance(embedding, list):
        raise ValueError("no list of numbers")
    numbers = np.asarray(embedding, dtype=np.float64)
    if numbers.size != numbers.shape[-1]:
        raise ValueError("more than one vector")
    return numbers.reshape(-1)
