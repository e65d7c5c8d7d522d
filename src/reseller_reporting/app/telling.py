"""Telling: a finished report in a few sentences for the person who asked for it."""

from reseller_reporting.app.report import COUNTRIES, MANIFEST, SUMMARY, Report

_COSTS = (("Reseller cost", "reseller_cost"), ("customer cost", "customer_cost"))

_NAMES_TOLD = 5


def sentences(report: Report) -> list[str]:
    """What was made, how much it comes to, what is missing, and where it lies."""
    totals, period = report.manifest["totals"], report.period
    customers = len(report.entries)
    lines = [
        f"{period.name} ({period.timezone}): {_counted(customers, 'customer')}, {_counted(totals['calls'], 'call')}."
    ]
    costs = (f"{side} {_amount(report, totals[key])}" for side, key in _COSTS)
    price = f", price {_amount(report, totals['price'])}" if totals["price"] is not None else ""
    lines.append(f"{', '.join(costs)}{price}.")
    unknown = sum(sums is not None and not facts.has_reseller_view for facts, sums in report.entries)
    if unknown and totals["reseller_cost"] is not None:
        lines.append(f"The reseller cost of {_counted(unknown, 'customer')} is not known and in no sum.")
    for facts in report.failed:
        why = " ".join(warning.message for warning in facts.warnings)
        lines.append(f"Failed: {facts.account.name} ({facts.account.id}): {why}")
    incomplete = [facts for facts, _ in report.entries if facts.status == "ok" and not facts.complete]
    if incomplete:
        reasons = sorted({warning.message for facts in incomplete for warning in facts.warnings})
        names = ", ".join(facts.account.name for facts in incomplete[:_NAMES_TOLD])
        more = f" and {len(incomplete) - _NAMES_TOLD} more" if len(incomplete) > _NAMES_TOLD else ""
        lines.append(f"Not complete: {names}{more}. {' '.join(reasons)}")
    others = [each["file"] for each in report.manifest["files"] if "/" not in each["file"]]
    pages = ", in statements a page of what it owes" if _has_statements(report) else ""
    names = ", ".join([SUMMARY, COUNTRIES, *others, MANIFEST])
    lines.append(f"Files in {report.folder}: {names}, and in accounts a workbook per customer{pages}.")
    return lines


def _has_statements(report: Report) -> bool:
    return any(each["file"].startswith("statements/") for each in report.manifest["files"])


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _amount(report: Report, text: str | None) -> str:
    currencies = {facts.currency for facts, _ in report.entries}
    return "unknown" if text is None else " ".join([text, *sorted(currencies)])
