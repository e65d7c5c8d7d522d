"""Ledger sums: what the entries of a whole month add up to, held against KAZOO's own sum of it.

Times
- KAZOO sums by UTC month of writing. A month is held against it once it is over and was read from begin to end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reseller_reporting.model.errors import ResellerReportingError
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.units import currency_text, units_from_currency
from reseller_reporting.sources.gregorian import month_begins, month_ends, month_of
from reseller_reporting.sources.kazoo.client import Client
from reseller_reporting.sources.kazoo.windows import WRITTEN_BY, Window
from reseller_reporting.sources.listing import whole_number

LEDGER_SUM_DIFFERS = "ledger_sum_differs"
_NAMED = 3


@dataclass(slots=True)
class Sum:
    units: int = 0
    seconds: int = 0

    def add(self, units: int, seconds: int) -> None:
        self.units += units
        self.seconds += seconds


@dataclass(slots=True)
class LedgerSums:
    """By UTC month of writing and calling account; every entry once, wanted or not."""

    by_month: dict[str, dict[str, Sum]] = field(default_factory=dict)
    read: dict[str, list[Window]] = field(default_factory=dict)

    def add(self, month: str, account_id: str, units: int, seconds: int) -> None:
        self.by_month.setdefault(month, {}).setdefault(account_id, Sum()).add(units, seconds)

    def window_read(self, window: Window) -> None:
        """A window read whole; windows do not reach over a month's end."""
        self.read.setdefault(month_of(window.created_from), []).append(window)

    def whole_months(self, now: int) -> list[str]:
        return [
            month
            for month, windows in self.read.items()
            if min(w.created_from for w in windows) <= month_begins(month)
            and max(w.created_to for w in windows) >= month_ends(month)
            and now >= month_ends(month) + WRITTEN_BY
        ]

    def total(self, month: str) -> Sum:
        total = Sum()
        for each in self.by_month.get(month, {}).values():
            total.add(each.units, each.seconds)
        return total


async def differences(
    client: Client, ledger_account_id: str, service: str, sums: LedgerSums, now: int
) -> list[ReportWarning]:
    """One warning a month whose sum is another than KAZOO's; a month that KAZOO cannot sum is not held against it."""
    told = []
    for month in sums.whole_months(now):
        try:
            data = await client.document("accounts", ledger_account_id, "ledgers", "summary", month.replace("-", ""))
        except ResellerReportingError:
            continue
        stated = _stated(data, service)
        read = sums.total(month)
        if stated is None or (stated.units, stated.seconds) == (read.units, read.seconds):
            continue
        message = (
            f"KAZOO sums its ledger of {month} (UTC) up to {currency_text(stated.units)} for {stated.seconds} charged "
            f"seconds, the entries it lists to {currency_text(read.units)} for {read.seconds}"
            f"{_named(data, service, sums.by_month.get(month, {}))}"
        )
        told.append(ReportWarning(LEDGER_SUM_DIFFERS, message))
    return told


def _stated(data: object, service: str) -> Sum | None:
    """None where the answer has no sum: the part may fail by itself, and then the other one stands in its place."""
    if not isinstance(data, Mapping) or not isinstance(data.get("summary"), Mapping) or "breakdown" not in data:
        return None
    return _sum_of(data["summary"].get(service, {}))


def _sum_of(stated: object) -> Sum | None:
    if not isinstance(stated, Mapping):
        return None
    usage = stated.get("usage")
    units = units_from_currency(stated.get("amount", Decimal(0)))
    seconds = whole_number(usage.get("quantity", 0)) if isinstance(usage, Mapping) else 0
    return None if units is None or seconds is None else Sum(units, seconds)


def _named(data: object, service: str, read: Mapping[str, Sum]) -> str:
    """The customers whose part differs, the first few of them."""
    assert isinstance(data, Mapping)
    names = []
    for part in data["breakdown"] if isinstance(data["breakdown"], list) else []:
        account = part.get("account") if isinstance(part, Mapping) else None
        ledgers = part.get("ledgers") if isinstance(part, Mapping) else None
        if not isinstance(account, Mapping) or not isinstance(ledgers, Mapping):
            continue
        stated, mine = _sum_of(ledgers.get(service, {})), read.get(str(account.get("id")), Sum())
        if stated is not None and stated != mine:
            names.append(str(account.get("name") or account.get("id")))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f": {', '.join(sorted(names)[:_NAMED])}{more}" if len(names) > 1 else ""
