"""The sheets of record of the reseller's workbook: its trunks, problems and warnings of the whole run."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from reseller_reporting.model.trunks import TrunkFigures
from reseller_reporting.model.units import currency
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.render.column_help import HELP
from reseller_reporting.reports.render.look import Look
from reseller_reporting.reports.render.plain_sheet import PlainSheet
from reseller_reporting.reports.render.sheet import (
    BACK,
    SUMMARY_SHEET,
    Cell,
    Column,
    link_to,
    set_up_print,
    sheet_name,
    write_row,
)
from reseller_reporting.reports.render.sheet_trunks import write_pool
from reseller_reporting.reports.render.table_sheet import close_table, open_table, write_more
from reseller_reporting.reports.usage import UsageSums

PROBLEMS_MAX = 10_000  # manifest.json lists them all.
WARNINGS_MAX = 10_000
_PROBLEM_COLUMNS = (
    Column("Name", 32),
    Column("Account ID", 35),
    Column("Source", 24),
    Column("Row", 10, "count"),
    Column("Record ID", 44, "text_indented"),
    Column("Reason", 80),
)
_WARNING_COLUMNS = (
    Column("Name", 32),
    Column("Account ID", 35),
    Column("Status", 10),
    Column("Code", 30),
    Column("Count", 10, "count"),
    Column("Message", 100, "text_indented"),
)
_SHARE_COLUMNS = (
    Column("Customer", 20),
    Column("Account ID", 22),
    Column("On Trunks", 13, "count"),
    Column("Over", 10, "count"),
    Column("Tags Differ", 17, "count"),
    Column("Cost Of Over", 15, "money"),
)
_Entries = Sequence[tuple[AccountFacts, UsageSums | None]]


def shown_name(facts: AccountFacts) -> str:
    return facts.account.name if facts.account.name.strip() else str(facts.account.id)


def write_pool_sheet(
    workbook: Any,
    look: Look,
    pool: TrunkFigures | str,
    entries: _Entries,
    shares: Mapping[str, TrunkFigures],
    zone: ZoneInfo,
) -> None:
    """The replay over all accounts, and whose calls found no trunk: those that ran over most come first."""
    sheet = workbook.add_worksheet(sheet_name(look.words, "Trunks"), PlainSheet)
    sheet.hide_gridlines(2)
    set_up_print(sheet)
    sheet.set_portrait()
    sheet.write_url(0, 0, link_to(look.words.say(SUMMARY_SHEET)), look.link, look.words.say(BACK))
    row = write_pool(workbook, sheet, look, pool, zone, 2)
    of_accounts = [(facts, share) for facts, _ in entries if (share := shares.get(str(facts.account.id)))]
    if not of_accounts:
        return
    of_accounts.sort(key=lambda each: -each[1].over.legs)
    sheet.set_row(row, 22)
    sheet.write_string(row, 0, look.words.say("Whose calls they were"), look.section)
    for position in range(1, len(_SHARE_COLUMNS)):
        sheet.write_blank(row, position, None, look.section)
    row += 1
    for position, column in enumerate(_SHARE_COLUMNS):
        sheet.write_string(
            row, position, look.words.say(column.title), look.header if column.kind == "text" else look.header_right
        )
    for at, (facts, share) in enumerate(of_accounts, row + 1):
        on_trunks = share.flat.legs + share.burst.legs
        cost = None if share.over.cost_units is None else currency(share.over.cost_units)
        cells: list[Cell] = [shown_name(facts), facts.account.id, on_trunks, share.over.legs, share.differing, cost]
        write_row(sheet, look, at, _SHARE_COLUMNS, cells)


def write_problems(workbook: Any, look: Look, entries: _Entries) -> None:
    """Malformed records, and legs that prices make conspicuous, of all accounts."""
    count = sum(len(facts.problems) + len(facts.findings) for facts, _ in entries)
    found = ((facts, one) for facts, _ in entries for one in (*facts.problems, *facts.findings))
    rows: list[list[Cell]] = [
        [shown_name(facts), facts.account.id, one.source, one.row, one.record_id, look.words.phrase(one.reason)]
        for facts, one in islice(found, PROBLEMS_MAX)
    ]
    _write(workbook, look, "Problems", _PROBLEM_COLUMNS, rows, count)


def write_warnings(workbook: Any, look: Look, entries: _Entries) -> None:
    count = sum(len(facts.warnings) for facts, _ in entries)
    found = ((facts, one) for facts, _ in entries for one in facts.warnings)
    rows: list[list[Cell]] = [
        [shown_name(facts), facts.account.id, facts.status, one.code, one.count, look.words.phrase(one.message)]
        for facts, one in islice(found, WARNINGS_MAX)
    ]
    _write(workbook, look, "Warnings", _WARNING_COLUMNS, rows, count)


def _write(
    workbook: Any, look: Look, name: str, columns: Sequence[Column], rows: Sequence[list[Cell]], count: int
) -> None:
    if not rows:
        return
    sheet = open_table(workbook, look, name, columns, HELP)
    for row, cells in enumerate(rows, 1):
        write_row(sheet, look, row, columns, cells)
    close_table(sheet, look, columns, len(rows))
    if count > len(rows):
        write_more(
            sheet,
            look,
            len(rows) + 2,
            0,
            look.words.say("{count} more: manifest.json lists them all.", count=count - len(rows)),
        )
