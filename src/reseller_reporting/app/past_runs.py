"""Past runs: what their folders say of each customer and country, and what changed between two of them.

Light, for pages: reads the documents of a run, never the lake. Money is Decimal, unknown is None.

What was read last is kept: a page of a large run is turned, searched and compared again and again, and its documents
have thousands of customers. A document never changes; one that is made anew is another file.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, TypeVar

from reseller_reporting.reports.figure_text import seconds_of
from reseller_reporting.words.alphabet import by_name

# As `app.report` names them, which reads the lake and so is not imported here.
MANIFEST, SUMMARY, COUNTRIES, MARGINS = "manifest.json", "summary.csv", "summary-by-country.csv", "margin.csv"
_COUNTRY_COLUMNS = ("Country", "Country Code", "Direction", "Calls", "Billing Minutes", "Customer Cost")
_KEPT = 4  # Runs: two that are compared, and what others look at meanwhile.
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
    total_due: Decimal | None = None  # By its statement, taxes included.
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What a customer owes by its statement, and what is left of it."""

    net: Decimal | None = None  # Before all taxes.
    total_due: Decimal | None = None  # With them.
    margin: Decimal | None = None  # On everything: net less what the reseller pays, recurring costs, too.
    margin_on_calls: Decimal | None = None


NOTHING_EARNED = Earned()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountrySums:
    country: str
    code: str  # Of two letters; "" where the number tells no country.
    direction: str
    calls: int
    seconds: int  # Of which its billing minutes are sixtieths.
    customer_cost: Decimal | None
    price: Decimal | None = None  # Of the calls that have one.
    margin: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A customer in two runs; None: not in that one, or not known there."""

    account_id: str
    name: str
    before: CustomerSums | None
    after: CustomerSums | None
    is_one_currency: bool = True  # Else no amounts are held against each other.

    @property
    def calls(self) -> int | None:
        return _difference(self.before.calls, self.after.calls) if self.before and self.after else None

    @property
    def reseller_cost(self) -> Decimal | None:
        return self._of_money(attrgetter("reseller_cost"))

    @property
    def customer_cost(self) -> Decimal | None:
        return self._of_money(attrgetter("customer_cost"))

    @property
    def price(self) -> Decimal | None:
        return self._of_money(attrgetter("price"))

    @property
    def total_due(self) -> Decimal | None:
        return self._of_money(attrgetter("total_due"))

    @property
    def is_changed(self) -> bool:
        if self.before is None or self.after is None:
            return True
        if self.is_one_currency and _amounts(self.before) != _amounts(self.after):
            return True
        return _counts(self.before) != _counts(self.after)

    def _of_money(self, amount: Callable[[CustomerSums], Decimal | None]) -> Decimal | None:
        if not (self.before and self.after and self.is_one_currency):
            return None
        return _difference(amount(self.before), amount(self.after))


def customers(folder: Path) -> Sequence[CustomerSums]:
    """By name, as people look for them; empty where the files are gone."""
    try:
        return _customers_of(_which(folder / MANIFEST))
    except FileNotFoundError:
        return ()


def unknown_sums(account_id: str, name: str) -> CustomerSums:
    """A customer of whom nothing but the name is to be shown."""
    return CustomerSums(
        account_id=account_id,
        name=name,
        is_failed=False,
        calls=None,
        seconds=None,
        reseller_cost=None,
        customer_cost=None,
        price=None,
        warnings=(),
    )


def countries(folder: Path) -> Sequence[CountrySums]:
    """The sums by country over all customers; the dearest first."""
    try:
        return _countries_of(_which(folder / COUNTRIES))
    except FileNotFoundError:
        return ()


def earned(folder: Path) -> Mapping[str, Earned]:
    """By account, of those who have a price plan. A report that was made before statements were kept in its manifest
    does not tell what is due with taxes."""
    try:
        return _earned_of(_which(folder / MANIFEST), _which(folder / SUMMARY), _maybe(folder / MARGINS))
    except FileNotFoundError:
        return {}


def all_earned(of_customers: Iterable[Earned]) -> Earned:
    """What is known of them, added up; what is known of nobody is unknown."""
    known = list(of_customers)
    return Earned(
        net=_known(each.net for each in known),
        total_due=_known(each.total_due for each in known),
        margin=_known(each.margin for each in known),
        margin_on_calls=_known(each.margin_on_calls for each in known),
    )


def billing_seconds(folder: Path) -> Mapping[str, int]:
    """By account, what its billing minutes are sixtieths of: charged seconds, answered ones where none are charged."""
    try:
        return _billing_seconds_of(_which(folder / SUMMARY))
    except FileNotFoundError:
        return {}


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is now; made anew it is another one, whatever its name."""

    path: Path
    inode: int
    changed_at_nanoseconds: int
    size_bytes: int


def _which(path: Path) -> _File:
    found = path.stat()
    return _File(path, found.st_ino, found.st_mtime_ns, found.st_size)


def _maybe(path: Path) -> _File | None:
    try:
        return _which(path)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=_KEPT)
def _customers_of(file: _File) -> tuple[CustomerSums, ...]:
    document = json.loads(file.path.read_bytes())
    due = _due(document)
    found = [_customer(entry, due.get(entry["id"])) for entry in document["accounts"]]
    return tuple(sorted(found, key=lambda each: by_name(each.name, each.account_id)))


@lru_cache(maxsize=_KEPT)
def _earned_of(manifest: _File, summary: _File, margins: _File | None) -> Mapping[str, Earned]:
    document = json.loads(manifest.path.read_bytes())
    due = _due(document)
    of_calls = {row["Account ID"]: _amount(row.get("Margin")) for row in _rows(summary)}
    whole = {row["Account ID"]: row for row in _rows(margins)} if margins else {}
    found = {}
    for id_ in {**of_calls, **whole, **due}:
        row = whole.get(id_, {})
        one = Earned(
            net=_amount(row.get("Net")),
            total_due=due.get(id_),
            margin=_amount(row.get("Margin")),
            margin_on_calls=of_calls.get(id_),
        )
        if one != NOTHING_EARNED:
            found[id_] = one
    return found


