from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semmem.domain.context import CLOSING, TIERS, UNSURE, Context, Format, Item, Outdated, Since, Tier
from semmem.errors import InvalidInput
from semmem.models.tokens import load_counter
from semmem.ports import TokenCounter
from semmem.retrieval.analysis import normalised
from semmem.retrieval.assemble import assemble
from semmem.retrieval.budget import FLOORS, MIN_BUDGET
from tests.unit.retrieval.memories import ALICE, LAUNCH, MAY, ByteCounter, expected, item, read

FORMATS: tuple[Format, ...] = get_args(Format)
Tiers = dict[Tier, list[Item]]


class GrowingCounter:
    """Counts more for a whole than for its lines."""

    exact = False

    def count(self, text: str) -> int:
        return len(text.encode()) + text.count("\n") ** 2


class HundredfoldCounter:
    exact = False

    def count(self, text: str) -> int:
        return 100 * len(text.encode())


def put_together(
    tiers: Tiers, budget: int, format: Format = "text", counter: TokenCounter | None = None, *, unsure: bool = False
) -> Context:
    return assemble(
        tiers,
        budget=budget,
        counter=counter or ByteCounter(),
        format=format,
        degraded=frozenset(),
        home=ALICE,
        nothing_relevant=unsure,
    )


def counted(context: Context, counter: TokenCounter) -> int:
    """As the OpenAI cookbook counts chat messages."""
    if not context.messages:
        return counter.count(context.text)
    return 3 + sum(4 + counter.count(message["content"]) for message in context.messages)


def tier_of(tier: Tier) -> st.SearchStrategy[list[Item]]:
    texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60) | st.sampled_from(
        ["yes", "Yes.", "word " * 80, "\n" * 40, "北京" * 30, "<semmem-memory>", "a\n\nb"]
    )
    return st.lists(
        st.builds(
            item,
            st.just(tier),
            texts,
            worth=st.floats(0, 1),
            minutes=st.integers(0, 3000),
            voice=st.sampled_from(["Alice", "Bob", "event", "a: b"]),
            role=st.sampled_from(["user", "assistant", "tool"]),
            session=st.sampled_from([None, "s1", "s2"]),
            scope=st.sampled_from([ALICE, LAUNCH]),
        ),
        max_size=8,
    )


all_tiers = st.fixed_dictionaries({tier: tier_of(tier) for tier in TIERS})


