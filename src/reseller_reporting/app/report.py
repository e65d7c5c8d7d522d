"""Report: the main job. Pull what is missing, make every document, publish them whole, send them.

Invariants
- Documents come from one pinned version of the lake, and from nothing else: no clock, no host, no path in them.
- What could not be read is said; it never becomes a zero.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled, Wanted, sync
from reseller_reporting.app.progress import WORKBOOKS, Progress
from reseller_reporting.app.stored import stored
from reseller_reporting.app.trunks import Pool, PoolShare, read_pool
from reseller_reporting.app.unit import Made, Unit, in_words, make
from reseller_reporting.delivery.folder import RunFolder
from reseller_reporting.engines.local import available_processes, map_units
from reseller_reporting.model.account import Account, Services, Snapshot
from reseller_reporting.model.period import ReportPeriod, parse_period
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.rating.country import country_name
from reseller_reporting.rating.recurring import split_cascade
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.manifest import account_entry, manifest, manifest_bytes
from reseller_reporting.reports.names import workbook_name
from reseller_reporting.reports.order import account_order
from reseller_reporting.reports.render.as_csv import write_countries, write_summary
from reseller_reporting.reports.summary import country_rows, summary_row
from reseller_reporting.reports.usage import UsageSums
from reseller_reporting.store import calls, coverage, snapshots
from reseller_reporting.store.coverage import Covered

SUMMARY, COUNTRIES, MANIFEST = "summary.csv", "summary-by-country.csv", "manifest.json"
# Starting a process costs about a second; fewer legs than this are made faster by this one alone.
_LEGS_WORTH_A_POOL = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What documents the user wants, and where."""

    wanted: Wanted
    source: str = "kazoo"  # Or `store`: from what the store holds, without asking KAZOO.
    out: Path | None = None
    legs_listed: str = "billable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run made. `manifest` is the document itself; `made` is in summary order."""

    folder: Path
    reseller: Account
    period: ReportPeriod
    manifest: dict[str, Any]
    entries: list[tuple[AccountFacts, UsageSums | None]]

    @property
    def failed(self) -> list[AccountFacts]:
        return [facts for facts, _ in self.entries if facts.status == "failed"]


def run(house: House, order: Order, progress: Progress) -> Report:
    """The documents of a period in a folder: all of them under their final names, or none."""
    with RunFolder(order.out or _expected_folder(house, order)):
        pass  # An unwritable folder is seen before KAZOO is asked.
    pulled = stored(house, order.wanted) if order.source == "store" else sync(house, order.wanted, progress)
    progress.about(pulled.selected)
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
    covered = coverage.read(house.lake)
    parts = _recurring_parts(pulled, taken)
    pool = read_pool(house, pinned, pulled, taken, covered)
    units: list[tuple[int, Unit]] = []
    failed: list[AccountFacts] = []
    for account in pulled.selected:
        own_pulls = coverage.in_force(covered.get(account.id, []), pulled.period)
        facts = _facts(house, order, pulled, account, taken.get(account.id), own_pulls, parts)
        if facts.status == "failed":
            failed.append(facts)
            continue
        where = pinned.calls(
            [account.id], from_at=pulled.period.from_at, to_at=pulled.period.to_at, reseller_id=pulled.own.id
        )
        left = coverage.gaps(own_pulls, pulled.period, until=house.clock())
        unit = Unit(
            facts=facts,
            calls=replace(where, shows_reseller=facts.has_reseller_view),
            workbook=target.stage(f"accounts/{workbook_name(facts.account)}"),
            spill=house.lake.folder / "spill",
            is_covered=not left and pulled.period.is_over(house.clock()),
            pool=_share(pool, pulled, account),
        )
        units.append((sum(pull.legs for pull in own_pulls), unit))
    made = _make_units(units, progress)
    entries: list[tuple[AccountFacts, Made | None]] = [
        *((one.facts, one) for one in made),
        *((f, None) for f in failed),
    ]
    entries.sort(key=lambda entry: account_order(entry[0].account))
    said_of_pool = pool.digest if isinstance(pool, Pool) else pool
    return _publish(pulled, entries, target, said_of_pool=said_of_pool, is_whole_set=order.wanted.accounts is None)


def _share(pool: Pool | str | None, pulled: Pulled, account: Account) -> PoolShare | str | None:
    if account.reseller_id != pulled.own.id:
        return None
    return pool.share(account.id) if isinstance(pool, Pool) else pool


def _make_units(units: list[tuple[int, Unit]], progress: Progress) -> list[Made]:
    units.sort(key=lambda sized: (-sized[0], sized[1].facts.account.id))
    progress.stage(WORKBOOKS, len(units))
    made: list[Made] = []

    def done(one: Made) -> None:
        made.append(one)
        progress.step(one.facts.account.name, account_id=one.facts.account.id)

    processes = available_processes() if sum(size for size, _ in units) >= _LEGS_WORTH_A_POOL else 1
    map_units(make, [unit for _, unit in units], processes=processes, done=done)
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
        legs_listed="all" if order.legs_listed == "all" else "billable",
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


def _publish(
    pulled: Pulled,
    made: Sequence[tuple[AccountFacts, Made | None]],
    target: RunFolder,
    *,
    said_of_pool: str | None,
    is_whole_set: bool,
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
    target.stage(MANIFEST).write_bytes(manifest_bytes(document))
    names = [*(file for file in files if file), SUMMARY, COUNTRIES, MANIFEST]
    target.publish(names, is_whole_set=is_whole_set)
    return Report(folder=target.out, reseller=pulled.own, period=pulled.period, manifest=document, entries=entries)


def _store_version(entries: Sequence[tuple[AccountFacts, Made | None]], said_of_pool: str | None) -> str:
    """A digest of everything that the documents were derived from, the same on any machine."""
    digest = hashlib.sha256((said_of_pool or "").encode())
    for facts, made in entries:
        snapshot = facts.snapshot and replace(facts.snapshot, taken_at=facts.period.to_at, source="")
        stated = (facts.account, snapshot, facts.status, facts.complete, facts.warnings, facts.problems)
        digest.update(
            repr((stated, facts.reseller_recurring, made and made.digest)).encode("utf-8", "backslashreplace")
        )
    return digest.hexdigest()
