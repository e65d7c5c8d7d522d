"""The command that tells what the store holds of a period, and what is missing."""

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reseller_reporting.app.completeness import CustomerCoverage
    from reseller_reporting.model.period import ReportPeriod


def coverage_document(period: "ReportPeriod", customers: "list[CustomerCoverage]") -> dict[str, Any]:
    return {
        "period": {
            "from": period.from_local.isoformat(),
            "to": period.to_local.isoformat(),
            "timezone": period.timezone,
        },
        "accounts": [
            {
                "id": each.account.id,
                "name": each.account.name,
                "state": each.state.value,
                "taken_at": each.taken_at and each.taken_at.isoformat(),
                "legs": each.legs,
                "malformed": each.malformed,
                "missing": [{"from": start.isoformat(), "to": end.isoformat()} for start, end in each.missing],
                "warnings": [{"code": w.code, "message": w.message, "count": w.count} for w in each.warnings],
                "windows": [
                    {
                        "listing": window.listing,
                        "created_from": window.created_from.isoformat(),
                        "created_to": window.created_to.isoformat(),
                        "taken_at": window.taken_at.isoformat(),
                        "pages": window.pages,
                        "records": window.records,
                        "kept": window.kept,
                        "failure": window.failure,
                    }
                    for window in each.windows
                ],
            }
            for each in customers
        ],
    }


def coverage_lines(customers: "list[CustomerCoverage]") -> list[str]:
    """A line a customer, then what went wrong, then the count of each state."""
    width = max([len(each.account.name) for each in customers], default=0)
    lines = [
        f"{each.state:<9}  {each.account.name:<{width}}  {each.legs:>9} {'leg ' if each.legs == 1 else 'legs'}  "
        f"{_shown(each.taken_at)}"
        for each in customers
    ]
    for each in customers:
        lines += [f"{each.account.name}: {window.listing}: {window.failure}" for window in each.failed_windows]
        lines += [f"{each.account.name}: {warning.message}" for warning in each.warnings]
    states = Counter(each.state for each in customers)
    return [*lines, ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "No customers."]


def _shown(moment: datetime | None) -> str:
    return f"read {moment:%Y-%m-%d %H:%M} UTC" if moment else ""
