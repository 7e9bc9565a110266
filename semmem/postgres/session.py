"""What semmem's statements rest on, set by semmem: a login, a database or a URL may bring settings of its own."""

APP_ROLE = "semmem_app"

_SETTINGS = (
    "search_path = public, pg_temp",  # names of ours and of pgvector's mean ours, and nobody's in a schema before them
    "row_security = on",  # off, each statement is refused in place of being filtered
    "default_transaction_isolation = 'read committed'",  # at more, who waits for a lock is refused in place of served
    "quote_all_identifiers = off",  # what the server says of itself is compared with how semmem writes it
    "idle_in_transaction_session_timeout = '5s'",  # a process that stands still in one must not hold up all others
)
PATIENT = "set local idle_in_transaction_session_timeout = 0"  # for a transaction that waits for what is elsewhere


def session_settings(role: str | None = APP_ROLE, *, local: bool) -> str:
    """Returns the statements that act as `role`, if any, with these settings.

    They hold to the end of the session, or with `local` of the transaction: a pooler gives the session to others then.
    """
    wanted = [f"role {role}", *_SETTINGS] if role else _SETTINGS
    return "; ".join(f"set {'local' if local else 'session'} {setting}" for setting in wanted)
