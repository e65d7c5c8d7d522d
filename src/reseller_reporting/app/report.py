"""Report: the main job. Pull what is missing, make every document, publish them whole, send them.

Invariants
- Documents come from one pinned version of the lake, and from nothing else: no clock, no host, no path in them.
- What could not be read is said; it never becomes a zero.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled, Wanted, sync
from reseller_reporting.app.pricing import Book, Pricing, open_book, with_pools
from reseller_reporting.app.progress import Progress
from reseller_reporting.app.stored import stored
from reseller_reporting.app.trunks import Pool, PoolShare, read_pool
from reseller_reporting.app.unit import PRICE_WARNINGS, Group, Made, Unit, in_words, make
from reseller_reporting.delivery.folder import RunFolder
from reseller_reporting.engines.local import available_processes, map_units
from reseller_reporting.model.account import Account, Services, Snapshot
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.period import ReportPeriod, parse_period
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.rating.country import country_name
from reseller_reporting.rating.plan_resolution import PlanBook
from reseller_reporting.rating.recurring import split_cascade
from reseller_reporting.reports.accounting import AccountingFormat, Entry
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.manifest import account_entry, manifest, manifest_bytes
from reseller_reporting.reports.margins import MarginFigures, margin_row
from reseller_reporting.reports.names import statement_name, workbook_name
from reseller_reporting.reports.order import account_order
from reseller_reporting.reports.render.as_accounting_csv import write_accounting
from reseller_reporting.reports.render.as_csv import write_countries, write_margins, write_summary
from reseller_reporting.reports.render.as_pdf import check_pdf_extra
from reseller_reporting.reports.render.package import Compression
from reseller_reporting.reports.summary import country_rows, summary_row
from reseller_reporting.reports.usage import UsageSums
from reseller_reporting.store import calls, coverage, snapshots
from reseller_reporting.store.calls import AccountCalls, Pinned
from reseller_reporting.store.coverage import Covered


class Also(StrEnum):
    """What a run makes beside its documents."""

    PDF = "pdf"  # A statement of one page for each customer.
    ACCOUNTING = "accounting"
    QUICKBOOKS = "quickbooks"
    XERO = "xero"


SUMMARY, COUNTRIES, MANIFEST, MARGINS = "summary.csv", "summary-by-country.csv", "manifest.json", "margin.csv"
_BOOKS = {
    Also.QUICKBOOKS: (AccountingFormat.QUICKBOOKS, "accounting-quickbooks.csv"),
    Also.XERO: (AccountingFormat.XERO, "accounting-xero.csv"),
    Also.ACCOUNTING: (AccountingFormat.GENERAL, "accounting.csv"),
}
# Starting a process costs about a second; fewer legs than this are made faster by this one alone.
_LEGS_WORTH_A_POOL = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What documents the user wants, and where."""

    wanted: Wanted
    source: str = "kazoo"  # Or `store`: from what the store holds, without asking KAZOO.
    out: Path | None = None
    legs_listed: str = "billable"
    plans: PlanBook = field(default_factory=PlanBook)  # Checked; empty: nothing is priced.
    edition: str = Edition.INTERNAL.value
    also: frozenset[Also] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run made. `manifest` is the document itself; `made` is in summary order."""

    folder: Path
    reseller: Account
    period: ReportPeriod
    manifest: dict[str, Any]
    is_answered: bool  # False: KAZOO did not answer to the end, and the next run may bring more.
    entries: list[tuple[AccountFacts, UsageSums | None]]

    @property
    def failed(self) -> list[AccountFacts]:
        return [facts for facts, _ in self.entries if facts.status == "failed"]


def check(order: Order) -> None:
    """What can be seen to go wrong before anything is asked or made."""
    if order.also and order.plans.is_empty:
        raise InvalidSettings(
            f"--also {min(order.also)} needs price plans: name them with --price-plans, or store some with "
            "`reseller-reporting plans import` and `plans assign`."
        )
    if order.edition == Edition.CUSTOMER and order.plans.is_empty:
        raise InvalidSettings(
            "The customer edition shows the reseller's own prices: name plans with --price-plans, or store some with "
            "`reseller-reporting plans import` and `plans assign`."
        )
    if Also.PDF in order.also:
        check_pdf_extra()


def run(house: House, order: Order, progress: Progress) -> Report:
    """The documents of a period in a folder: all of them under their final names, or none."""
    with RunFolder(order.out or _expected_folder(house, order)):
        pass  # An unwritable folder is seen before KAZOO is asked.
    pulled = stored(house, order.wanted) if order.source == "store" else sync(house, order.wanted, progress)
    folder = order.out or Path("reports") / pulled.period.name
    with RunFolder(folder) as target:
        return _make(house, order, pulled, target, progress)


def _expected_folder(house: House, order: Order) -> Path:
    """Where the files most likely go: only KAZOO tells the reseller's time zone, and so what the last month is."""
    wanted = order.wanted
    period = parse_period(wanted.period, timezone=wanted.timezone or "UTC", now=house.clock())
    return Path("reports") / period.name


