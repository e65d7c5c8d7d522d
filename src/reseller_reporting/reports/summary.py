"""Summary rows: an account in one line, and its usage by country and direction.

Owns: the columns of the two CSV files, as the outward contract words them. Does not own: how CSV is written.

Invariants
- Unknown is empty, never 0. A failed account has a row, without call figures.
- Values are plain text without guards; `render.as_csv` guards.
"""

from collections.abc import Callable

from reseller_reporting.model.account import Services
from reseller_reporting.model.counted_items import COUNTED_ITEMS
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.figure_text import amount_text, count_text, micros_text, minutes_text, money_text
from reseller_reporting.reports.order import country_order
from reseller_reporting.reports.usage import Figures, UsageSums

# Each column and the items whose quantities it adds up.
_QUANTITIES: dict[str, tuple[tuple[str, str], ...]] = {
    "Branding-White-Label": COUNTED_ITEMS["whitelabel"],
    "Tollfree US Phone Numbers": COUNTED_ITEMS["tollfree_us"],
    "US DIDs": COUNTED_ITEMS["did_us"],
    "Dedicated IPs": COUNTED_ITEMS["dedicated_ips"],
    "E-911": COUNTED_ITEMS["e911"],
    "Outbound CNAM": COUNTED_ITEMS["outbound_cnam"],
    "Inbound CNAM": COUNTED_ITEMS["inbound_cnam"],
    "Ports": COUNTED_ITEMS["port"],
    "Local Number Services": COUNTED_ITEMS["local"],
    "Two-way Trunks": COUNTED_ITEMS["twoway_trunks"],
    "Inbound Trunks": COUNTED_ITEMS["inbound_trunks"],
    "Outbound Trunks": COUNTED_ITEMS["outbound_trunks"],
    "SIP Devices": COUNTED_ITEMS["sip_device"],
    "Landline Devices": COUNTED_ITEMS["landline"],
    "Cellphone Devices": COUNTED_ITEMS["cellphone"],
    "Softphone Devices": COUNTED_ITEMS["softphone"],
    "Users": COUNTED_ITEMS["user"],
    "User Admins": COUNTED_ITEMS["admin"],
}

SUMMARY_COLUMNS = (
    "Account ID",
    "Name",
    *_QUANTITIES,
    "Ledgers Per Minute",
    "Calls",
    "Billing Minutes",
    "Flat-rate Calls",
    "Flat-rate Minutes",
    "Per-minute Calls",
    "Per-minute Minutes",
    "Reseller Cost",
    "Customer Cost",
    "Reseller Recurring Cost",
    "Customer Recurring Cost",
    "Price",
    "Recurring Price",
    "Margin",
    "Currency",
    "Complete",
    "Warnings",
)

COUNTRY_COLUMNS = (
    "Account ID",
    "Name",
    "Country Code",
    "Country",
    "Direction",
    "Calls",
    "Billing Minutes",
    "Flat-rate Minutes",
    "Per-minute Minutes",
    "Reseller Cost",
    "Customer Cost",
    "Price",
    "Margin",
    "Currency",
)

TEXT_COLUMNS = frozenset(
    {"Account ID", "Name", "Country Code", "Country", "Direction", "Currency", "Complete", "Warnings"}
)


def summary_row(facts: AccountFacts, sums: UsageSums | None) -> dict[str, str]:
    """The account's line of `summary.csv`; without sums, as for a failed account, call figures are empty."""
    services = facts.snapshot.services if facts.snapshot else None
    ledger_units = facts.ledger_per_minute_units
    row = {
        "Account ID": facts.account.id,
        "Name": facts.account.name,
        **{column: _quantity(services, items) for column, items in _QUANTITIES.items()},
        "Ledgers Per Minute": money_text(None if ledger_units is None else max(ledger_units, 0)),
        **_call_figures(facts, sums.total if sums else None),
        "Reseller Recurring Cost": amount_text(facts.reseller_recurring),
        "Customer Recurring Cost": amount_text(facts.customer_recurring),
        "Recurring Price": micros_text(facts.prices.statement.recurring_micros if facts.prices else None),
        "Currency": facts.currency,
        "Complete": "yes" if facts.complete and facts.status == "ok" else "no",
        "Warnings": " | ".join(warning.message for warning in facts.warnings),
    }
    return {column: row[column] for column in SUMMARY_COLUMNS}


def country_rows(facts: AccountFacts, sums: UsageSums, country_name: Callable[[str], str]) -> list[dict[str, str]]:
    """The account's lines of `summary-by-country.csv`, sorted within the account."""
    rows = []
    for (code, direction), figures in sorted(sums.by_country.items(), key=country_order):
        row = {
            "Account ID": facts.account.id,
            "Name": facts.account.name,
            "Country Code": code,
            "Country": country_name(code),
            "Direction": direction,
            **_call_figures(facts, figures),
            "Currency": facts.currency,
        }
        rows.append({column: row[column] for column in COUNTRY_COLUMNS})
    return rows


def _call_figures(facts: AccountFacts, figures: Figures | None) -> dict[str, str]:
    if figures is None:
        return dict.fromkeys(_CALL_COLUMNS, "")
    if not facts.has_reseller_view:
        figures = figures.without_reseller()
    return {
        "Calls": count_text(figures.calls),
        "Billing Minutes": minutes_text(figures.billing_seconds),
        "Flat-rate Calls": count_text(figures.flat_rate_calls),
        "Flat-rate Minutes": minutes_text(figures.flat_rate_seconds),
        "Per-minute Calls": count_text(figures.per_minute_calls),
        "Per-minute Minutes": minutes_text(figures.per_minute_seconds),
        "Reseller Cost": money_text(figures.reseller_cost_units),
        "Customer Cost": money_text(figures.customer_cost_units),
        "Price": micros_text(figures.price_micros),
        "Margin": micros_text(figures.margin_micros),
    }


_CALL_COLUMNS = (
    "Calls",
    "Billing Minutes",
    "Flat-rate Calls",
    "Flat-rate Minutes",
    "Per-minute Calls",
    "Per-minute Minutes",
    "Reseller Cost",
    "Customer Cost",
    "Price",
    "Margin",
)


def _quantity(services: Services | None, items: tuple[tuple[str, str], ...]) -> str:
    """Absent and 0 are the same to KAZOO; services that could not be read are another matter."""
    return "" if services is None else str(sum(services.quantity(*item) for item in items))
