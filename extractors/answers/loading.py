"""From the text of an answer to its one object: JSON, or what models write in its place. Nothing is completed."""

import ast
import json
import re
import warnings
from typing import Any

from semmem.errors import BadAnswer
from semmem.extractors.answers.unwrap import only_thinks, unwrapped

MAX_ANSWER_CHARS = 100_000
MOST_READ = 20  # times an answer's length, in search of an object among prose
DEEPEST = 1_000  # levels, before Python gives up

# What never ends is taken to the end of the text, so that nothing is looked for again from each place in it.
_STRING = r'"(?:[^"\\]++|\\(?:.|\Z))*+(?:"|\Z)'
_COMMENT = re.compile(rf"{_STRING}|(//[^\n]*|/\*.*?\*/)|/\*.*", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"{_STRING}|(,)(?=\s*[}}\]])", re.DOTALL)
_BETWEEN = re.compile(r"(?:[\s,]|(?:```|~~~)\w*)*")
_END = re.compile(r"[\s`~]*\Z")
_CURLY = str.maketrans({"“": '"', "”": '"'})
_NAMES = {"null": None, "None": None, "true": True, "True": True, "false": False, "False": False}


def load(text: str, key: str) -> dict[str, Any]:
    """The answer's object, which has `key`. BadAnswer for none, for more than one, and for a part of one."""
    if not text.strip():
        raise BadAnswer("empty", "the answer is empty")
    if len(text) > MAX_ANSWER_CHARS:
        raise BadAnswer("too_much", f"the answer is longer than {MAX_ANSWER_CHARS} characters")
    if '"' not in text and f"“{key}”" in text:
        text = text.translate(_CURLY)  # as a word processor, or a model trained on its texts, has them
    candidates = unwrapped(text)
    for candidate in candidates:
        try:
            return _object(_loads(candidate), key)
        except ValueError:
            continue
    body = _without_slips(candidates[-1])
    return _line_by_line(body, key) or _load_inside(body, key, thinks=only_thinks(text))


def _object(value: Any, key: str) -> dict[str, Any]:
    """A list in place of the object around it, or one member in place of the list, is put in its place."""
    if isinstance(value, str):
        value = _loads(value)
    if isinstance(value, list) and len(value) == 1 and _holder(value[0], key):
        value = value[0]
    if isinstance(value, list) and value:
        return {key: value}
    if not isinstance(value, dict):
        raise BadAnswer("not_json", f"the answer is not an object with {key}")
    held = _holder(value, key)
    if held is None:
        return {key: [value]} if value else value
    return held[key] if isinstance(held[key], dict) and key in held[key] else held


def _holder(value: Any, key: str) -> dict[str, Any] | None:
    """The object with `key`: this one, or the only one inside it, as in the arguments of a call."""
    if not isinstance(value, dict):
        return None
    if key in value:
        return value
    arguments = value.get("arguments")
    inside = [*value.values(), _loaded(arguments) if isinstance(arguments, str) else None]
    holders = [child for child in inside if isinstance(child, dict) and key in child]
    return holders[0] if len(holders) == 1 else None


def _loaded(text: str) -> Any:
    try:
        return _loads(text)
    except ValueError:
        return None


def _line_by_line(body: str, key: str) -> dict[str, Any] | None:
    """Several objects with nothing between them: facts, each in place of the whole list, or answers for a part each."""
    objects = _objects_in_a_row(body)
    if len(objects) < 2:
        return None
    answers = [answer for value in objects if (answer := _holder(value, key))]
    if not answers:
        return {key: objects}
    if len(answers) < len(objects) or not all(isinstance(answer[key], list) for answer in answers):
        return None
    joined: dict[str, Any] = {}
    for answer in answers:
        for name, value in answer.items():
            if isinstance(value, list):
                joined.setdefault(name, []).extend(value)
    return joined


def _objects_in_a_row(body: str) -> list[dict[str, Any]]:
    """The objects that make up the text; none where anything else stands among them."""
    objects: list[dict[str, Any]] = []
    position = _end_of_gap(body, 0)
    while position < len(body):
        value, end, _ = _decode(body, position)
        if not isinstance(value, dict):
            return []
        objects.append(value)
        position = _end_of_gap(body, end)
    return objects


def _end_of_gap(body: str, position: int) -> int:
    """Where the next value begins, behind spaces, commas and fences."""
    gap = _BETWEEN.match(body, position)
    assert gap is not None, "a gap may be empty"
    return gap.end()


def _load_inside(body: str, key: str, *, thinks: bool) -> dict[str, Any]:
    """The one object with `key` among prose; parts of a cut answer lack the key, so none of them passes for a whole.

    Among thoughts there may be drafts of it before: then it is the one that nothing follows.
    """
    found: list[tuple[dict[str, Any], int, int]] = []
    position, left = body.find("{"), MOST_READ * len(body)
    while position >= 0 and left > 0:
        value, end, read = _decode(body, position)
        left -= read
        if held := _holder(value, key):
            found.append((held, position, end))
        position = body.find("{", end)
    if not found:
        if literal := _holder(_loaded(body[body.find("{") : body.rfind("}") + 1]), key):
            return literal
        raise BadAnswer("not_json", "the answer holds no complete JSON object of the schema")
    value, start, end = found[-1]
    if thinks and _END.match(body, end):
        return value
    if thinks or len(found) > 1 or re.search(rf'"{key}"\s*:', body[:start] + body[end:]):
        raise BadAnswer("ambiguous", "the answer holds more than one object of the schema")
    return value


def _decode(body: str, position: int) -> tuple[Any, int, int]:
    """The value that stands there, if one does, where to go on, and how many characters were read."""
    try:
        value, end = _DECODER.raw_decode(body, position)
    except RecursionError:
        return None, position + 1, DEEPEST
    except json.JSONDecodeError as error:
        return None, position + 1, error.pos - position
    except ValueError:
        return None, position + 1, len(body) - position
    return value, end, end - position


def _loads(body: str) -> Any:
    """JSON, or Python's or JavaScript's way of writing it; ValueError where it is none.

    Comments, trailing commas and line breaks in strings are tolerated.
    """
    for text in (body, _without_slips(body)):
        try:
            return _DECODER.decode(text)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        except ValueError:
            continue
    return _literal(body)


def _literal(body: str) -> Any:
    """A dict as Python prints it: single quotes, None, True; or as JavaScript does, with bare names as keys."""
    if not body.startswith("{"):
        raise ValueError("no object")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash before any letter is kept as it is
            return _value(ast.parse(body, mode="eval").body)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("no object") from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Dict):
        keys = [_key(child) for child in node.keys]
        return _unique(list(zip(keys, map(_value, node.values), strict=True)))
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(child) for child in node.elts]
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
        return node.value
    raise ValueError("more than plain values")


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError("a key that is no name")


def _without_slips(body: str) -> str:
    """Without comments and trailing commas outside strings."""
    for slip in (_COMMENT, _TRAILING_COMMA):
        body = slip.sub(lambda match: "" if match.group(1) else match.group(0), body)
    return body


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keys in lower case, as the schema has them: "Facts" can only mean "facts"."""
    value = {name.strip().lower(): child for name, child in pairs}
    if len(value) < len(pairs):
        raise ValueError("a key stands twice")
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_unique, strict=False)
