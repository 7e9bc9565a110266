"""A state with a field of each reducer, as a user would declare it."""

from typing import Annotated

import semmem
from semmem import State, add, append, best, latest, merge, replace, union


class Launch(State, version=1):
    title: str = ""
    report: Annotated[str, replace(unseen="refuse")] = ""
    status: Annotated[str, latest] = ""
    findings: Annotated[list[str], append]
    news: Annotated[list[int], append(keep=3)]
    owners: Annotated[dict[str, str], merge]
    tags: Annotated[set[str], union]
    calls_left: Annotated[int, add] = 100
    spent: Annotated[float, add]
    highest: Annotated[int, semmem.max] = 0
    lowest: Annotated[float, semmem.min]
    verdict: Annotated[str | None, best] = None