def _make(house: House, order: Order, pulled: Pulled, target: RunFolder, progress: Progress) -> Report:
    pinned = calls.pin(house.lake)
    taken, _ = snapshots.read(house.lake, pulled.period)
    covered = coverage.read(house.lake, pulled.period)
    parts = _recurring_parts(pulled, taken)
    pool = read_pool(house, pinned, pulled, taken, covered)
    book = open_book(house, order.plans, pulled, taken)
    pricings: dict[str, Pricing] = {}
    units: dict[str, tuple[int, Unit]] = {}
    failed: list[AccountFacts] = []
    for account in pulled.selected:
        own_pulls = coverage.in_force(covered.get(account.id, []), pulled.period)
        facts = _facts(house, order, pulled, account, taken.get(account.id), own_pulls, parts)
        if facts.status == "failed":
            failed.append(facts)
            continue
        where = _calls(pinned, pulled, str(account.id))
        pricing = book.pricing(account, pinned)
        if pricing is None and not order.plans.is_empty:
            facts.warnings.append(ReportWarning("no_price_plan", "No price plan is given to this customer."))
        left = coverage.gaps(own_pulls, pulled.period, until=house.clock())
        unit = Unit(
            facts=facts,
            calls=replace(where, shows_reseller=facts.has_reseller_view),
            workbook=target.stage(f"accounts/{workbook_name(facts.account)}"),
            spill=house.lake.folder / "spill",
            compression=Compression(house.settings.workbook_compression),
            is_covered=not left and pulled.period.is_over(house.clock()),
            pool=_share(pool, pulled, account),
            pricing=pricing,
            statement=_statement_file(order, target, account) if pricing else None,
        )
        if pricing is not None:
            pricings[str(account.id)] = pricing
        units[str(account.id)] = (sum(pull.legs for pull in own_pulls), unit)
    made = _make_groups(_groups(book, pinned, units, pricings), progress)
    entries: list[tuple[AccountFacts, Made | None]] = [
        *((one.facts, one) for one in made),
        *((f, None) for f in failed),
    ]
    entries.sort(key=lambda entry: account_order(entry[0].account))
    said_of_pool = pool.digest if isinstance(pool, Pool) else pool
    return _publish(order, pulled, entries, target, said_of_pool=said_of_pool)


def _share(pool: Pool | str | None, pulled: Pulled, account: Account) -> PoolShare | str | None:
    if account.reseller_id != pulled.own.id:
        return None
    return pool.share(account.id) if isinstance(pool, Pool) else pool


def _groups(
    book: Book, pinned: Pinned, units: Mapping[str, tuple[int, Unit]], pricings: Mapping[str, Pricing]
) -> list[tuple[int, Group]]:
    """Accounts by themselves, and together where they share a pool, those with it that nobody asked for."""
    groups = [(size, Group(units=(unit,))) for size, unit in units.values() if unit.pricing is None]
    sharers, pulled = book.sharers(pricings), book.pulled
    for ids in with_pools({**sharers, **pricings}):
        own = [units[id_] for id_ in ids if id_ in units]
        silent = tuple((sharers[id_], _calls(pinned, pulled, id_)) for id_ in ids if id_ in sharers)
        if own:
            groups.append((sum(size for size, _ in own), Group(units=tuple(unit for _, unit in own), silent=silent)))
    return groups


def _calls(pinned: Pinned, pulled: Pulled, account_id: str) -> AccountCalls:
    period = pulled.period
    return pinned.calls([account_id], from_at=period.from_at, to_at=period.to_at, reseller_id=pulled.own.id)


def _make_groups(groups: list[tuple[int, Group]], progress: Progress) -> list[Made]:
    groups.sort(key=lambda sized: (-sized[0], sized[1].units[0].facts.account.id))
    progress.stage("Writing workbooks", sum(len(group.units) for _, group in groups))
    made: list[Made] = []

    def done(several: list[Made]) -> None:
        made.extend(several)
        for one in several:
            progress.step(one.facts.account.name)

    processes = available_processes() if sum(size for size, _ in groups) >= _LEGS_WORTH_A_POOL else 1
    map_units(make, [group for _, group in groups], processes=processes, done=done)
    return made


