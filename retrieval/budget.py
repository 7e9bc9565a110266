"""Spending a budget of tokens on items: a floor for each tier, the rest by worth."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from semmem.domain.context import CLOSING, Format, Tier
from semmem.errors import InvalidInput
from semmem.ports import TokenCounter
from semmem.retrieval.analysis import normalised
from semmem.retrieval.render import Quotation, Rendered, edges, opening

# Shares of the budget that no other tier takes while a tier can use its own.
FLOORS: Mapping[Tier, float] = {"profile": 0.20, "summary": 0.10, "state": 0.10, "recent": 0.25, "retrieved": 0.35}
# These never take more than their share: the profile is so the same beside whatever else, and many fields of a state
# leave room for what the question recalls.
CAPPED: tuple[Tier, ...] = ("profile", "state")

# Holds the markup of every tier but the state's, and a short statement in each, in o200k_base; a test counts it.
MIN_BUDGET = 160
MAX_BUDGET = 10_000_000

# In worth: the shorter of two items that are worth the same comes first. Worth per token would fill a context with the
# shortest lines: on LoCoMo it covers less of the evidence at every budget (docs/retrieval.md). Tokens are estimated by
# bytes here, so that the choice does not depend on who counts them.
TOKEN_COST = 0.0004
BYTES_A_TOKEN = 4
MOST_BYTES_A_TOKEN = 8  # of a line; what is too long even so is not counted

NUMBER = 100  # stands for the number of an item while it is priced

# Chat markup as OpenAI counts it ("How to count tokens with tiktoken", OpenAI cookbook).
PER_MESSAGE, REPLY_PRIMER = 4, 3


def check_budget(budget: int) -> None:
    if isinstance(budget, bool) or not isinstance(budget, int) or not MIN_BUDGET <= budget <= MAX_BUDGET:
        raise InvalidInput(
            "budget",
            f"must be a whole number of tokens from {MIN_BUDGET}, which the markup of all tiers takes, to {MAX_BUDGET}",
            f"pass {MIN_BUDGET} or more; no model reads more than some millions",
        )


class Budget:
    """Chooses what to show, each item whole or not at all.

    A price is the sum of lines counted on their own, each once, so what was rendered has to be counted at the end.
    """

    def __init__(self, total: int, counter: TokenCounter, format: Format, *, unsure: bool = False) -> None:
        self._counter, self._format, self._unsure = counter, format, unsure
        self._counted: dict[str, int] = {}
        self._marked: set[tuple[str, ...]] = set()
        self._shown: set[UUID] = set()
        self._said: dict[str, Tier] = {}
        chat = PER_MESSAGE + REPLY_PRIMER if format == "messages" else 0
        self._left = total - self._count(opening(format)) - self._count(CLOSING) - chat

    def choose(self, quotations: Sequence[Quotation]) -> list[Quotation]:
        """Those to show, in the order given: tier by tier, the best first, which for recent means the newest."""
        floors = {tier: share * self._left for tier, share in FLOORS.items()}
        chosen, later = [], []
        for at, quotation in enumerate(quotations):
            tier = quotation.item.tier
            price = self._price(quotation, floors[tier])
            if price is None:
                if tier not in CAPPED:
                    later.append(at)
                if tier == "recent":
                    floors[tier] = 0  # a conversation has no gaps, as far as its share goes
            elif self._take(quotation, price):
                floors[tier] -= price
                chosen.append(at)
        # The rest by worth, less what its tokens cost, whatever the tier.
        later.sort(key=lambda at: _cost(quotations[at]) - quotations[at].item.worth)
        for at in later:
            price = self._price(quotations[at], self._left)
            if price is not None and self._take(quotations[at], price):
                chosen.append(at)
        return [quotations[at] for at in sorted(chosen)]

    def tokens(self, rendered: Rendered) -> int:
        """All that was rendered, markup included: the number that must not exceed the budget."""
        if not rendered.messages:
            return self._counter.count(rendered.text)
        contents = sum(self._counter.count(message["content"]) for message in rendered.messages)
        return contents + PER_MESSAGE * len(rendered.messages) + REPLY_PRIMER

    def _take(self, quotation: Quotation, price: int) -> bool:
        """Whether it is shown: neither it nor, in another tier, its words are shown already."""
        item = quotation.item
        if item.id in self._shown:
            return False
        words = normalised(item.text)
        if self._said.get(words, item.tier) != item.tier:
            return False
        self._left -= price
        self._marked.update(mark for mark, _ in self._markup(quotation))
        self._shown.add(item.id)
        self._said.setdefault(words, item.tier)
        return True

    def _price(self, quotation: Quotation, most: float) -> int | None:
        """Its lines, and the markup that it is the first to need; None where that is more than `most`."""
        line = quotation.line(NUMBER)
        if len(line.encode()) > most * MOST_BYTES_A_TOKEN:
            return None
        price = self._count(line) + PER_MESSAGE * quotation.is_turn
        price += sum(self._count(text) for mark, text in self._markup(quotation) if mark not in self._marked)
        return price if price <= most else None

    def _markup(self, quotation: Quotation) -> list[tuple[tuple[str, ...], str]]:
        tier, header = quotation.item.tier, quotation.header
        if quotation.is_turn:
            return [(("turn", header), header)]
        return [((tier, header), header), ((tier,), "".join(edges(tier, self._format, self._unsure)))]

    def _count(self, text: str) -> int:
        if text not in self._counted:
            self._counted[text] = self._counter.count(text)
        return self._counted[text]


def _cost(quotation: Quotation) -> float:
    return TOKEN_COST * len(quotation.line(NUMBER).encode()) / BYTES_A_TOKEN
