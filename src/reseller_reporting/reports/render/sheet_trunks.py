"""The sheet of trunks: limits and tags in the table of row 1; below it the replay of the account's own trunks and of
the reseller's, with a chart and a table of peaks each; then the legs whose tag says another thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from reseller_reporting.model.account import Limits
from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.trunks import Ran, TagDifference, TrunkFigures, Trunks
from reseller_reporting.model.units import currency
from reseller_reporting.reports.render.formulas import CallRanges
from reseller_reporting.reports.render.grid import Grid
from reseller_reporting.reports.render.local_time import serial_days
from reseller_reporting.reports.render.look import ACCENT, AMBER_FULL, FONT, HEAT, INK, QUIET, RULE, WARM, Look
from reseller_reporting.reports.render.sheet import Cell, Column, Formula, close_sheet, open_sheet, write_row
from reseller_reporting.reports.render.sheets_usage import (
    BURST,
    CUSTOMER_COST,
    CUSTOMER_TYPE,
    FLAT,
    MINUTES,
    RESELLER_COST,
    RESELLER_TYPE,
)
from reseller_reporting.reports.usage import Figures, UsageSums
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import mark

_COLUMNS = (
    Column("Of", 20),
    Column("Item", 22),
    Column("Trunks", 13, "count"),
    Column("Calls", 10, "count"),
    Column("Billing Minutes", 17, "minutes"),
    Column("Cost", 15, "money"),
)
# Columns of the blocks below the table.
_LABEL, _MEANING, _OF_ALL, _LEGS, _TALKED, _COST = range(6)
_GAP, _HOUR, _FIRST_DAY = 6, 7, 8
_WEEKDAYS = (mark("Mon"), mark("Tue"), mark("Wed"), mark("Thu"), mark("Fri"), mark("Sat"), mark("Sun"))
_LAST = _FIRST_DAY + len(_WEEKDAYS) - 1
_HOURS = list(range(24))
# Workdays are blue and the weekend is orange; what the line is broken by tells each from the others.
_DAY_COLOURS = (INK, INK, ACCENT, ACCENT, ACCENT, WARM, WARM)
_DAY_DASHES = ("solid", "dash", "solid", "dash", "round_dot", "solid", "dash")
_CHART_ROWS, _ROW_PIXELS, _CHART_WIDTH = 12, 20, 705

_MEANINGS = {
    "flat_rate": mark("a trunk was free"),
    "flat_rate_burst": mark("a burst trunk was free"),
    mark("over"): mark("no trunk was free"),
    mark("not asked"): mark("no trunk was asked for"),
}


@dataclass(frozen=True, slots=True)
class _Party:
    """How the sheet speaks of one party's trunks."""

    title: str
    whose: str
    cost: str


_OWN = _Party(mark("The account's own trunks, replayed"), mark("The account's own trunks"), "Customer Cost")
_POOL = _Party(
    mark("The reseller's trunks, replayed over all its accounts"), mark("The reseller's trunks"), "Reseller Cost"
)


def has_trunks(limits: Limits | None, sums: UsageSums, trunks: Trunks) -> bool:
    """Whether the account has trunks, or anything ran on one, or ran over."""
    wanted = (limits.inbound_trunks, limits.outbound_trunks, limits.twoway_trunks) if limits else ()
    types = (sums.by_customer_type, sums.by_reseller_type)
    tagged = any(of[tag].calls for of in types for tag in (FLAT, BURST) if tag in of)
    replayed = any(isinstance(party, TrunkFigures) for party in (trunks.own, trunks.pool))
    return any(wanted) or tagged or replayed


