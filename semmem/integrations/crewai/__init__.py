"""semmem as the memory of CrewAI's crews, agents and flows.

>>> from semmem.integrations.crewai import SemmemMemory
>>> crew = Crew(agents=[...], tasks=[...], memory=SemmemMemory(tenant="acme", user="alice"))

Importing this package also makes `Memory(storage="semmem://acme/user/alice")` open a StorageBackend of semmem's.
"""

from semmem.integrations import require

require("crewai", "the memory provider of CrewAI")

from semmem.integrations.crewai.flows import SemmemFlowPersistence  # noqa: E402
from semmem.integrations.crewai.memory import SemmemMemory, rebind  # noqa: E402
from semmem.integrations.crewai.storage import SemmemStorage, register  # noqa: E402

register()

__all__ = ["SemmemFlowPersistence", "SemmemMemory", "SemmemStorage", "rebind", "register"]
