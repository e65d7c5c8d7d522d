"""Who may do what: roles and actions. Which rows someone may do it with, `visibility` decides. Imports no Django.

Invariants
- `may` decides; pages, API, files and jobs ask it and nothing else.
- What is not granted here is refused.
"""

from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    OPERATOR = "operator"  # Runs the installation: every reseller, one at a time.
    RESELLER_ADMIN = "reseller_admin"
    RESELLER_VIEWER = "reseller_viewer"
    CUSTOMER_ADMIN = "customer_admin"  # Their own customer edition, and those of the accounts below.


class Action(StrEnum):
    SEE_REPORTS = "see_reports"
    SEE_INTERNAL_EDITION = "see_internal_edition"  # What the reseller pays, and everything that sums it.
    MAKE_REPORTS = "make_reports"  # And cancel, retry, send, delete.
    SEE_ACCOUNTS = "see_accounts"
    KEEP_GROUPS = "keep_groups"
    SEE_CONNECTION = "see_connection"
    KEEP_CONNECTION = "keep_connection"
    KEEP_USERS = "keep_users"
    SEE_AUDIT = "see_audit"
    KEEP_API_KEYS = "keep_api_keys"  # One's own.
    CHOOSE_RESELLER = "choose_reseller"


_CUSTOMER = frozenset({Action.SEE_REPORTS, Action.SEE_ACCOUNTS, Action.KEEP_API_KEYS})
_VIEWER = _CUSTOMER | {Action.SEE_INTERNAL_EDITION}
_ADMIN = _VIEWER | {
    Action.MAKE_REPORTS,
    Action.KEEP_GROUPS,
    Action.SEE_CONNECTION,
    Action.KEEP_CONNECTION,
    Action.KEEP_USERS,
    Action.SEE_AUDIT,
}
# The whole reseller's: whoever belongs to one account of it has no part in them.
_OF_THE_WHOLE = frozenset({Action.SEE_CONNECTION, Action.KEEP_CONNECTION})
MATRIX: dict[Role, frozenset[Action]] = {
    Role.OPERATOR: frozenset(Action),
    Role.RESELLER_ADMIN: _ADMIN,
    Role.RESELLER_VIEWER: _VIEWER,
    Role.CUSTOMER_ADMIN: _CUSTOMER,
}


class Someone(Protocol):
    @property
    def role(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def reseller_id(self) -> int: ...
    @property
    def is_active(self) -> bool: ...


def may(user: Someone, action: Action) -> bool:
    """Whether the role allows it at all; `visibility` says on which accounts."""
    if not user.is_active or user.role not in MATRIX or action not in MATRIX[Role(user.role)]:
        return False
    return action not in _OF_THE_WHOLE or user.account_id == "" or user.role == Role.OPERATOR
