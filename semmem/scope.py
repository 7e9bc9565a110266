"""Where a memory lives, and what one caller may read together."""

from dataclasses import dataclass
from typing import Literal, get_args

from semmem.checks import check_id, check_one_of
from semmem.errors import InvalidInput

ScopeKind = Literal["user", "workspace"]


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One user's or one workspace's memory inside a tenant.

    Ids are compared byte for byte: `a` and `ab`, or two Unicode forms of one name, are different scopes.
    Raises InvalidInput for an empty, over-long or unstorable id.
    """

    tenant: str
    kind: ScopeKind
    id: str

    def __post_init__(self) -> None:
        check_id("tenant", self.tenant)
        check_one_of("kind", self.kind, get_args(ScopeKind))
        check_id(self.kind, self.id)

    @classmethod
    def user(cls, tenant: str, id: str) -> "Scope":
        return cls(tenant, "user", id)

    @classmethod
    def workspace(cls, tenant: str, id: str) -> "Scope":
        return cls(tenant, "workspace", id)


@dataclass(frozen=True, slots=True)
class View:
    """The scopes one caller may read together: at least one, all of one tenant, each once."""

    scopes: tuple[Scope, ...]

    def __post_init__(self) -> None:
        if not self.scopes:
            raise InvalidInput("scopes", "must name at least one scope", "pass the caller's own scope")
        if len({scope.tenant for scope in self.scopes}) > 1:
            raise InvalidInput("also", "must hold scopes of the caller's own tenant", "read other tenants separately")

    @classmethod
    def of(cls, scope: Scope, *also: Scope) -> "View":
        return cls(tuple(dict.fromkeys((scope, *also))))

    @property
    def tenant(self) -> str:
        return self.scopes[0].tenant

    def ids(self, kind: ScopeKind) -> list[str]:
        """The ids of the view's scopes of one kind."""
        return [scope.id for scope in self.scopes if scope.kind == kind]
