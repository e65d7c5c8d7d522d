"""Report: the main job. Pull what is missing, make every document, publish them whole, send them.

Invariants
- Documents come from one pinned version of the lake, and from nothing else: no clock, no host, no path in them.
- What could not be read is said; it never becomes a zero.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from reseller_reporting.app.carry_over import MONTHS_MAX as CARRY_OVER_MONTHS
from reseller_reporting.app.carry_over import earlier_months, lacks_calls
from reseller_reporting.app.changes import Comparison, compared, line_of, version_of
from reseller_reporting.app.extras import PRICED, Also
from reseller_reporting.app.history import MONTHS_MAX as HISTORY_MONTHS
from reseller_reporting.app.history import month_figures, read_history
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled, Wanted, sync
from reseller_reporting.app.plan_customers import Stranger, stranger_warnings, strangers
from reseller_reporting.app.pricing import Book, Pricing, is_below_sub_reseller, open_book, with_pools
from reseller_reporting.app.progress import WORKBOOKS, Progress
from reseller_reporting.app.recurring_parts import recurring_parts
from reseller_reporting.app.stored import stored
from reseller_reporting.app.trunks import Pool, PoolShare, read_pool
from reseller_reporting.app.unit import PRICE_WARNINGS, Group, Made, Unit, in_words, make
from reseller_reporting.delivery.folder import RunFolder
from reseller_reporting.engines.local import available_processes, map_units
from reseller_reporting.model.account import Account, Snapshot
from reseller_reporting.model.changes import Reported
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.period import ReportPeriod, parse_period
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.rating.country import country_name
from reseller_reporting.rating.plan_resolution import PlanBook
from reseller_reporting.reports.accounting import AccountingFormat, Entry
from reseller_reporting.reports.changes import reported_account
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.manifest import account_entry, manifest, manifest_bytes
from reseller_reporting.reports.margins import MarginFigures, margin_row
from reseller_reporting.reports.names import legs_name, statement_name, workbook_name
from reseller_reporting.reports.order import account_order
from reseller_reporting.reports.render.as_accounting_csv import write_accounting
from reseller_reporting.reports.render.as_csv import write_countries, write_margins, write_summary
from reseller_reporting.reports.render.as_legs import LegsFile, LegsForm, digest_of
from reseller_reporting.reports.render.as_pdf import check_pdf_extra
from reseller_reporting.reports.render.package import Compression
from reseller_reporting.reports.render.reseller_book import ResellerReport, write_reseller_book
from reseller_reporting.reports.style import Style
from reseller_reporting.reports.summary import country_rows, summary_row
from reseller_reporting.reports.usage import UsageSums
from reseller_reporting.store import calls, coverage, snapshots
from reseller_reporting.store.calls import Pinned
from reseller_reporting.store.coverage import Covered
from reseller_reporting.store.reported import ReportedLine
from reseller_reporting.words.language import ENGLISH, Words

SUMMARY, COUNTRIES, MANIFEST, MARGINS = "summary.csv", "summary-by-country.csv", "manifest.json", "margin.csv"
RESELLER_BOOK = "reseller.xlsx"
_KEPT_LEGS = ".legs"
_LEGS = {Also.PARQUET: LegsForm.PARQUET, Also.CSV: LegsForm.CSV}
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
    language: str | None = None  # Of documents and mails; None: as the settings say.
    keeps_legs: bool = False  # The rated legs as Parquet for later questions, although nobody ordered files of them.


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run made. `manifest` is the document itself; `made` is in summary order."""

    folder: Path
    reseller: Account
    period: ReportPeriod
    manifest: dict[str, Any]
    is_answered: bool  # False: KAZOO did not answer to the end, and the next run may bring more.
    entries: list[tuple[AccountFacts, UsageSums | None]]
    words: Words = ENGLISH
    strangers: Sequence[Stranger] = ()  # Lines of plans that fit nobody.
    kept_legs: Sequence[str] = ()  # Files that are in the folder and in no list of documents.

    @property
    def failed(self) -> list[AccountFacts]:
        return [facts for facts, _ in self.entries if facts.status == "failed"]


