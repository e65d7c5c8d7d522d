"""The unit of work: one account in one period, from its partitions to its workbook. Pure but for that one file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pyarrow as pa

from reseller_reporting.app.carry_over import NOTHING_EARLIER, Earlier, carried_into, unknown_warning
from reseller_reporting.app.pricing import (
    Pricing,
    Together,
    findings,
    price,
    priceable,
    priced_batches,
    recurring_findings,
    trunk_arrays,
)
from reseller_reporting.app.trunks import PoolShare, trunks_of
from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.model.statement import Statement
from reseller_reporting.model.tables import PRICEABLE_LEGS, RATED_LEGS
from reseller_reporting.model.trunks import TrunkFigures, Trunks
from reseller_reporting.model.units import currency_text
from reseller_reporting.rating.billed_columns import rate_batch
from reseller_reporting.rating.columns import expect
from reseller_reporting.rating.country import country_name
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.trunk_legs import LegArrays
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.as_legs import LegColumns, LegsFile, digest_of, writing_legs
from reseller_reporting.reports.render.as_pdf import StatementHeader, write_statement_pdf
from reseller_reporting.reports.render.as_xlsx import write_workbook
from reseller_reporting.reports.render.package import Compression
from reseller_reporting.reports.style import PRODUCT_STYLE, Style
from reseller_reporting.reports.usage import UsageSums
from reseller_reporting.store.calls import AccountCalls, CallsReader, Overview, reading
from reseller_reporting.store.reported import ReportedLegsFile

PRICE_WARNINGS = frozenset(
    {
        *("no_price_plan", "not_priced", "unpriced_calls", "priced_below_cost", "recurring_below_cost"),
        "carry_over_unknown",
    }
)
# Warnings that explain a report without making it incomplete: every figure that there is, is there.
COMPLETE_ALL_THE_SAME = frozenset(
    {
        "customer_ledger_differs",
        "reseller_ledger_differs",
        "unrated_calls",
        "no_reseller_rights",
        "no_invoices",
        "reseller_figures_of_sub_reseller",
        *PRICE_WARNINGS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What to make: the facts known before the calls are read, and where the workbook goes."""

    facts: AccountFacts
    calls: AccountCalls = field(repr=False)
    workbook: Path
    spill: Path
    compression: Compression
    is_covered: bool  # Every part of the period that has passed was pulled, and the period is over.
    pool: PoolShare | str | None = None  # Its share in the reseller's trunks, or why that is not known.
    pricing: Pricing | None = None
    statement: Path | None = None  # Where a PDF of it goes, if it is wanted.
    legs: tuple[LegsFile, ...] = ()  # The rated legs, for tools.
    reported: Path | None = None  # Where what is said of each leg waits for a later report to be compared with.
    style: Style = PRODUCT_STYLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Units that are priced together; one, as a rule. `silent` are customers that only draw on the same pool."""

    units: tuple[Unit, ...]
    silent: tuple[tuple[Pricing, AccountCalls], ...] = field(default=(), repr=False)
    earlier: Earlier = NOTHING_EARLIER
    refusal: str | None = None  # Why it cannot be priced, where that is seen already.
    legs_expected: int = 0  # By this process, of all groups that it makes.


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made; small enough to travel between processes."""

    facts: AccountFacts
    sums: UsageSums
    sha256: str
    digest: str  # Of the rows used.
    pool: TrunkFigures | None = None  # Its share in the reseller's trunks, without the legs in question.
    legs: tuple[tuple[str, str], ...] = ()  # Names and digests of the files of rated legs.
    reported: str | None = None  # The digest of what is said of each leg.


@dataclass(frozen=True, slots=True)
class _Read:
    """A unit whose calls are at hand."""

    unit: Unit
    facts: AccountFacts
    reader: CallsReader
    overview: Overview
    trunks: Trunks
    digest: str

    def rated(self) -> Iterator[pa.RecordBatch]:
        return map(rate_batch, self.reader.explained())


def make(group: Group) -> list[Made]:
    """The workbook of each account, and everything the summaries say of it."""
    with ExitStack() as stack:
        read = [_read(unit, stack) for unit in group.units]
        if not any(unit.pricing for unit in group.units):
            return [_written(each, each.facts, each.rated()) for each in read]
        return _make_priced(group, read, stack)


def _read(unit: Unit, stack: ExitStack) -> _Read:
    calls = unit.calls
    with reading(calls, spill=unit.spill) as reader:
        has_reseller_view = calls.shows_reseller and reader.has_reseller_view()
        trunks = _trunks(unit, reader, has_reseller_view=has_reseller_view)
    reader = stack.enter_context(reading(replace(calls, shows_reseller=has_reseller_view), spill=unit.spill))
    overview, digest = reader.overview(), reader.digest()
    differences = _ledger_differences(unit, reader, has_reseller_view=has_reseller_view)
    facts = _with_calls(unit, reader.problems(), overview, differences, has_reseller_view=has_reseller_view)
    return _Read(unit, facts, reader, overview, trunks, digest)


