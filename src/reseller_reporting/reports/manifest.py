"""The manifest: what was made, from what, with totals and warnings, for programs to read.

Invariants
- `legs_read = legs_billable + legs_on_net`, for every account and in the totals.
- Money is text with four decimals, null where unknown. Totals are sums over the accounts that did not fail.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from reseller_reporting import __version__
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.units import currency_text
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.figure_text import micros_text
from reseller_reporting.reports.usage import UsageSums

_CALL_FIGURES = ("calls", "billing_seconds", "charged_seconds", "reseller_cost", "customer_cost", "price")
Entry = tuple[AccountFacts, UsageSums | None]


def account_entry(facts: AccountFacts, sums: UsageSums | None, file: str | None, sha256: str | None) -> dict[str, Any]:
    """One account. Of a failed one no leg was used, and what its calls come to is unknown."""
    return {
        "id": facts.account.id,
        "name": facts.account.name,
        "file": file,
        "sha256": sha256,
        "status": facts.status,
        "legs_read": sums.legs_read if sums else 0,
        "legs_billable": sums.legs_billable if sums else 0,
        "legs_on_net": sums.legs_on_net if sums else 0,
        "malformed": len(facts.problems),
        **_call_figures(facts, sums),
        "warnings": [{"code": one.code, "message": one.message, "count": one.count} for one in facts.warnings],
        "problems": [
            {"source": one.source, "row": one.row, "record_id": one.record_id, "reason": one.reason}
            for one in (*facts.problems, *facts.findings)
        ],
    }


def manifest(
    *, period: ReportPeriod, store_version: str, accounts: Sequence[dict[str, Any]], entries: Sequence[Entry]
) -> dict[str, Any]:
    """The whole document. `accounts` are the entries made by `account_entry`, in summary order."""
    document: dict[str, Any] = {
        "period": {
            "from": period.from_local.isoformat(),
            "to": period.to_local.isoformat(),
            "timezone": period.timezone,
        },
        "made_by": __version__,
        "store_version": store_version,
        "price_plan_versions": dict(sorted(_plan_versions(facts for facts, _ in entries))),
        "accounts": list(accounts),
        "totals": _totals(entries),
        "warnings": _all_warnings([facts for facts, _ in entries]),
    }
    if statements := _statements(entries):  # A report without plans says nothing of what is owed.
        document["statements"] = [{"id": id_} | _due(net, total) for id_, net, total in statements]
        document["totals"] |= _due(sum(net for _, net, _ in statements), sum(total for *_, total in statements))
    return document


def _statements(entries: Sequence[Entry]) -> list[tuple[str, int, int]]:
    """What each comes to, in micros: before all taxes, as `margin.csv` has it, and with them."""
    priced = [(facts.account.id, facts.prices.statement) for facts, sums in entries if facts.prices and sums]
    return [(id_, each.net_micros - each.included_tax_micros, each.total_micros) for id_, each in priced]


def _due(net_micros: int, total_micros: int) -> dict[str, str]:
    return {"net": micros_text(net_micros), "total_due": micros_text(total_micros)}


def _plan_versions(all_facts: Iterable[AccountFacts]) -> set[tuple[str, str]]:
    return {version for facts in all_facts if facts.prices for version in facts.prices.versions}


def manifest_bytes(document: dict[str, Any]) -> bytes:
    """UTF-8; half a surrogate pair, which UTF-8 cannot hold, stays the escape that JSON has for it."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def _call_figures(facts: AccountFacts, sums: UsageSums | None) -> dict[str, Any]:
    if sums is None:
        return dict.fromkeys(_CALL_FIGURES)
    total = sums.total
    return {
        "calls": total.calls,
        "billing_seconds": total.answered_seconds,  # KAZOO's word for the answered seconds.
        "charged_seconds": total.charged_seconds,
        "reseller_cost": _money(_reseller_cost_units(facts, sums)),
        "customer_cost": _money(total.customer_cost_units),
        "price": micros_text(total.price_micros) or None,
    }


def _totals(entries: Sequence[Entry]) -> dict[str, Any]:
    made = [(facts, sums) for facts, sums in entries if facts.status == "ok" and sums is not None]
    totals = [sums.total for _, sums in made]
    reseller_costs = [_reseller_cost_units(facts, sums) for facts, sums in made]
    known = [units for units in reseller_costs if units is not None]
    prices = [total.price_micros for total in totals if total.price_micros is not None]
    return {
        "accounts": len(made),
        "legs_read": sum(sums.legs_read for _, sums in made),
        "legs_billable": sum(sums.legs_billable for _, sums in made),
        "legs_on_net": sum(sums.legs_on_net for _, sums in made),
        "malformed": sum(len(facts.problems) for facts, _ in made),
        "calls": sum(total.calls for total in totals),
        "billing_seconds": sum(total.answered_seconds for total in totals),
        "charged_seconds": sum(total.charged_seconds for total in totals),
        # Of the accounts whose cost is known: those of a sub-reseller have none here.
        "reseller_cost": _money(sum(known)) if known or not made else None,
        "customer_cost": _money(sum(total.customer_cost_units for total in totals)),
        # Of the accounts that have a plan.
        "price": micros_text(sum(prices)) if prices else None,
    }


def _reseller_cost_units(facts: AccountFacts, sums: UsageSums) -> int | None:
    return sums.total.reseller_cost_units if facts.has_reseller_view else None


def _money(units: int | None) -> str | None:
    return None if units is None else currency_text(units)


def _all_warnings(all_facts: Sequence[AccountFacts]) -> list[dict[str, Any]]:
    """What the accounts are warned of, each once, with how often over all of them."""
    counts: Counter[tuple[str, str]] = Counter()
    for facts in all_facts:
        for warning in facts.warnings:
            counts[warning.code, warning.message] += warning.count
    return [{"code": code, "message": message, "count": count} for (code, message), count in sorted(counts.items())]
