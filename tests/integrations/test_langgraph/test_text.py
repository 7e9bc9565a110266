"""Which text of a value its item is found by."""

from typing import Any

import pytest

from semmem.integrations.langgraph.text import searchable_text

VALUE: dict[str, Any] = {
    "text": "She moved to Porto.",
    "home_city": "Porto",
    "pets": [{"name": "Bruno", "age": 4}, {"name": "Ada", "good": True}],
    "tags": ["home", " ", "move"],
    "nothing": None,
}
WHOLE = "She moved to Porto.\nhome city: Porto\nname: Bruno\nname: Ada\ntags: home\ntags: move"


@pytest.mark.parametrize(
    ("index", "fields", "text"),
    [
        (None, ["$"], WHOLE),
        (["$"], ["text"], WHOLE),
        (None, ["text", "home_city"], "She moved to Porto.\nPorto"),
        (["pets[*].name"], ["$"], "Bruno\nAda"),
        (["pets[-1].name"], ["$"], "Ada"),
        (["pets[0].age"], ["$"], "4"),
        (["pets[0]"], ["$"], '{"age": 4, "name": "Bruno"}'),
        (["missing", "nothing", "pets[7].name"], ["$"], None),
        ([], ["$"], None),
        (False, ["$"], None),
    ],
    ids=str,
)
def test_the_text_of_a_value(index: Any, fields: list[str], text: str | None) -> None:
    assert searchable_text(VALUE, index, fields) == text


def test_a_value_without_text_has_none() -> None:
    assert searchable_text({"count": 3, "on": True, "text": " ", "list": []}, None, ["$"]) is None
    assert searchable_text({"text": "\u200b", "data": ["\ufeff"]}, None, ["$"]) is None
