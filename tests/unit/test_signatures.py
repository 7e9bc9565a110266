"""Every type that a public signature names can be imported from semmem, so that callers can name it too."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

import semmem
from semmem import Memory, ScopedMemory
from semmem.wiring.bridge import Bridge

ROOT = Path(__file__).parents[2]


def _methods(of: type) -> Iterator[Callable[..., Any]]:
    """The public methods and properties, with those that a class of ours inherits from another."""
    for each in (each for each in of.__mro__ if each.__module__.startswith("semmem.")):
        for name, member in vars(each).items():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if not name.startswith("_") and inspect.isfunction(function):
                yield function


def _annotations(of: Any) -> Iterator[Any]:
    """Of a function; or of the fields and the methods of a class."""
    yield from (hint for name, hint in get_type_hints(of).items() if not name.startswith("_"))
    if inspect.isclass(of):
        for method in _methods(of):
            yield from get_type_hints(method).values()


def _within(hint: Any) -> Iterator[Any]:
    """A hint and all that it is made of."""
    yield hint
    if get_origin(hint) is not Literal:
        for inner in hint if isinstance(hint, list) else get_args(hint):
            yield from _within(inner)


def _names(hint: Any) -> set[str]:
    """What a class of ours is called, or a set of words that a module of ours has a name for."""
    if inspect.isclass(hint):
        return {hint.__name__} if hint.__module__.startswith("semmem.") else set()
    if get_origin(hint) is not Literal:
        return set()
    return {name for module in _modules() for name, value in vars(module).items() if _is_alias(value, hint)}


def _modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith("semmem.")]


def _is_alias(value: Any, hint: Any) -> bool:
    return get_origin(value) is Literal and value == hint


@pytest.mark.parametrize("face", [*semmem.__all__, "Bridge"])
def test_every_type_that_a_signature_names_is_exported(face: str) -> None:
    of = Bridge if face == "Bridge" else getattr(semmem, face)
    if not inspect.isclass(of) and not inspect.isfunction(of):
        return  # a name for a type, such as Role
    named = {name for hint in _annotations(of) for part in _within(hint) for name in _names(part)}
    assert named - {*semmem.__all__, "Bridge"} == set()


def test_the_walk_sees_what_there_is() -> None:
    walked = {name for hint in _annotations(semmem.ScopedMemory) for part in _within(hint) for name in _names(part)}
    assert {"Ack", "Category", "DeadLetter", "EventFields", "Place", "Records", "Tier"} <= walked


def test_a_memory_shows_where_it_is_and_no_store(memory: Memory, alice: ScopedMemory) -> None:
    shown = {type(of).__name__: {name for name in vars(of) if not name.startswith("_")} for of in (memory, alice)}
    assert shown == {"Memory": set(), "ScopedMemory": {"place", "scope"}}


def test_the_typed_file_uses_every_name_method_and_argument() -> None:
    methods = [method for face in (semmem.Memory, semmem.AgentMemory, semmem.Records) for method in _methods(face)]
    wanted = {*semmem.__all__, *(method.__name__ for method in methods)}
    arguments = [each for method in methods for each in inspect.signature(method).parameters.values()]
    wanted |= {argument.name for argument in arguments if argument.kind is argument.KEYWORD_ONLY}
    used = set(re.findall(r"\w+", (ROOT / "tests" / "typing" / "api.py").read_text("utf-8")))
    assert wanted - used == set()
