"""The sheets Changes and Changed Calls of the reseller's workbook: what differs from the last report of other data."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from reseller_reporting.model.changes import Amounts, ChangedLeg, Changes, CustomerChange, LegChange
from reseller_reporting.model.units import currency
from reseller_reporting.reports.figure_text import micros_amount
from reseller_reporting.reports.render.column_help import CHANGES_HELP, HELP
from reseller_reporting.reports.render.local_time import serial_days
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.sheet import Cell, Column, Formula, write_row
from reseller_reporting.reports.render.table_sheet import (
    close_table,
    letters_of,
    open_table,
    sum_of,
    write_more,
    write_totals,
)
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import mark

CHANGES, CHANGED_CALLS = mark("Changes"), mark("Changed Calls")
CALLS_MAX = 200  # More are counted.
_STATES = {
    "new": mark("new customer"),
    "gone": mark("gone: not among the customers any more"),
    "failed": mark("could not be read now; calls not compared"),
    "failed before": mark("could not be read then; calls not compared"),
    "changed": mark("changed"),
}
_KINDS = {LegChange.LATE: mark("late"), LegChange.GONE: mark("gone"), LegChange.CHANGED: mark("changed")}
# Titles that are put together below, whole for those who translate them.
TITLES = (
    mark("Calls Then"),
    mark("Calls Now"),
    mark("Late Calls"),
    mark("Gone Calls"),
    mark("Reseller Cost Then"),
    mark("Reseller Cost Now"),
    mark("Reseller Cost Difference"),
    mark("Customer Cost Then"),
    mark("Customer Cost Now"),
    mark("Customer Cost Difference"),
    mark("Price Then"),
    mark("Price Now"),
    mark("Price Difference"),
    mark("Billing Minutes Then"),
    mark("Billing Minutes Now"),
)


def _columns(titles: Sequence[str], kind: Any, width: int) -> tuple[Column, ...]:
    return tuple(Column(title, width, kind) for title in titles)


def _pair(what: str, width: int) -> tuple[Column, ...]:
    return _columns((f"{what} Then", f"{what} Now", f"{what} Difference"), "money", width)


_COLUMNS = (
    Column("Name", 32),
    Column("Account ID", 35),
    Column("What", 38),
    *_columns(("Calls Then", "Calls Now", "Late Calls", "Gone Calls", "Changed Calls"), "count", 10),
    *_pair("Reseller Cost", 14),
    *_pair("Customer Cost", 14),
)
_PRICED = (*_COLUMNS, *_pair("Price", 14))
_CALL_COLUMNS = (
    Column("Name", 32),
    Column("Account ID", 35),
    Column("What", 10),
    Column("Date/time", 19, "date_time"),
    Column("Call ID", 40),
    *_columns(("Billing Minutes Then", "Billing Minutes Now"), "minutes", 13),
    *_columns(("Reseller Cost Then", "Reseller Cost Now", "Customer Cost Then", "Customer Cost Now"), "money", 14),
)
_PRICED_CALLS = (*_CALL_COLUMNS, *_columns(("Price Then", "Price Now"), "money", 14))


def write_changes(workbook: Any, look: Look, changes: Changes) -> None:
    """A row for each customer of whom the two reports do not say the same."""
    columns = _PRICED if _is_priced(changes) else _COLUMNS
    letters = letters_of(columns)
    sheet = open_table(workbook, look, CHANGES, columns, CHANGES_HELP)
    known: dict[str, list[Any]] = {column.title: [] for column in columns if column.kind in ("count", "money")}
    for row, change in enumerate(changes.customers, 1):
        made = {**_of_customer(look.words, change), **_amounts_of(change, letters, row)}
        write_row(sheet, look, row, columns, [made.get(column.title) for column in columns])
        for title, values in known.items():
            cell = made.get(title)
            values.append(cell.value if isinstance(cell, Formula) else cell)
    totals = {title: sum_of(values) for title, values in known.items()}
    write_totals(sheet, look, columns, len(changes.customers), totals)
    close_table(sheet, look, columns, len(changes.customers))


def _is_priced(changes: Changes) -> bool:
    sides = (side for each in changes.customers for side in (each.before, each.now))
    return any(side.amounts.price_micros is not None for side in sides if side and side.amounts)


def _of_customer(words: Words, change: CustomerChange) -> dict[str, Cell]:
    what = words.say(_STATES.get(change.state, ""))
    if change.before is not None and change.now is not None and change.before.name != change.now.name:
        renamed = words.say("renamed, was: {name}", name=change.before.name)
        what = renamed if change.state == "renamed" else f"{what}; {renamed}"
    legs = {kind: each.legs for kind, each in change.legs.sums.items()} if change.legs else {}
    return {
        "Name": change.name if change.name.strip() else change.id,
        "Account ID": change.id,
        "What": what,
        "Late Calls": legs.get(LegChange.LATE),
        "Gone Calls": legs.get(LegChange.GONE),
        "Changed Calls": legs.get(LegChange.CHANGED),
    }


def _amounts_of(change: CustomerChange, letters: dict[str, str], row: int) -> dict[str, Cell]:
    """Then and now; a difference where nothing of it is unknown. Who was or is no customer had or has none."""
    then, now = (side.amounts if side else None for side in (change.before, change.now))
    cells: dict[str, Cell] = {"Calls Then": then.calls if then else None, "Calls Now": now.calls if now else None}
    is_known = change.state not in ("failed", "failed before")
    for what, of in (("Reseller Cost", _reseller), ("Customer Cost", _customer), ("Price", _price)):
        old, new = (of(side) if side else None for side in (then, now))
        cells |= {f"{what} Then": old, f"{what} Now": new}
        is_told = (old is not None or change.before is None) and (new is not None or change.now is None)
        if is_known and is_told and f"{what} Now" in letters:
            formula = f"={letters[f'{what} Now']}{row + 1}-{letters[f'{what} Then']}{row + 1}"
            cells[f"{what} Difference"] = Formula(formula, (new or 0) - (old or 0))
    return cells


def _reseller(amounts: Amounts) -> Any:
    return None if amounts.reseller_cost_units is None else currency(amounts.reseller_cost_units)


def _customer(amounts: Amounts) -> Any:
    return currency(amounts.customer_cost_units)


def _price(amounts: Amounts) -> Any:
    return None if amounts.price_micros is None else micros_amount(amounts.price_micros)


def write_changed_calls(workbook: Any, look: Look, changes: Changes, zone: ZoneInfo) -> None:
    """The first of the calls that differ, customer by customer."""
    count = sum(each.legs.count for each in changes.customers if each.legs)
    if not count:
        return
    shown = [(each, leg) for each in changes.customers if each.legs for leg in each.legs.first][:CALLS_MAX]
    columns = _PRICED_CALLS if _is_priced(changes) else _CALL_COLUMNS
    sheet = open_table(workbook, look, CHANGED_CALLS, columns, HELP)
    serials = serial_days(zone, [leg.started_at for _, leg in shown])
    for row, ((customer, leg), serial) in enumerate(zip(shown, serials, strict=True), 1):
        made = {
            "Name": customer.name if customer.name.strip() else customer.id,
            "Account ID": customer.id,
            "Date/time": serial,
            **_of_leg(look.words, leg),
        }
        write_row(sheet, look, row, columns, [made.get(column.title) for column in columns])
    close_table(sheet, look, columns, len(shown))
    if count > len(shown):
        write_more(
            sheet,
            look,
            len(shown) + 2,
            0,
            look.words.say("{count} more; the sheet Changes counts them all.", count=count - len(shown)),
        )


def _of_leg(words: Words, leg: ChangedLeg) -> dict[str, Cell]:
    cells: dict[str, Cell] = {"What": words.say(_KINDS[leg.kind]), "Call ID": leg.call_id}
    for when, side in (("Then", leg.before), ("Now", leg.now)):
        if side is not None:
            cells[f"Billing Minutes {when}"] = side.billing_seconds / 60
            cells[f"Reseller Cost {when}"] = _reseller(side)
            cells[f"Customer Cost {when}"] = _customer(side)
            cells[f"Price {when}"] = _price(side)
    return cells