def check(order: Order) -> None:
    """What can be seen to go wrong before anything is asked or made."""
    priced = order.also & PRICED
    if priced and order.plans.is_empty:
        raise InvalidSettings(
            f"--also {min(priced)} needs price plans: name them with --price-plans, or store some with "
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
    _style(house, order)  # A logo that is none is seen as early.
    with RunFolder(order.out or _expected_folder(house, order)):
        pass  # An unwritable folder is seen before KAZOO is asked.
    pulled = stored(house, order.wanted) if order.source == "store" else sync(house, order.wanted, progress)
    progress.about(pulled.selected)
    folder = order.out or Path("reports") / pulled.period.name
    with RunFolder(folder) as target:
        return _make(house, order, pulled, target, progress)


def _style(house: House, order: Order) -> Style:
    return Style(words=Words(order.language or house.settings.documents_language), brand=house.brand)


def _expected_folder(house: House, order: Order) -> Path:
    """Where the files most likely go: only KAZOO tells the reseller's time zone, and so what the last month is."""
    wanted = order.wanted
    period = parse_period(wanted.period, timezone=wanted.timezone or "UTC", now=house.clock())
    return Path("reports") / period.name


def _make(house: House, order: Order, pulled: Pulled, target: RunFolder, progress: Progress) -> Report:
    pinned = calls.pin(house.lake)
    taken, _ = snapshots.read(house.lake, pulled.period)
    # Months before are compared, and what they left in bundles lives on.
    months_before = HISTORY_MONTHS if order.plans.is_empty else max(HISTORY_MONTHS, CARRY_OVER_MONTHS)
    covered = coverage.read(house.lake, pulled.period, months_before=months_before)
    parts = recurring_parts(pulled, taken)
    pool = read_pool(house, pinned, pulled, taken, covered)
    history = read_history(house, pinned, pulled, covered)
    book, style = open_book(house, order.plans, pulled, taken), _style(house, order)
    pricings: dict[str, Pricing] = {}
    units: dict[str, tuple[int, Unit]] = {}
    failed: list[AccountFacts] = []
    for number, account in enumerate(pulled.selected):
        own_pulls = coverage.in_force(covered.get(account.id, []), pulled.period)
        facts = _facts(house, order, pulled, account, taken.get(account.id), own_pulls, parts)
        if facts.status == "failed":
            failed.append(facts)
            continue
        before = month_figures(history.get(str(account.id), []), has_reseller_view=facts.has_reseller_view)
        pricing = book.pricing(account)
        if pricing is None and not order.plans.is_empty:
            facts.warnings.append(ReportWarning("no_price_plan", "No price plan is given to this customer."))
        left = coverage.gaps(own_pulls, pulled.period, until=house.clock())
        unit = Unit(
            facts=replace(facts, months_before=before),
            calls=book.calls(pinned, account),
            workbook=target.stage(f"accounts/{workbook_name(facts.account)}"),
            spill=house.lake.folder / "spill",
            compression=Compression(house.settings.workbook_compression),
            is_covered=not left and pulled.period.is_over(house.clock()),
            pool=_share(pool, pulled, account),
            pricing=pricing,
            statement=_statement_file(order, target, account) if pricing else None,
            legs=_legs_files(order, target, account),
            reported=_reported_file(target, number) if order.wanted.accounts is None else None,
            style=style,
        )
        if pricing is not None:
            pricings[str(account.id)] = pricing
        units[str(account.id)] = (sum(pull.legs for pull in own_pulls), unit)
    made = _make_groups(_groups(book, pinned, covered, units, pricings), progress)
    entries: list[tuple[AccountFacts, Made | None]] = [
        *((one.facts, one) for one in made),
        *((f, None) for f in failed),
    ]
    entries.sort(key=lambda entry: account_order(entry[0].account))
    for_nobody = strangers(order.plans, _known(pulled, taken))
    report = _publish(house, order, pulled, entries, target, pool, for_nobody)
    return replace(report, words=style.words, strangers=for_nobody)


def _known(pulled: Pulled, taken: Mapping[str, Snapshot]) -> list[Account]:
    """Everybody whom a plan may be for: the whole tree, whoever was chosen, and accounts that only files speak of."""
    imported = [snapshot.account for snapshot in taken.values() if snapshot.source == "import"]
    return [pulled.own, *pulled.tree, *pulled.selected, *imported]


def _share(pool: Pool | str | None, pulled: Pulled, account: Account) -> PoolShare | str | None:
    if account.reseller_id != pulled.own.id:
        return None
    return pool.share(account.id) if isinstance(pool, Pool) else pool


def _groups(
    book: Book,
    pinned: Pinned,
    covered: Mapping[str, list[Covered]],
    units: Mapping[str, tuple[int, Unit]],
    pricings: Mapping[str, Pricing],
) -> list[tuple[int, Group]]:
    """Accounts by themselves, and together where they share a pool, those with it that nobody asked for."""
    groups = [(size, Group(units=(unit,))) for size, unit in units.values() if unit.pricing is None]
    sharers = book.sharers(pricings)
    for ids in with_pools({**sharers, **pricings}):
        own = [units[id_] for id_ in ids if id_ in units]
        if not own:
            continue
        together = [pricings.get(id_) or sharers[id_] for id_ in ids]
        group = Group(
            units=tuple(unit for _, unit in own),
            silent=tuple((sharers[id_], book.calls(pinned, sharers[id_].account)) for id_ in ids if id_ in sharers),
            earlier=earlier_months(book, pinned, covered, together),
            refusal=_refusal(book, covered, together),
        )
        groups.append((sum(size for size, _ in own), group))
    return groups


def _refusal(book: Book, covered: Mapping[str, list[Covered]], together: Sequence[Pricing]) -> str | None:
    """Nobody can say what is left in a pool while calls that draw on it are not there."""
    if any(book.is_below_unknown(pricing.account) for pricing in together):
        return (
            "The customer may share included minutes with accounts above it that the store does not know. A run over "
            "all accounts brings them."
        )
    if len(together) == 1:
        return None
    lacking = sum(lacks_calls(book, covered, pricing.account, book.pulled.period) for pricing in together)
    if not lacking:
        return None
    return (
        f"{len(together)} customers share included minutes, and of {lacking} of them the store lacks calls of this "
        "period. A run over all accounts brings them."
    )


def _make_groups(groups: list[tuple[int, Group]], progress: Progress) -> list[Made]:
    groups.sort(key=lambda sized: (-sized[0], sized[1].units[0].facts.account.id))
    progress.stage(WORKBOOKS, sum(len(group.units) for _, group in groups))
    made: list[Made] = []

    def done(several: list[Made]) -> None:
        made.extend(several)
        for one in several:
            progress.step(one.facts.account.name, account_id=one.facts.account.id)

    legs = sum(size for size, _ in groups)
    processes = available_processes() if legs >= _LEGS_WORTH_A_POOL else 1
    # Each process has its part of all of them, so that it knows at its first one whether the compiler pays.
    tasks = [replace(group, legs_expected=legs // processes) for _, group in groups]
    map_units(make, tasks, processes=processes, done=done)
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
    below_sub_reseller = is_below_sub_reseller(account, own)
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
    services = snapshot.services if snapshot else None
    if services is not None and services.recurring is None:
        message = "This KAZOO shows no invoices (4.2 has none): what services cost by the month is not known."
        warnings.append(ReportWarning("no_invoices", message))
    elif pulled.own.is_reseller and pulled.own.id and not is_split:
        message = f"The services of {pulled.own.name} could not be read: what it pays for its customers is not known."
        warnings.append(ReportWarning("reseller_services_unread", message))
    return list(dict.fromkeys(warnings))


def _statement_file(order: Order, target: RunFolder, account: Account) -> Path | None:
    return target.stage(f"statements/{statement_name(account)}") if Also.PDF in order.also else None


def _legs_files(order: Order, target: RunFolder, account: Account) -> tuple[LegsFile, ...]:
    names = [(_LEGS[also], f"legs/{legs_name(account, also.value)}") for also in sorted(order.also & _LEGS.keys())]
    if order.keeps_legs and Also.PARQUET not in order.also:
        form = LegsForm.PARQUET
        names.append((form, f"{_KEPT_LEGS}/{legs_name(account, form.value)}"))
    return tuple(LegsFile(form, name, target.stage(name)) for form, name in names)


def _reported_file(target: RunFolder, number: int) -> Path:
    """It waits beside what is staged, and is gone with that unless it is kept."""
    return target.stage(f".reported/{number}.parquet")


def _publish(
    house: House,
    order: Order,
    pulled: Pulled,
    made: Sequence[tuple[AccountFacts, Made | None]],
    target: RunFolder,
    pool: Pool | str | None,
    for_nobody: Sequence[Stranger],
) -> Report:
    entries = [(facts, one.sums if one else None) for facts, one in made]
    write_summary(target.stage(SUMMARY), [summary_row(facts, sums) for facts, sums in entries])
    countries = (country_rows(facts, sums, country_name) for facts, sums in entries if sums is not None)
    write_countries(target.stage(COUNTRIES), [row for rows in countries for row in rows])
    files = [f"accounts/{workbook_name(facts.account)}" if one else None for facts, one in made]
    document = manifest(
        period=pulled.period,
        store_version=_store_version(made, pool.digest if isinstance(pool, Pool) else pool),
        accounts=[
            account_entry(facts, one.sums if one else None, file, one.sha256 if one else None)
            for (facts, one), file in zip(made, files, strict=True)
        ],
        entries=entries,
    )
    more = _priced_files(order, made, target)
    document["warnings"] += [{"code": "accounting", "message": note, "count": 1} for note in more.notes]
    document["warnings"] += [asdict(warning) for warning in stranger_warnings(for_nobody)]
    with compared(house, *_comparison(house, order, pulled, made, document, target)) as comparison:
        book = _reseller_report(pulled, house, made, more, pool, comparison)
        compression = Compression(house.settings.workbook_compression)
        style = _style(house, order)
        write_reseller_book(
            target.stage(RESELLER_BOOK),
            book,
            country_name=lambda code: style.words.country(code, country_name(code)),
            compression=compression,
            style=style,
        )
        document["edition"] = order.edition
        document["files"] = _more_files(target, [*more.names, RESELLER_BOOK], made)
        target.stage(MANIFEST).write_bytes(manifest_bytes(document))
        names = [file for file in files if file] + [each["file"] for each in document["files"]]
        kept_legs = [name for name in _legs_made(made) if _is_kept(name)]
        target.publish([*names, *kept_legs, SUMMARY, COUNTRIES, MANIFEST], is_whole_set=order.wanted.accounts is None)
        comparison.keep()
    return Report(
        folder=target.out,
        reseller=pulled.own,
        period=pulled.period,
        manifest=document,
        is_answered=not pulled.failed and not pulled.incomplete,
        entries=entries,
        kept_legs=kept_legs,
    )


def _comparison(
    house: House,
    order: Order,
    pulled: Pulled,
    made: Sequence[tuple[AccountFacts, Made | None]],
    document: Mapping[str, Any],
    target: RunFolder,
) -> tuple[ReportedLine | None, Reported, dict[str, Path]]:
    """With which reports this one is compared, what it says, and where its legs wait. Chosen accounts stand alone."""
    accounts = [
        reported_account(facts, one.sums if one else None, one.reported if one else None) for facts, one in made
    ]
    version = version_of(document["store_version"], document["price_plan_versions"], accounts)
    now = Reported(version=version, accounts=tuple(accounts))
    if order.wanted.accounts is not None:
        return None, now, {}
    line = line_of(
        house,
        pulled,
        include_sub_resellers=order.wanted.include_sub_resellers,
        is_priced=not order.plans.is_empty,
    )
    places = {str(account.id): number for number, account in enumerate(pulled.selected)}
    waiting = [(one.reported, places[str(facts.account.id)]) for facts, one in made if one is not None]
    return line, now, {digest: _reported_file(target, place) for digest, place in waiting if digest}


def _reseller_report(
    pulled: Pulled,
    house: House,
    made: Sequence[tuple[AccountFacts, Made | None]],
    more: "_More",
    pool: Pool | str | None,
    comparison: Comparison,
) -> ResellerReport:
    shares = {str(facts.account.id): one.pool for facts, one in made if one is not None and one.pool is not None}
    return ResellerReport(
        reseller=pulled.own,
        period=pulled.period,
        currency=house.settings.currency,
        entries=[(facts, one.sums if one else None) for facts, one in made],
        files={str(facts.account.id): f"accounts/{workbook_name(facts.account)}" for facts, one in made if one},
        margins=more.margins,
        pool=pool.figures(list(shares.values())) if isinstance(pool, Pool) else pool,
        shares=shares,
        changes=comparison.changes,
        not_compared="" if comparison.line is not None else "Only reports of all customers are compared.",
    )


def _more_files(
    target: RunFolder, names: Sequence[str], made: Sequence[tuple[AccountFacts, Made | None]]
) -> list[dict[str, str | None]]:
    """What is there beside the summaries and the workbooks. The reseller's workbook depends on earlier runs."""
    known: dict[str, str | None] = {name: digest for name, digest in _legs_made(made).items() if not _is_kept(name)}
    known |= {name: None if name == RESELLER_BOOK else digest_of(target.stage(name)) for name in names}
    return [{"file": name, "sha256": digest} for name, digest in sorted(known.items())]


def _legs_made(made: Sequence[tuple[AccountFacts, Made | None]]) -> dict[str, str]:
    """Files of rated legs, each with its digest."""
    return {name: digest for _, one in made if one is not None for name, digest in one.legs}


def _is_kept(name: str) -> bool:
    return name.startswith(f"{_KEPT_LEGS}/")


@dataclass(frozen=True, slots=True)
class _More:
    names: list[str]
    notes: list[str]
    margins: list[dict[str, str]]


def _priced_files(order: Order, made: Sequence[tuple[AccountFacts, Made | None]], target: RunFolder) -> _More:
    """What only prices make: margins, statements, files for the books."""
    priced = [(facts, facts.prices) for facts, one in made if one is not None and facts.prices is not None]
    if order.plans.is_empty:
        return _More([], [], [])
    margins = [_margin_row(facts, one) for facts, one in made]
    write_margins(target.stage(MARGINS), margins)
    names, notes = [MARGINS], list[str]()
    if Also.PDF in order.also:
        names += [f"statements/{statement_name(facts.account)}" for facts, _ in priced]
    books = [Entry(facts.account, facts.period, prices.statement) for facts, prices in priced]
    for also in sorted(order.also & _BOOKS.keys()):
        form, name = _BOOKS[also]
        notes += write_accounting(target.stage(name), form, books)
        names.append(name)
    return _More(names, notes, margins)


def _margin_row(facts: AccountFacts, made: Made | None) -> dict[str, str]:
    """A failed account keeps its row, too."""
    prices = facts.prices
    return margin_row(
        MarginFigures(
            account=facts.account,
            currency=facts.currency,
            statement=prices.statement if prices else None,
            reseller_cost_units=made.sums.total.reseller_cost_units if made and facts.has_reseller_view else None,
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
        used = (stated, facts.reseller_recurring, made and made.digest, *facts.months_before)
        digest.update(repr(used).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()
