"""Schemas of tools with no word that a host chokes on: no $ref, anyOf, format, title or default."""

from collections.abc import Mapping
from typing import Any

LEFT_OUT = {"$defs", "title", "default", "format"}


def plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the same schema in the words that Gemini, OpenAI's strict mode and older hosts take, and in fewer."""
    return _plain(schema, schema.get("$defs", {}))


def _plain(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _plain(definitions[name], definitions) | _kept(schema, definitions)
    if "anyOf" in schema:
        options = [_plain(option, definitions) for option in schema["anyOf"]]
        made: dict[str, Any] = {}
        for option in options:
            made |= option
        made["type"] = [option["type"] for option in options]
        return made | _kept(schema, definitions)
    return _kept(schema, definitions)


def _kept(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in schema.items() if name not in LEFT_OUT | {"$ref", "anyOf"}}
    if "properties" in made:
        made["properties"] = {name: _plain(value, definitions) for name, value in made["properties"].items()}
    if isinstance(made.get("items"), Mapping):
        made["items"] = _plain(made["items"], definitions)
    if made.get("additionalProperties") is True:
        del made["additionalProperties"]
    return made
