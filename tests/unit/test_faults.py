import logging

import pytest

from semmem import StoreUnavailable
from semmem.domain.scope import Scope
from semmem.runtime.faults import FaultLog, OneLine

ALICE = Scope.user("acme", "alice")


def test_a_fault_is_one_line_with_its_cause_and_is_counted_when_it_comes_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("semmem.runtime.faults.monotonic", lambda: now[0])
    faults = FaultLog(logging.getLogger("test"))
    for second in range(61):
        now[0] = second
        faults.warn("the sweep failed", StoreUnavailable("postgres", "ConnectionRefusedError"))
    assert caplog.messages == [
        "the sweep failed: StoreUnavailable: postgres is unavailable: ConnectionRefusedError",
        "the sweep failed: StoreUnavailable: postgres is unavailable: ConnectionRefusedError "
        "(59 more times since it was told)",
    ]


def test_neither_content_nor_names_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    FaultLog(logging.getLogger("test")).warn("index job failed", ValueError("I am allergic to peanuts"), ALICE)
    assert caplog.messages == [f"index job failed: ValueError [scope {ALICE.digest}]"]
    assert "alice" not in caplog.text


def test_another_packages_traceback_is_a_line_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("test.driver")
    log.addFilter(OneLine())
    for _ in range(3):
        try:
            raise OSError("10.0.0.7:5432 refused")
        except OSError as error:
            log.exception("Failed to send heartbeat: %s", error)
    assert caplog.messages == ["Failed to send heartbeat: OSError"]
    assert "Traceback" not in caplog.text
