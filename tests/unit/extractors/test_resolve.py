from datetime import timedelta

import pytest

from semmem.domain.extraction import Decision, Question
from semmem.domain.fact import Fact, Validity
from semmem.extractors.resolve import ended, judge, merged, one_successor, settle
from semmem.extractors.rules.standing import Rivals, related
from tests.unit.extractors.builders import SAID, draft, fact

DAY = timedelta(days=1)


def question(text: str, *facts: Fact, cosine: float = 0.7) -> Question:
    return Question(draft=draft(text), candidates=facts, cosines=(cosine,) * len(facts), said_at=SAID)


def test_the_same_statement_again_is_confirmed() -> None:
    known = fact("Alice lives in  Berlin!", subject="Alice")
    decided = settle(question("alice lives in berlin", fact("alice has a dog"), known))
    assert decided
    assert (decided.verdict, decided.target) == ("confirm", known)


def test_a_statement_that_was_superseded_since_is_ignored_when_it_is_replayed() -> None:
    old = fact("alice lives in Berlin", superseded_at=SAID)
    decided = settle(question("alice lives in Berlin", old, fact("alice lives in Rome")))
    assert decided
    assert (decided.verdict, decided.target) == ("ignore", old)


def test_the_same_words_of_two_days_are_two_statements() -> None:
    monday = Validity(start=SAID - 2 * DAY, precision="day")
    known = fact("alice ran yesterday (7 June 2023)", validity=Validity(start=SAID - DAY, precision="day"))
    asked = Question(
        draft=draft("alice ran yesterday (5 June 2023)", validity=monday), candidates=(known,), cosines=(1,)
    )
    assert settle(asked) is None
    assert judge(asked).verdict == "add"


def test_a_resolved_date_in_the_text_does_not_break_equality() -> None:
    known = fact("alice ran yesterday (7 June 2023)")
    decided = settle(question("alice ran yesterday", known))
    assert decided
    assert decided.verdict == "confirm"


def test_without_candidates_a_draft_is_added_and_with_others_it_is_open() -> None:
    decided = settle(question("alice lives in Berlin"))
    assert decided
    assert decided.verdict == "add"
    assert settle(question("alice lives in Berlin", fact("alice has a dog"))) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("alice's address is 12 Elm Street.", "alice moved to 7 Oak Avenue."),
        ("alice prefers phone calls.", 'alice: "Please email me instead, I no longer want phone calls."'),
        ("alice works at Siemens.", "alice has joined Bosch."),
        ("alice's favourite colour is red.", "alice's favourite colour is blue."),
        ("alice drinks coffee every morning.", "alice switched from coffee to tea."),
    ],
)
def test_another_value_of_one_attribute_supersedes(old: str, new: str) -> None:
    known = fact(old)
    decided = judge(question(new, fact("alice has a dog"), known))
    assert (decided.verdict, decided.target) == ("supersede", known)


def test_what_was_said_earlier_never_supersedes_and_is_kept_as_history() -> None:
    known = fact("alice moved to 7 Oak Avenue.", said_at=SAID + DAY)
    decided = judge(question("alice's address is 12 Elm Street.", known))
    assert (decided.verdict, decided.target, decided.draft.validity.end) == ("add", None, SAID + DAY)


def test_another_subject_or_a_merely_similar_statement_is_added() -> None:
    assert judge(question("alice lives in Rome", fact("bob lives in Berlin", "bob"), cosine=0.97)).verdict == "add"
    assert judge(question("alice likes red wine", fact("alice likes white wine"), cosine=0.97)).verdict == "add"


def test_a_near_identical_sentence_is_confirmed() -> None:
    known = fact("alice loves hiking in the mountains")
    assert judge(question("alice loved hiking in mountains", known, cosine=0.96)).verdict == "confirm"
    assert judge(question("alice loved hiking in mountains", known, cosine=0.9)).verdict == "add"


def test_one_statement_of_two_events_is_one_draft_with_both_sources() -> None:
    one, other = draft("alice has a dog"), draft("Alice has a dog.", subject="Alice")
    (joined,) = merged([one, other])
    assert joined.sources == one.sources + other.sources
    assert len(merged([one, draft("alice has a cat")])) == 2


