"""Least values of metrics, for runs that guard a figure."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from semmem.errors import InvalidInput

FIELD = "--fail-under"


def parse_floors(said: Iterable[str], metrics: Sequence[str]) -> dict[str, float]:
    """Reads what is written like "recall@10=0.75", or "R@10=0.75", as {"R@10": 0.75}; case does not matter.

    Raises InvalidInput for what is none of `metrics`, or no share from 0 to 1.
    """
    known = {name.casefold(): name for name in metrics}
    floors: dict[str, float] = {}
    for each in said:
        name, _, value = each.partition("=")
        metric = known.get(re.sub("^recall@", "r@", name.strip().casefold()))
        if metric is None:
            raise InvalidInput(FIELD, f"{name!r} is no metric of this eval", f"use {', '.join(known.values())}")
        try:
            share = float(value)
        except ValueError:
            share = math.nan
        if not 0 <= share <= 1:
            raise InvalidInput(FIELD, f"{each!r} names no share from 0 to 1", "write it like recall@10=0.75")
        floors[metric] = share
    return floors


def below(floors: Mapping[str, float], measured: Mapping[str, float | None]) -> list[str]:
    """Says what is under its floor, or was not measured at all, in one line each."""
    found = ((name, measured.get(name), floor) for name, floor in floors.items())
    return [
        f"{name} is {'not measured' if value is None else f'{value:.4f}'}, the limit is {floor:g}"
        for name, value, floor in found
        if value is None or value < floor
    ]
