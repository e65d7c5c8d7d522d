"""Accounts: the reseller, its customers, and what KAZOO counts for each."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from reseller_reporting.model.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One node of the tree. `tree` lists the ancestors, root first; the last one is the parent."""

    id: AccountId
    name: str
    realm: str = ""
    parent_id: AccountId | None = None
    reseller_id: AccountId | None = None
    is_reseller: bool = False
    timezone: str | None = None
    tree: tuple[AccountId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceItem:
    """One priced item of an invoice of `/services/summary`; amounts in currency, exact as printed."""

    category: str
    item: str
    name: str
    quantity: int
    billable: int
    rate: Decimal
    discount: Decimal
    total: Decimal
    cascade: bool
    bookkeeper_id: str = ""
    exceptions: tuple[str, ...] = ()  # Only with `_all`.


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`/services/summary`: quantities as KAZOO last reconciled them. Absent and 0 are the same."""

    account: dict[tuple[str, str], int] = field(default_factory=dict)
    cascade: dict[tuple[str, str], int] = field(default_factory=dict)
    manual: dict[tuple[str, str], int] = field(default_factory=dict)
    items: tuple[InvoiceItem, ...] = ()
    recurring: Decimal | None = Decimal(0)  # None: there are no invoices to see.

    def quantity(self, category: str, item: str) -> int:
        """What billing uses for a single item: the manual value where one stands, else the counted one."""
        key = (category, item)
        return self.manual.get(key, self.account.get(key, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Public trunk limits; None where KAZOO shows none. -1 is unlimited."""

    inbound_trunks: int | None = None
    outbound_trunks: int | None = None
    twoway_trunks: int | None = None
    allow_prepay: bool | None = None
    allow_postpay: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What an account was at a moment: taken with a pull, since KAZOO serves only today's state.

    None means that it could not be read, which is not the same as none or zero.
    """

    account: Account
    taken_at: datetime
    source: str
    services: Services | None = None
    limits: Limits | None = None
    users: dict[str, str] | None = None  # Owner id to the name that documents show.
    devices: dict[str, str] | None = None  # Device id to its name.
