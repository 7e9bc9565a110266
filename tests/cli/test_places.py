"""Where a command works: several scopes at once, branches, private places; and which tiers and days it looks at."""

import pytest

from semmem.cli.options import end_of, instant
from semmem.cli.output import show
from tests.cli.command import Command


@pytest.fixture
def team(semmem: Command, tenant: str, alice: Command) -> Command:
    """A workspace beside alice's own memory, each with something of its own."""
    workspace = semmem.within("--tenant", tenant, "--workspace", "launch")
    alice("remember", "I live in Gothenburg.", "--wait")
    workspace("remember", "The launch is on Friday.", "--wait")
    alice("remember", "The rocket is red.", "--branch", "projects/apollo", "--wait")
    return workspace


def test_recall_and_context_read_other_scopes_along(alice: Command, team: Command) -> None:
    alone = alice("recall", "When is the launch?", "--json")
    assert "Friday" not in alone.out
    for also, said in (("workspace:launch", "Friday"), ("branch:projects/apollo", "rocket")):
        assert said in alice("recall", "launch rocket", "--also", also, "--json").out
        assert said in alice("context", "launch rocket", "--also", also).out
    both = alice("context", "launch", "--also", "workspace:launch", "--also", "branch:projects/apollo").out
    assert "Friday" in both
    assert "rocket" in both
    assert "Gothenburg" in team("recall", "Where?", "--also", "user:alice", "--json").out


@pytest.mark.parametrize(
    "also", ["launch", "team:launch", "workspace:", ":launch", "branch:", "branch:a//b", "", "user:"]
)
def test_a_place_that_cannot_be_read_is_refused_with_the_form(alice: Command, also: str) -> None:
    answer = alice("recall", "x", "--also", also)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: ")
    assert "must" in answer.err


def test_a_branch_is_a_memory_of_its_own_and_is_listed(alice: Command, team: Command) -> None:
    assert "rocket" in alice("history", "--branch", "projects/apollo").out
    assert "rocket" not in alice("history").out
    alice("remember", "A private note.", "--branch", "projects/apollo", "--owner", "support", "--no-wait")
    alice("remember", "A slash.", "--branch", "a%2Fb", "--no-wait")
    assert "private" not in alice("history", "--branch", "projects/apollo").out
    assert "private" in alice("history", "--branch", "projects/apollo", "--owner", "support").out
    listed = alice("branches", "--json").json
    assert [(each["path"], each["owner"]) for each in listed] == [
        ([], None),
        (["a/b"], None),
        (["projects", "apollo"], None),
        (["projects", "apollo"], "support"),
    ]
    shown = alice("branches").out
    assert "a%2Fb" in shown
    assert "projects/apollo" in shown
    assert "(root)" in shown


def test_an_empty_segment_of_a_branch_is_refused(alice: Command) -> None:
    for path in ("", "/a", "a/", "a//b"):
        answer = alice("history", "--branch", path)
        assert answer.code == 2
        assert "branch: must have no empty segment; write it like projects/apollo" in answer.err


def test_context_shows_the_tiers_that_are_asked_for(alice: Command) -> None:
    alice("remember", "I live in Gothenburg.", "--wait")
    for tiers, shown in (
        ("summary", {"summary"}),
        ("recent,retrieved", {"recent", "retrieved"}),
        ("recent", {"recent"}),
    ):
        items = alice("context", "Where?", "--tiers", tiers, "--json").json["items"]
        assert items
        assert {item["tier"] for item in items} <= shown
    assert alice("context", "Where?", "--tiers", "recent", "--tiers", "summary").code == 0
    answer = alice("context", "Where?", "--tiers", "recent,newest")
    assert answer.code == 2
    assert "tiers: must name one or more of profile, summary, state, recent, retrieved" in answer.err


def test_records_are_put_read_listed_and_deleted(alice: Command) -> None:
    assert alice("records", "put", "theme", '{"dark": true}').code == 0
    assert alice("records", "get", "theme", "--json").json["value"] == {"dark": True}
    alice("records", "put", "diet", "-", "--text", "Alice eats vegan.", "--ttl", "30d", stdin='{"vegan": true}\r\n')

    def keys(*options: str) -> list[str]:
        return [each["key"] for each in alice("records", "list", *options, "--json").json]

    assert keys() == ["theme", "diet"]
    assert keys("--after", "theme") == ["diet"]
    assert keys("--matching", '{"dark": true}') == ["theme"]
    assert "vegan" in alice("recall", "What does Alice eat?", "--json").out
    assert alice("records", "delete", "diet", "nothing").out == "1 record deleted\n"
    assert alice("records", "delete", "diet", "theme", "--json").json == {"deleted": 1}
    assert keys() == []


