"""What `import semmem` promises: its names, its wheel, and that it costs nothing."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import semmem

ROOT = Path(semmem.__file__).resolve().parent.parent
PACKAGING = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
HEAVY = ("asyncpg", "openai", "qdrant_client", "redis", "tiktoken", "numpy", "onnxruntime", "pydantic", "alembic")


def _folder(package: str) -> Path:
    """Where setuptools takes a package from: its own entry in package-dir, else its parent's folder."""
    if package in PACKAGING["package-dir"]:
        return ROOT / str(PACKAGING["package-dir"][package])
    parent, _, name = package.rpartition(".")
    return _folder(parent) / name


def _packages_below(package: str) -> list[str]:
    """The package and every package inside it, through the symlinks that stand for package-dir."""
    inside = [path.parent.name for path in _folder(package).glob("*/__init__.py")]
    return [package, *(below for name in inside for below in _packages_below(f"{package}.{name}"))]


def _loaded_after(statement: str) -> set[str]:
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    output = subprocess.run((sys.executable, "-c", code), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return set(json.loads(output))


def test_every_name_is_public_sorted_and_there() -> None:
    assert semmem.__all__ == sorted(set(semmem.__all__))
    assert [name for name in semmem.__all__ if getattr(semmem, name, None) is None] == []


def test_every_error_and_every_exported_type_is_listed() -> None:
    errors = {error.__name__ for error in _errors_below(semmem.SemmemError)}
    own = {name for name, value in vars(semmem).items() if getattr(value, "__module__", "").startswith("semmem.")}
    assert {name for name in errors | own if not name.startswith("_")} <= set(semmem.__all__)


def _errors_below(error: type[Exception]) -> set[type[Exception]]:
    """Of semmem.errors; a module may have others for itself."""
    below = {each for child in error.__subclasses__() for each in _errors_below(child)}
    return {each for each in {error} | below if each.__module__ == "semmem.errors"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'no_such_name'"):
        _ = semmem.no_such_name


def test_the_wheel_holds_every_package_and_names_none_that_is_missing() -> None:
    listed = PACKAGING["packages"]
    assert [package for package in listed if not (_folder(package) / "__init__.py").is_file()] == []
    assert listed == sorted(_packages_below("semmem"))


def test_the_files_beside_the_code_go_into_the_wheel() -> None:
    data = PACKAGING["package-data"].items()
    packed = {path for package, patterns in data for pattern in patterns for path in _folder(package).glob(pattern)}
    beside = {path for package in PACKAGING["packages"] for path in _folder(package).rglob("*") if path.is_file()}
    assert {path for path in beside - packed if path.suffix not in (".py", ".pyc")} == set()


def test_importing_semmem_loads_no_driver_and_no_model() -> None:
    assert _loaded_after("import semmem") & set(HEAVY) == set()


def test_the_first_use_of_open_loads_them() -> None:
    assert _loaded_after("import semmem; semmem.open") >= {"asyncpg", "numpy", "pydantic"}
