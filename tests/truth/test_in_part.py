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
    ("I have a car.", "My car was stolen but the police found it."),
    ("I have a Netflix subscription.", "I cancelled my Netflix subscription but renewed it a week later."),
    ("I live in Berlin.", "I moved to Rome but came back after a month."),
    ("I work at Siemens.", "I quit Siemens, then changed my mind."),
    ("I live in Austin.", "I live in Texas."),
    ("I live in Germany.", "I live in Munich."),
    ("I live in Berlin.", "I live in Crocs."),
    ("I live in Berlin.", "I moved to Business class."),
    ("I work at Siemens.", "I work at Starbucks most mornings."),
    ("I am single.", "I was engaged on Monday with the auditors."),
    ("I am married.", "I'm dating myself here."),
    ("I am married.", "I painted the house single handed."),
    ("I am married.", "I am divorced from reality."),
    ("I am single.", "I'm married to my job."),
    ("I am married.", "I'm seeing someone new for my knee."),
    ("My rent is 900 euros.", "My rent is up by 50 euros."),
    ("My rent is 900 euros.", "My rent is 50 euros more."),
    ("I weigh 80 kg.", "I weigh 5 kg of flour."),
    ("I weigh 80 kg.", "I weigh 5 kg less."),
    ("I am a member of the chess club.", "I left the chess club at nine."),
    ("I am a member of the chess club.", "I left the chess club after the match."),
    ("I am reading Dune.", "I finished Dune Messiah years ago."),
    ("I live in Berlin.", "Anna thinks I'm lazy and I live in Rome."),
    ("I live in Berlin.", "The article claims I am rich and I live in Monaco."),
    ("I work at Siemens.", "It's not true that I live in Rome and I work at Bosch."),
    ("I work at Siemens.", "Mom told everyone that I live in Rome and I work at Bosch."),
    ("I am single.", "Tom swears I'm rich and I am married."),
    ("I live in Oslo.", "I moved to Linz for the summer."),
    ("I live in Oslo.", "I'm staying in Linz over the weekend."),
    ("I work at Bosch.", "I work at Lidl at the weekend."),
]
OVER = [
    ("I live in Oslo.", "I moved to Linz over the weekend."),
    ("I live in Oslo.", "I moved to Bergen at the weekend."),
    ("I live in Oslo.", "I moved to Linz over the last month."),
    ("I live in Oslo.", "I moved to Linz in the summer of 2025."),
    ("I work at Siemens.", "I told Anna that I live in Rome and I work at Bosch now."),
    ("I work at Siemens.", "My boss told me the news and I left Siemens."),
    ("I eat bread.", "The doctor says I can't eat gluten and I no longer eat bread."),
    ("I have a car.", "My car was stolen but I am insured."),
    ("I live in Austin.", "I moved to Texas."),
    ("I live in Spain.", "I live in Portugal."),
    ("I live in Spain.", "I live in Munich now."),
    ("I am single.", "I got engaged on Monday."),
    ("I am married.", "I'm divorced from my husband."),
    ("I am single.", "I'm married to a doctor."),
    ("I am single.", "I'm seeing someone new."),
    ("My rent is 900 euros.", "My rent went up to 950 euros."),
    ("I weigh 80 kg.", "I weigh 78 kg."),
    ("I am a member of the chess club.", "I left the chess club in May."),
    ("I am reading Dune.", "I finished Dune two weeks ago."),
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