def _make_priced(group: Group, read: list[_Read], stack: ExitStack) -> list[Made]:
    """Rated once, into files; a price may depend on all calls, so that it comes before the first row is written."""
    expect(group.legs_expected)
    folder = Path(stack.enter_context(TemporaryDirectory(prefix=".rated-", dir=group.units[0].workbook.parent)))
    spools = [_Rated(folder / str(place), each.rated()) for place, each in enumerate(read)]
    try:
        priced, warnings = _priced(group, read, spools, stack)
    except CannotPrice as error:
        return [_unpriced(each, spool, error) for each, spool in zip(read, spools, strict=True)]
    of_unit = iter(priced)
    return [
        _with_prices(each, spool, each.unit.pricing, next(of_unit), warnings)
        if each.unit.pricing is not None
        else _written(each, each.facts, spool.batches())
        for each, spool in zip(read, spools, strict=True)
    ]


def _priced(
    group: Group, read: list[_Read], spools: "list[_Rated]", stack: ExitStack
) -> tuple[list[Priced], list[ReportWarning]]:
    """The prices of the units that have a plan, in their order, and what is not known about them."""
    if group.refusal is not None:
        raise CannotPrice(group.refusal)
    spill = group.units[0].spill

    def stored_legs(stack: ExitStack, where: AccountCalls) -> tuple[pa.Table, Callable[[], LegArrays]]:
        """As `_read` and `_Rated` have them of a unit."""
        reader = stack.enter_context(reading(where, spill=spill))
        if where.shows_reseller and not reader.has_reseller_view():
            reader = stack.enter_context(reading(replace(where, shows_reseller=False), spill=spill))
        batches = (priceable(rate_batch(batch)) for batch in reader.explained())
        return pa.Table.from_batches(batches, PRICEABLE_LEGS), trunk_arrays(reader)

    carried, is_known = carried_into(group.earlier, stored_legs)
    own = [
        (each.unit.pricing, spool.legs, trunk_arrays(each.reader))
        for each, spool in zip(read, spools, strict=True)
        if each.unit.pricing is not None
    ]
    together: Together = [*own, *((pricing, *stored_legs(stack, where)) for pricing, where in group.silent)]
    return price(together, carried), [] if is_known else [unknown_warning(group.earlier)]


def _unpriced(read: _Read, spool: "_Rated", error: CannotPrice) -> Made:
    warning = ReportWarning("not_priced", f"No prices: {error.sentence}")
    return _written(read, replace(read.facts, warnings=[*read.facts.warnings, warning]), spool.batches())


def _with_prices(read: _Read, spool: "_Rated", pricing: Pricing, priced: Priced, warnings: list[ReportWarning]) -> Made:
    """A quantity that is not known is seen when the statement is made: then of this customer nothing is priced."""
    try:
        prices = pricing.statement(priced)
    except CannotPrice as error:
        return _unpriced(read, spool, error)
    found, told = findings(pricing, priced)
    if read.facts.period.is_month:
        told += recurring_findings(prices, read.facts.reseller_recurring)
    facts = replace(read.facts, prices=prices, findings=found, warnings=[*read.facts.warnings, *warnings, *told])
    priced = replace(priced, for_customer=facts.edition is Edition.CUSTOMER)
    return _written(read, facts, priced_batches(spool.batches(), priced))


class _Rated:
    """RATED_LEGS of one unit in a file, and of the billable ones what a plan reads, at hand."""

    def __init__(self, path: Path, batches: Iterable[pa.RecordBatch]) -> None:
        self._path = path
        narrow = []
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, RATED_LEGS) as writer:
            for batch in batches:
                writer.write_batch(batch)
                narrow.append(priceable(batch))
        self.legs = pa.Table.from_batches(narrow, PRICEABLE_LEGS)

    def batches(self) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(self._path)) as file:
            stored = pa.ipc.open_file(file)
            for place in range(stored.num_record_batches):
                yield stored.get_batch(place)


def _written(read: _Read, facts: AccountFacts, batches: Iterable[pa.RecordBatch]) -> Made:
    """One pass over the legs makes everything that is made of them."""
    unit = read.unit
    owner_names = (facts.snapshot.users if facts.snapshot else None) or {}
    with ExitStack() as stack:
        takers = []
        if unit.legs:
            takers.append(stack.enter_context(writing_legs(unit.legs, LegColumns.of(facts, owner_names, country_name))))
        said = stack.enter_context(closing(ReportedLegsFile(unit.reported))) if unit.reported else None
        if said is not None:
            takers.append(said.add)
        sums = write_workbook(
            unit.workbook,
            facts,
            _handed_to(takers, batches),
            listed_count=read.overview.legs if facts.legs_listed == "all" else read.overview.billable,
            owner_names=owner_names,
            country_name=_country_name(unit.style),
            trunks=read.trunks,
            compression=unit.compression,
            style=unit.style,
        )
        reported = said.finish() if said is not None else None
    if facts.prices is not None and unit.statement is not None:
        _write_statement(unit.statement, facts, facts.prices.statement, sums, unit.style)
    pool = read.trunks.pool
    return Made(
        facts=facts,
        sums=sums,
        sha256=digest_of(unit.workbook),
        digest=read.digest,
        pool=replace(pool, differences=()) if isinstance(pool, TrunkFigures) else None,
        legs=tuple((file.name, digest_of(file.path)) for file in unit.legs),
        reported=reported,
    )


