"""Statements: what one customer owes for one period, line by line, each with its evidence.

Invariants
- Amounts are whole micros. The total is the sum of the amounts of all lines, to the last digit.
- A line that is only shown (a tax that prices hold already) has the amount 0; its figure is `included_micros`.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class LineKind(StrEnum):
    """In the order in which lines stand on a statement."""

    USAGE = "usage"
    BUNDLE = "bundle"
    RECURRING = "recurring"
    ONE_OFF = "one-off"
    DISCOUNT = "discount"
    MINIMUM = "minimum"
    TAX = "tax"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`quantity` of `unit` at `unit_price_micros` come to `amount_micros`; None: there is no one price."""

    kind: LineKind
    group: str  # usage, recurring, one-off; for taxes and rounding the kind.
    key: str  # The rule, bundle, item, discount or tax by its name in the plan.
    text: str
    quantity: Decimal
    unit: str  # minutes, calls, each, months, percent, ""
    unit_price_micros: Decimal | None
    amount_micros: int
    evidence: str  # How the amount came about, in words and figures.
    plan: str = ""  # `retail@2026-10-16`: the plan's version that says so.
    calls: int = 0
    of: tuple[str, ...] = ()  # The groups that a tax is on.
    included_micros: int = 0  # What prices hold already of an inclusive tax.


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """All lines of one customer, in order. Usage lines add up to the prices of the legs."""

    currency: str
    plans: tuple[str, ...]  # The versions in force, in order of time.
    lines: tuple[Line, ...]
    usage_micros: int  # The sum of the legs' prices.
    recurring_micros: int
    net_micros: int  # Before taxes on top and rounding; holds inclusive taxes.
    tax_micros: int  # Taxes on top.
    total_micros: int
    unpriced_calls: int = 0

    @property
    def included_tax_micros(self) -> int:
        """What the net amount holds of inclusive taxes."""
        return sum(line.included_micros for line in self.lines)
