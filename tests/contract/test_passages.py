"""What ports.Rows promises of passages, on Postgres: neighbours, sources of facts, and nothing of another scope."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from semmem import Memory, NewEvent, ScopedMemory
from semmem.domain.scope import Scope, View
from semmem.errors import ConfigurationError
from semmem.ports import Candidate, Passage
from semmem.retrieval.cues import Cue
from semmem.retrieval.pieces import LONG
from semmem.stores.postgres.passages import last_places, put_passages
from semmem.stores.postgres.pool import Postgres
from semmem.stores.postgres.reading import PostgresReader
from semmem.wiring.bootstrap import Application
from tests.unit.retrieval.passages import passage, turns

ALICE = Scope.user("acme", "alice")
BOB = Scope.user("acme", "bob")
TEAM = Scope.workspace("acme", "alice")
GLOBEX = Scope.user("globex", "alice")


@pytest_asyncio.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Postgres]:
    postgres = await Postgres.connect(postgres_url)
    yield postgres
    await postgres.aclose()


async def put(postgres: Postgres, *passages: Passage) -> None:
    for one in passages:
        async with postgres.transaction(one.scope) as tx:
            await put_passages(tx, [one])


async def around(
    postgres: Postgres, ids: Sequence[UUID], reach: int = 1, *, view: View | None = None
) -> dict[UUID, Passage]:
    candidates = [Candidate(id, 0.5) for id in ids]
    async with PostgresReader(postgres).reading(view or View.of(ALICE)) as rows:
        found = await rows.around(candidates, reach)
    assert len({one.id for one in found}) == len(found)
    return {one.id: one for one in found}


async def places(postgres: Postgres, ids: Sequence[UUID], scope: Scope = ALICE) -> list[int | None]:
    found = await around(postgres, ids, 0, view=View.of(scope))
    return [found[id].place for id in ids]


async def stored(url: str) -> set[UUID]:
    """The ids of all passages, read past row level security."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("select item_id from semmem.passages")
    await connection.close()
    return {row["item_id"] for row in rows}


