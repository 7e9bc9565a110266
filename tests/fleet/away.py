"""What tests of a local log have in common."""

from semmem import ScopedMemory, StoreUnavailable
from semmem.testing import wait_until
from semmem.wiring.bootstrap import Application
from tests.faults.proxy import Fault, Link, Proxy, Refuse


class Deaf(Fault):
    """The server does what it is asked, and nobody hears its answer."""

    async def answer(self, link: Link, data: bytes) -> None:
        if not link.dead:
            link.dead = True
            link.reset()


async def replayed(application: Application, memory: ScopedMemory) -> None:
    await wait_until(lambda: not application.parts.lacking(memory.view([])))


async def gone(proxy: Proxy, memory: ScopedMemory) -> None:
    """From here on Postgres cannot be reached. What went to a connection that this has ended would be in doubt."""
    await proxy.impose(Refuse())
    while True:
        try:
            await memory.checkpoints()
        except StoreUnavailable as error:
            if not error.sent:
                return
