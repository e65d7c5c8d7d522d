"""Pricing steps: the order in which a price plan is applied, and why it is this one. Nothing else decides it."""

from collections.abc import Callable
from typing import NamedTuple

from reseller_reporting.model.statement import Line
from reseller_reporting.rating.statement_adjustments import discounts, minimum_spend, rounding, taxes
from reseller_reporting.rating.statement_charges import one_off, recurring
from reseller_reporting.rating.statement_terms import Reckoning


class Step(NamedTuple):
    """`lines` makes the step's lines from all those before it."""

    lines: Callable[[Reckoning], list[Line]]
    reason: str


# Usage stands before them: its lines are sums of prices that are made leg by leg (pricing).
STATEMENT_STEPS = (
    Step(recurring, "What recurs depends on no other line."),
    Step(one_off, "Neither does what is due once; both are charges, and a discount may be of them."),
    Step(discounts, "A discount is on charges, in the plan's order, each on what the ones before left."),
    Step(minimum_spend, "After discounts: nobody escapes a minimum by a discount."),
    Step(taxes, "After all of these: tax is due on what is owed."),
    Step(rounding, "Once, at the very end, so that the total is what can be paid."),
)
