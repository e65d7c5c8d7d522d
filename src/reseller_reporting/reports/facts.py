"""Facts of one account in one period: what every document says beside the calls themselves."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from reseller_reporting.model.account import Account, Snapshot
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.problems import Problem, ReportWarning

Status = Literal["ok", "failed"]
LegsListed = Literal["billable", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """Travels between processes. None means that it could not be read, which is not the same as zero."""

    account: Account
    reseller: Account
    period: ReportPeriod
    currency: str
    status: Status = "ok"
    complete: bool = True  # Everything was read and used, and the period is over.
    warnings: list[ReportWarning] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    snapshot: Snapshot | None = None
    reseller_recurring: Decimal | None = None
    customer_recurring: Decimal | None = None
    ledger_per_minute_units: int | None = None  # Net debit; a net credit shows as 0.
    has_reseller_view: bool = True
    legs_listed: LegsListed = "billable"
    data_from: str = ""  # Where the data came from, in words a person reads: no path, no host.
