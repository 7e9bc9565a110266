"""One side of scripts/writers_against.py: times writers on embedded servers, a turn for each line of its input.

`PYTHONPATH=TREE python scripts/writers.py FOLDER` uses semmem's public face alone, so older trees run it too.
"""

import asyncio
import json
import sys
import time

import semmem

EVENTS = 400  # of all writers of one kind, in one turn
KINDS = {"1 writer": (1, 1), "20 writers, 1 scope": (20, 1), "20 writers, 20 scopes": (20, 20)}


async def write(memory: semmem.Memory, turn: str, writers: int, scopes: int) -> float:
    """Returns the seconds until all events are acknowledged."""

    async def one(number: int) -> None:
        place = memory.scope(tenant="bench", workspace=f"{turn}-{writers}-{number % scopes}")
        for event in range(EVENTS // writers):
            await place.remember(f"Step {event} of writer {number} in turn {turn} is done.")

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(writers)))
    return time.perf_counter() - began


async def main(folder: str) -> None:
    async with semmem.open(data=folder, worker=False) as memory:
        print("open", flush=True)
        while turn := (await asyncio.to_thread(sys.stdin.readline)).strip():
            print(json.dumps({kind: await write(memory, turn, *shape) for kind, shape in KINDS.items()}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
