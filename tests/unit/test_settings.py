"""Settings: durations as people write them, variables that nothing reads, and the table in the docs."""

import logging
from datetime import timedelta

import pytest

from scripts.settings_table import PAGE, renewed
from semmem import ConfigurationError
from semmem.wiring import settings
from semmem.wiring.durations import read_duration
from semmem.wiring.settings import Settings, described, load_settings, warn_of_unknown


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        ("5.5", 5.5),
        (" .5 ", 0.5),
        ("+30", 30),
        ("30s", 30),
        ("30 S", 30),
        ("2m", 120),
        ("1h30m", 5_400),
        ("1 h 30 min", 5_400),
        ("1.5 hours", 5_400),
        ("500ms", 0.5),
        ("2 days", 172_800),
        ("1w", 604_800),
        ("PT30S", 30),
        ("pt0s", 0),
        ("PT1H30M", 5_400),
        ("P1DT2H", 93_600),
        ("P2W", 1_209_600),
        ("00:00:30", 30),
        ("1:02:03.5", 3_723.5),
        ("1 day, 0:00:30", 86_430),
        (30, 30),
        (5.5, 5.5),
        (timedelta(minutes=2), 120),
    ],
)
def test_a_duration_is_read_as_people_write_it(written: object, seconds: float) -> None:
    assert read_duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "abc",
        "30x",
        "s",
        "1:30",
        "1:99:00",
        "inf",
        "nan",
        "1e3",
        "P",
        "PT",
        "1h 30",
        "--5",
        "- 5",
        "٣٠",
        True,
        [],
        {},
    ],
)
def test_what_is_no_duration_is_refused_with_the_forms(written: object) -> None:
    with pytest.raises(ConfigurationError, match=r"settings: backoff: .* is no duration; write seconds .*PT30S"):
        load_settings(backoff=written)


@pytest.mark.parametrize("written", ["-5", "-PT5S", -1, -0.5, timedelta(seconds=-1), "4000 days", 1e300, float("nan")])
def test_a_duration_outside_the_limits_is_refused_with_them(written: object) -> None:
    with pytest.raises(ConfigurationError, match=r"settings: backoff: .* is not between 0 and 3,650 days"):
        load_settings(backoff=written)


def test_limits_of_a_setting_hold_whatever_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="lease"):
        load_settings(lease="500ms")
    monkeypatch.setenv("SEMMEM_LEASE", "2m")
    monkeypatch.setenv("SEMMEM_EXTRACT_AFTER", "0")
    assert load_settings().lease == timedelta(minutes=2)
    assert load_settings().extraction_pause == timedelta(0)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SEMMEM_REDIS", "SEMMEM_REDIS_URL"),
        ("SEMMEM_POSTGRESS_URL", "SEMMEM_POSTGRES_URL"),
        ("SEMMEM_DATABASE_URL", None),
        ("SEMMEM_LLM_APIKEY", "SEMMEM_LLM_API_KEY"),
        ("SEMMEM_LEASES", "SEMMEM_LEASE"),
        ("SEMMEM_WORKERS", "SEMMEM_WORKER"),
        ("SEMMEM_XYZZY", None),
    ],
)
def test_a_variable_that_nothing_reads_is_warned_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, name: str, meant: str | None
) -> None:
    monkeypatch.setattr(settings, "_warned", set())
    monkeypatch.setenv(name, "a secret value")
    with caplog.at_level(logging.WARNING):
        load_settings()
        load_settings()
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{name} is no setting of semmem")
    if meant:
        assert f"did you mean {meant}?" in line
    assert "secret" not in line


@pytest.mark.parametrize(
    "name",
    [
        *(variable for one in described() for variable in one.variables),
        "SEMMEM_TENANT",
        "SEMMEM_MCP_USER",
        "SEMMEM_TEST_REDIS_URL",
        "SEMMEM_DEV_REDIS_PASSWORD",
        "SEMMEM_FAILPOINT",
        "NOT_OURS",
    ],
)
def test_a_variable_that_somebody_reads_is_not_warned_of(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(settings, "_warned", set())
    with caplog.at_level(logging.WARNING):
        warn_of_unknown([name])
    assert not caplog.records


def test_every_setting_says_what_it_means() -> None:
    assert [one.name for one in described()] == list(Settings.model_fields)
    assert not [one.name for one in described() if len(one.meaning) < 2]


def test_the_table_in_the_docs_is_what_the_code_has() -> None:
    page = PAGE.read_text("utf-8")
    assert page == renewed(page), "run `python scripts/settings_table.py`"


@pytest.mark.parametrize("name", ["postgres_url", "redis_url", "qdrant_url", "llm_base_url", "fastembed_folder"])
def test_what_is_set_to_nothing_is_neither_a_server_nor_the_embedded_one(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"SEMMEM_{name.upper()}", "")
    with pytest.raises(ConfigurationError, match=f"{name}: must not be empty; name it, or unset it"):
        load_settings()


@pytest.mark.parametrize("written", ["", " "])
def test_an_empty_data_folder_is_not_the_folder_at_hand(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("SEMMEM_DATA", written)
    with pytest.raises(ConfigurationError, match="data: must not be empty"):
        load_settings()
