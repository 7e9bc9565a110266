"""Bearer tokens: which scope each stands for, read from a file that holds their SHA-256 alone."""

import json
import re
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

from mcp.server.auth.provider import AccessToken

from semmem import ConfigurationError, InvalidInput, Scope

PREFIX = "smm_"
RANDOM_BYTES = 32

_FIELDS = {"sha256", "tenant", "user", "workspace"}
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Holder:
    """A scope, and the SHA-256 of the token that opens it, in hexadecimal."""

    digest: str
    scope: Scope


class Tokens:
    """A TokenVerifier over the holders of a file."""

    def __init__(self, holders: Sequence[Holder]) -> None:
        self._holders = tuple(holders)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Returns None for a token that nobody holds. The time it takes tells nothing of the digests."""
        digest = digest_of(token)
        known = [holder for holder in self._holders if compare_digest(holder.digest, digest)]
        if not known:
            return None
        scope = known[0].scope
        claims = {"tenant": scope.tenant, "kind": scope.kind, "id": scope.id}
        # The token itself is needed no further, and so it is not kept: its digest stands for it.
        return AccessToken(token=known[0].digest, client_id=known[0].digest, scopes=[], claims=claims)


def digest_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def scope_of_token(token: AccessToken) -> Scope:
    """Returns the scope of a token that `Tokens` verified."""
    claims = token.claims or {}
    return Scope(claims["tenant"], claims["kind"], claims["id"])


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def entry_of(token: str, scope: Scope) -> str:
    """Returns the entry of a token file that lets `token` open `scope`."""
    values = {"sha256": digest_of(token), "tenant": scope.tenant, scope.kind: scope.id}
    lines = ["[[token]]"]
    for name, value in values.items():
        # A basic string of TOML is JSON's, but for DEL.
        quoted = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f"{name} = {quoted}")
    return "\n".join(lines)


def read_tokens(path: Path) -> Tokens:
    """Raises ConfigurationError that names the file and the entry."""
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}; pass the path of a token file to --tokens") from None
    except ValueError as error:
        raise ConfigurationError(f"{path}: is not TOML in UTF-8 ({error}); see `semmem mcp-token --help`") from None
    entries = said.get("token")
    if said.keys() != {"token"} or not isinstance(entries, list) or not entries:
        raise ConfigurationError(f"{path}: must hold [[token]] entries and nothing else; `semmem mcp-token` makes one")
    holders = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: token {number}"
        if not isinstance(entry, dict) or not {"sha256", "tenant"} <= entry.keys() <= _FIELDS:
            raise ConfigurationError(f"{where}: must have sha256, tenant, and user or workspace; correct its fields")
        if not isinstance(entry["sha256"], str) or not _DIGEST.fullmatch(entry["sha256"]):
            raise ConfigurationError(f"{where}: sha256 must be 64 hexadecimal digits; `semmem mcp-token` prints them")
        try:
            scope = Scope.one_of(entry["tenant"], user=entry.get("user"), workspace=entry.get("workspace"))
        except InvalidInput as error:
            raise ConfigurationError(f"{where}: {error}") from None
        holders.append(Holder(entry["sha256"], scope))
    if len({holder.digest for holder in holders}) < len(holders):
        raise ConfigurationError(f"{path}: two entries have the same sha256; give each scope a token of its own")
    return Tokens(holders)
