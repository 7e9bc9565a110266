"""A revision that stands is not changed: databases have been made by it, and would never hear of the change."""

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

VERSIONS = Path(str(files("semmem.migrations").joinpath("versions")))
# A new revision gets a line here, which follows it until its first release and is never changed after that.
FROZEN = {
    "v0001": "429616370651c8eceee2778835f364cd2d13487407c6137712bdd6d7fae8b985",
    "v0002": "e79bcdfddf2a46ac27f3b50d9506a9db023a5df8a2086bb11a576f5e8cd1d0d5",
    "v0003": "71a14918d403dc842a57824f26f0657b0b9107750d12c8cc1681dfb5b832bb70",
    "v0004": "b41c0373d73d5a29401ac382a0873ba2b50a113bb6f9736001cbb0e8cf6768ee",
}


def _digest(revision: str) -> str:
    """Of the revision's module and all files in its folder, by name and content."""
    digest = hashlib.sha256()
    modules, scripts = VERSIONS.glob(f"{revision}_*.py"), (VERSIONS / revision).rglob("*.sql")
    for path in sorted([*modules, *scripts]):
        digest.update(f"{path.relative_to(VERSIONS).as_posix()}\0".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


@pytest.mark.parametrize("revision", FROZEN)
def test_a_revision_stays_as_it_was(revision: str) -> None:
    assert _digest(revision) == FROZEN[revision], "put the change into a revision of its own"


def test_no_revision_is_left_out() -> None:
    assert {path.name.partition("_")[0] for path in VERSIONS.glob("v*.py")} == FROZEN.keys()
