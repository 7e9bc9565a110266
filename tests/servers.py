"""Where the tests find their servers."""

from dataclasses import dataclass

from sqlalchemy.engine import make_url


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUrls:
    """The servers of a test run: the embedded ones, or those that SEMMEM_TEST_*_URL names."""

    postgres_url: str
    redis_url: str
    qdrant_url: str
    qdrant_api_key: str | None


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)
