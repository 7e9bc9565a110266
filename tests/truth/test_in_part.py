"""What is denied in part, for a day, or in a story is not over; its look-alikes are."""

import pytest

from semmem.evals.supersedes import Pair, outcome

KEPT = [
    ("I speak French.", "I don't speak French very well."),
    ("I can swim.", "I can't swim very well."),
    ("I play the piano.", "I don't play the piano very well."),
    ("I like jazz.", "I don't like jazz a lot."),
    ("I like Tom.", "I don't like Tom too much."),
    ("I drink coffee.", "I don't drink coffee after the gym."),
    ("I eat bread.", "I don't eat bread after a run."),
    ("I drink wine.", "I don't drink wine at lunch."),
    ("I drive.", "I don't drive any more at night."),
    ("I smoke.", "I stopped smoking indoors."),
    ("I smoke.", "I stopped smoking salmon."),
    ("I smoke.", "I quit smoking in the car."),
    ("I work at Siemens.", "I'm off work today."),
    ("I work at Siemens.", "I'm off work this week."),
    ("I work at Siemens.", "I was off work yesterday."),
    ("I drink coffee.", "I'm off coffee today."),
    ("I work at Siemens.", "I joined Mom for a walk."),
    ("I work at Siemens.", "I joined Anna for lunch."),
    ("I work at Siemens.", "I joined Tom on the trip."),
    ("I work at Siemens.", "I joined Sam and Kim on a hike."),
    ("I work at Siemens.", "I joined Planet Fitness."),
    ("I have a bike.", "My bike was stolen and recovered a day later."),
    ("I have a dog called Rex.", "Rex ran away but came back."),
    ("I have a cat called Miso.", "Miso died in The Sims."),
    ("I have a dog called Rex.", "Rex died in the game."),
]
OVER = [
    ("I speak French.", "I don't speak French any more."),
    ("I play the piano.", "I don't play the piano any more."),
    ("I smoke.", "I quit smoking last month."),
    ("I drink coffee.", "I'm off coffee."),
    ("I work at Siemens.", "I joined Bosch in May."),
    ("I have a bike.", "My bike was stolen yesterday."),
    ("I have a dog called Rex.", "Rex died in May."),
]


@pytest.mark.parametrize(("earlier", "later"), KEPT)
async def test_it_stays(earlier: str, later: str) -> None:
    assert not await _retired(earlier, later)


@pytest.mark.parametrize(("earlier", "later"), OVER)
async def test_it_is_over(earlier: str, later: str) -> None:
    assert await _retired(earlier, later)


async def _retired(earlier: str, later: str) -> bool:
    found = await outcome(Pair(part="", attribute="", kind="", expected="", earlier=earlier, later=later))
    assert found.stored
    return found.replaced
