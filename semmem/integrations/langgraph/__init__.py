"""LangGraph's long-term memory on semmem: `SemmemStore`, a BaseStore for `compile(store=...)`."""

from semmem.integrations import require

require("langgraph", "semmem.integrations.langgraph")

from semmem.integrations.langgraph.store import SemmemStore  # noqa: E402  (the check comes before what it checks)

__all__ = ["SemmemStore"]