def _handed_to(
    takers: Sequence[Callable[[pa.RecordBatch], None]], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for take in takers:
            take(batch)
        yield batch


def _country_name(style: Style) -> Callable[[str], str]:
    return lambda code: style.words.country(code, country_name(code))


def _write_statement(path: Path, facts: AccountFacts, statement: Statement, sums: UsageSums, style: Style) -> None:
    """With bars by country: what a rule is called says less than where the calls went."""
    of_country: Counter[str] = Counter()
    name = _country_name(style)
    for (code, _), figures in sums.by_country.items():
        of_country[name(code)] += figures.price_micros or 0
    destinations = sorted(of_country.items(), key=lambda each: (-each[1], each[0]))
    header = StatementHeader(
        reseller=facts.reseller,
        customer=facts.account,
        period=facts.period,
        destinations=destinations,
        style=style,
    )
    write_statement_pdf(path, header, statement)


def _trunks(unit: Unit, reader: CallsReader, *, has_reseller_view: bool) -> Trunks:
    """Of every off-net row as it was read: so were the pool's, whether or not all show the reseller's view."""
    facts, period = unit.facts, unit.facts.period
    trunks = trunks_of(
        reader,
        facts.snapshot.limits if facts.snapshot else None,
        unit.pool,
        span=(period.from_at, period.to_at),
        zone=period.timezone,
    )
    return trunks if has_reseller_view else trunks.without_reseller()


def _ledger_differences(unit: Unit, reader: CallsReader, *, has_reseller_view: bool) -> list[ReportWarning]:
    """What KAZOO lists against what its ledgers hold: worth a look, never a reason to stop."""
    unread = {warning.code for warning in unit.facts.warnings}
    parties: list[Literal["customer", "reseller"]] = []
    if unit.facts.ledger_per_minute_units is not None:
        parties.append("customer")
        if has_reseller_view and "reseller_ledger_unread" not in unread:
            parties.append("reseller")
    warnings = []
    for party in parties:
        found = reader.ledger_difference(party)
        if found.calls:
            message = (
                f"The {party}'s ledger and the list of calls do not agree: "
                f"listed {currency_text(found.listed_units)}, in the ledger {currency_text(found.ledger_units)}."
            )
            warnings.append(ReportWarning(f"{party}_ledger_differs", message, found.calls))
    return warnings


def _with_calls(
    unit: Unit,
    problems: list[Problem],
    overview: Overview,
    differences: list[ReportWarning],
    *,
    has_reseller_view: bool,
) -> AccountFacts:
    """The facts, completed by what the rows tell."""
    facts = unit.facts
    warnings = list(facts.warnings)
    if unit.calls.shows_reseller and not has_reseller_view:
        message = "Calls were listed without the reseller's view: reseller types and costs are missing."
        warnings.append(ReportWarning("no_reseller_view", message))
    if problems:
        message = "Malformed records are in no sum; the sheet Problems lists them."
        warnings.append(ReportWarning("malformed_records", message, len(problems)))
    if overview.unexplained:
        message = (
            "Nothing says for how many seconds these calls were charged: their billing minutes are the answered ones, "
            "and they are in no sum of charged seconds."
        )
        warnings.append(ReportWarning("charge_unexplained", message, overview.unexplained))
    if overview.unrated:
        message = "Answered calls by the minute that KAZOO found no rate for: nobody was charged."
        warnings.append(ReportWarning("unrated_calls", message, overview.unrated))
    warnings += differences
    missing = {warning.code for warning in warnings} - COMPLETE_ALL_THE_SAME
    # Charges are negative in a ledger; documents speak of the net debit.
    units = None if facts.ledger_per_minute_units is None else -overview.ledger_per_minute_units
    return replace(
        facts,
        problems=problems,
        warnings=warnings,
        complete=unit.is_covered and not missing,
        has_reseller_view=has_reseller_view,
        ledger_per_minute_units=units,
        data_from=in_words(overview.sources) or facts.data_from,
        # Earlier months were counted by the view that this one should have had.
        months_before=facts.months_before if has_reseller_view == unit.calls.shows_reseller else (),
    )


def in_words(sources: Iterable[str]) -> str:
    """Where rows came from, without the host that served them: the same rows give the same bytes anywhere."""
    kinds = (source.partition(":") for source in sources)
    words = {"KAZOO" if kind == "kazoo" else f"{kind} {name}".strip() for kind, _, name in kinds}
    return ", ".join(sorted(words))