@lru_cache(maxsize=_KEPT)
def _billing_seconds_of(file: _File) -> Mapping[str, int]:
    return {row["Account ID"]: seconds_of(row["Billing Minutes"]) for row in _rows(file) if row.get("Billing Minutes")}


def _rows(file: _File) -> Iterator[Mapping[str, str]]:
    with file.path.open(encoding="utf-8-sig", newline="") as opened:
        yield from csv.DictReader(opened)


@lru_cache(maxsize=_KEPT)
def _countries_of(file: _File) -> tuple[CountrySums, ...]:
    calls: defaultdict[tuple[str, str], int] = defaultdict(int)
    seconds: defaultdict[tuple[str, str], int] = defaultdict(int)
    costs: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    prices: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    left: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    codes: dict[tuple[str, str], str] = {}
    with file.path.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.reader(opened)
        titles = next(rows)
        wanted = itemgetter(*map(titles.index, _COUNTRY_COLUMNS))
        priced = [
            (titles.index(title), sums) for title, sums in (("Price", prices), ("Margin", left)) if title in titles
        ]
        for row in rows:
            country, code, direction, count, duration, cost = wanted(row)
            key = country or code, direction
            codes[key] = code
            calls[key] += int(count or 0)
            seconds[key] += seconds_of(duration or "0")
            costs[key] += Decimal(cost or 0)
            for place, sums in priced:
                if row[place]:
                    sums[key] += Decimal(row[place])
    found = [
        CountrySums(
            country=key[0],
            code=codes[key],
            direction=key[1],
            calls=calls[key],
            seconds=seconds[key],
            customer_cost=costs[key],
            price=prices.get(key),
            margin=left.get(key),
        )
        for key in calls
    ]
    return tuple(sorted(found, key=_dearest_first))


def currency(folder: Path) -> str:
    """In which its amounts are; "" where no row says so, or the files are gone."""
    try:
        with (folder / SUMMARY).open(encoding="utf-8-sig", newline="") as file:
            return next((row.get("Currency") or "" for row in csv.DictReader(file)), "")
    except FileNotFoundError:
        return ""


def compare(
    before: Iterable[CustomerSums], after: Iterable[CustomerSums], *, is_one_currency: bool = True
) -> list[Changed]:
    """Every customer of either run, the greatest change of what they owe first, then of what they cost; of two
    currencies, of their calls."""
    first = {each.account_id: each for each in before}
    second = {each.account_id: each for each in after}
    found = [
        Changed(
            account_id=id_,
            name=(second.get(id_) or first[id_]).name,
            before=first.get(id_),
            after=second.get(id_),
            is_one_currency=is_one_currency,
        )
        for id_ in {**first, **second}
    ]
    return sorted(found, key=_greatest_first)


def total_change(changes: Sequence[Changed]) -> Changed:
    """All of them as one; a figure that is unknown adds nothing, and where none is known it is unknown."""
    before = [each.before for each in changes if each.before]
    after = [each.after for each in changes if each.after]
    is_one_currency = all(each.is_one_currency for each in changes)
    return Changed(account_id="", name="", before=_total(before), after=_total(after), is_one_currency=is_one_currency)


def _total(sums: Sequence[CustomerSums]) -> CustomerSums:
    return replace(
        unknown_sums("", ""),
        calls=sum(each.calls or 0 for each in sums),
        reseller_cost=_known([each.reseller_cost for each in sums]),
        customer_cost=_known([each.customer_cost for each in sums]),
        price=_known([each.price for each in sums]),
        total_due=_known([each.total_due for each in sums]),
    )


def _known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal()) if known else None


def _due(document: dict[str, Any]) -> Mapping[str, Decimal | None]:
    """What the statement of each account comes to, by a manifest."""
    return {each["id"]: _decimal(each["total_due"]) for each in document.get("statements", ())}


def _customer(entry: dict[str, Any], total_due: Decimal | None) -> CustomerSums:
    return CustomerSums(
        account_id=entry["id"],
        name=entry["name"],
        is_failed=entry["status"] == "failed",
        calls=entry["calls"],
        seconds=entry["billing_seconds"],
        reseller_cost=_decimal(entry["reseller_cost"]),
        customer_cost=_decimal(entry["customer_cost"]),
        price=_decimal(entry.get("price")),
        total_due=total_due,
        warnings=[warning["message"] for warning in entry["warnings"]],
    )


def _counts(sums: CustomerSums) -> tuple[object, ...]:
    return sums.calls, sums.seconds, sums.is_failed


def _amounts(sums: CustomerSums) -> tuple[Decimal | None, ...]:
    return sums.reseller_cost, sums.customer_cost, sums.price, sums.total_due


def _amount(text: str | None) -> Decimal | None:
    """Of a cell: empty is unknown."""
    return Decimal(text) if text else None


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _difference(before: Amount | None, after: Amount | None) -> Amount | None:
    return None if before is None or after is None else after - before


def _dearest_first(sums: CountrySums) -> tuple[Decimal, int, str, str]:
    dearest = sums.customer_cost if sums.price is None else sums.price
    return -(dearest or Decimal()), -sums.calls, sums.country, sums.direction


def _greatest_first(changed: Changed) -> tuple[Decimal, Decimal, int, str]:
    owed, cost = changed.total_due or Decimal(), changed.customer_cost or Decimal()
    return -abs(owed), -abs(cost), -abs(changed.calls or 0), changed.name
