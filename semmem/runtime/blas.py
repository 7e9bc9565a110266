"""Keeps numpy's matrix products on the calling thread."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """BLAS's own threads go on spinning after a product, and take the cores from the model and the stores."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@cache  # once numpy is loaded: it looks through the process's libraries
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
