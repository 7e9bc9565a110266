"""Every public method of CrewAI's Memory, on semmem."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from crewai.memory.types import MemoryMatch
from crewai.memory.unified_memory import Memory

from semmem import Record, Records
from semmem.integrations.crewai import SemmemMemory
from semmem.integrations.crewai.records import Match
from tests.crewai.conftest import Remembering


def contents(matches: list[MemoryMatch]) -> list[str]:
    return [match.record.content for match in matches]


def test_remember_returns_the_record_that_recall_finds(memory: SemmemMemory) -> None:
    record = memory.remember("The printer on floor 3 jams on Mondays.", categories=["office"], importance=0.9)

    [first, *_] = memory.recall("Which printer jams?", depth="shallow")

    assert first.record.id == record.id
    assert (first.record.scope, first.record.categories, first.record.importance) == ("/", ["office"], 0.9)
    assert 0 < first.score <= 1
    assert first.match_reasons
    assert abs(first.record.created_at - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)


def test_remember_many_is_found_by_the_next_recall(memory: SemmemMemory) -> None:
    assert memory.remember_many(["The depot is in Leipzig.", "The depot opens at six."], scope="/depot") == []

    assert set(contents(memory.recall("depot", scope="/depot", depth="shallow"))) == {
        "The depot is in Leipzig.",
        "The depot opens at six.",
    }


def test_a_deep_recall_answers_with_facts_that_name_their_records(memory: SemmemMemory) -> None:
    record = memory.remember("I am allergic to peanuts.", categories=["health"], scope="/clinic", source="intake")
    settle(memory, "clinic")

    facts = [match.record for match in memory.recall("What is she allergic to?") if match.record.id != record.id]

    assert [fact.metadata["sources"] for fact in facts] == [[record.id]]
    assert facts[0].scope == "/clinic"
    assert "alice" in facts[0].content
    assert "health" in facts[0].categories
    assert facts[0].source == "intake"
    assert contents(memory.recall("What is she allergic to?", depth="shallow")) == [record.content]


def test_what_only_programs_need_stays_out_of_prompts(memory: SemmemMemory) -> None:
    memory.remember("I am allergic to peanuts.", metadata={"ticket": "T-9", "kind": "fact"})
    settle(memory)

    prompt = "\n".join(match.format() for match in memory.recall("allergies"))

    assert "ticket: T-9" in prompt
    assert "sources" not in prompt
    assert contents(memory.recall("allergies", depth="shallow")) == ["I am allergic to peanuts."]


def test_the_limit_and_the_categories_narrow_a_recall(memory: SemmemMemory) -> None:
    for number in range(8):
        memory.remember(f"Invoice {number} was paid late.", categories=["Billing"] if number == 7 else ["other"])

    assert len(memory.recall("invoice paid late", limit=3)) == 3
    assert contents(memory.recall("invoice paid late", limit=3, categories=["Billing"], depth="shallow")) == [
        "Invoice 7 was paid late."
    ]
    assert memory.recall("invoice paid late", categories=["billing"], depth="shallow") == []


def test_a_private_record_is_recalled_by_its_source_alone(memory: SemmemMemory) -> None:
    memory.remember("The bonus is 900 euros.", scope="/pay", private=True, source="hr")
    memory.remember("The bonus of nobody is 100 euros.", scope="/pay", private=True)

    def asked(**named: Any) -> list[str]:
        return contents(memory.recall("bonus", scope="/pay", depth="shallow", **named))

    assert asked() == []
    assert asked(source="h") == []
    assert asked(source="hr") == ["The bonus is 900 euros."]
    assert len(asked(include_private=True)) == 2


def test_update_replaces_a_record_under_its_id(memory: SemmemMemory) -> None:
    record = memory.remember("The office is in Bonn.", scope="/a", categories=["place"], source="s")

    updated = memory.update(record.id, content="The office is in Ulm.", metadata={"since": "May"}, importance=0.2)

    assert (updated.id, updated.scope, updated.categories, updated.source) == (record.id, "/a", ["place"], "s")
    assert contents(memory.recall("Where is the office?", depth="shallow")) == ["The office is in Ulm."]
    [kept] = memory.list_records()
    assert (kept.metadata, kept.importance, kept.created_at) == ({"since": "May"}, 0.2, record.created_at)


def test_update_moves_a_record(memory: SemmemMemory) -> None:
    record = memory.remember("The office is in Bonn.", scope="/a")

    memory.update(record.id, scope="/b/c")

    assert memory.list_records("/a") == []
    assert [kept.id for kept in memory.list_records("/b")] == [record.id]


def test_forget_by_each_criterion(memory: SemmemMemory) -> None:
    old = memory.remember("One.", categories=["x"], metadata={"team": "red"})
    memory.remember("Two.", categories=["y"], metadata={"team": "blue"})
    memory.remember("Three.", scope="/deep/down")

    assert memory.forget(older_than=old.created_at) == 0
    assert memory.forget(categories=["X"]) == 0
    assert memory.forget(record_ids=[]) == 0
    assert memory.forget(metadata_filter={"team": "red"}, categories=["y"]) == 0
    assert memory.forget(metadata_filter={"team": "red"}) == 1
    assert memory.forget(categories=["x", "y"]) == 1
    assert memory.forget(older_than=datetime.now(UTC) + timedelta(hours=1), scope="/deep") == 1
    assert memory.list_records() == []
    assert memory.recall("one two three") == []


@pytest.mark.parametrize("criteria", [{}, {"scope": "/desk", "categories": ["card"]}])
def test_forget_takes_what_is_still_being_saved(memory: SemmemMemory, criteria: dict[str, Any]) -> None:
    memory.list_records()
    saved = Event()
    memory._submit_save(saved.wait, 60)
    memory.remember_many(["My card number is 4711."], scope="/desk", categories=["card"])
    with ThreadPoolExecutor(1) as thread:
        forgetting = thread.submit(memory.forget, **criteria)
        with pytest.raises(TimeoutError):
            forgetting.result(timeout=0.5)
        saved.set()

    assert forgetting.result() == 1
    assert memory.list_records() == []


def test_forget_passes_over_nothing_while_others_forget(memory: SemmemMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.remember_many([f"Note {number}." for number in range(9)])
    memory.drain_writes()
    newest = [record.id for record in memory.list_records()]
    find = Records.find

    async def while_another_forgets(records: Records, **asked: Any) -> list[Record]:
        page = await find(records, **asked)
        await records.delete([page[0].key, page[-1].key] if len(page) == 4 else [])
        return page

    monkeypatch.setattr("semmem.integrations.crewai.tree.MAX_LIMIT", 4)
    monkeypatch.setattr(Records, "find", while_another_forgets)
    memory.forget(older_than=datetime.now(UTC) + timedelta(hours=1))
    monkeypatch.undo()

    assert len(newest) == 9
    assert memory.list_records() == []


def test_forget_by_id_takes_records_and_facts(memory: SemmemMemory) -> None:
    keep = memory.remember("I play the violin.")
    drop = memory.remember("I am allergic to peanuts.", scope="/clinic")
    settle(memory)
    settle(memory, "clinic")
    fact = next(m.record for m in memory.recall("peanuts") if m.record.metadata.get("sources") == [drop.id])

    assert memory.forget(scope="/other", record_ids=[keep.id, fact.id]) == 0
    assert memory.forget(record_ids=[fact.id]) == 1
    assert [kept.id for kept in memory.list_records()] == [keep.id]
    assert memory.forget(record_ids=[keep.id, "no such id"]) == 1


def test_scopes_are_listed_counted_and_drawn(memory: SemmemMemory) -> None:
    memory.remember("Zero.", categories=["x"])
    memory.remember("One.", scope="/crew/a/agent/writer", categories=["x", "y"])
    memory.remember("Two.", scope="crew//b/")

    assert memory.list_scopes() == ["/crew"]
    assert memory.list_scopes("/crew") == ["/crew/a", "/crew/b"]
    info = memory.info("/crew")
    assert (info.path, info.record_count, info.categories) == ("/crew", 2, ["x", "y"])
    assert info.child_scopes == ["/crew/a", "/crew/b"]
    assert info.oldest_record is not None
    assert info.oldest_record <= (info.newest_record or info.oldest_record)
    assert memory.info("/nowhere").record_count == 0
    assert memory.list_categories() == {"x": 2, "y": 1}
    assert memory.list_categories("/crew/b") == {}
    assert memory.tree(max_depth=1) == "/ (3 records)\n  /crew (2 records)"


def test_records_are_listed_newest_first_page_by_page(memory: SemmemMemory) -> None:
    for number in range(5):
        memory.remember(f"Number {number}.")

    assert [record.content for record in memory.list_records(limit=2)] == ["Number 4.", "Number 3."]
    assert [record.content for record in memory.list_records(limit=2, offset=4)] == ["Number 0."]


def test_a_root_scope_bounds_every_call(remembering: Remembering, memory: SemmemMemory) -> None:
    crew = remembering(root_scope="/crew/a")
    memory.remember("Outside.", scope="/crew/b")
    crew.remember("Inside.", scope="x")

    assert [record.scope for record in crew.list_records()] == ["/crew/a/x"]
    assert contents(crew.recall("inside outside", depth="shallow")) == ["Inside."]
    assert crew.list_scopes() == ["/crew/a/x"]
    assert crew.info().record_count == 1
    crew.reset_all()
    assert [record.content for record in memory.list_records()] == ["Outside."]


def test_reset_forgets_all_at_and_below_a_scope(memory: SemmemMemory) -> None:
    memory.remember("One.", scope="/a")
    memory.remember("Two.", scope="/a/b", private=True, source="s")
    memory.remember("Three.", scope="/ab")

    memory.reset("/a")

    assert [record.content for record in memory.list_records()] == ["Three."]
    memory.reset()
    assert memory.recall("one two three", include_private=True) == []


def test_views_of_one_scope_and_of_several(memory: SemmemMemory) -> None:
    view = memory.scope("/team/red")
    view.remember("The red team meets at nine.", private=False)
    view.remember_many(["The red team has five members."], scope="/facts")
    memory.remember("The blue team meets at ten.", scope="/team/blue")
    memory.remember("The green team meets at noon.", scope="/team/green")

    assert len(view.recall("team", depth="shallow")) == 2
    assert view.list_scopes() == ["/team/red/facts"]
    assert view.info().record_count == 2
    both = memory.slice(["/team/red", "/team/blue"]).recall("When does the team meet?", limit=5, depth="shallow")
    assert "The green team meets at noon." not in contents(both)
    assert len(both) == 3
    assert view.forget() == 2
    assert [record.scope for record in memory.list_records()] == ["/team/green", "/team/blue"]


def test_a_text_is_handed_on_whole(memory: SemmemMemory) -> None:
    task = "Task: answer the ticket\nResult: Alice moved to Berlin.\n\nShe likes tea."
    long = "\n\n".join(f"Paragraph {number}: {'word ' * 200}".strip() for number in range(100))

    assert memory.extract_memories(task) == [task]
    assert memory.extract_memories("  ") == []
    parts = memory.extract_memories(long)
    assert 1 < len(parts) < 6
    assert "\n\n".join(parts) == long


async def test_the_async_names_leave_the_running_loop_free(memory: SemmemMemory) -> None:
    record = await memory.aremember("The gate code is 4711.", scope="/gate")
    assert await memory.aremember_many(["The gate opens at six."], scope="/gate") == []
    assert await memory.aextract_memories("a text") == ["a text"]

    found = await memory.arecall("gate", scope="/gate", depth="shallow")

    assert {match.record.content for match in found} == {record.content, "The gate opens at six."}


async def test_the_plain_names_work_inside_a_running_loop(memory: SemmemMemory) -> None:
    memory.remember("The gate code is 4711.")

    assert contents(memory.recall("gate code", depth="shallow")) == ["The gate code is 4711."]


def test_an_agent_is_named_on_the_events(memory: SemmemMemory, remembering: Remembering) -> None:
    memory.remember_many(["The customer wants a refund."], agent_role="Support agent\n")
    memory.remember("I live in Ulm.")
    memory.drain_writes()

    async def history(tree: Any) -> list[tuple[str, str | None, str | None]]:
        scoped = tree.memory.scope(tenant="acme", user="alice")
        return [(event.role, event.agent, event.speaker) for event in await scoped.history()]

    assert memory._storage.run(history) == [("user", None, "alice"), ("assistant", "Support agent", None)]


def test_what_other_doors_of_semmem_keep_is_recalled_too(memory: SemmemMemory) -> None:
    async def elsewhere(tree: Any) -> None:
        await tree.memory.scope(tenant="acme", user="alice").remember("My cat is called Mitzi.", session="chat")

    memory._storage.run(elsewhere)

    [match, *_] = memory.recall("What is the cat called?", depth="shallow")
    assert isinstance(match, Match)
    assert (match.record.content, match.kind) == ("My cat is called Mitzi.", "event")
    assert memory.list_records() == []
    assert memory.forget(record_ids=[match.record.id]) == 1
    assert memory.recall("What is the cat called?") == []


def test_a_copy_is_the_same_memory_and_a_dump_tells_no_secret(
    memory: SemmemMemory, settings: dict[str, Any], remembering: Remembering
) -> None:
    memory.remember("One.")

    assert deepcopy(memory).list_records() == memory.list_records()
    dump = memory.model_dump_json()
    assert json.loads(dump)["storage"] == "semmem://acme/user/alice"
    assert settings["postgres_url"] not in dump
    again = SemmemMemory(**{**json.loads(dump), **settings})
    assert [record.content for record in again.list_records()] == ["One."]
    again.close()


def test_events_are_emitted_as_crewai_does(memory: SemmemMemory, told: list[Any]) -> None:
    from crewai.events.event_bus import crewai_event_bus

    memory.remember("One.", metadata={"a": 1}, agent_role="Writer")
    memory.remember_many(["Two.", "Three."], agent_role="Writer")
    matches = memory.recall("one", limit=7)
    crewai_event_bus.flush()

    assert sorted(event.type for event in told) == ["memory_query_completed", *["memory_save_completed"] * 2]
    saved = [event for event in told if event.type == "memory_save_completed"]
    assert {event.value for event in saved} == {"One.", "2 memories"}
    assert all(event.agent_role == "Writer" and event.save_time_ms > 0 for event in saved)
    [asked] = [event for event in told if event.type == "memory_query_completed"]
    assert (asked.query, asked.limit, asked.results) == ("one", 7, matches)


def test_a_memory_is_one_of_crewais(memory: SemmemMemory) -> None:
    assert isinstance(memory, Memory)
    assert memory.memory_kind == "memory"


def test_two_memories_with_the_same_settings_are_closed_one_by_one(
    remembering: Remembering, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    one, other = remembering(), remembering(user="bob")
    one.remember("One.")
    one.close()
    one.close()

    other.remember("Two.")

    assert [record.content for record in other.list_records()] == ["Two."]
    assert not caplog.records


def settle(memory: SemmemMemory, *path: str) -> None:
    """Waits until the facts of a place are drawn."""

    async def settled(tree: Any) -> None:
        await tree.memory.scope(tenant="acme", user="alice").branch(*path).settled(timeout=180)

    memory.drain_writes()
    memory._storage.run(settled)