def test_within_a_batch_the_later_value_ends_the_earlier_one() -> None:
    old, new = draft("alice's address is 12 Elm Street."), draft("alice moved to 7 Oak Avenue.")
    said = {old.sources[0].event_id: SAID, new.sources[0].event_id: SAID + DAY}
    closed, kept = ended([old, new], said)
    assert closed.validity.end == SAID + DAY
    assert kept == new


def test_no_fact_is_superseded_twice() -> None:
    target = fact("alice lives in Berlin")
    first, second = (
        Decision(verdict="supersede", draft=draft(f"in {city}"), target=target) for city in ("Rome", "Oslo")
    )
    assert one_successor([first, second], [SAID, SAID]) == [Decision(verdict="add", draft=first.draft), second]


def test_related_is_one_attribute_of_one_subject() -> None:
    assert related(draft("alice lives in Rome"), fact("alice's address is 12 Elm Street."))
    assert not related(draft("alice lives in Rome"), fact("bob lives in Berlin", "bob"))
    assert not related(draft("alice has a dog"), fact("alice has a cat"))


def test_one_statement_retires_all_that_says_what_is_over_and_follows_the_last() -> None:
    first = fact("alice works at Oracle.", said_at=SAID - 2 * DAY)
    second = fact("alice is employed at Oracle in Lyon.", said_at=SAID - DAY)
    decided = judge(question("alice lost her job.", first, second))
    assert decided.verdict == "add"  # of whom "her" is said, no rule can know
    decided = judge(question('alice: "I lost my job."', first, second))
    assert (decided.verdict, decided.target, decided.also) == ("supersede", second, (first,))


def test_of_two_that_retire_the_same_facts_the_last_keeps_what_is_its_own() -> None:
    one, other = fact("alice lives in Rome."), fact("alice lives in Oslo.")
    first = Decision(verdict="supersede", draft=draft("a"), target=one, also=(other,))
    second = Decision(verdict="supersede", draft=draft("b"), target=one)
    kept, last = one_successor([first, second], [SAID, SAID])
    assert (kept.verdict, kept.target, kept.also) == ("supersede", other, ())
    assert last == second


def test_rivals_are_found_without_being_near_in_their_words() -> None:
    job = fact("alice works at Oracle.", said_at=SAID - DAY)
    cat = fact("alice has a cat named Miso.")
    left = fact('alice: "I left Nokia last week."')
    rivals = Rivals([left, cat, job, fact("bob works at Oracle.", "bob"), fact("alice likes jazz.")])
    assert rivals.of(draft('alice: "I lost my job."')) == [job]
    assert rivals.of(draft('alice: "Miso died."')) == [cat]
    assert {each.text for each in rivals.of(draft("alice works at Nokia."))} == {left.text, job.text}
    assert rivals.of(draft("alice is moving to Rome.")) == []


def test_a_statement_that_is_made_twice_in_a_batch_has_the_dates_of_either() -> None:
    began, over = SAID - 400 * DAY, SAID + 30 * DAY
    drafts = [
        draft("alice works at Siemens."),
        draft("alice works at Siemens.", validity=Validity(end=over, precision="month")),
        draft("alice works at Siemens.", validity=Validity(start=began, precision="year")),
    ]
    [joined] = merged(drafts)
    assert joined.validity == Validity(start=began, end=over, precision="year")
    [joined] = merged(drafts[:2])
    assert joined.validity == Validity(end=over, precision="month")


def test_what_is_said_again_after_another_value_was_not_superseded() -> None:
    known = fact("alice wohnt in Berlin.")
    away = Decision(verdict="supersede", draft=draft("alice wohnt in Rom."), target=known)
    back = Decision(verdict="confirm", draft=draft(known.text), target=known)
    between, confirmed = one_successor([away, back], [SAID, SAID + DAY])
    assert confirmed == back
    assert (between.verdict, between.target, between.draft.validity.end) == ("add", None, SAID + DAY)
    assert between.draft.superseded
    assert between.draft.superseded.text == known.text


def test_what_comes_late_in_a_batch_is_no_return() -> None:
    known = fact("alice wohnt in Berlin.")
    away = Decision(verdict="supersede", draft=draft("alice wohnt in Rom."), target=known)
    late = Decision(verdict="confirm", draft=draft(known.text), target=known)
    assert one_successor([away, late], [SAID, SAID - DAY]) == [away, late]
