"""The audit trail: who did what, from where. One function writes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reseller_reporting.control.models import AuditEvent, Reseller, User


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does it, and from where."""

    user: User
    address: str


def record(
    action: str,
    *,
    at: datetime,
    reseller: Reseller | None,
    user: User | None = None,
    who: str = "",
    address: str = "",
    subject: str = "",
    **details: Any,
) -> None:
    """In the transaction of what is done, so that neither stands without the other. Never put a secret in."""
    AuditEvent.objects.create(
        at=at,
        reseller=reseller,
        user=user,
        who=(who or (user.username if user else "system"))[:254],
        address=address[:45],
        action=action,
        subject=subject[:500],
        details=details,
    )