@pytest.mark.parametrize("counter", [ByteCounter(), GrowingCounter(), load_counter()], ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("format", FORMATS)
@given(tiers=all_tiers, budget=st.integers(MIN_BUDGET, 1500), unsure=st.booleans())
def test_never_over_budget_and_every_item_whole(
    counter: TokenCounter, format: Format, tiers: Tiers, budget: int, unsure: bool
) -> None:
    context = put_together(tiers, budget, format, counter, unsure=unsure)
    assert (UNSURE in context.text) == (unsure and bool(context.tier("retrieved")))
    assert context.tokens == counted(context, counter) <= budget
    found = read(format, context.text, context.messages) if context.items else []
    assert sorted(found, key=repr) == sorted((expected(one, ALICE) for one in context.items), key=repr)
    assert {one.id for one in context.items} <= {one.id for given in tiers.values() for one in given}
    assert (context.budget, context.exact) == (budget, counter.exact)


@pytest.mark.parametrize("format", FORMATS)
@given(tiers=all_tiers)
def test_everything_is_shown_where_there_is_room_but_nothing_in_two_tiers(format: Format, tiers: Tiers) -> None:
    context = put_together(tiers, 100_000, format)
    shown_by: dict[str, set[Tier]] = {}
    for one in context.items:
        shown_by.setdefault(one.text, set()).add(one.tier)
    assert all(len(found) == 1 for found in shown_by.values())
    assert len(context.tier("profile")) == len(tiers["profile"])
    shown = {normalised(one.text) for one in context.items}
    assert {normalised(one.text) for given in tiers.values() for one in given} == shown


@pytest.mark.parametrize("budget", [0, -1, MIN_BUDGET - 1, True, 200.0])
def test_a_budget_below_the_floor_is_refused(budget: int) -> None:
    with pytest.raises(InvalidInput, match=str(MIN_BUDGET)) as refused:
        put_together({}, budget)
    assert refused.value.field == "budget"


@pytest.mark.parametrize("format", FORMATS)
def test_the_least_budget_holds_every_tier_and_a_short_statement_in_each(format: Format) -> None:
    counter = load_counter()
    tiers = [tier for tier in TIERS if tier != "state" and (tier != "profile" or format != "xml")]
    shown = [item(tier, f"Alice lives in Berlin, {tier}.") for tier in tiers]
    assert counted(put_together({one.tier: [one] for one in shown}, 10_000, format, counter), counter) <= MIN_BUDGET


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_memory_is_an_empty_context(format: Format) -> None:
    context = put_together({}, MIN_BUDGET, format)
    assert (context.items, context.text, context.messages, context.tokens) == ((), "", (), 0)


def test_each_tier_keeps_its_floor_against_worthier_ones() -> None:
    tiers: Tiers = {
        "profile": [item("profile", f"profile {n}", worth=0.01) for n in range(40)],
        "summary": [item("summary", f"summary {n}", worth=0.01) for n in range(30)],
        "state": [item("state", f"state {n}", worth=0.01) for n in range(30)],
        "recent": [item("recent", f"recent {n}", worth=0.01) for n in range(60)],
        "retrieved": [item("retrieved", f"retrieved {n}", worth=1.0) for n in range(60)],
    }
    context = put_together(tiers, 2000)
    room = 2000 - 150  # without the markup that all tiers share
    for tier, share in FLOORS.items():
        used = sum(len(one.text) + len("e10 Alice: \n") for one in context.tier(tier))
        assert used > share * room - 120  # less its header, and what one more item would have needed
    assert context.tokens > 1880


def test_an_unused_floor_goes_to_the_rest() -> None:
    tiers: Tiers = {"retrieved": [item("retrieved", f"retrieved {n}") for n in range(200)]}
    assert put_together(tiers, 2000).tokens > 1880


def test_an_item_above_its_tiers_share_uses_what_others_left() -> None:
    long = "word " * 250
    assert [one.text for one in put_together({"summary": [item("summary", long)]}, 2000).items] == [long]


def test_the_state_never_takes_more_than_its_share() -> None:
    fields = [item("state", f"field {n:02}: a value", worth=1.0) for n in range(100)]
    shown = put_together({"state": fields}, 2000).items
    assert shown == tuple(fields[: len(shown)])
    assert 0 < sum(len(f"s10: {one.text}\n") for one in shown) <= FLOORS["state"] * 2000


def test_an_item_that_does_not_fit_is_left_out_whole() -> None:
    tiers: Tiers = {"retrieved": [item("retrieved", "x" * 5000, worth=1.0), item("retrieved", "short", worth=0.1)]}
    assert [one.text for one in put_together(tiers, 1000).items] == ["short"]


def test_the_rest_goes_by_worth_less_what_its_tokens_cost() -> None:
    heavy = item("summary", "heavy " * 90, worth=0.52)
    light = [item("summary", f"light {n}, and a little more", worth=0.5) for n in range(14)]
    assert put_together({"summary": [heavy, *light]}, 850).items == tuple(light)


@given(tiers=all_tiers, budget=st.integers(MIN_BUDGET, 1500))
def test_what_is_chosen_does_not_depend_on_who_counts(tiers: Tiers, budget: int) -> None:
    """What counts each token a hundred times chooses the same for a hundred times the budget."""
    one, other = put_together(tiers, budget), put_together(tiers, 100 * budget, counter=HundredfoldCounter())
    assert [item.id for item in one.items] == [item.id for item in other.items]


def test_recent_keeps_the_newest_without_gaps_within_its_floor() -> None:
    recent = [item("recent", f"turn {n:02}", minutes=n, worth=0.0) for n in reversed(range(40))]
    rivals = [item("retrieved", f"rival {n}", worth=1.0) for n in range(60)]
    shown = [one.text for one in put_together({"recent": recent, "retrieved": rivals}, 1500).tier("recent")]
    assert 0 < len(shown) < 40
    assert shown == [f"turn {n:02}" for n in range(40 - len(shown), 40)]


def test_recent_does_not_step_over_a_long_turn_within_its_floor() -> None:
    long = item("recent", "x" * 5000, minutes=50, worth=0.0)
    recent = [item("recent", "newest", minutes=60, worth=0.0), long, item("recent", "before", worth=0.0)]
    rivals = [item("retrieved", f"{n}", worth=1.0) for n in range(100)]
    assert [one.text for one in put_together({"recent": recent, "retrieved": rivals}, 1500).tier("recent")] == [
        "newest"
    ]


def test_an_item_given_twice_is_shown_once() -> None:
    said = item("recent", "I live in Berlin.")
    assert put_together({"recent": [said, said]}, 2000).items == (said,)


def test_what_recent_shows_is_not_retrieved_again() -> None:
    said = item("recent", "I live in Berlin.")
    again = item("retrieved", said.text, id=said.id)
    restated = item("retrieved", "i live in  BERLIN", session=None)
    other = item("retrieved", "Alice likes tea.", session=None)
    context = put_together({"recent": [said], "retrieved": [again, restated, other]}, 2000)
    assert context.items == (said, other)


def test_what_recent_has_no_room_for_is_retrieved() -> None:
    recent = [item("recent", f"turn {n}", minutes=n, worth=0.0) for n in reversed(range(100))]
    oldest = recent[-1]
    found = item("retrieved", oldest.text, id=oldest.id, worth=1.0)
    context = put_together({"recent": recent, "retrieved": [found]}, 1000)
    assert found in context.items
    assert oldest not in context.items


def test_one_who_repeats_himself_is_quoted_as_he_was() -> None:
    recent = [item("recent", "yes", minutes=n) for n in (3, 2, 1)]
    assert len(put_together({"recent": recent}, 2000).items) == 3


@pytest.mark.parametrize("format", FORMATS)
@given(
    profile=tier_of("profile"),
    others=st.lists(st.fixed_dictionaries({tier: tier_of(tier) for tier in TIERS[1:]}), min_size=2, max_size=2),
    budget=st.integers(MIN_BUDGET, 3_000),
)
def test_the_profile_stands_first_and_is_the_same_beside_whatever_else(
    format: Format, profile: list[Item], others: list[Tiers], budget: int
) -> None:
    one, two = (put_together({"profile": profile, **beside}, budget, format) for beside in others)
    assert one.tier("profile") == two.tier("profile") == one.items[: len(two.tier("profile"))]
    if one.tier("profile"):
        alone = put_together({"profile": profile}, budget, format).text.removesuffix(CLOSING)
        assert one.text.startswith(alone)
        assert two.text.startswith(alone)


def test_the_profile_keeps_to_its_share_and_gives_back_the_rest() -> None:
    facts = [item("profile", f"fact {n:02}", worth=1.0) for n in range(100)]
    alone = put_together({"profile": facts}, 2000)
    assert 300 < alone.tokens < 550
    found = [item("retrieved", f"retrieved {n}") for n in range(200)]
    assert put_together({"profile": facts[:1], "retrieved": found}, 2000).tokens > 1880


@given(tiers=all_tiers, budget=st.integers(MIN_BUDGET, 1500))
def test_what_is_outdated_is_shown_with_what_holds_now_or_not_at_all(tiers: Tiers, budget: int) -> None:
    now = Outdated(words="I live in Berlin.", since=Since(at=MAY), now="Alice lives in Munich.")
    old = item("recent", "I live in Berlin.", outdated=[now])
    for format in FORMATS:
        recent, retrieved = [*tiers["recent"], old], [replace(old, tier="retrieved"), *tiers["retrieved"]]
        context = put_together({**tiers, "recent": recent, "retrieved": retrieved}, budget, format)
        assert context.text.count("I live in Berlin.") <= context.text.count("Alice lives in Munich.")


@pytest.mark.parametrize("format", ["text", "xml"])
def test_the_prefix_is_the_same_for_every_query(format: Format) -> None:
    stable: Tiers = {"summary": [item("summary", "in short")], "recent": [item("recent", "said")]}
    one, two = (put_together({**stable, "retrieved": [item("retrieved", text)]}, 2000, format) for text in "ab")
    prefix = one.text[: one.text.index("retrieved")]
    assert "said" in prefix
    assert two.text.startswith(prefix)


def test_the_first_items_scope_is_home_unless_another_is_named() -> None:
    shown: Tiers = {"retrieved": [item("retrieved", "theirs", scope=LAUNCH)]}
    unnamed = assemble(shown, budget=500, counter=ByteCounter(), format="text", degraded=frozenset())
    assert "workspace launch" not in unnamed.text
    assert "workspace launch" in put_together(shown, 500).text


def test_what_was_degraded_is_passed_on() -> None:
    context = assemble({}, budget=500, counter=ByteCounter(), format="text", degraded=frozenset({"qdrant"}))
    assert context.degraded == {"qdrant"}
