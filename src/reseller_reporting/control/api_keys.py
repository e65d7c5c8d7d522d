"""API keys: made, shown once, found again by their digest."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from reseller_reporting.control.models import ApiKey, User
from reseller_reporting.control.scoping import across_resellers

PREFIX = "rrk_"
_PREFIX_SHOWN = 12


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
