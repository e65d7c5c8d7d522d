"""Statement terms: what a statement is made of, and what has come together so far while it is made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from reseller_reporting.model.account import Services
from reseller_reporting.model.plan import Group, Plan, Proration
from reseller_reporting.model.rate import micros_text
from reseller_reporting.model.statement import Line
from reseller_reporting.rating.pricing_terms import PricingSegment, Stretch
from reseller_reporting.rating.tariff import rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTerms:
    """One customer in one period. Segments and stretches are in order of time; there is at least one segment."""

    currency: str
    from_day: date
    to_day: date
    segments: tuple[PricingSegment, ...]
    stretches: tuple[Stretch, ...] = ()
    # How many of an item there are; `rating.plan_items` knows the items.
    quantity_of: Callable[[str, Services], int | Decimal]
    names: tuple[str, ...] = ()  # By what one-off charges may call the customer: its id and its name.

    @property
    def last(self) -> PricingSegment:
        return self.segments[-1]

    @property
    def plan(self) -> Plan:
        """The last version: discounts, taxes and rounding are its."""
        return self.last.plan

    @property
    def counts_days(self) -> bool:
        return self.plan.proration is Proration.DAYS


@dataclass(slots=True)
class Reckoning:
    """The lines so far; each step adds its own to them."""

    terms: StatementTerms
    lines: list[Line] = field(default_factory=list)

    def of(self, *groups: Group) -> int:
        """What groups come to so far, in micros."""
        return sum(line.amount_micros for line in self.lines if line.group in groups)

    @property
    def total(self) -> int:
        return sum(line.amount_micros for line in self.lines)

    def rounded(self, micros: Fraction) -> int:
        """A computed line, once."""
        return rounded(micros, self.terms.plan.rounding.line)


def number_text(number: Decimal | Fraction) -> str:
    """`8`, `2.5`, `16/31`: as short as it is exact."""
    if isinstance(number, Fraction) and number.denominator > 1:
        decimal = Decimal(number.numerator) / number.denominator
        return f"{decimal.normalize():f}" if Fraction(decimal) == number else str(number)
    return f"{Decimal(str(number)).normalize():f}"


def money_text(micros: int) -> str:
    return micros_text(micros)
