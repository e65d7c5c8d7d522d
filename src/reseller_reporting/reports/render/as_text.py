"""Price changes as text for a terminal: a table, its sums, bars of what differs most, and who is not compared."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reseller_reporting.model.counted_words import counted
from reseller_reporting.reports.figure_text import amount_text
from reseller_reporting.reports.price_changes import ChangeTotals, PriceChange

_BARS = 10
_BAR_WIDTH = 40
_NAME_WIDTH = 28
_HEADER = ("Customer", "Usage", "Recurring", "Net", "Margin", "Difference", "Pays")
_IS_TEXT = (True, False, False, False, False, False, True)
# Left out first where a terminal is too narrow for all; a file has them all.
_LESS_NEEDED = ("Usage", "Recurring")


def change_lines(changes: Sequence[PriceChange], totals: ChangeTotals, *, width: int | None = None) -> Iterator[str]:
    """From the largest gain to the largest loss, the sums under them, then what to look at first."""
    compared = [each for each in changes if not each.not_compared]
    compared.sort(key=lambda each: -(each.difference or Decimal(0)))
    yield from _table(compared, totals, width)
    yield ""
    yield from _bars(compared)
    yield from _sentences(changes, totals)


def _table(compared: Sequence[PriceChange], totals: ChangeTotals, width: int | None) -> Iterator[str]:
    rows = [_cells(each) for each in compared]
    rows.append(
        (
            f"In all, {totals.customers}",
            _arrow(*totals.usage),
            _arrow(*totals.recurring),
            _arrow(*totals.net),
            _arrow(*totals.margin) if totals.margin else "unknown",
            _signed(totals.difference),
            "",
        )
    )
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    shown = _shown(widths, width)
    for row in (_HEADER, *rows):
        cells = (row[at].ljust(widths[at]) if _IS_TEXT[at] else row[at].rjust(widths[at]) for at in shown)
        yield "  ".join(cells).rstrip()


def _shown(widths: Sequence[int], width: int | None) -> list[int]:
    """All columns, or as many as there is room for."""
    shown = list(range(len(_HEADER)))
    for name in _LESS_NEEDED:
        if width is not None and sum(widths[at] + 2 for at in shown) - 2 > width:
            shown.remove(_HEADER.index(name))
    return shown


def _cells(change: PriceChange) -> tuple[str, ...]:
    before, after = change.margins_before, change.margins_after
    return (
        _name(change),
        _arrow(before.usage, after.usage),
        _arrow(before.recurring, after.recurring),
        _arrow(before.net, after.net),
        _arrow(before.margin, after.margin),
        _signed(change.difference),
        change.pays,
    )


def _bars(compared: Sequence[PriceChange]) -> Iterator[str]:
    """The largest differences, to look at: gains in full blocks, losses in light ones."""
    largest = sorted(
        (each for each in compared if each.difference), key=lambda each: -abs(each.difference or Decimal(0))
    )[:_BARS]
    if not largest:
        return
    most = abs(largest[0].difference or Decimal(1))
    names = max(len(_name(each)) for each in largest)
    figures = max(len(_signed(each.difference)) for each in largest)
    yield f"The largest differences, {len(largest)} of {sum(bool(each.difference) for each in compared)}:"
    for each in largest:
        difference = each.difference or Decimal(0)
        length = max(1, int(abs(difference) * _BAR_WIDTH / most))
        bar = ("█" if difference > 0 else "░") * length
        yield f"  {_name(each):<{names}}  {_signed(difference):>{figures}}  {bar}"
    yield ""


def _sentences(changes: Sequence[PriceChange], totals: ChangeTotals) -> Iterator[str]:
    same = totals.customers - totals.pay_more - totals.pay_less
    yield (
        f"{totals.pay_more} would pay more ({_signed(totals.gained)}), {totals.pay_less} less "
        f"({_signed(totals.lost)}), {same} the same; in all {_signed(totals.difference)}"
        f"{_beside(*totals.unpriced_calls)}."
    )
    if any(totals.at_a_loss):
        yield f"Customers that cost more than they bring: {_arrow_counts(totals.at_a_loss)}."
    if any(totals.calls_below_cost):
        yield f"Calls priced below their cost: {_arrow_counts(totals.calls_below_cost)}."
    for change in changes:
        if change.not_compared:
            yield f"Not compared: {change.account.name} ({change.account.id}): {change.not_compared}"


def _beside(before: int, after: int) -> str:
    """What stands beside a sum that says less than it seems to."""
    if not before and not after:
        return ""
    if before == after:
        return f", without {counted(before, 'call')} that {'has' if before == 1 else 'have'} no price on either side"
    left_out = f"{counted(before, 'call')} before and {after} after are without a price"
    return f", but the sides do not compare: {left_out}, and in no figure"


def _name(change: PriceChange) -> str:
    name = change.account.name
    return name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"


def _arrow(before: Decimal | None, after: Decimal | None) -> str:
    """One figure where nothing changes."""
    if before is None or after is None:
        return "unknown"
    return amount_text(before) if before == after else f"{amount_text(before)} -> {amount_text(after)}"


def _arrow_counts(counts: tuple[int, int]) -> str:
    before, after = counts
    return f"{before}" if before == after else f"{before} -> {after}"


def _signed(amount: Decimal | None) -> str:
    return "" if amount is None else f"{'+' if amount > 0 else ''}{amount_text(amount)}"
