"""The process's stdin and stdout as MCP's wire, which nothing else reads from or writes to."""

import asyncio
import json
import os
import re
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TextIO

import anyio

_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def claim_wire() -> tuple[TextIO, TextIO]:
    """Takes the host's two pipes; from now on descriptor 0 reads nothing and 1 writes to stderr, for children too."""
    stdin, stdout = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(stdin, encoding="utf-8", errors="replace"), os.fdopen(stdout, "w", encoding="utf-8")


def _whole(line: str) -> str:
    """The line without halves of characters, such as an emoji that a host has cut: no request with one would be read.

    They become U+FFFD, as bytes that are no UTF-8 do.
    """
    if not _HALF.search(line):
        return line
    try:
        said = json.dumps(json.loads(line), ensure_ascii=False)
    except (ValueError, RecursionError):
        return line
    return said.encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "\n"


class Lines(anyio.AsyncFile[str]):
    """The lines of a stream, read in a daemon thread: a read that never returns must not hold up the exit."""

    async def __aiter__(self) -> AsyncIterator[str]:
        loop, lines = asyncio.get_running_loop(), asyncio.Queue[str]()

        def read() -> None:
            # Either the loop is closed, and nobody waits for lines any more, or the host's terminal is gone.
            with suppress(RuntimeError, OSError):
                for line in self.wrapped:
                    loop.call_soon_threadsafe(lines.put_nowait, _whole(line))
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(lines.put_nowait, "")

        threading.Thread(target=read, name="mcp-stdin", daemon=True).start()
        while line := await lines.get():
            yield line
