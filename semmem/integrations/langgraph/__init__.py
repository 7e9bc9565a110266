"""LangGraph on semmem: `SemmemStore` for `compile(store=...)`, `SemmemSaver` for `compile(checkpointer=...)`."""

from semmem.integrations import require

require("langgraph", "semmem.integrations.langgraph")

from semmem.integrations.langgraph.saver import SemmemSaver  # noqa: E402  (the check comes before what it checks)
from semmem.integrations.langgraph.store import SemmemStore  # noqa: E402

__all__ = ["SemmemSaver", "SemmemStore"]
