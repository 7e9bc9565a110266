"""The names of the stores beside Postgres, which have to follow it when it forgets."""

QDRANT = "qdrant"  # a database has one


def redis_named(prefix: str) -> str:
    """The Redis in which keys begin with this prefix: processes that name others have others."""
    return f"redis:{prefix}"


def names_of(redis_prefix: str | None, *, qdrant: bool) -> list[str]:
    """Those that a process has: the Redis of this prefix, if any, and Qdrant where it has that."""
    return [*([redis_named(redis_prefix)] if redis_prefix is not None else []), *([QDRANT] if qdrant else [])]


def kind_of(store: str) -> str:
    """As a receipt names it: all of Redis together."""
    return store.partition(":")[0]


def in_words(store: str) -> str:
    """Such as: qdrant, redis with the prefix semmem."""
    kind, _, prefix = store.partition(":")
    return f"{kind} with the prefix {prefix}" if prefix else kind
