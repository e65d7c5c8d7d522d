"""The unit of work: one account in one period, from its partitions to its workbook. Pure but for that one file."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from reseller_reporting.app.trunks import PoolShare, trunks_of
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.model.trunks import Trunks
from reseller_reporting.model.units import currency_text
from reseller_reporting.rating.billed_columns import rate_batch
from reseller_reporting.rating.country import country_name
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.as_xlsx import write_workbook
from reseller_reporting.reports.render.package import Compression
from reseller_reporting.reports.usage import UsageSums
from reseller_reporting.store.calls import AccountCalls, CallsReader, Overview, reading

# Warnings that explain a report without making it incomplete: every figure that there is, is there.
_COMPLETE_ALL_THE_SAME = frozenset(
    {
        "customer_ledger_differs",
        "reseller_ledger_differs",
        "unrated_calls",
        "no_reseller_rights",
        "reseller_figures_of_sub_reseller",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made; small enough to travel between processes."""

    facts: AccountFacts
    sums: UsageSums
    sha256: str
    digest: str  # Of the rows used.


def make(unit: Unit) -> Made:
    """The workbook of one account, and everything the summaries say of it."""
    calls = unit.calls
    with reading(calls, spill=unit.spill) as reader:
        has_reseller_view = calls.shows_reseller and reader.has_reseller_view()
        trunks = _trunks(unit, reader, has_reseller_view=has_reseller_view)
    with reading(replace(calls, shows_reseller=has_reseller_view), spill=unit.spill) as reader:
        overview, digest = reader.overview(), reader.digest()
        differences = _ledger_differences(unit, reader, has_reseller_view=has_reseller_view)
        facts = _with_calls(unit, reader.problems(), overview, differences, has_reseller_view=has_reseller_view)
        sums = write_workbook(
            unit.workbook,
            facts,
            map(rate_batch, reader.explained()),
            listed_count=overview.legs if facts.legs_listed == "all" else overview.billable,
            owner_names=(facts.snapshot.users if facts.snapshot else None) or {},
            country_name=country_name,
            trunks=trunks,
            compression=unit.compression,
        )
    with unit.workbook.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    return Made(facts=facts, sums=sums, sha256=sha256, digest=digest)


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
    missing = {warning.code for warning in warnings} - _COMPLETE_ALL_THE_SAME
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
    )


def in_words(sources: Iterable[str]) -> str:
    """Where rows came from, without the host that served them: the same rows give the same bytes anywhere."""
    kinds = (source.partition(":") for source in sources)
    words = {"KAZOO" if kind == "kazoo" else f"{kind} {name}".strip() for kind, _, name in kinds}
    return ", ".join(sorted(words))
