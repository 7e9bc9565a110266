"""A file that an earlier release wrote is read by each later one."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from semmem import InvalidInput, ScopedMemory
from semmem.domain import archive
from tests.archive.files import sealed

pytestmark = pytest.mark.shared

VERSIONS = Path(__file__).parent / "versions"  # a file as each version wrote it; none of them is changed any more


def kept(version: int) -> list[str]:
    return (VERSIONS / f"{version}.jsonl").read_text(encoding="utf-8").splitlines()


def bodies(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines[1:-1]]


def test_what_each_earlier_version_means_is_said() -> None:
    assert sorted(archive.UPGRADES) == list(range(1, archive.VERSION))


@pytest.mark.parametrize("version", range(1, archive.VERSION + 1))
async def test_a_file_of_each_version_is_imported_whole(alice: ScopedMemory, version: int) -> None:
    lines = kept(version)
    assert json.loads(lines[0])["version"] == version
    said = bodies(lines)
    assert {line["kind"] for line in said} == {"place", *archive.KINDS}

    imported = await alice.import_(lines)

    assert imported.stored == Counter(line["kind"] for line in said if line["kind"] != "place")
    assert (await alice.import_(lines)).stored == {}
    alpha = [alice.branch("projects", "alpha", owner=owner) for owner in (None, "bot")]
    contents = {event.content for at in (alice, *alpha) for event in await at.history(limit=100)}
    assert contents == {line["content"] for line in said if line["kind"] == "event"}


async def test_a_field_that_came_later_is_filled_in_a_file_from_before(
    alice: ScopedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if `witnesses` had come with the version after this one."""
    header = json.loads(kept(archive.VERSION)[0])
    said = bodies(kept(archive.VERSION))
    for line in said:
        line.pop("witnesses", None)
    monkeypatch.setitem(archive.UPGRADES, archive.VERSION, {"event": lambda event: event | {"witnesses": ["nobody"]}})
    monkeypatch.setattr(archive, "VERSION", archive.VERSION + 1)

    newer = json.dumps(header | {"version": archive.VERSION})
    with pytest.raises(InvalidInput, match="witnesses: is missing"):
        await alice.import_(sealed(newer, said))

    await alice.import_(sealed(json.dumps(header), said))
    assert {event.witnesses for event in await alice.history(limit=100)} == {("nobody",)}
