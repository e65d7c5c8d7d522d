"""Editions: who a document is for, and so what it may show.

Owns: what a customer may see. Does not own: how a sheet leaves a column out.

Invariant
- A customer's document has no reseller cost, no margin, no rate name of the provider's, and nothing of other customers;
  no warning that speaks of any of these.
"""

from collections.abc import Sequence
from enum import StrEnum

from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.statement import Line, LineKind


class Edition(StrEnum):
    INTERNAL = "internal"  # For the reseller's own office: everything.
    CUSTOMER = "customer"


# In the order in which they stand.
CUSTOMER_CALL_COLUMNS = (
    "Date/time",
    "Call ID",
    "(From) Caller ID",
    "To Number",
    "Billing Minutes",
    "Direction",
    "Country",
    "User",
    "Billing Seconds",
    "Price",
    "Price Breakdown",
)
# Words that stand in no part of a customer's document: titles of columns, kinds of figures.
FORBIDDEN_TITLES = (
    "Reseller Cost",
    "Reseller Call Type",
    "Reseller Recurring Cost",
    "Rate Name",
    "Margin",
    "Customer Cost",
)

# The evidence of usage may name a deck, and a markup on what the reseller paid.
_HIDDEN_EVIDENCE = frozenset({LineKind.USAGE})

# Warnings speak of the reseller's costs, of other customers, and of what its office has to mend; that
# something is missing is said in any edition.
_WARNINGS_OF_CUSTOMERS = frozenset({"period_not_over"})


def warnings_shown(warnings: Sequence[ReportWarning], edition: Edition) -> list[ReportWarning]:
    return [each for each in warnings if edition is Edition.INTERNAL or each.code in _WARNINGS_OF_CUSTOMERS]


def plan_shown(label: str, edition: Edition) -> str:
    """Without whose own figures it has: that may be a pattern of names, or another customer that shares its pool."""
    return label if edition is Edition.INTERNAL else label.partition("+")[0]


def evidence_shown(line: Line, edition: Edition) -> str:
    """How the amount came about, as far as the reader may know."""
    is_hidden = edition is Edition.CUSTOMER and line.kind in _HIDDEN_EVIDENCE
    return "" if is_hidden else line.evidence
