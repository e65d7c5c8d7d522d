"""The statement on one page: which lines stand there by themselves, and which are summed into one.

Invariants
- The amounts add up to the statement's total, whatever was folded.
- Usage is folded first, its smallest amounts first; no other kind while that is enough.
"""

from collections.abc import Sequence
from decimal import Decimal

from reseller_reporting.model.statement import Line, LineKind, Statement
from reseller_reporting.words.language import ENGLISH, Words
from reseller_reporting.words.message import mark

TITLES = {
    LineKind.USAGE: mark("Usage"),
    LineKind.BUNDLE: mark("Bundles"),
    LineKind.RECURRING: mark("Recurring"),
    LineKind.ONE_OFF: mark("One-off"),
    LineKind.DISCOUNT: mark("Discounts"),
    LineKind.MINIMUM: mark("Minimum"),
    LineKind.TAX: mark("Taxes"),
    LineKind.ROUNDING: mark("Rounding"),
}
# Kinds whose lines have a text of ours unless the plan gives one.
_NAMED_BY_US = (LineKind.MINIMUM, LineKind.ROUNDING)
# Kinds that come after the net amount.
AFTER_NET = (LineKind.TAX, LineKind.ROUNDING)

_OTHER = {
    LineKind.USAGE: mark("Other destinations ({count})"),
    LineKind.BUNDLE: mark("Other bundles ({count})"),
    LineKind.RECURRING: mark("Other services ({count})"),
    LineKind.ONE_OFF: mark("Other charges and credits ({count})"),
    LineKind.DISCOUNT: mark("Other discounts ({count})"),
    LineKind.MINIMUM: mark("Other minimums ({count})"),
    LineKind.TAX: mark("Other taxes ({count})"),
    LineKind.ROUNDING: mark("Other rounding ({count})"),
}
_USAGE_LINES_LEAST = 6


def by_kind(statement: Statement) -> dict[LineKind, list[Line]]:
    """The kinds that have lines, in the order of a statement, each with its lines in theirs."""
    groups = {kind: [line for line in statement.lines if line.kind is kind] for kind in LineKind}
    return {kind: lines for kind, lines in groups.items() if lines}


def line_text(line: Line, words: Words) -> str:
    """What the plan calls it; what the product itself named is said in the language of the statement."""
    text = line.text or line.key
    return words.phrase(text) if line.kind in _NAMED_BY_US else text


def page_lines(statement: Statement, *, rows_max: int, words: Words = ENGLISH) -> dict[LineKind, list[Line]]:
    """Lines by kind that need no more rows than there are: one for each line, and one for each kind's title."""
    groups = by_kind(statement)
    assert rows_max >= 2 * len(groups), "not even one line of each kind fits"
    counts = {kind: len(lines) for kind, lines in groups.items()}
    excess = sum(counts.values()) + len(counts) - rows_max
    if excess > 0 and counts.get(LineKind.USAGE, 0) > _USAGE_LINES_LEAST:
        cut = min(excess, counts[LineKind.USAGE] - _USAGE_LINES_LEAST)
        counts[LineKind.USAGE] -= cut
        excess -= cut
    while excess > 0:
        counts[max(counts, key=counts.__getitem__)] -= 1
        excess -= 1
    return {kind: _folded(lines, counts[kind], words) for kind, lines in groups.items()}


def _folded(lines: list[Line], count: int, words: Words) -> list[Line]:
    """The largest amounts in their order, and one line for all others."""
    if len(lines) <= count:
        return lines
    largest = sorted(range(len(lines)), key=lambda position: (-abs(lines[position].amount_micros), position))
    kept = set(largest[: count - 1])
    rest = [line for position, line in enumerate(lines) if position not in kept]
    return [*(lines[position] for position in sorted(kept)), _other(rest, words)]


def _other(lines: Sequence[Line], words: Words) -> Line:
    units = {line.unit for line in lines}
    is_countable = len(units) == 1 and units.isdisjoint({"", "percent"})
    first = lines[0]
    return Line(
        kind=first.kind,
        group=first.group,
        key="",
        text=words.say(_OTHER[first.kind], count=words.number(len(lines))),
        quantity=sum((line.quantity for line in lines), Decimal(0)) if is_countable else Decimal(0),
        unit=first.unit if is_countable else "",
        unit_price_micros=None,
        amount_micros=sum(line.amount_micros for line in lines),
        evidence="",
        calls=sum(line.calls for line in lines),
    )
