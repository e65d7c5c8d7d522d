"""Statement lines: what one customer owes for one period, from its priced legs and its plans.

Invariants
- The total is the sum of all lines, to the last digit. Usage adds up to the prices of the legs.
"""

from collections.abc import Sequence

from reseller_reporting.model.statement import Line, LineKind, Statement
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.pricing_steps import STATEMENT_STEPS
from reseller_reporting.rating.statement_terms import Reckoning, StatementTerms
from reseller_reporting.rating.usage_lines import bundle_lines, usage_lines

_ORDER = list(LineKind)


def statement(priced: Priced, terms: StatementTerms) -> Statement:
    """The statement of a customer whose legs are priced."""
    lines = [*usage_lines(priced), *bundle_lines(priced)]
    return statement_of_lines(lines, terms, unpriced_calls=priced.unpriced(shown=0).count)


def statement_of_lines(usage: Sequence[Line], terms: StatementTerms, *, unpriced_calls: int = 0) -> Statement:
    """`usage` are the lines of usage and bundles."""
    reckoning = Reckoning(terms, [*usage])
    for step in STATEMENT_STEPS:
        reckoning.lines += step.lines(reckoning)
    lines = sorted(reckoning.lines, key=lambda line: _ORDER.index(line.kind))

    def of(*kinds: LineKind) -> int:
        return sum(line.amount_micros for line in lines if line.kind in kinds)

    tax = of(LineKind.TAX)
    return Statement(
        currency=terms.currency,
        plans=tuple(dict.fromkeys(segment.label for segment in terms.segments)),
        lines=tuple(lines),
        usage_micros=of(LineKind.USAGE),
        recurring_micros=of(LineKind.RECURRING),
        net_micros=reckoning.total - tax - of(LineKind.ROUNDING),
        tax_micros=tax,
        total_micros=reckoning.total,
        unpriced_calls=unpriced_calls,
    )
