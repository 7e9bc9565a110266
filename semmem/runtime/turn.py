"""A job's turn: so many batches of one scope, and then the scopes behind it have theirs."""

from collections.abc import Callable


class Turn:
    """A job's turn, of so many batches; `stopped` says that the worker stops."""

    def __init__(self, batches: int, stopped: Callable[[], bool]) -> None:
        self._left, self.stopped = batches, stopped

    def take(self) -> bool:
        """Returns whether one more batch may be begun; it counts from now on."""
        if self.stopped() or self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def used_up(self) -> bool:
        """What is left of the scope goes behind the others that wait."""
        return self._left < 1