def _facts(
    house: House,
    order: Order,
    pulled: Pulled,
    account: Account,
    snapshot: Snapshot | None,
    pulls: Sequence[Covered],
    parts: dict[str, Decimal] | None,
) -> AccountFacts:
    """What is known of an account before its calls are read."""
    own = pulled.own
    why_failed = pulled.failed.get(account.id)
    below_sub_reseller = own.is_reseller and account.reseller_id not in (own.id, None) and account.id != own.id
    services = snapshot.services if snapshot else None
    return AccountFacts(
        account=account,
        reseller=own,
        period=pulled.period,
        currency=house.settings.currency,
        status="ok" if why_failed is None else "failed",
        complete=False,
        warnings=_warnings(
            house,
            pulled,
            account,
            snapshot,
            pulls,
            below_sub_reseller=below_sub_reseller,
            is_split=parts is not None,
        ),
        problems=[],
        snapshot=snapshot,
        reseller_recurring=None if parts is None or services is None else parts.get(account.id, Decimal(0)),
        customer_recurring=services.recurring if services else None,
        # A figure here means that there is a ledger to read; the unit puts the sum in.
        ledger_per_minute_units=0 if why_failed is None and pulls and all(pull.has_ledger for pull in pulls) else None,
        has_reseller_view=own.is_reseller and not below_sub_reseller,
        # A customer has no use for legs that nobody bills.
        legs_listed="all" if order.legs_listed == "all" and order.edition == Edition.INTERNAL else "billable",
        edition=Edition(order.edition),
        data_from=in_words(pull.source for pull in pulls),
    )


def _warnings(
    house: House,
    pulled: Pulled,
    account: Account,
    snapshot: Snapshot | None,
    pulls: Sequence[Covered],
    *,
    below_sub_reseller: bool,
    is_split: bool,
) -> list[ReportWarning]:
    if account.id in pulled.failed:
        return [ReportWarning("account_failed", pulled.failed[account.id])]
    warnings = [warning for pull in pulls for warning in pull.warnings]
    if not pulled.period.is_over(house.clock()):
        warnings.append(ReportWarning("period_not_over", "The period is not over: figures will still grow."))
    elif not pulls:
        warnings.append(ReportWarning("not_pulled", "No calls of this period are in the store for this account."))
    elif coverage.gaps(pulls, pulled.period, until=house.clock()):
        message = "The store lacks a part of this period; `reseller-reporting sync` brings it."
        warnings.append(ReportWarning("partly_pulled", message))
    unread = [name for name in ("services", "limits", "users") if snapshot is None or getattr(snapshot, name) is None]
    warnings += [ReportWarning(f"{name}_unread", f"The account's {name} could not be read.") for name in unread]
    if not pulled.own.is_reseller:
        message = (
            f"{pulled.own.name} is no reseller in KAZOO, which then lists no reseller types and costs: "
            "the reseller columns are empty."
        )
        warnings.append(ReportWarning("no_reseller_rights", message))
    elif below_sub_reseller:
        message = "The reseller figures of this account belong to its own reseller, a sub-reseller, and are left out."
        warnings.append(ReportWarning("reseller_figures_of_sub_reseller", message))
    if pulled.own.is_reseller and pulled.own.id and not is_split:
        message = f"The services of {pulled.own.name} could not be read: what it pays for its customers is not known."
        warnings.append(ReportWarning("reseller_services_unread", message))
    return list(dict.fromkeys(warnings))


def _recurring_parts(pulled: Pulled, taken: dict[str, Snapshot]) -> dict[str, Decimal] | None:
    """What of the reseller's own recurring invoice falls to each account; None when that cannot be known."""
    own = taken.get(pulled.own.id)
    if not pulled.own.is_reseller or own is None or own.services is None:
        return None
    chosen = {account.id for account in pulled.selected}
    customers = [a for a in pulled.tree if a.reseller_id == pulled.own.id or a.id in chosen]
    services: dict[Any, Services] = {
        a.id: snapshot.services
        for a in customers
        if (snapshot := taken.get(a.id)) is not None and snapshot.services is not None
    }
    below = {a.id: [c.id for c in customers if a.id in c.tree] for a in customers if a.is_reseller}
    carriers = {id_: ids for id_, ids in below.items() if services.keys() >= {id_, *ids}}
    parts = split_cascade(
        own.services.items, own.services, services, carriers, are_all_known=len(services) == len(customers)
    )
    return {str(key): part for key, part in parts.items() if key is not None}


