"""Telling: a finished report in a few sentences for the person who asked for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reseller_reporting.app.plan_customers import CODE as PLAN_FOR_NOBODY
from reseller_reporting.app.report import COUNTRIES, MANIFEST, SUMMARY, Report
from reseller_reporting.app.unit import COMPLETE_ALL_THE_SAME
from reseller_reporting.model.counted_words import counted
from reseller_reporting.reports.facts import AccountFacts

_COSTS = (("Reseller cost", "reseller_cost"), ("customer cost", "customer_cost"))

_NAMES_TOLD = 5
_WARNINGS_TOLD, _OF_ONE_CODE = 8, 3
# What costs money first. Codes that are not here come last, in the order of their names.
_ORDER = (
    "not_priced",
    "no_price_plan",
    "unpriced_calls",
    "priced_below_cost",
    "recurring_below_cost",
    PLAN_FOR_NOBODY,
    "accounting",
    "carry_over_unknown",
    "unrated_calls",
    "reseller_ledger_differs",
    "customer_ledger_differs",
)
# Of these every customer has a message with figures of its own: they are told together, without the figures.
_TOGETHER = {
    "no_price_plan": "{customers} {has} no price plan: {names}.",
    "unpriced_calls": "{calls} of {customers} {call_has} no price and {call_is} in no figure of prices: {names}.",
    "priced_below_cost": "{calls} of {customers} {call_is} priced below what the reseller paid: {names}.",
    "recurring_below_cost": "Recurring services of {customers} are priced below what the reseller pays: {names}.",
    "unrated_calls": "KAZOO found no rate for {calls} of {customers}: {names}.",
    "reseller_ledger_differs": "The reseller's ledger does not agree with {calls} of {customers}: {names}.",
    "customer_ledger_differs": "The ledgers of {customers} do not agree with {calls} listed: {names}.",
}


def sentences(report: Report) -> list[str]:
    """What was made, how much it comes to, what is missing, what to look at, and where it lies."""
    totals, period = report.manifest["totals"], report.period
    customers = len(report.entries)
    lines = [
        f"{period.name} ({period.timezone}): {counted(customers, 'customer')}, {counted(totals['calls'], 'call')}."
    ]
    costs = (f"{side} {_amount(report, totals[key])}" for side, key in _COSTS)
    price = f", price {_amount(report, totals['price'])}" if totals["price"] is not None else ""
    lines.append(f"{', '.join(costs)}{price}.")
    unknown = sum(sums is not None and not facts.has_reseller_view for facts, sums in report.entries)
    if unknown and totals["reseller_cost"] is not None:
        lines.append(f"The reseller cost of {counted(unknown, 'customer')} is not known and in no sum.")
    for facts in report.failed:
        why = " ".join(warning.message for warning in facts.warnings)
        lines.append(f"Failed: {facts.account.name} ({facts.account.id}): {why}")
    incomplete = [facts for facts, _ in report.entries if facts.status == "ok" and not facts.complete]
    if incomplete:
        doubts = (warning for facts in incomplete for warning in facts.warnings)
        reasons = sorted({warning.message for warning in doubts if warning.code not in COMPLETE_ALL_THE_SAME})
        lines.append(f"Not complete: {_names(incomplete)}. {' '.join(reasons)}".rstrip())
    lines += _warned(report)
    others = [each["file"] for each in report.manifest["files"] if "/" not in each["file"]]
    pages = ", in statements a page of what it owes" if _has_statements(report) else ""
    names = ", ".join([SUMMARY, COUNTRIES, *others, MANIFEST])
    lines.append(f"Files in {report.folder}: {names}, and in accounts a workbook per customer{pages}.")
    return lines


@dataclass(frozen=True, slots=True)
class _Warning:
    """A code, or a code and a message, with the customers that have it; a warning of the whole run has none."""

    code: str
    message: str
    facts: Sequence[AccountFacts] = ()
    count: int = 1


def _warned(report: Report) -> Iterator[str]:
    """A sentence for each kind of warning that leaves a report complete; what makes one incomplete is told before."""
    told, of_code = 0, dict[str, int]()
    found = sorted(_warnings(report), key=_importance)
    for each in found:
        of_code[each.code] = of_code.get(each.code, 0) + 1
        if told < _WARNINGS_TOLD and of_code[each.code] <= _OF_ONE_CODE:
            told += 1
            yield _sentence(each)
    if told < len(found):
        yield f"And {counted(len(found) - told, 'more warning')} in {MANIFEST}."


def _importance(each: _Warning) -> tuple[int, str]:
    return (_ORDER.index(each.code) if each.code in _ORDER else len(_ORDER), each.code)


def _warnings(report: Report) -> Iterator[_Warning]:
    by_kind: dict[tuple[str, str], tuple[list[AccountFacts], int]] = {}
    for facts, _ in report.entries:
        for warning in facts.warnings if facts.status == "ok" else ():
            if warning.code in COMPLETE_ALL_THE_SAME:
                kind = (warning.code, "" if warning.code in _TOGETHER else warning.message)
                bearers, count = by_kind.get(kind, ([], 0))
                by_kind[kind] = ([*bearers, facts], count + warning.count)
    for (code, message), (bearers, count) in by_kind.items():
        yield _Warning(code, message, bearers, count)
    for stranger in report.strangers:
        yield _Warning(PLAN_FOR_NOBODY, stranger.sentence)
    for note in report.manifest["warnings"]:
        if note["code"] == "accounting":
            yield _Warning(note["code"], note["message"])


def _sentence(each: _Warning) -> str:
    if not each.facts:
        return each.message
    customers, names = counted(len(each.facts), "customer"), _names(each.facts)
    if each.code not in _TOGETHER:
        return f"{each.message} ({customers}: {names})"
    is_one = each.count == 1
    return _TOGETHER[each.code].format(
        customers=customers,
        names=names,
        has="has" if len(each.facts) == 1 else "have",
        calls=counted(each.count, "call"),
        call_has="has" if is_one else "have",
        call_is="is" if is_one else "are",
    )


def _names(customers: Sequence[AccountFacts]) -> str:
    shown = ", ".join(facts.account.name for facts in customers[:_NAMES_TOLD])
    return f"{shown} and {len(customers) - _NAMES_TOLD} more" if len(customers) > _NAMES_TOLD else shown


def _has_statements(report: Report) -> bool:
    return any(each["file"].startswith("statements/") for each in report.manifest["files"])


def _amount(report: Report, text: str | None) -> str:
    currencies = {facts.currency for facts, _ in report.entries}
    return "unknown" if text is None else " ".join([text, *sorted(currencies)])