class TestPassages:
    async def test_a_passage_comes_back_as_it_was_put(self, postgres: Postgres) -> None:
        event = passage(
            place=7,
            voice="Ana's “(x)”",
            told=True,
            at=datetime(2023, 5, 8, 12, 0, 0, 123456, tzinfo=UTC),
            long=True,
            cues=Cue.TIME | Cue.ASKS,
            states=bytes(range(256)),
        )
        fact = passage(kind="fact", session=None, voice="Ana")
        elsewhere = passage(place=1, session=None, at=datetime(1, 1, 2, tzinfo=UTC))
        for one in (event, fact, elsewhere):
            await put(postgres, one)
            assert await around(postgres, [one.id]) == {one.id: one}

    async def test_neighbours_come_along_as_far_as_the_reach_goes(self, postgres: Postgres) -> None:
        found = turns(9)
        await put(postgres, *found)
        for reach, expected in ((0, [5]), (1, [4, 5, 6]), (3, [2, 3, 4, 5, 6, 7, 8]), (9, list(range(1, 10)))):
            near = await around(postgres, [found[4].id], reach)
            assert sorted(one.place or 0 for one in near.values()) == expected
        assert len(await around(postgres, [found[0].id, found[2].id, found[8].id], 1)) == 6

    async def test_neighbours_are_of_the_same_session_and_scope(self, postgres: Postgres) -> None:
        here = turns(3)
        others = [
            *turns(3, session="s2"),
            *turns(3, session=None),
            *turns(3, scope=BOB),
            *turns(3, scope=TEAM),
            *turns(3, scope=GLOBEX),
        ]
        await put(postgres, *here, *others)
        wide = View.of(ALICE, BOB, TEAM)
        assert (await around(postgres, [here[1].id], 3)).keys() == {one.id for one in here}
        assert (await around(postgres, [here[1].id], 3, view=wide)).keys() == {one.id for one in here}
        bobs = others[7]
        assert (await around(postgres, [bobs.id], 3, view=wide)).keys() == {one.id for one in others[6:9]}

    async def test_a_foreign_view_sees_nothing(self, postgres: Postgres) -> None:
        mine = [*turns(3), passage(kind="fact", session=None)]
        await put(postgres, *mine)
        ids = [one.id for one in mine]
        assert len(await around(postgres, ids)) == 4
        for view in (
            View.of(BOB),
            View.of(TEAM),
            View.of(BOB, TEAM),
            View.of(Scope.user("acme", "alic")),
            View.of(GLOBEX),
        ):
            assert await around(postgres, ids, 3, view=view) == {}
            assert await around(postgres, ids, 3, view=view) == {}
            async with postgres.transaction(view) as tx:
                assert await tx.connection.fetchval("select count(*) from semmem.passages") == 0
                assert await tx.connection.execute("delete from semmem.passages") == "DELETE 0"
        assert len(await around(postgres, ids)) == 4

    async def test_nobody_can_put_a_passage_into_another_scope(self, postgres: Postgres) -> None:
        for foreign in (BOB, TEAM, GLOBEX):
            with pytest.raises(ConfigurationError) as refused:
                async with postgres.transaction(ALICE) as tx:
                    await put_passages(tx, [passage(place=1, scope=foreign)])
            assert "row-level security" in str(refused.value.__cause__)

    async def test_only_reads_by_key_keep_their_plan(self, postgres: Postgres) -> None:
        modes = []
        for by_key in (False, True, False):
            async with postgres.transaction(ALICE, by_key=by_key) as tx:
                modes.append(await tx.connection.fetchval("show plan_cache_mode"))
        assert modes == ["auto", "force_generic_plan", "auto"]

    async def test_long_texts_stand_alone(self, postgres: Postgres) -> None:
        before, page, after = passage(place=1), passage(place=2, long=True), passage(place=3)
        await put(postgres, before, page, after)
        assert (await around(postgres, [page.id], 3)).keys() == {page.id}
        assert (await around(postgres, [before.id], 3)).keys() == {before.id, after.id}

    async def test_places_that_were_forgotten_leave_a_gap(self, postgres: Postgres) -> None:
        found = turns(5)
        await put(postgres, found[0], found[3], found[4])
        assert (await around(postgres, [found[3].id], 2)).keys() == {found[3].id, found[4].id}

    async def test_unknown_ids_and_no_ids_find_nothing(self, postgres: Postgres) -> None:
        await put(postgres, *turns(2))
        assert await around(postgres, [uuid4()]) == {}
        assert await around(postgres, []) == {}

    async def test_a_passage_that_is_there_is_kept(self, postgres: Postgres) -> None:
        one = passage(place=1)
        await put(postgres, one, passage(id=one.id, place=2))
        assert await around(postgres, [one.id]) == {one.id: one}

    async def test_the_last_place_is_each_sessions_own(self, postgres: Postgres) -> None:
        await put(postgres, *turns(3), *turns(2, session=None), *turns(9, session="s1", scope=BOB))
        await put(postgres, passage(kind="fact", session=None))
        async with postgres.transaction(ALICE) as tx:
            taken = await last_places(tx, ["s1", None, "s2", "s1"])
        assert taken == {"s1": 3, None: 2, "s2": 0}

    async def test_facts_take_no_place(self, postgres: Postgres) -> None:
        await put(postgres, passage(kind="fact", session=None), *turns(1))
        async with postgres.transaction(ALICE) as tx:
            assert await last_places(tx, [None]) == {None: 0}


