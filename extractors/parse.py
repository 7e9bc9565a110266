"""From a model's raw answer to the schema. Wrapping is peeled off; content is never completed or guessed."""

import json
import re
from typing import Any, TypeVar

from pydantic import ValidationError

from semmem.errors import BadAnswer
from semmem.extractors.schema import Answer, Verdicts

MAX_ANSWER_CHARS = 100_000

Shape = TypeVar("Shape", Answer, Verdicts)
_FENCE = re.compile(r"\A```[\w-]*\s*\n(.*?)\n?\s*```\Z", re.DOTALL)
_STRING_OR_TRAILING_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|(,)(?=\s*[}\]])', re.DOTALL)


def parse(text: str, shape: type[Shape]) -> Shape:
    """The answer as `shape`. Fences, prose around it and trailing commas do not matter; BadAnswer for all else."""
    text = text.strip().lstrip("\ufeff")
    if not text:
        raise BadAnswer("empty", "the answer is empty")
    if len(text) > MAX_ANSWER_CHARS:
        raise BadAnswer("too_long", f"the answer is longer than {MAX_ANSWER_CHARS} characters")
    fenced = _FENCE.match(text)
    body = fenced.group(1).strip() if fenced else text
    value = _load_whole(body, shape.KEY)
    return _validate(value or _load_inside(_without_trailing_commas(body), shape.KEY), shape)


def _load_whole(body: str, key: str) -> dict[str, Any] | None:
    try:
        return _wrapped(_loads(body), key)
    except ValueError:
        return None


def _wrapped(value: Any, key: str) -> dict[str, Any]:
    """A list in place of the object around it, or one member in place of the list, is put in its place."""
    if isinstance(value, list) and value:
        value = {key: value}
    elif isinstance(value, dict) and value and key not in value:
        value = {key: [value]}
    elif isinstance(value, dict) and isinstance(value.get(key), dict):
        value = {**value, key: [value[key]]}
    elif not isinstance(value, dict):
        raise BadAnswer("not_json", f"the answer is not an object with {key}")
    return {"summaries": [], **value} if key == Answer.KEY else value


def _load_inside(body: str, key: str) -> dict[str, Any]:
    """The one object with `key` among prose; parts of a cut answer lack the key, so none of them passes for a whole."""
    found: list[tuple[dict[str, Any], int, int]] = []
    position = body.find("{")
    while position >= 0:
        value, end = _decode(body, position)
        if isinstance(value, dict) and key in value:
            found.append((value, position, end))
        position = body.find("{", end)
    if not found:
        raise BadAnswer("not_json", "the answer holds no complete JSON object of the schema")
    value, start, end = found[0]
    if len(found) > 1 or f'"{key}"' in body[:start] + body[end:]:
        raise BadAnswer("ambiguous", "the answer holds more than one object of the schema")
    return value


def _decode(body: str, position: int) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(body, position)
    except (ValueError, RecursionError):
        return None, position + 1
    return value, end


def _loads(body: str) -> Any:
    """JSON, with trailing commas tolerated. ValueError where it is none."""
    try:
        return _DECODER.decode(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError:
        return _DECODER.decode(_without_trailing_commas(body))


def _without_trailing_commas(body: str) -> str:
    return _STRING_OR_TRAILING_COMMA.sub(lambda match: "" if match.group(1) else match.group(0), body)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice")
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_unique)


def _validate(value: dict[str, Any], shape: type[Shape]) -> Shape:
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise BadAnswer("schema", _explain(error, shape)) from None
    except RecursionError:
        raise BadAnswer("schema", "nested too deeply") from None


def _explain(error: ValidationError, shape: type[Shape]) -> str:
    """The first three faults by place and rule; never a value or an invented name, which would be content."""
    faults = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False)[:3]:
        unknown = fault["type"] == "extra_forbidden"
        place = ".".join(str(part) for part in (fault["loc"][:-1] if unknown else fault["loc"]))
        faults.append(f"{place or shape.KEY}: {'a field that is not in the schema' if unknown else fault['type']}")
    return "; ".join(faults)
