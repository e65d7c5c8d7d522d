"""Margins: what each customer brought in, what it cost the reseller, and what is left, in one line a customer.

Invariants
- Unknown is empty, never 0; a margin of which one part is unknown is unknown.
- Values are plain text without guards; `render.as_csv` guards. There is no row of totals: tools sum.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from reseller_reporting.model.account import Account
from reseller_reporting.model.statement import LineKind, Statement
from reseller_reporting.model.units import currency
from reseller_reporting.reports.figure_text import amount_text, count_text, micros_amount, micros_text

MARGIN_COLUMNS = (
    "Account ID",
    "Name",
    "Usage Price",
    "Reseller Cost",
    "Usage Margin",
    "Recurring Price",
    "Reseller Recurring Cost",
    "Recurring Margin",
    "One-off",
    "Discounts",
    "Minimum",
    "Net",
    "Margin",
    "Margin Percent",
    "Priced Calls",
    "Unpriced Calls",
    "Calls Below Cost",
    "Loss On These",
    "Currency",
    "Plans",
)
MARGIN_TEXT_COLUMNS = frozenset({"Account ID", "Name", "Currency", "Plans"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginFigures:
    """What is known of one customer; None is unknown. Without a statement no price is."""

    account: Account
    currency: str
    statement: Statement | None = None
    reseller_cost_units: int | None = None
    reseller_recurring: Decimal | None = None
    priced_calls: int | None = None
    unpriced_calls: int | None = None
    calls_below_cost: int | None = None
    loss_micros: int | None = None  # What these calls cost beyond their prices; not negative.


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """What came in before tax, what it cost, what is left; None is unknown."""

    usage: Decimal | None
    cost: Decimal | None
    recurring: Decimal | None
    reseller_recurring: Decimal | None
    net: Decimal | None

    @property
    def margin(self) -> Decimal | None:
        return _less(_less(self.net, self.cost), self.reseller_recurring)


def margins_of(
    statement: Statement | None, *, reseller_cost_units: int | None, reseller_recurring: Decimal | None
) -> Margins:
    return Margins(
        usage=micros_amount(statement.usage_micros) if statement else None,
        cost=None if reseller_cost_units is None else currency(reseller_cost_units),
        recurring=micros_amount(statement.recurring_micros) if statement else None,
        reseller_recurring=reseller_recurring,
        # A tax that prices hold is not the reseller's to keep.
        net=micros_amount(statement.net_micros - statement.included_tax_micros) if statement else None,
    )


def margin_row(figures: MarginFigures) -> dict[str, str]:
    """The customer's line of `margin.csv`, before tax."""
    statement = figures.statement
    known = margins_of(
        statement,
        reseller_cost_units=figures.reseller_cost_units,
        reseller_recurring=figures.reseller_recurring,
    )
    return {
        "Account ID": figures.account.id,
        "Name": figures.account.name,
        "Usage Price": amount_text(known.usage),
        "Reseller Cost": amount_text(known.cost),
        "Usage Margin": amount_text(_less(known.usage, known.cost)),
        "Recurring Price": amount_text(known.recurring),
        "Reseller Recurring Cost": amount_text(known.reseller_recurring),
        "Recurring Margin": amount_text(_less(known.recurring, known.reseller_recurring)),
        "One-off": _sum_text(statement, LineKind.ONE_OFF),
        "Discounts": _sum_text(statement, LineKind.DISCOUNT),
        "Minimum": _sum_text(statement, LineKind.MINIMUM),
        "Net": amount_text(known.net),
        "Margin": amount_text(known.margin),
        "Margin Percent": _percent_text(known.margin, known.net),
        "Priced Calls": count_text(figures.priced_calls),
        "Unpriced Calls": count_text(figures.unpriced_calls),
        "Calls Below Cost": count_text(figures.calls_below_cost),
        "Loss On These": micros_text(figures.loss_micros),
        "Currency": figures.currency,
        "Plans": " ".join(statement.plans) if statement else "",
    }


def _less(amount: Decimal | None, cost: Decimal | None) -> Decimal | None:
    return None if amount is None or cost is None else amount - cost


def _sum_text(statement: Statement | None, kind: LineKind) -> str:
    if statement is None:
        return ""
    return micros_text(sum(line.amount_micros for line in statement.lines if line.kind is kind))


def _percent_text(margin: Decimal | None, net: Decimal | None) -> str:
    """Of the net amount; of nothing there is no percentage."""
    if margin is None or not net:
        return ""
    return f"{(100 * margin / net).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):f}"
