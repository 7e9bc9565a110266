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
    "v0003": "ab0644c546efabacff99e2b4bfb3a63d27958ef47775f55e05331e7739c8ae05",
    "v0004": "fa56b04e5bf4f337baf5084a98e616b5326480d9c360f3d3536e1e9c8d7cb4d4",
    "v0005": "da7bb2a75657d48d1f30c485a94f07e75aaf83c0a4825e08a976ebce267fc860",
    "v0006": "ee063bd0689ee276cf586ca5953866addce29f40f782b78e85b014bbd9d4cba1",
    "v0007": "c6c7e7651aefbd90a366303a93ad45a6fe5e4e3dca062d8e1c50ddefbd51c0ee",
    "v0008": "5de996dcec29c179b3b110cc35be1f42cc52dd03670db70831759796fbb560f7",
    "v0009": "19fb9d844bba906adf8476c54ccd25f650a2847ac5ab4f69161a4a773f48fe10",
    "v0010": "edb0e6c90b1b234f8a1a4c2076c81c5726e541d13034181528f800f5c606fb38",
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
