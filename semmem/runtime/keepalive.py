"""By which a connection learns that its other end is gone where no word of that arrives, as behind a firewall."""

import socket

IDLE, BETWEEN, TRIES = 20, 5, 3  # seconds before the first question, between two, and how many go unanswered
UNACKNOWLEDGED = 10_000  # milliseconds that what was sent may wait for its acknowledgement

_WANTED = {"TCP_KEEPIDLE": IDLE, "TCP_KEEPINTVL": BETWEEN, "TCP_KEEPCNT": TRIES, "TCP_USER_TIMEOUT": UNACKNOWLEDGED}


def tcp_options() -> list[tuple[int, int]]:
    """Returns the options of the level IPPROTO_TCP and their values, as far as this system knows them."""
    return [(getattr(socket, name), value) for name, value in _WANTED.items() if hasattr(socket, name)]


def socket_options() -> list[tuple[int, int, int]]:
    """Returns the same as setsockopt takes them, with the one that turns them on."""
    on = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return [on, *((socket.IPPROTO_TCP, name, value) for name, value in tcp_options())]
