"""Tiers of memory put together within a budget of tokens."""

from collections.abc import Mapping, Sequence

from semmem.domain.context import TIERS, Context, Format, Item, Tier
from semmem.domain.scope import Scope
from semmem.ports import TokenCounter
from semmem.retrieval.budget import Budget, check_budget
from semmem.retrieval.render import Quotation, Rendered, arrange, quote, render


def assemble(
    tiers: Mapping[Tier, Sequence[Item]],
    *,
    budget: int,
    counter: TokenCounter,
    format: Format,
    degraded: frozenset[str],
    home: Scope | None = None,
    nothing_relevant: bool = False,
) -> Context:
    """A context of at most `budget` tokens, as `counter` counts all that was rendered.

    Each tier comes best first, recent newest first. An item is shown whole or not at all, and in one tier only. Items
    of another scope than `home` (the first item's, if not given) name their scope. The retrieved tier says where it has
    `nothing_relevant`. Raises InvalidInput for a budget below MIN_BUDGET.
    """
    check_budget(budget)
    items = [item for tier in TIERS for item in tiers.get(tier, ())]
    purse = Budget(budget, counter, format, unsure=nothing_relevant)
    chosen = purse.choose([quote(item, format, home or items[0].scope) for item in items])
    shown, rendered, tokens = _fit(chosen, purse, budget, format, nothing_relevant)
    return Context(
        items=tuple(quotation.item for quotation in shown),
        text=rendered.text,
        messages=rendered.messages,
        tokens=tokens,
        budget=budget,
        exact=counter.exact,
        degraded=degraded,
        nothing_relevant=nothing_relevant,
    )


def _fit(
    quotations: list[Quotation], purse: Budget, budget: int, format: Format, unsure: bool
) -> tuple[list[Quotation], Rendered, int]:
    """Counts what is rendered, and drops the least worthy item as long as that is too much; of the profile the last."""
    while True:
        arranged = arrange(quotations)
        rendered = render(arranged, format, unsure=unsure)
        tokens = purse.tokens(rendered)
        if tokens <= budget:
            return arranged, rendered, tokens
        quotations.remove(min(quotations, key=lambda each: (each.item.tier == "profile", each.item.worth)))
