"""Snapshots: what KAZOO says today of an account's services, limits, users and devices, each by itself."""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from reseller_reporting.model.account import Account, InvoiceItem, Limits, Services, Snapshot
from reseller_reporting.model.errors import KazooDenied, KazooNotFound, KazooProtocolError, ResellerReportingError
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.sources.kazoo.client import Client
from reseller_reporting.sources.kazoo.envelope import RECORDS
from reseller_reporting.sources.kazoo.ledgers import part
from reseller_reporting.sources.kazoo.paging import Listings
from reseller_reporting.sources.listing import text, whole_number

T = TypeVar("T")
# KAZOO prints doubles (6.9900000000000002132); what stands behind the ninth decimal is noise.
_NOISE = Decimal("1e-9")


async def read_snapshot(
    client: Client, listings: Listings, account: Account, *, taken_at: datetime, source: str
) -> tuple[Snapshot, list[ReportWarning]]:
    warnings: list[ReportWarning] = []

    async def part_of(name: str, ask: Awaitable[T]) -> T | None:
        try:
            return await ask
        except ResellerReportingError as error:
            warnings.append(ReportWarning(f"{name}_not_read", f"The {name} could not be read: {error.sentence}"))
            return None

    services, limits, users, devices = await asyncio.gather(
        part_of("services", _services(client, account.id)),
        part_of("limits", _limits(client, account.id)),
        part_of("users", _names(listings, account.id, "users")),
        part_of("devices", _names(listings, account.id, "devices")),
    )
    snapshot = Snapshot(
        account=account,
        taken_at=taken_at,
        source=source,
        services=services,
        limits=limits,
        users=users,
        devices=devices,
    )
    return snapshot, sorted(warnings)


# --- services ----------------------------------------------------------------------------------------------------


async def _services(client: Client, account_id: str) -> Services:
    """KAZOO 4.2 has no summary; there the same figures stand at `/services`, without invoices."""
    try:
        summary = await client.document("accounts", account_id, "services", "summary")
    except KazooDenied:
        raise
    except (KazooNotFound, KazooProtocolError):
        summary = None
    if isinstance(summary, Mapping) and "quantities" in summary:
        return services_of(summary)
    older = await client.document("accounts", account_id, "services")
    if not isinstance(older, Mapping) or "account_quantities" not in older:
        raise KazooProtocolError(f"KAZOO at {client.url} shows no quantities for account {account_id}.")
    return Services(
        account=_counts(older, "account_quantities"), cascade=_counts(older, "cascade_quantities"), recurring=None
    )


def services_of(summary: Mapping[str, object]) -> Services:
    quantities = part(summary, "quantities")
    invoices = [each for each in _list(summary.get("invoices")) if isinstance(each, Mapping)]
    items = tuple(item for invoice in invoices for item in _items(invoice))
    return Services(
        account=_counts(quantities, "account"),
        cascade=_counts(quantities, "cascade"),
        manual=_counts(quantities, "manual"),
        items=items,
        recurring=sum((_recurring(invoice) for invoice in invoices), Decimal(0)),
    )


def _counts(quantities: Mapping[str, object], name: str) -> dict[tuple[str, str], int]:
    counts = {}
    for category, items in part(quantities, name).items():
        for item, value in items.items() if isinstance(items, Mapping) else ():
            count = whole_number(value)
            if count is not None:
                counts[category, item] = max(count, 0)  # A placeholder that was not resolved is no count.
    return counts


def _recurring(invoice: Mapping[str, object]) -> Decimal:
    stated = part(invoice, "summary").get("recurring")
    return sum((item.total for item in _items(invoice)), Decimal(0)) if stated is None else amount(stated)


def _items(invoice: Mapping[str, object]) -> Iterator[InvoiceItem]:
    bookkeeper = text(part(invoice, "bookkeeper").get("id"))
    for item in _list(invoice.get("items")):
        if not isinstance(item, Mapping):
            continue
        category, name = text(item.get("category")), text(item.get("name"))
        key, plan = _plan_of(part(invoice, "plan"), item)
        rate, quantity = amount(item.get("rate")), whole_number(item.get("quantity")) or 0
        billable = whole_number(item.get("billable"))
        yield InvoiceItem(
            category=category,
            item=key,
            name=name or f"{category}/{key}",
            quantity=quantity,
            billable=quantity if billable is None else billable,
            rate=rate,
            discount=_discount(part(item, "discounts")),
            total=amount(item.get("total")),
            cascade=plan.get("cascade") is True,
            bookkeeper_id=bookkeeper,
            exceptions=tuple(text(each) for each in _list(plan.get("exceptions"))) if key == "_all" else (),
        )


def _plan_of(plan: Mapping[str, object], item: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """The plan's own key of an invoice item, and what it says there.

    An item shows the name it is counted `as`, so that `_all` may appear as `sip_device` beside the real one; then the
    name, and after it the rate, tells which of them it is.
    """
    shown = text(item.get("item"))
    candidates = [
        (key, details)
        for key, details in part(plan, text(item.get("category"))).items()
        if isinstance(details, Mapping) and shown in (key, text(details.get("as")))
    ]
    for name in ("name", "rate"):
        alike = [each for each in candidates if _same(each[1].get(name), item.get(name))]
        candidates = alike if len(candidates) > 1 and alike else candidates
    return candidates[0] if candidates else (shown, {})


def _same(one: object, other: object) -> bool:
    return text(one) == text(other) or (
        one is not None and _decimal(one) is not None and _decimal(one) == _decimal(other)
    )


def _discount(discounts: Mapping[str, object]) -> Decimal:
    if "total" in discounts:
        return amount(discounts["total"])
    cumulative = part(discounts, "cumulative")
    return amount(part(discounts, "single").get("rate")) + amount(cumulative.get("rate")) * (
        whole_number(cumulative.get("quantity")) or 0
    )


def amount(value: object) -> Decimal:
    """Currency without a double's noise; absent is 0."""
    number = _decimal(value)
    if number is None:
        return Decimal(0)
    rounded = number.quantize(_NOISE).normalize()
    return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < 15 else None


def _list(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else ()


# --- limits, users, devices --------------------------------------------------------------------------------------


async def _limits(client: Client, account_id: str) -> Limits:
    document = await client.document("accounts", account_id, "limits")
    if not isinstance(document, Mapping):
        return Limits()
    prepay, postpay = document.get("allow_prepay"), document.get("allow_postpay")
    return Limits(
        inbound_trunks=whole_number(document.get("inbound_trunks")),
        outbound_trunks=whole_number(document.get("outbound_trunks")),
        twoway_trunks=whole_number(document.get("twoway_trunks")),
        allow_prepay=prepay if isinstance(prepay, bool) else None,
        allow_postpay=postpay if isinstance(postpay, bool) else None,
    )


async def _names(listings: Listings, account_id: str, kind: str) -> dict[str, str]:
    names: dict[str, str] = {}
    async for page in listings.pages(("accounts", account_id, kind), RECORDS, []):
        for record in page.records():
            if isinstance(record, Mapping) and text(record.get("id")):
                names[text(record.get("id"))] = _name(record)
    return names


def _name(record: Mapping[str, object]) -> str:
    """First and last name of a user, the name of a device; else the user name, else the id."""
    full = " ".join(filter(None, (text(record.get("first_name")).strip(), text(record.get("last_name")).strip())))
    return full or text(record.get("name")) or text(record.get("username")) or text(record.get("id"))