def write_trunks(
    workbook: Any,
    look: Look,
    ranges: CallRanges,
    sums: UsageSums,
    limits: Limits | None,
    trunks: Trunks,
    zone: ZoneInfo,
) -> None:
    sheet = open_sheet(workbook, look, "Trunks", _COLUMNS)
    sheet.set_portrait()
    sheet.set_column(_GAP, _GAP, 3)
    sheet.set_column(_HOUR, _HOUR, 8)
    sheet.set_column(_FIRST_DAY, _LAST, 6)
    words = look.words
    rows = [*_limit_rows(words, words.say("Limit"), limits)]
    rows += [*_tag_rows(ranges, words.say("Customer"), CUSTOMER_TYPE, CUSTOMER_COST, sums)]
    if sums.has_reseller_view:
        rows += _tag_rows(ranges, words.say("Reseller"), RESELLER_TYPE, RESELLER_COST, sums)
    if isinstance(trunks.pool, TrunkFigures):
        rows += _limit_rows(words, words.say("Reseller's limit"), trunks.pool.limits)
    for row, cells in enumerate(rows, 1):
        write_row(sheet, look, row, _COLUMNS, cells)
    close_sheet(sheet, look, _COLUMNS, len(rows))
    page = _Page(workbook, sheet, look, Grid(), zone, len(rows) + 2)
    for party, figures in ((_OWN, trunks.own), (_POOL, trunks.pool)):
        page.add(party, figures)
    for party, figures in ((_OWN, trunks.own), (_POOL, trunks.pool)):
        if isinstance(figures, TrunkFigures) and figures.differing:
            page.add_differences(party, figures.differing, figures.differences)
    page.grid.write(sheet)


def _limit_rows(words: Words, of: str, limits: Limits | None) -> list[list[Cell]]:
    if limits is None:
        return []
    shown = (
        (words.say("Inbound trunks"), limits.inbound_trunks),
        (words.say("Outbound trunks"), limits.outbound_trunks),
        (words.say("Two-way trunks"), limits.twoway_trunks),
    )
    return [[of, item, words.say("unlimited") if number == -1 else number, None, None, None] for item, number in shown]


def _tag_rows(ranges: CallRanges, party: str, types: str, costs: str, sums: UsageSums) -> list[list[Cell]]:
    """What the tags of one party say of the calls: the party's own cost beside them."""
    by_type = sums.by_reseller_type if types == RESELLER_TYPE else sums.by_customer_type
    rows: list[list[Cell]] = []
    for tag in (FLAT, BURST, PER_MINUTE):
        figures, where = by_type.get(tag, Figures()), ranges.type_is(types, tag)
        units = figures.reseller_cost_units if types == RESELLER_TYPE else figures.customer_cost_units
        minutes = Formula(f"={ranges.total(MINUTES, where)}", figures.billing_seconds / 60)
        count = Formula(f"={ranges.count(where)}", figures.calls)
        cost = None if units is None else Formula(f"={ranges.total(costs, where)}", currency(units))
        rows.append([party, tag, None, count, minutes, cost])
    return rows


def write_pool(workbook: Any, sheet: Any, look: Look, figures: TrunkFigures | str, zone: ZoneInfo, row: int) -> int:
    """The reseller's trunks on a sheet called Trunks, from this row on; returns the next free row."""
    for column, width in enumerate([*(column.width for column in _COLUMNS), 3, 8, *(6 for _ in _WEEKDAYS)]):
        sheet.set_column(column, column, width)
    page = _Page(workbook, sheet, look, Grid(), zone, row)
    page.add(_POOL, figures)
    page.grid.write(sheet)
    return page.row


