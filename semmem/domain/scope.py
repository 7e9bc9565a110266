"""Where a memory lives, and what one caller may read together."""

import hashlib
import json
from dataclasses import dataclass
from typing import Literal, get_args

from semmem.domain.checks import check_id, check_is, check_one_of, check_optional_id
from semmem.errors import InvalidInput

ScopeKind = Literal["user", "workspace", "branch"]

MAX_DEPTH = 32


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One user's or one workspace's memory inside a tenant, or that of a branch below one (see Branch).

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

    @property
    def key(self) -> str:
        """The one name of the scope for jobs, locks and Redis: 64 hexadecimal digits, which show nobody whose it is.

        Each part is led by its length, so that no separator in an id makes two scopes one. `semmem.scope_key` in
        Postgres gives the same.
        """
        parts = [part.encode() for part in (self.tenant, self.kind, self.id)]
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()

    @property
    def digest(self) -> str:
        """By which logs name it: the first 12 digits of its key."""
        return self.key[:12]

    @classmethod
    def user(cls, tenant: str, id: str) -> "Scope":
        return cls(tenant, "user", id)

    @classmethod
    def workspace(cls, tenant: str, id: str) -> "Scope":
        return cls(tenant, "workspace", id)

    @classmethod
    def one_of(cls, tenant: str, *, user: str | None, workspace: str | None) -> "Scope":
        """Raises InvalidInput unless exactly one of the two is named."""
        if user is not None and workspace is None:
            return cls.user(tenant, user)
        if workspace is not None and user is None:
            return cls.workspace(tenant, workspace)
        raise InvalidInput("scope", "must be one user or one workspace", "name a user or a workspace")


@dataclass(frozen=True, slots=True)
class Branch:
    """A place in the tree below a user or a workspace: each has a memory of its own, found by its exact path.

    The empty path is the root itself. A place with an `owner` is a private one beside the shared one of its path.
    Raises InvalidInput for a path of more than 32 segments, or a segment that is no id.
    """

    root: Scope
    path: tuple[str, ...] = ()
    owner: str | None = None

    def __post_init__(self) -> None:
        check_is("root", self.root, Scope)
        check_is("path", self.path, tuple)
        if self.root.kind == "branch":
            raise InvalidInput("root", "must be a user or a workspace", "pass the scope that the branch lies below")
        if len(self.path) > MAX_DEPTH:
            raise InvalidInput("path", f"must have at most {MAX_DEPTH} segments", "shorten it")
        for index, segment in enumerate(self.path):
            check_id(f"path[{index}]", segment)
        check_optional_id("owner", self.owner)

    @property
    def is_root(self) -> bool:
        return not self.path and self.owner is None

    @property
    def scope(self) -> Scope:
        """The root's own scope, or one that no caller can name: its id is a digest of all that the place is."""
        if self.is_root:
            return self.root
        place = json.dumps([self.root.kind, self.root.id, self.path, self.owner])
        return Scope(self.root.tenant, "branch", hashlib.sha256(place.encode()).hexdigest())

    def below(self, *segments: str, owner: str | None = None) -> "Branch":
        return Branch(self.root, (*self.path, *segments), owner)


@dataclass(frozen=True, slots=True)
class View:
    """The scopes one caller may read together: at least one, all of one tenant, each once."""

    scopes: tuple[Scope, ...]

    def __post_init__(self) -> None:
        check_is("scopes", self.scopes, tuple)
        for index, scope in enumerate(self.scopes):
            check_is(f"scopes[{index}]", scope, Scope)
        if not self.scopes:
            raise InvalidInput("scopes", "must name at least one scope", "pass the caller's own scope")
        if len({scope.tenant for scope in self.scopes}) > 1:
            raise InvalidInput("also", "must hold scopes of the caller's own tenant", "read other tenants separately")

    @classmethod
    def of(cls, scope: Scope, *also: Scope) -> "View":
        for index, one in enumerate((scope, *also)):
            check_is(f"scopes[{index}]", one, Scope)
        return cls(tuple(dict.fromkeys((scope, *also))))

    @property
    def tenant(self) -> str:
        return self.scopes[0].tenant

    def ids(self, kind: ScopeKind) -> list[str]:
        """The ids of the view's scopes of one kind."""
        check_one_of("kind", kind, get_args(ScopeKind))
        return [scope.id for scope in self.scopes if scope.kind == kind]
