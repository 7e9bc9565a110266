"""Imported before crewai: no telemetry, no traces, no panels, and CrewAI's own files in a folder that goes."""

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_folder = tempfile.mkdtemp(prefix="semmem-crewai-files-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", OTEL_SDK_DISABLED="true", CREWAI_TRACING_ENABLED="false")
os.environ["CREWAI_STORAGE_DIR"] = _folder
logging.getLogger("crewai").setLevel(logging.ERROR)


@contextmanager
def quiet() -> Iterator[None]:
    """CrewAI's console listens to its events; here nobody does."""
    from crewai.events.event_bus import crewai_event_bus

    with crewai_event_bus.scoped_handlers():
        yield
        crewai_event_bus.flush()
