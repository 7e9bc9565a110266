import json
from typing import Any

import pytest
from pydantic import ValidationError

from semmem.domain.fact import CATEGORIES, MAX_FACT_BYTES, MAX_SUBJECT_BYTES
from semmem.extractors.answers.schema import Answer, SaidFact, Verdicts, json_schema
from tests.unit.extractors.builders import said_fact


def objects(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for child in node for found in objects(child)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == "object" else []
    return own + [found for child in node.values() for found in objects(child)]


@pytest.mark.parametrize("shape", [Answer, Verdicts])
def test_strict_mode_takes_the_schema(shape: type[Answer] | type[Verdicts]) -> None:
    schema = json_schema(shape)
    assert objects(schema)
    for node in objects(schema):
        assert node["additionalProperties"] is False
        assert sorted(node["required"]) == sorted(node["properties"])
    assert "$ref" not in json.dumps(schema)


def test_the_schema_has_no_word_for_what_only_code_decides() -> None:
    names = {
        name for shape in (Answer, Verdicts) for node in objects(json_schema(shape)) for name in node["properties"]
    }
    assert not names & {"id", "tenant", "scope", "trust", "user", "workspace", "event_id"}


def test_categories_are_the_domains_own() -> None:
    facts = json_schema(Answer)["properties"]["facts"]["items"]
    assert facts["properties"]["category"]["enum"] == list(CATEGORIES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", ""),
        ("subject", "x" * 257),
        ("text", " "),
        ("text", "x" * 2_001),
        ("text", "é" * 1_001),
        ("text", "a\x00b"),
        ("text", "a\ud800b"),
        ("category", "secret"),
        ("confidence", float("nan")),
        ("confidence", float("inf")),
        ("confidence", 1.01),
        ("confidence", "0.9"),
        ("confidence", True),
        ("importance", -0.1),
        ("source", 0),
        ("source", 10**30),
        ("source", 1.5),
        ("source", "1"),
        ("when", 2019),
    ],
)
def test_a_value_out_of_bounds_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        SaidFact.model_validate(said_fact(**{field: value}))


def test_the_longest_text_fits_the_domains_byte_limits() -> None:
    said = SaidFact.model_validate(said_fact(subject="😀" * 64, text="😀" * 500))
    assert len(said.subject.encode()) <= MAX_SUBJECT_BYTES
    assert len(said.text.encode()) <= MAX_FACT_BYTES
