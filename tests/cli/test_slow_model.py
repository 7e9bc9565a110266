"""Commands beside a model that takes its time."""

import threading

from semmem.testing import ModelServer, Reply
from tests.cli.command import Command


def test_a_command_that_reads_starts_no_model_call_and_finds_what_waits_for_one(alice: Command) -> None:
    hang = threading.Event()
    with ModelServer(lambda body: Reply(after=hang)) as server:
        told = {"SEMMEM_LLM_BASE_URL": server.base_url, "SEMMEM_LLM_MODEL": "m", "SEMMEM_EXTRACT_AFTER": "0"}
        try:
            assert alice("remember", "I live in Berlin.", "--no-wait", env=told | {"SEMMEM_WORKER": "0"}).code == 0
            asked = len(server.requests)
            found = alice("recall", "Where does she live?", "--json", env=told).json
            assert [hit["text"] for hit in found["hits"]] == ["I live in Berlin."]
            assert alice("facts", "--json", env=told).json == []
            assert len(server.requests) == asked
        finally:
            hang.set()
