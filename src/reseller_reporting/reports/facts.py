"""Facts of one account in one period: what every document says beside the calls themselves."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from reseller_reporting.model.account import Account, Snapshot
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.model.statement import Statement
from reseller_reporting.reports.edition import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """What the reseller's own plans make of one account's period."""

    statement: Statement
    versions: tuple[tuple[str, str], ...]  # Of the plans, each with the digest of what it says.
    priced_calls: int
    calls_below_cost: int | None  # Priced, and for less than the reseller paid. None: its cost is not known.
    loss_micros: int | None  # By how much, together.


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """What the store holds of an earlier month, whole. There are no prices: they are not kept."""

    month: str  # `2026-09`
    calls: int
    answered_seconds: int
    customer_cost_units: int
    reseller_cost_units: int | None  # None: not known.


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
    prices: PriceFacts | None = None  # None: no plan, or what it needs is not known; a warning says so.
    findings: list[Problem] = field(default_factory=list)  # Legs without a price, or priced below their cost.
    edition: Edition = Edition.INTERNAL
    months_before: tuple[MonthFigures, ...] = ()  # One after the other up to the period, which is a month then.
    data_from: str = ""  # Where the data came from, in words a person reads: no path, no host.
