"""A job's turn: so many batches of one scope, and then the scopes behind it have theirs."""

from collections.abc import Callable
from math import inf


class Turn:
    """`stopped` says that the worker stops; without `batches` a turn lasts until nothing is left."""

    def __init__(self, batches: float = inf, stopped: Callable[[], bool] = lambda: False) -> None:
        self._left, self.stopped = batches, stopped

    def take(self) -> bool:
        """Whether one more batch may be begun; it counts from now on."""
        if self.stopped() or self._left < 1:
            return False
        self._left -= 1
        return True

    def over(self) -> bool:
        """The same for a loop that ends by it."""
        return not self.take()

    @property
    def used_up(self) -> bool:
        """What is left of the scope goes behind the others that wait."""
        return self._left < 1
