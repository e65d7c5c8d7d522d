"""The world: everything the simulated KAZOO may be asked about, whoever made it up.

Owns: the questions (World), the nouns of the answers. Does not own: HTTP, paging, who may ask.

Words
- Saved: the moment a record was written, Gregorian seconds. KAZOO calls it `pvt_created`.
- Month: `YYYYMM`, the UTC month that names a database. A CDR lies in that of its interaction's start,
  a ledger entry in that of its writing.

Invariants
- Records of a month come ordered by (saved, id), or exactly reversed.
- A world does not hide the future; the server does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from reseller_reporting.simulate.listing import Document

Key = tuple[int, str]  # When it was saved, and its id: the order in which KAZOO keeps records.

# The operator's own account: root of every tree, seen by no token of ours.
MASTER_ID = "0" * 31 + "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """An account. `tree` lists its ancestors, root first; `reseller_id` is the nearest reseller above it."""

    id: str
    name: str
    realm: str
    tree: tuple[str, ...]
    reseller_id: str
    is_reseller: bool = False
    timezone: str | None = None
    created: int = 63_745_056_000
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A way into an account: a user's name and password, or the account's key of 64 characters."""

    account_id: str
    account_name: str
    username: str
    password: str
    api_key: str
    owner_id: str


@dataclass(frozen=True, slots=True)
class Span:
    """The records asked for: keys between `low` and `high`, both included."""

    low: Key
    high: Key
    descending: bool = True

    def covers(self, key: Key) -> bool:
        return self.low <= key <= self.high

    @classmethod
    def of_seconds(cls, from_second: int, to_second: int, *, descending: bool = False) -> "Span":
        return cls((from_second, ""), (to_second, "\U0010ffff"), descending)


class StoredCdr(Protocol):
    """One leg as a month's database holds it."""

    @property
    def id(self) -> str: ...

    @property
    def saved(self) -> int: ...

    @property
    def owner_id(self) -> str: ...

    def row(self, *, is_reseller: bool, utc_offset_seconds: int) -> object:
        """What the listing shows of it: JSON, or msgspec.Raw of it."""

    def document(self) -> Document | None:
        """The stored document, with its private keys; None where only the row is known."""


class StoredEntry(Protocol):
    """A line of an account's ledger. `units` are signed as KAZOO shows them: a debit is negative."""

    @property
    def id(self) -> str: ...

    @property
    def saved(self) -> int: ...

    @property
    def service(self) -> str: ...

    @property
    def source_id(self) -> str: ...

    @property
    def units(self) -> int: ...

    @property
    def quantity(self) -> int: ...

    @property
    def usage_type(self) -> str: ...

    @property
    def usage_unit(self) -> str: ...

    @property
    def account_id(self) -> str: ...

    @property
    def account_name(self) -> str: ...

    def row(self) -> object:
        """What the listing shows of it: JSON, or msgspec.Raw of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A line that is told in full."""

    id: str
    saved: int
    service: str
    source_id: str
    units: int
    quantity: int
    usage_type: str = "voice"
    usage_unit: str = "sec"
    account_id: str
    account_name: str
    description: str = ""
    period_start: int
    metadata: Mapping[str, object] = field(default_factory=dict)
    available_units: int = 0

    def row(self) -> object:
        return {
            "id": self.id,
            "account": {"id": self.account_id, "name": self.account_name},
            # Money leaves KAZOO as a double, four decimals exact.
            "amount": self.units / 10_000,
            "description": self.description,
            "source": {"service": self.service, "id": self.source_id},
            "usage": {"type": self.usage_type, "quantity": self.quantity, "unit": self.usage_unit},
            "period": {"start": self.period_start},
            "metadata": self.metadata,
            "audit": {"available_units": self.available_units},
            "executor": {},
        }


@dataclass(frozen=True, slots=True)
class ForcedAnswer:
    """An answer that a test wants whatever the truth."""

    status: int
    message: str
    data: object


class World(Protocol):
    """Every answer is about one account, and the server has checked who asks."""

    @property
    def logins(self) -> Sequence[Login]: ...

    def account(self, account_id: str) -> AccountRecord | None: ...

    def descendants(self, account_id: str) -> Sequence[AccountRecord]: ...

    def users(self, account_id: str) -> Sequence[Document]: ...

    def devices(self, account_id: str) -> Sequence[Document]: ...

    def phone_numbers(self, account_id: str) -> Mapping[str, Document]: ...

    def limits(self, account_id: str) -> Document: ...

    def services_summary(self, account_id: str) -> Document: ...

    def allotments(self, account_id: str) -> Document:
        """By classification; empty where none is configured."""

    def has_month(self, account_id: str, month: str) -> bool: ...

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]: ...

    def cdr(self, account_id: str, cdr_id: str) -> StoredCdr | None: ...

    def ledger(self, account_id: str, month: str, span: Span, service: str | None = None) -> Iterator[StoredEntry]: ...

    def forced_answer(self, account_id: str, path: str) -> ForcedAnswer | None:
        """`path` is what follows the account's id: `/cdrs`, `/ledgers/per-minute-voip`."""
