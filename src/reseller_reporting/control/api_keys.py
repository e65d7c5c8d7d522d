"""API keys: made, shown once, found again by their digest; and what each of their scopes lets do.

Invariants
- A key never does more than its user may: a scope narrows, the role decides.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from reseller_reporting.control.models import ApiKey, User
from reseller_reporting.control.roles import Action
from reseller_reporting.control.scoping import across_resellers

PREFIX = "rrk_"
_PREFIX_SHOWN = 12


class Scope(StrEnum):
    """What a key may do of what its user may."""

    ACCOUNTS_READ = "accounts:read"
    GROUPS_WRITE = "groups:write"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    FILES_READ = "files:read"
    CONNECTION_READ = "connection:read"
    CONNECTION_WRITE = "connection:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    AUDIT_READ = "audit:read"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    RESELLERS_READ = "resellers:read"
    RESELLERS_WRITE = "resellers:write"


# The action that a user must be allowed for the scope to open anything.
ACTION_OF: dict[Scope, Action] = {
    Scope.ACCOUNTS_READ: Action.SEE_ACCOUNTS,
    Scope.GROUPS_WRITE: Action.KEEP_GROUPS,
    Scope.RUNS_READ: Action.SEE_REPORTS,
    Scope.RUNS_WRITE: Action.MAKE_REPORTS,
    Scope.FILES_READ: Action.SEE_REPORTS,
    Scope.CONNECTION_READ: Action.SEE_CONNECTION,
    Scope.CONNECTION_WRITE: Action.KEEP_CONNECTION,
    Scope.USERS_READ: Action.KEEP_USERS,
    Scope.USERS_WRITE: Action.KEEP_USERS,
    Scope.AUDIT_READ: Action.SEE_AUDIT,
    Scope.KEYS_READ: Action.KEEP_API_KEYS,
    Scope.KEYS_WRITE: Action.KEEP_API_KEYS,
    Scope.RESELLERS_READ: Action.CHOOSE_RESELLER,
    Scope.RESELLERS_WRITE: Action.CHOOSE_RESELLER,
}


def make_key(
    user: User, *, name: str, scopes: Sequence[str], now: datetime, expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """The row, and the key itself, which nobody can show again."""
    text = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        reseller_id=user.reseller_id,
        user=user,
        name=name,
        prefix=text[:_PREFIX_SHOWN],
        digest=_digest(text),
        scopes=list(scopes),
        created_at=now,
        expires_at=expires_at,
    )
    return row, text


def find_key(text: str, *, now: datetime) -> ApiKey | None:
    """The key of this text, when it still opens anything; its reseller is not known before, so no scope is."""
    with across_resellers():
        key: ApiKey | None = (
            ApiKey.objects.select_related("user", "user__reseller")
            .filter(digest=_digest(text), revoked_at=None)
            .first()
        )
    if key is None or (key.expires_at is not None and key.expires_at <= now) or not key.user.is_active:
        return None
    return key


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
