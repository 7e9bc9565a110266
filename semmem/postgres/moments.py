"""Times as Postgres has them: it knows more of them than Python, and calls the ends of Python's calendar infinite."""

from datetime import UTC, datetime, timedelta

import asyncpg

from semmem.domain.checks import EARLIEST, LATEST

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = (EARLIEST - _EPOCH) // _MICROSECOND, (LATEST - _EPOCH) // _MICROSECOND


async def set_codec(connection: asyncpg.Connection) -> None:
    """Reads each timestamptz as a time that Python can reckon with: what lies outside comes as the nearest one.

    Nothing outside is taken in, but a row may have it from elsewhere, and must not keep its neighbours from being read.
    """
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_encoded, decoder=_decoded, format="tuple"
    )


def _encoded(moment: datetime) -> tuple[int]:
    return ((moment - _EPOCH) // _MICROSECOND,)


def _decoded(value: tuple[int]) -> datetime:
    moment = value[0]
    if not _FIRST <= moment <= _LAST:  # a recall reads times by the hundred: nothing is called for one that fits
        moment = _FIRST if moment < _FIRST else _LAST
    return _EPOCH + timedelta(0, 0, moment)