@pytest.mark.shared
class TestRemembered:
    """What the whole application puts there."""

    @pytest.fixture
    def ana(self, memory: Memory, tenant: str) -> ScopedMemory:
        return memory.scope(tenant=tenant, user="alice")

    @pytest.fixture
    def postgres(self, application: Application) -> Postgres:
        return application.stores.postgres

    async def test_places_go_on_counting_over_batches(self, ana: ScopedMemory, postgres: Postgres) -> None:
        """More than one batch of the indexer, in two sessions by turns, and then one more of each."""
        said = [NewEvent(content=f"Number {n}.", session=f"s{n % 2}") for n in range(140)]
        ids = [ack.id for ack in await ana.remember_many(said)]
        await ana.settled()
        later = [await ana.remember(f"And {n}.", session=f"s{n}") for n in range(2)]
        await ana.settled()

        for session in range(2):
            of_session = [*ids[session::2], later[session].id]
            assert await places(postgres, of_session, ana.scope) == list(range(1, 72))

    async def test_an_event_without_a_session_is_indexed_beside_facts(
        self, ana: ScopedMemory, postgres: Postgres
    ) -> None:
        await ana.remember("I work at Siemens as an engineer.", session="s1")
        await ana.settled()
        assert await ana.facts()
        ids = [(await ana.remember(text)).id for text in ("I like jasmine tea.", "I play the cello.")]
        await ana.settled()
        assert await places(postgres, ids, ana.scope) == [1, 2]

    async def test_events_and_facts_are_noted_with_what_ranking_needs(
        self, ana: ScopedMemory, postgres: Postgres
    ) -> None:
        asked = await ana.remember("Where do you work?", role="assistant", speaker="Bo", session="s1")
        told = await ana.remember("I work at Siemens since 2019.", speaker="Ana", session="s1")
        page = await ana.remember("I like it there. " * LONG, speaker="Ana", session="s1")
        await ana.settled()
        fact = next(fact for fact in await ana.facts() if "Siemens" in fact.text)

        found = await around(postgres, [asked.id, told.id, page.id], view=View.of(ana.scope))
        assert [(found[id].voice, found[id].told, found[id].long) for id in (asked.id, told.id, page.id)] == [
            ("Bo", False, False),
            ("Ana", True, False),
            ("Ana", True, True),
        ]
        assert found[asked.id].cues == Cue.ASKS
        assert found[told.id].cues == Cue.NAME | Cue.TIME | Cue.COUNT
        assert all(one.states for one in found.values())
        noted = (await around(postgres, [fact.id], view=View.of(ana.scope)))[fact.id]
        assert (noted.kind, noted.voice, noted.session, noted.place, noted.told) == (
            "fact",
            fact.subject,
            None,
            None,
            True,
        )
        assert noted.states

    async def test_a_fact_brings_the_events_it_rests_on_and_their_neighbours(
        self, ana: ScopedMemory, postgres: Postgres
    ) -> None:
        said = ["Hello!", "Where do you work?", "I work at Siemens as an engineer.", "Oh, nice.", "Is it far?"]
        ids = [(await ana.remember(text, session="s1")).id for text in said]
        other = await ana.remember("I like jasmine tea.", session="s2")
        await ana.settled()
        fact = next(fact for fact in await ana.facts() if "Siemens" in fact.text)
        assert [source.event_id for source in fact.sources] == [ids[2]]

        assert (await around(postgres, [fact.id], 1, view=View.of(ana.scope))).keys() == {fact.id, *ids[1:4]}
        near = await around(postgres, [fact.id], 0, view=View.of(ana.scope))
        assert {id: passage.sources for id, passage in near.items()} == {fact.id: (ids[2],), ids[2]: ()}
        strange = View.of(Scope.user(ana.scope.tenant, "bob"))
        assert await around(postgres, [fact.id, other.id], 1, view=strange) == {}

    async def test_nothing_of_the_forgotten_stays_and_the_rest_keeps_its_place(
        self, ana: ScopedMemory, postgres: Postgres, postgres_url: str
    ) -> None:
        said = ["Hello there, you!", "I work at Siemens as an engineer.", "It is far away.", "I like jasmine tea."]
        ids = [(await ana.remember(text, session="s1")).id for text in said]
        await ana.settled()
        facts = {fact.id: fact.text for fact in await ana.facts()}
        work = {id for id, text in facts.items() if "Siemens" in text}
        assert work
        assert await stored(postgres_url) == {*ids, *facts}

        await ana.forget(event=ids[1])

        assert await stored(postgres_url) == {*ids, *facts} - {ids[1], *work}
        assert await around(postgres, [ids[1], *work], 3, view=View.of(ana.scope)) == {}
        assert await around(postgres, list(work), 3, view=View.of(ana.scope)) == {}
        kept = [ids[0], ids[2], ids[3]]
        assert await places(postgres, kept, ana.scope) == [1, 3, 4]
        assert (await around(postgres, [ids[0]], 1, view=View.of(ana.scope))).keys() == {ids[0]}
        await ana.remember("I sing in a choir.", session="s1")
        await ana.settled()
        [newest] = (await stored(postgres_url)) - {*kept} - {fact.id for fact in await ana.facts()}
        assert await places(postgres, [newest], ana.scope) == [5]

    async def test_after_everything_is_forgotten_no_passage_is_left(
        self, memory: Memory, ana: ScopedMemory, postgres_url: str
    ) -> None:
        bob = memory.scope(tenant=ana.scope.tenant, user="bob")
        for one in (ana, bob):
            await one.remember("I work at Siemens as an engineer.", session="s1")
            await one.settled()
        bobs = {event.id for event in await bob.history()} | {fact.id for fact in await bob.facts()}

        await ana.forget(everything=True)

        assert await stored(postgres_url) == bobs

    async def test_what_was_said_before_the_question_answers_with_its_neighbour(self, ana: ScopedMemory) -> None:
        """The answer shares no word with the question; the turn before it does."""
        day = datetime(2026, 1, 1, tzinfo=UTC)
        said = [f"The weather in room {n} is fine." for n in range(8)]
        said += ["Which instrument did you learn as a child?", "The cello, for nine years."]
        said += [f"The soup in room {n} is cold." for n in range(8)]
        await ana.remember_many(
            [
                NewEvent(
                    content=text, session="s1", speaker=("Ana", "Bo")[n % 2], occurred_at=day + timedelta(minutes=n)
                )
                for n, text in enumerate(said)
            ]
        )
        await ana.settled()
        top = await ana.recall("Which instrument was learned in childhood?", limit=2)
        assert {hit.text for hit in top} == set(said[8:10])