def test_records_of_several_places_are_listed_page_by_page(alice: Command) -> None:
    for key, place in (("a", ()), ("b", ("--branch", "x")), ("c", ()), ("both", ()), ("both", ("--branch", "x"))):
        alice("records", "put", key, "{}", *place)

    def keys(*options: str) -> list[str]:
        answer = alice("records", "list", "--also", "branch:x", *options, "--json")
        return [each["key"] for each in answer.json]

    assert keys("--limit", "2") == ["a", "b"]
    assert keys("--limit", "1", "--after", "b") == ["c"]
    answer = alice("records", "list", "--also", "branch:x", "--after", "both")
    assert (answer.code, "after: is a key in several of these places" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("get", "nothing"), 3, "no record nothing in this scope"),
        (("list", "--after", "nothing"), 3, "no record nothing"),
        (("put", "k", "{"), 2, "value: must be a JSON object"),
        (("put", "k", "[1]"), 2, "value: must be a JSON object"),
        (("put", "k", "5"), 2, "value: must be a JSON object"),
        (("put", "", "{}"), 2, "key: must not be empty"),
        (("put", "k" * 300, "{}"), 2, "key: must be at most 256 bytes"),
        (("put", "k", "{}", "--ttl", "soon"), 2, "ttl: "),
        (("put", "k", "{}", "--ttl", "0"), 2, "ttl: must be longer than 0"),
        (("list", "--matching", "dark"), 2, "matching: must be a JSON object"),
        (("list", "--limit", "0"), 2, "limit: must be a whole number"),
        (("delete",), 2, "Missing argument"),
    ],
)
def test_what_records_refuse_is_named(alice: Command, arguments: tuple[str, ...], code: int, named: str) -> None:
    answer = alice("records", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert named in " ".join(answer.err.split())


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-05-04", "2026-05-04T00:00:00+00:00", "2026-05-04T23:59:59.999999+00:00"),
        (" 2026-05-04 ", "2026-05-04T00:00:00+00:00", "2026-05-04T23:59:59.999999+00:00"),
        ("20260504", "2026-05-04T00:00:00+00:00", "2026-05-04T23:59:59.999999+00:00"),
        ("2028-02-29", "2028-02-29T00:00:00+00:00", "2028-02-29T23:59:59.999999+00:00"),
        ("2026-W19-1", "2026-05-04T00:00:00+00:00", "2026-05-04T23:59:59.999999+00:00"),
        ("2026-05-04T09:30:00Z", "2026-05-04T09:30:00+00:00", "2026-05-04T09:30:00+00:00"),
        ("2026-05-04T09:30+02:00", "2026-05-04T09:30:00+02:00", "2026-05-04T09:30:00+02:00"),
        ("2026-05-04 09:30:00Z", "2026-05-04T09:30:00+00:00", "2026-05-04T09:30:00+00:00"),
    ],
)
def test_a_date_alone_is_a_whole_day_of_utc(text: str, first: str, last: str) -> None:
    assert (instant(text).isoformat(), end_of(text).isoformat()) == (first, last)


def test_dates_narrow_what_is_found_and_forgotten(alice: Command) -> None:
    for day in ("03", "04", "05"):
        alice("remember", f"Note of day {day}.", "--occurred-at", f"2026-05-{day}T12:00:00Z", "--no-wait")
    alice("remember", "Note of day 06.", "--occurred-at", "2026-05-06", "--wait")

    def days(*options: str) -> set[str]:
        hits = alice("recall", "Note", "--limit", "50", *options, "--json").json["hits"]
        return {text[-3:-1] for hit in hits if (text := hit["text"]).startswith("Note of day ")}

    assert days("--since", "2026-05-04") == {"04", "05", "06"}
    assert days("--until", "2026-05-04") == {"03", "04"}
    assert days("--since", "2026-05-04", "--until", "2026-05-04") == {"04"}
    alice("forget", "--before", "2026-05-04", "--yes")
    assert days() == {"04", "05", "06"}


@pytest.mark.parametrize("text", ["2026-13-01", "2026-02-30", "yesterday", "04.05.2026", "2026-05", ""])
def test_what_is_no_date_is_refused_with_the_form(alice: Command, text: str) -> None:
    for option in ("--since", "--until", "--as-of"):
        answer = alice("recall", "x", option, text)
        assert (answer.code, answer.out) == (2, "")
        assert "2026-05-01" in " ".join(answer.err.split())


def test_brackets_in_names_are_no_markup_and_long_answers_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    for named in ("orders[eu]:warning:", "[/x]", "w" * 200):
        show(named, False, lambda name: f"the group {name} is deleted")
        assert capsys.readouterr().out == f"the group {named} is deleted\n"
