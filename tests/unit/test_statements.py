"""Parameters have names in the statements and numbers in Postgres."""

import re
from importlib.resources import files

import pytest

from semmem.stores.postgres.sql import Statement, statements

SOURCES = [each for each in files("semmem.stores.postgres").iterdir() if each.name.endswith(".sql")]


def test_each_name_has_one_number_wherever_it_stands() -> None:
    made = Statement("s", "select * from t where (a, b) = (:tenant, :id) and c > :after or :after is null limit :limit")
    assert made.text == "select * from t where (a, b) = ($1, $2) and c > $3 or $3 is null limit $4"
    assert made.parameters == ("tenant", "id", "after", "limit")


@pytest.mark.parametrize(
    "text",
    [
        "select 1::text, '{}'::jsonb, array[]::uuid[]",
        "select ':name', 'it''s :name', E'it\\'s :name', ''",
        'select ":name", "a"":name"',
        "select 1 -- what :name says, in Postgres's words",
        "select 1 /* :one\n:two */ + 1",
        "do $$ begin x := 1; perform ':name'; y := :name; end $$",
        "do $body$ select $1, :name $body$",
        "select f(a := 1, b => 2)",
        "select path[1:size], path[cardinality(path):size], path[a[1]:size]",
        'select * from t where key @> \'{"a": ":name"}\'',
    ],
)
def test_what_is_no_parameter_stays_as_it_is(text: str) -> None:
    made = Statement("s", text)
    assert made.text == text
    assert made.parameters == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select :id::uuid, (:ids::text[])[1]", "select $1::uuid, ($2::text[])[1]"),
        ("select 'a' || :b || 'c'", "select 'a' || $1 || 'c'"),
        ("select -:reach, a=:b, f(p=>:c)", "select -$1, a=$2, f(p=>$3)"),
        ("-- until :due\nselect :due", "-- until :due\nselect $1"),
        ("select path[1:cardinality(:path::text[])] = :path", "select path[1:cardinality($1::text[])] = $1"),
        ("select ''''||:a, $$:b$$ || :a", "select ''''||$1, $$:b$$ || $1"),
        (":first", "$1"),
    ],
)
def test_parameters_are_found_beside_what_looks_like_one(text: str, expected: str) -> None:
    assert Statement("s", text).text == expected


def test_values_come_in_the_order_of_the_numbers() -> None:
    made = Statement("s", "select :b, :a, :tenant, :b")
    assert made.arguments({"tenant": "acme", "now": None}, {"a": 1, "b": None}) == [None, 1, "acme"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "the statement facts.list lacks its parameter before"),
        ({"before": 1, "befor": 2}, "the statement facts.list has no parameter befor"),
        ({"before": 1, "now": 2}, "the statement facts.list has no parameter now"),
        ({"before": 1, "tenant": "globex"}, "the statement facts.list has tenant from its unit of work"),
    ],
)
def test_wrong_parameters_are_named_with_their_statement(given: dict[str, object], told: str) -> None:
    made = Statement("facts.list", "select :tenant, :before")
    with pytest.raises(TypeError, match=told):
        made.arguments({"tenant": "acme", "now": None}, given)


def test_literals_are_put_in_where_postgres_takes_no_parameter() -> None:
    made = Statement("s", "select vector({size}) <=> :vector limit :limit")
    assert made.formatted(size=3).text == "select vector(3) <=> $1 limit $2"
    assert made.formatted(size=3).arguments({}, {"vector": 1, "limit": 2}) == [1, 2]
    assert made.text == "select vector({size}) <=> $1 limit $2"


def test_a_file_s_statements_have_its_name() -> None:
    found = statements("branches.sql")
    assert found["below"].name == "branches.below"
    assert found["below"].parameters == ("tenant", "root_kind", "root_id", "path", "after_path", "after_owner")


@pytest.mark.parametrize("name", sorted(source.name for source in SOURCES))
def test_no_statement_has_a_number_of_its_own(name: str) -> None:
    text = (files("semmem.stores.postgres") / name).read_text(encoding="utf-8")
    assert not re.search(r"\$\d", text)
    for statement in statements(name).values():
        numbers = {int(number) for number in re.findall(r"\$(\d+)", statement.text)}
        assert numbers == set(range(1, len(statement.parameters) + 1))


@pytest.mark.parametrize("name", sorted(source.name for source in SOURCES))
def test_every_statement_is_used_by_its_module(name: str) -> None:
    module = (files("semmem.stores.postgres") / name.replace(".sql", ".py")).read_text(encoding="utf-8")
    for statement in statements(name):
        start = re.match("[a-z]+", statement)
        assert start
        assert f'"{statement}"' in module or f'f"{start[0]}_' in module, statement


def test_a_statement_says_its_name_to_the_server_that_logs_it() -> None:
    assert statements("summaries.sql")["newest"].text.startswith("/* summaries.newest */ select ")