@dataclass(slots=True)
class _Page:
    """The blocks below the table, one under the other; `row` is the next free one."""

    workbook: Any
    sheet: Any
    look: Look
    grid: Grid
    zone: ZoneInfo
    row: int

    def say(self, message: str, **named: object) -> str:
        return self.look.words.say(message, **named)

    def add(self, party: _Party, figures: TrunkFigures | str | None) -> None:
        if figures is None:
            return
        self._section(self.say(party.title))
        if isinstance(figures, str):
            self.grid.put(self.row, _LABEL, self.look.words.phrase(figures), self.look.warned)
            self.row += 2
            return
        top = self.row
        self._add_ran(party, figures)
        self._add_fullness(figures)
        self._add_verdict(figures)
        if figures.peak:
            self._add_peaks(top, figures)
            self._add_chart(party, figures, top)
            self.row = max(self.row + _CHART_ROWS + 1, top + 1 + len(_HOURS) + 1)
        self.row += 1

    def add_differences(self, party: _Party, count: int, shown: Sequence[TagDifference]) -> None:
        whose = self.say(party.whose)
        self._section(self.say("{trunks}: legs whose tag says another thing than the replay", trunks=whose))
        titles = {0: "Date/time", 1: "Call ID", 3: "Direction", 4: "To Number", 5: mark("Tag"), 7: mark("Replay")}
        self.grid.put_across(self.row, 0, _LAST, self.look.header)
        for column, title in titles.items():
            look = self.look.header_of("text_indented") if column == _LEGS else self.look.header
            self.grid.put(self.row, column, self.say(title) or None, look)
        said = self.look.words.phrase
        serials = serial_days(self.zone, [each.started_at for each in shown])
        for each, serial in zip(shown, serials, strict=True):
            self.row += 1
            self.grid.put(self.row, 0, serial, self.look.date_time)
            texts = {1: each.call_id, 3: said(each.direction), 4: each.number, 5: each.said, 7: said(each.replayed)}
            for column, text in texts.items():
                self.grid.put(self.row, column, text or None, self.look.text_indented if column == _LEGS else None)
        if count > len(shown):
            self.row += 1
            self.grid.put(self.row, 0, self.say("and {count} more", count=count - len(shown)), self.look.warned)
        self.row += 2

    def _section(self, title: str) -> None:
        self.grid.height(self.row, 22)
        self.grid.put_across(self.row, 0, _LAST, self.look.section)
        self.grid.put(self.row, 0, title, self.look.section)
        self.row += 1

    def _add_ran(self, party: _Party, figures: TrunkFigures) -> None:
        """What became of the account's legs, and beside it of all that share the trunks."""
        look, of_all = self.look, figures.legs_of_all
        self.grid.put(self.row, _LABEL, self.say("Ran"), look.header)
        self.grid.put(self.row, _MEANING, self.say("Because"), look.header)
        titles = {_LEGS: self.say("Legs"), _TALKED: self.say("Answered Minutes"), _COST: self.say(party.cost)}
        titles[_OF_ALL] = self.say("All Accounts") if of_all else ""
        for column, title in titles.items():
            self.grid.put(self.row, column, title or None, look.header_right)
        ran: tuple[Ran, ...] = (figures.flat, figures.burst, figures.over, figures.not_asked)
        for place, ((name, meaning), each) in enumerate(zip(_MEANINGS.items(), ran, strict=True)):
            self.row += 1
            self.grid.put(self.row, _LABEL, self.say(name))
            self.grid.put(self.row, _MEANING, self.say(meaning), look.quiet)
            if of_all:
                self.grid.put(self.row, _OF_ALL, of_all[place], look.count)
            self.grid.put(self.row, _LEGS, each.legs, look.count)
            self.grid.put(self.row, _TALKED, each.answered_seconds / 60, look.minutes)
            if each.cost_units is not None:
                self.grid.put(self.row, _COST, currency(each.cost_units), look.money)
        self.row += 2

    def _add_fullness(self, figures: TrunkFigures) -> None:
        when = figures.peak_at and f"{figures.peak_at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"
        if figures.calls_max is None:
            message = mark("of unlimited trunks, first at {moment}") if when else mark("of unlimited trunks")
            most = self.say(message, moment=when)
        else:
            message = mark("of {count} trunks, first at {moment}") if when else mark("of {count} trunks")
            most = self.say(message, count=figures.calls_max, moment=when)
        rows: list[tuple[str, int | None, str]] = [
            (self.say("Peak: most calls at once on a trunk"), figures.peak, most),
            (self.say("Demand peak: most that wanted one"), figures.demand_peak, self.say("had there been enough")),
            (self.say("Seconds at the limit"), figures.full_seconds, self.say("in which no trunk was left")),
            (self.say("Legs whose tag agrees"), figures.agreeing, ""),
            (
                self.say("Legs whose tag differs"),
                figures.differing,
                self.say("listed below") if figures.differing else "",
            ),
        ]
        for label, value, note in rows:
            self.grid.put(self.row, _LABEL, label, self.look.label)
            if value is not None:
                self.grid.put(self.row, _LEGS, value, self.look.count)
            self.grid.put(self.row, _TALKED, note or None, self.look.note)
            self.row += 1

    def _add_verdict(self, figures: TrunkFigures) -> None:
        if figures.differing is None or figures.agreeing is None:
            text, look = self.say("The switch's tags are not known."), self.look.quiet
        elif figures.differing:
            stated = figures.agreeing + figures.differing
            text = self.say(
                "The switch's tags differ from the replay on {count} of {all} legs.",
                count=figures.differing,
                all=stated,
            )
            look = self.look.warned
        else:
            text = self.say("The switch's tags agree with the replay on all {count} legs.", count=figures.agreeing)
            look = self.look.quiet
        self.grid.put(self.row, _LABEL, text, look)
        notes = [self.say("By the limits that KAZOO shows: burst trunks and private caps are not among them.")]
        if figures.legs_of_all:
            shared = mark("{count} accounts share them; each leg is asked in the order of its start.")
            notes.append(self.say(shared, count=figures.accounts))
        for note in notes:
            self.row += 1
            self.grid.put(self.row, _LABEL, note, self.look.quiet)
        self.row += 2

    def _add_peaks(self, top: int, figures: TrunkFigures) -> None:
        """Hours down, weekdays across; amber where every trunk was taken."""
        look = self.look
        self.grid.put(top - 1, _HOUR, self.say("Most calls at once, by hour and weekday"), look.section)
        for column, title in enumerate((mark("Hour"), *_WEEKDAYS), _HOUR):
            self.grid.put(top, column, self.say(title), look.header if column == _HOUR else look.header_right)
        for hour in _HOURS:
            self.grid.put(top + 1 + hour, _HOUR, hour, look.hour)
            for weekday in range(len(_WEEKDAYS)):
                self.grid.put(top + 1 + hour, _FIRST_DAY + weekday, figures.peak_by_hour[weekday][hour], look.count)
        where = (top + 1, _FIRST_DAY, top + len(_HOURS), _LAST)
        if figures.calls_max:
            full = {"type": "cell", "criteria": ">=", "value": figures.calls_max, "format": look.full}
            self.sheet.conditional_format(*where, full)
        self.sheet.conditional_format(*where, _heat(figures))

    def _add_chart(self, party: _Party, figures: TrunkFigures, top: int) -> None:
        """It stands below the figures; the values go with it, for readers that do not calculate."""
        chart = self.workbook.add_chart({"type": "line"})
        first, last = top + 1, top + len(_HOURS)
        for weekday, name in enumerate(_WEEKDAYS):
            column = _FIRST_DAY + weekday
            chart.add_series(
                {
                    "name": self.say(name),
                    "categories": [self.sheet.name, first, _HOUR, last, _HOUR],
                    "values": [self.sheet.name, first, column, last, column],
                    "categories_data": _HOURS,
                    "values_data": list(figures.peak_by_hour[weekday]),
                    "line": {"color": _DAY_COLOURS[weekday], "width": 1.75, "dash_type": _DAY_DASHES[weekday]},
                }
            )
        font = {"name": FONT, "color": QUIET, "size": 9}
        chart.set_title(
            {
                "name": self.say("{trunks}: most calls at once, by hour of day", trunks=self.say(party.whose)),
                "name_font": {"name": FONT, "color": INK, "size": 11, "bold": True},
                "overlay": False,
            }
        )
        chart.set_x_axis({"num_font": font, "num_format": "0", "line": {"color": RULE}})
        grid = {"visible": True, "line": {"color": RULE, "width": 0.5}}
        chart.set_y_axis(
            {"num_font": font, "num_format": "0", "min": 0, "major_gridlines": grid, "line": {"none": True}}
        )
        chart.set_legend({"position": "right", "font": font})
        chart.set_chartarea({"border": {"color": RULE}})
        chart.set_size({"width": _CHART_WIDTH, "height": _CHART_ROWS * _ROW_PIXELS})
        busiest = max(range(len(_WEEKDAYS)), key=lambda weekday: max(figures.peak_by_hour[weekday]))
        text = self.say(
            "Lines by weekday of the most calls at once in each hour of the day. The highest is {count}, "
            "reached on {weekday}.",
            count=figures.peak,
            weekday=self.say(_WEEKDAYS[busiest]),
        )
        self.sheet.insert_chart(self.row, 0, chart, {"description": text, "object_position": 2})


def _heat(figures: TrunkFigures) -> dict[str, Any]:
    """From white to the most; amber only where every trunk was taken."""
    ends = {"min_type": "num", "min_value": 0, "min_color": "#FFFFFF", "max_type": "num", "max_value": figures.peak}
    if figures.calls_max is None or figures.peak < figures.calls_max:
        return {"type": "2_color_scale", **ends, "max_color": HEAT}
    if figures.peak == 1:
        return {"type": "2_color_scale", **ends, "max_color": AMBER_FULL}
    below = {"mid_type": "num", "mid_value": figures.peak - 1, "mid_color": HEAT}
    return {"type": "3_color_scale", **ends, **below, "max_color": AMBER_FULL}
