"""What other systems reach on the development half of LoCoMo, measured the same way: all-MiniLM-L6-v2, no LLM.

Turn level, categories 1 to 4, conversations DEV; a context has a line "[date] Speaker: text" for each turn, and a token
is counted as ceil((characters + 1) / 4).
"""

from collections.abc import Mapping
from typing import Any

from semmem.evals.retrieved import BUDGETS, RECALLED

DEV = frozenset({"conv-26", "conv-30", "conv-41", "conv-42", "conv-43"})

NOTE = (
    "Other systems on these five conversations, LoCoMo's dev half: all-MiniLM-L6-v2, no LLM, tokens as characters / 4."
)

_NAMES = (*(f"R@{k}" for k in RECALLED), "nDCG@10", "MRR", *(f"cov@{budget}" for budget in BUDGETS))


def _figures(*values: float) -> Mapping[str, float]:
    return dict(zip(_NAMES, values, strict=True))


# The first is a script that was tuned on this half and holds everything in memory; then products, then plain methods.
PEERS: Mapping[str, Mapping[str, float]] = {
    "script, 11 tuned signals": _figures(0.727, 0.806, 0.862, 0.915, 0.629, 0.601, 0.730, 0.787, 0.851, 0.904),
    "mem0 2.2.1, infer=False": _figures(0.579, 0.666, 0.748, 0.822, 0.493, 0.470, 0.605, 0.687, 0.736, 0.821),
    "Hindsight 1.1.0, its best": _figures(0.550, 0.651, 0.744, 0.841, 0.481, 0.462, 0.582, 0.676, 0.761, 0.832),
    "Hindsight 1.1.0, defaults": _figures(0.288, 0.471, 0.634, 0.776, 0.238, 0.196, 0.429, 0.576, 0.691, 0.799),
    "LangGraph 1.2.22 store": _figures(0.408, 0.510, 0.604, 0.732, 0.346, 0.327, 0.471, 0.561, 0.664, 0.762),
    "CrewAI 1.15.30 memory": _figures(0.408, 0.510, 0.604, 0.732, 0.346, 0.327, 0.471, 0.561, 0.664, 0.762),
    "min-max fusion, half and half": _figures(0.544, 0.643, 0.721, 0.821, 0.485, 0.467, 0.596, 0.676, 0.761, 0.824),
    "RRF k=60 of BM25 and dense": _figures(0.498, 0.602, 0.697, 0.800, 0.437, 0.419, 0.564, 0.655, 0.741, 0.821),
    "BM25, stemmed": _figures(0.488, 0.570, 0.654, 0.733, 0.436, 0.422, 0.518, 0.604, 0.663, 0.726),
}


def beside(result: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the result, and "peers" where it is about the same questions as theirs."""
    settings = result["settings"]
    whole = not result["partial"] and settings["questions"] is None and set(settings["conversations"]) == DEV
    if result["dataset"] != "locomo" or not whole:
        return dict(result)
    return {**result, "peers": {name: dict(figures) for name, figures in PEERS.items()}, "peers_note": NOTE}
