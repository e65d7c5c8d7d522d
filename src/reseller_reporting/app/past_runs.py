"""Past runs: what their folders say of each customer and country, and what changed between two of them.

Light, for pages: reads the documents of a run, never the lake. Money is Decimal, unknown is None.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

# As `app.report` names them, which reads the lake and so is not imported here.
MANIFEST, SUMMARY, COUNTRIES = "manifest.json", "summary.csv", "summary-by-country.csv"
Amount = TypeVar("Amount", int, Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSums:
    account_id: str
    name: str
    is_failed: bool
    calls: int | None
    seconds: int | None
    reseller_cost: Decimal | None
    customer_cost: Decimal | None
    price: Decimal | None
    file: str
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountrySums:
    country: str
    direction: str
    calls: int
    minutes: Decimal
    customer_cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A customer in two runs; None: not in that one, or not known there."""

    name: str
    before: CustomerSums | None
    after: CustomerSums | None

    @property
    def calls(self) -> int | None:
        return _difference(self.before.calls, self.after.calls) if self.before and self.after else None

    @property
    def reseller_cost(self) -> Decimal | None:
        return _difference(self.before.reseller_cost, self.after.reseller_cost) if self.before and self.after else None

    @property
    def customer_cost(self) -> Decimal | None:
        return _difference(self.before.customer_cost, self.after.customer_cost) if self.before and self.after else None

    @property
    def price(self) -> Decimal | None:
        return _difference(self.before.price, self.after.price) if self.before and self.after else None

    @property
    def is_changed(self) -> bool:
        if self.before is None or self.after is None:
            return True
        return _figures(self.before) != _figures(self.after)


def customers(folder: Path) -> list[CustomerSums]:
    """In the order of the summary; empty where the files are gone."""
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return []
    return [_customer(entry) for entry in document["accounts"]]


def countries(folder: Path, account_ids: set[str] | None = None) -> list[CountrySums]:
    """The sums by country over all customers, or over some; the dearest first."""
    calls: defaultdict[tuple[str, str], int] = defaultdict(int)
    minutes: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    costs: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    try:
        with (folder / COUNTRIES).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if account_ids is not None and row["Account ID"] not in account_ids:
                    continue
                key = (row["Country"] or row["Country Code"], row["Direction"])
                calls[key] += int(row["Calls"] or 0)
                minutes[key] += Decimal(row["Billing Minutes"] or 0)
                costs[key] += Decimal(row["Customer Cost"] or 0)
    except FileNotFoundError:
        return []
    found = [
        CountrySums(country=key[0], direction=key[1], calls=calls[key], minutes=minutes[key], customer_cost=costs[key])
        for key in calls
    ]
    return sorted(found, key=_dearest_first)


def currency(folder: Path) -> str:
    """In which its amounts are; "" where no row says so, or the files are gone."""
    try:
        with (folder / SUMMARY).open(encoding="utf-8-sig", newline="") as file:
            return next((row.get("Currency") or "" for row in csv.DictReader(file)), "")
    except FileNotFoundError:
        return ""


def compare(before: Iterable[CustomerSums], after: Iterable[CustomerSums]) -> list[Changed]:
    """Every customer of either run, the greatest change of what they cost first."""
    first = {each.account_id: each for each in before}
    second = {each.account_id: each for each in after}
    found = [
        Changed(name=(second.get(id_) or first[id_]).name, before=first.get(id_), after=second.get(id_))
        for id_ in {**first, **second}
    ]
    return sorted(found, key=_greatest_first)


def _customer(entry: dict[str, Any]) -> CustomerSums:
    return CustomerSums(
        account_id=entry["id"],
        name=entry["name"],
        is_failed=entry["status"] == "failed",
        calls=entry["calls"],
        seconds=entry["billing_seconds"],
        reseller_cost=_decimal(entry["reseller_cost"]),
        customer_cost=_decimal(entry["customer_cost"]),
        price=_decimal(entry.get("price")),
        file=entry["file"] or "",
        warnings=[warning["message"] for warning in entry["warnings"]],
    )


def _figures(sums: CustomerSums) -> tuple[object, ...]:
    return sums.calls, sums.seconds, sums.reseller_cost, sums.customer_cost, sums.price, sums.is_failed


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _difference(before: Amount | None, after: Amount | None) -> Amount | None:
    return None if before is None or after is None else after - before


def _dearest_first(sums: CountrySums) -> tuple[Decimal, int, str, str]:
    return -(sums.customer_cost or Decimal()), -sums.calls, sums.country, sums.direction


def _greatest_first(changed: Changed) -> tuple[Decimal, int, str]:
    return -abs(changed.customer_cost or Decimal()), -abs(changed.calls or 0), changed.name
