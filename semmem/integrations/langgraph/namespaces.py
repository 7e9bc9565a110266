"""LangGraph's ways to choose namespaces: match conditions, depth and pages."""

from collections.abc import Iterable

from langgraph.store.base import (
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    Op,
    SearchOp,
    validate_op_namespace,
)

from semmem import InvalidInput
from semmem.domain.checks import check_each, check_int, check_one_of

Namespace = tuple[str, ...]

MAX_PAGE = 2**31 - 1
MAX_CONDITIONS = 1_000


def check_namespace(op: Op) -> None:
    """Raises InvalidInput where it is no tuple, langgraph's InvalidNamespaceError for what a label may not be."""
    if not isinstance(op, ListNamespacesOp):
        given = op.namespace_prefix if isinstance(op, SearchOp) else op.namespace
        if not isinstance(given, tuple | list):
            raise InvalidInput("namespace", "must be a tuple of strings", "pass ('notes',), for example")
        _check_labels(given)
    validate_op_namespace(op)


def check_page(limit: int, offset: int) -> None:
    check_int("limit", limit, 0, MAX_PAGE)
    check_int("offset", offset, 0, MAX_PAGE)


def check_listing(op: ListNamespacesOp) -> None:
    """Raises InvalidInput for a page, a depth or a condition that cannot be."""
    check_page(op.limit, op.offset)
    if op.max_depth is not None:
        check_int("max_depth", op.max_depth, 1, MAX_PAGE)
    for condition in check_each("match_conditions", op.match_conditions or (), MatchCondition, most=MAX_CONDITIONS):
        check_one_of("match_type", condition.match_type, ("prefix", "suffix"))
        _check_labels(check_each("path", condition.path, object, most=MAX_PAGE))


def _check_labels(labels: Iterable[object]) -> None:
    """Checks before langgraph does, whose message prints what is no label, however deep that is."""
    if not all(isinstance(label, str) for label in labels):
        raise InvalidNamespaceError("Namespace labels must be strings")


def matches_all(namespace: Namespace, op: ListNamespacesOp) -> bool:
    for condition in op.match_conditions or ():
        wanted = tuple(condition.path)
        if len(namespace) < len(wanted):
            return False
        start = 0 if condition.match_type == "prefix" else len(namespace) - len(wanted)
        compared = namespace[start : start + len(wanted)]
        if not all(label in ("*", given) for given, label in zip(compared, wanted, strict=True)):
            return False
    return True
