"""What semmem.open() answers with, before it is entered."""

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import NoReturn

from semmem.errors import Closed
from semmem.memory.memory import Memory


class Opening(AbstractAsyncContextManager[Memory]):
    """Says what is wrong where it is entered again, or not at all; contextlib's own raises AttributeError."""

    def __init__(self, inner: AbstractAsyncContextManager[Memory]) -> None:
        self._inner, self._entered = inner, False

    async def __aenter__(self) -> Memory:
        if self._entered:
            raise Closed("this semmem.open() was entered before; call semmem.open() again for each `async with`")
        self._entered = True
        return await self._inner.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, at)

    def __enter__(self) -> NoReturn:
        raise Closed("a memory is opened by `async with semmem.open() as memory:`, not by `with`")

    def __exit__(self, *_: object) -> None:
        """`with` asks for it before it enters."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"no {name} before it is open: write `async with semmem.open() as memory:`, and use memory"
        )