def _statement_file(order: Order, target: RunFolder, account: Account) -> Path | None:
    return target.stage(f"statements/{statement_name(account)}") if Also.PDF in order.also else None


def _publish(
    order: Order,
    pulled: Pulled,
    made: Sequence[tuple[AccountFacts, Made | None]],
    target: RunFolder,
    *,
    said_of_pool: str | None,
) -> Report:
    entries = [(facts, one.sums if one else None) for facts, one in made]
    write_summary(target.stage(SUMMARY), [summary_row(facts, sums) for facts, sums in entries])
    countries = (country_rows(facts, sums, country_name) for facts, sums in entries if sums is not None)
    write_countries(target.stage(COUNTRIES), [row for rows in countries for row in rows])
    files = [f"accounts/{workbook_name(facts.account)}" if one else None for facts, one in made]
    document = manifest(
        period=pulled.period,
        store_version=_store_version(made, said_of_pool),
        accounts=[
            account_entry(facts, one.sums if one else None, file, one.sha256 if one else None)
            for (facts, one), file in zip(made, files, strict=True)
        ],
        entries=entries,
    )
    more = _priced_files(order, made, target)
    document["warnings"] += [{"code": "accounting", "message": note, "count": 1} for note in more.notes]
    target.stage(MANIFEST).write_bytes(manifest_bytes(document))
    names = [*(file for file in files if file), *more.names, SUMMARY, COUNTRIES, MANIFEST]
    target.publish(names, is_whole_set=order.wanted.accounts is None)
    return Report(
        folder=target.out,
        reseller=pulled.own,
        period=pulled.period,
        manifest=document,
        is_answered=not pulled.failed and not pulled.incomplete,
        entries=entries,
    )


@dataclass(frozen=True, slots=True)
class _More:
    names: list[str]
    notes: list[str]


def _priced_files(order: Order, made: Sequence[tuple[AccountFacts, Made | None]], target: RunFolder) -> _More:
    """What only prices make: margins, statements, files for the books."""
    priced = [(facts, facts.prices) for facts, one in made if one is not None and facts.prices is not None]
    if order.plans.is_empty:
        return _More([], [])
    write_margins(target.stage(MARGINS), [_margin_row(facts, one) for facts, one in made if one is not None])
    names, notes = [MARGINS], list[str]()
    if Also.PDF in order.also:
        names += [f"statements/{statement_name(facts.account)}" for facts, _ in priced]
    books = [Entry(facts.account, facts.period, prices.statement) for facts, prices in priced]
    for also in sorted(order.also & _BOOKS.keys()):
        form, name = _BOOKS[also]
        notes += write_accounting(target.stage(name), form, books)
        names.append(name)
    return _More(names, notes)


def _margin_row(facts: AccountFacts, made: Made) -> dict[str, str]:
    total, prices = made.sums.total, facts.prices
    return margin_row(
        MarginFigures(
            account=facts.account,
            currency=facts.currency,
            statement=prices.statement if prices else None,
            reseller_cost_units=total.reseller_cost_units if facts.has_reseller_view else None,
            reseller_recurring=facts.reseller_recurring,
            priced_calls=prices.priced_calls if prices else None,
            unpriced_calls=prices.statement.unpriced_calls if prices else None,
            calls_below_cost=prices.calls_below_cost if prices else None,
            loss_micros=prices.loss_micros if prices else None,
        )
    )


def _store_version(entries: Sequence[tuple[AccountFacts, Made | None]], said_of_pool: str | None) -> str:
    """A digest of everything that the documents were derived from, the same on any machine."""
    digest = hashlib.sha256((said_of_pool or "").encode())
    for facts, made in entries:
        snapshot = facts.snapshot and replace(facts.snapshot, taken_at=facts.period.to_at, source="")
        # What plans make of the rows is no part of them.
        warnings = [warning for warning in facts.warnings if warning.code not in PRICE_WARNINGS]
        stated = (facts.account, snapshot, facts.status, facts.complete, warnings, facts.problems)
        digest.update(
            repr((stated, facts.reseller_recurring, made and made.digest)).encode("utf-8", "backslashreplace")
        )
    return digest.hexdigest()
