"""The first sheet of the reseller's workbook: what all customers come to, who and where, what changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reseller_reporting.model.account import Account
from reseller_reporting.model.changes import Changes, LegChange
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.units import currency
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.figure_text import micros_amount
from reseller_reporting.reports.period_text import spoken_period
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.look import COUNT, INK, MINUTES, MONEY, QUIET, ROW_HEIGHT, RULE, Look
from reseller_reporting.reports.render.plain_sheet import PlainSheet
from reseller_reporting.reports.render.reseller_customers import SHEET, Customers, shown_figures
from reseller_reporting.reports.render.reseller_figures import COUNTRIES, Countries
from reseller_reporting.reports.render.sheet import SUMMARY_SHEET, set_up_print, sheet_name
from reseller_reporting.reports.usage import Figures, UsageSums
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import mark

_WIDTHS = (34, 17, 17, 17, 3, 12, 12, 12, 12, 12, 12)
_LAST_COLUMN = len(_WIDTHS) - 1
_CHART_COLUMN, _CHART_WIDTH, _CHART_HEIGHT = 5, 540, 258
_TOP = 10
_LINE_HEIGHT = 17
_PIXELS_PER_LINE, _PIXELS_PER_ROW = 22, 20
_NAME_MAX = 40
_CHARACTERS_PER_LINE = 150
_COLOURS = {"Reseller Cost": INK, "Customer Cost": "#86A0CC", "Price": "#86A0CC", "Margin": "#D98A00"}
_NAMES_TOLD = 5
_ABOUT = {
    "Customers": mark("every customer in a line, each with a link to its workbook"),
    "Countries": mark("all customers together, by country and direction"),
    "Margins": mark("what each customer brought in and cost"),
    "Trunks": mark("how full the reseller's trunks were, and whose calls found none"),
    "Changes": mark("customers whose figures are not those of the last report"),
    "Changed Calls": mark("the calls behind that"),
    "Problems": mark("malformed records and conspicuous prices of all customers"),
    "Warnings": mark("what a reader must know, customer by customer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySources:
    """What the sheet is made of, and where the other sheets' figures stand."""

    reseller: Account
    period: ReportPeriod
    currency: str
    entries: Sequence[tuple[AccountFacts, UsageSums | None]]
    customers: Customers
    countries: Countries
    changes: Changes | None
    not_compared: str


def add_summary(workbook: Any, look: Look) -> Any:
    """The sheet, first in the workbook; it is filled last, when everything is known."""
    sheet = workbook.add_worksheet(sheet_name(look.words, SUMMARY_SHEET), PlainSheet)
    sheet.hide_gridlines(2)
    for position, width in enumerate(_WIDTHS):
        sheet.set_column(position, position, width)
    set_up_print(sheet)
    sheet.fit_to_pages(1, 1)
    return sheet


def write_summary(workbook: Any, sheet: Any, look: Look, sources: SummarySources) -> None:
    page = _Page(workbook, sheet, look, sources)
    page.title()
    page.banner()
    page.key_figures()
    page.since_last()
    page.top_customers()
    page.top_countries()
    page.contents()
    page.about()


@dataclass(frozen=True, slots=True)
class _Bar:
    """One line of a chart's table: its name, and of each series the cell that it shows, with its value."""

    name: str
    cells: dict[str, tuple[str, Any] | None]


@dataclass(slots=True)
class _Page:
    """Blocks one under the other, row by row; `row` is the next free one."""

    workbook: Any
    sheet: Any
    look: Look
    sources: SummarySources
    row: int = 0

    def say(self, message: str, **named: object) -> str:
        return self.look.words.say(message, **named)

    def title(self) -> None:
        reseller, period = self.sources.reseller, self.sources.period
        self.sheet.set_row(0, 32)
        self.sheet.write_string(
            0, 0, cell_text(self._name() or str(reseller.id) or self.say("All customers")), self.look.title
        )
        self.sheet.set_row(1, 20)
        text = self.say("All customers, {period}", period=spoken_period(period, self.look.words))
        self.sheet.write_string(1, 0, cell_text(text), self.look.subtitle)
        self.row = 3

    def _name(self) -> str:
        return self.look.style.brand.company_or(self.sources.reseller.name)

    def banner(self) -> None:
        lacking = [facts for facts, _ in self.sources.entries if facts.status == "failed" or not facts.complete]
        if not lacking:
            return
        headline = self.say(
            "Not complete for {count} of {all} customers: figures are missing or may still change. "
            "See Customers and Warnings.",
            count=len(lacking),
            all=len(self.sources.entries),
        )
        self._line(headline, self.look.banner, padding=9)
        for facts in lacking[:_NAMES_TOLD]:
            why = " ".join(self.look.words.phrase(warning.message) for warning in facts.warnings)
            self._line(f"{shown(facts.account.name, facts.account.id)}: {why}", self.look.banner_line, padding=3)
        if len(lacking) > _NAMES_TOLD:
            self._line(self.say("and {count} more", count=len(lacking) - _NAMES_TOLD), self.look.banner_line, padding=3)
        self.row += 1

    def key_figures(self) -> None:
        self._section(self.say("Key figures"))
        customers, code = self.sources.customers, self.sources.currency
        entries = self.sources.entries
        names = customers.column("Name")
        self._figure("Customers", f"=COUNTA({names})", len(entries), COUNT, mark("accounts"), "")
        complete = sum(facts.status == "ok" and facts.complete for facts, _ in entries)
        formula = f'=COUNTIF({customers.column("Complete")},"{self.say("yes")}")'
        self._figure("Complete", formula, complete, COUNT, "accounts", self.say("Everything was read and used"))
        for title, number_format, unit, note in _key_figures(code):
            value = customers.totals.get(title)
            if value is None and title in _ONLY_WITH_PLANS:
                continue
            known = f"=SUM({customers.column(title)})"
            self._figure(title, known, value, number_format, unit, self._note(title, self.say(note)))
        self.row += 1

    def _note(self, title: str, note: str) -> str:
        """With how many customers' figure is not known, which a sum does not show."""
        if title not in ("Reseller Cost", "Price", "Margin"):
            return note
        unknown = sum(not _knows(title, facts, sums) for facts, sums in self.sources.entries)
        return self.say("{note}; not known of {count}", note=note, count=unknown) if unknown else note

    def top_customers(self) -> None:
        series = self._series()
        made = [
            (place, facts, shown_figures(facts, sums))
            for place, (facts, sums) in enumerate(self.sources.entries)
            if sums is not None
        ]
        made.sort(key=lambda each: (_rank(each[2]), each[0]))
        cell = self.sources.customers.cell
        bars = [
            _Bar(
                shown(facts.account.name, facts.account.id),
                {title: _told(cell(title, place), _amount(title, figures)) for title in series},
            )
            for place, facts, figures in made[:_TOP]
        ]
        self._block(mark("Customers by cost"), SHEET, len(made), series, bars)

    def top_countries(self) -> None:
        series = self._series()
        rows = self.sources.countries.rows
        ordered = sorted(enumerate(rows), key=lambda each: (_rank(each[1][3]), each[0]))
        cell = self.sources.countries.cell
        bars = [
            _Bar(
                f"{name}, {direction}",
                {title: _told(cell(title, place), _amount(title, sums)) for title in series},
            )
            for place, (name, _, direction, sums) in ordered[:_TOP]
        ]
        self._block(mark("Countries by cost"), COUNTRIES, len(rows), series, bars)

    def since_last(self) -> None:
        self._section(self.say("Since the last report"))
        for sentence in _since_last(
            self.look.words, self.sources.changes, self.sources.not_compared, self.sources.currency
        ):
            self.sheet.set_row(self.row, _LINE_HEIGHT)
            self.sheet.write_string(self.row, 0, sentence, self.look.value)
            self.row += 1
        self.row += 1

    def contents(self) -> None:
        self._section(self.say("Sheets"))
        link = self.look.made(font_color="#1F4E9E", underline=1)
        for sheet in self.workbook.worksheets():
            about = {self.say(name): text for name, text in _ABOUT.items()}
            if sheet.name in about:
                self.sheet.set_row(self.row, _LINE_HEIGHT)
                self.sheet.write_url(self.row, 0, f"internal:'{sheet.name}'!A1", link, sheet.name)
                self.sheet.write_string(self.row, 1, self.say(about[sheet.name]), self.look.note)
                self.row += 1
        self.row += 1

    def about(self) -> None:
        self._section(self.say("Report"))
        period, reseller = self.sources.period, self.sources.reseller
        pairs = [
            ("Reseller", f"{self._name()} ({reseller.id})"),
            ("From", self.look.words.moment(period.from_local)),
            ("To (exclusive)", self.look.words.moment(period.to_local)),
            ("Time zone", period.timezone),
            ("Currency", self.sources.currency),
            (mark("For"), self.say("the reseller's own office: it holds costs and margins of all customers")),
        ]
        for label, value in pairs:
            self.sheet.set_row(self.row, _LINE_HEIGHT)
            self.sheet.write_string(self.row, 0, self.say(label), self.look.label)
            self.sheet.write_string(self.row, 1, cell_text(value), self.look.value)
            self.row += 1

    def _section(self, title: str) -> None:
        self.sheet.set_row(self.row, 22)
        self.sheet.write_string(self.row, 0, title, self.look.section)
        for position in range(1, _LAST_COLUMN + 1):
            self.sheet.write_blank(self.row, position, None, self.look.section)
        self.row += 1

    def _line(self, text: str, cell_format: Any, *, padding: int) -> None:
        lines = sum(max(1, -(-len(part) // _CHARACTERS_PER_LINE)) for part in text.split("\n"))
        self.sheet.set_row(self.row, min(lines * ROW_HEIGHT + padding, 400))
        self.sheet.merge_range(self.row, 0, self.row, _LAST_COLUMN, "", cell_format)
        self.sheet.write_string(self.row, 0, cell_text(text), cell_format)
        self.row += 1

    def _figure(self, name: str, formula: str, value: Any, number_format: str, unit: str, note: str) -> None:
        self.sheet.set_row(self.row, _LINE_HEIGHT)
        self.sheet.write_string(self.row, 0, self.say(name), self.look.label)
        if value is None:
            self.sheet.write_string(self.row, 1, self.say("not available"), self.look.missing)
        else:
            self.sheet.write_formula(self.row, 1, formula, self.look.figure(number_format), value)
        self.sheet.write_string(self.row, 2, self.say(unit), self.look.note)
        self.sheet.write_string(self.row, 3, note, self.look.note)
        self.row += 1

    def _series(self) -> tuple[str, ...]:
        is_priced = self.sources.customers.totals.get("Price") is not None
        return ("Reseller Cost", "Price", "Margin") if is_priced else ("Reseller Cost", "Customer Cost")

    def _block(self, title: str, sheet_name: str, count: int, series: Sequence[str], bars: Sequence[_Bar]) -> None:
        """The first of them as live figures, beside their chart."""
        if not bars:
            return
        title = self.say(title)
        more = self.say("{title}, the first {count} of {all}", title=title, count=len(bars), all=count)
        self._section(more if count > len(bars) else title)
        top, money = self.row, self.look.made(num_format=MONEY, valign="vcenter")
        self.sheet.write_string(top, 0, self.say(sheet_name), self.look.header)
        for position, name in enumerate(series, 1):
            self.sheet.write_string(top, position, self.say(name), self.look.header_right)
        for row, bar in enumerate(bars, top + 1):
            self.sheet.set_row(row, _LINE_HEIGHT)
            self.sheet.write_string(row, 0, cell_text(bar.name), self.look.value)
            for position, name in enumerate(series, 1):
                told = bar.cells[name]
                if told is not None:
                    self.sheet.write_formula(row, position, f"={told[0]}", money, told[1])
        self._chart(title, top, series, bars)
        # The chart may be higher than the lines beside it.
        rest = max(0, _CHART_HEIGHT - _PIXELS_PER_LINE * (len(bars) + 1))
        self.row = top + len(bars) + 2 + -(-rest // _PIXELS_PER_ROW)

    def _chart(self, title: str, top: int, series: Sequence[str], bars: Sequence[_Bar]) -> None:
        chart = self.workbook.add_chart({"type": "bar"})
        first, last = top + 1, top + len(bars)
        for position, name in enumerate(series, 1):
            chart.add_series(
                {
                    "name": self.say(name),
                    "categories": [self.sheet.name, first, 0, last, 0],
                    "values": [self.sheet.name, first, position, last, position],
                    "categories_data": [bar.name for bar in bars],
                    "values_data": [told[1] if (told := bar.cells[name]) else 0 for bar in bars],
                    "fill": {"color": _COLOURS[name]},
                    "gap": 60,
                    "overlap": 0,
                }
            )
        font = {"color": QUIET, "size": 9}
        title_font = {"color": INK, "size": 11, "bold": True}
        chart.set_title({"name": f"{title}, {self.sources.currency}", "name_font": title_font, "overlay": False})
        chart.set_y_axis({"num_font": font, "line": {"color": RULE}, "reverse": True, "label_position": "low"})
        grid = {"visible": True, "line": {"color": RULE, "width": 0.5}}
        numbers = {"num_font": font, "num_format": "#,##0.00", "major_gridlines": grid, "line": {"none": True}}
        chart.set_x_axis({**numbers, "label_position": "high"})
        chart.set_legend({"position": "bottom", "font": font})
        chart.set_chartarea({"border": {"none": True}})
        chart.set_size({"width": _CHART_WIDTH, "height": _CHART_HEIGHT})
        text = self.say(
            "Bars of {series} for {count} lines of the table on the left, the dearest first.",
            series=", ".join(map(self.say, series)),
            count=len(bars),
        )
        self.sheet.insert_chart(top, _CHART_COLUMN, chart, {"description": text, "object_position": 2, "y_offset": 5})


def shown(name: str, id_: str) -> str:
    """A name short enough for a chart, without what no chart can hold."""
    plain = "".join(character if character.isprintable() else " " for character in cell_text(name))
    plain = plain.strip() or "".join(character for character in cell_text(str(id_)) if character.isprintable())
    return plain if len(plain) <= _NAME_MAX else f"{plain[: _NAME_MAX - 1]}…"


_ONLY_WITH_PLANS = frozenset({"Price", "Margin", "Recurring Price"})


def _key_figures(code: str) -> Iterator[tuple[str, str, str, str]]:
    yield "Calls", COUNT, "legs", mark("Billable legs that started in the period")
    yield "Billing Minutes", MINUTES, "minutes", mark("Charged seconds / 60; answered ones where none are charged")
    yield "Flat-rate Minutes", MINUTES, "minutes", mark("Carried by the reseller's trunks, burst included")
    yield "Per-minute Minutes", MINUTES, "minutes", mark("Paid by the minute from the reseller's credit")
    yield "Reseller Cost", MONEY, code, mark("What the provider charged for these calls")
    yield "Customer Cost", MONEY, code, mark("What the platform charged the customers' own credit")
    yield "Price", MONEY, code, mark("Of the calls, by the price plans")
    yield "Margin", MONEY, code, mark("Price of the calls less reseller cost")
    yield "Reseller Recurring Cost", MONEY, code, mark("The customers' shares of the reseller's own invoice")
    yield "Customer Recurring Cost", MONEY, code, mark("The customers' own invoices")
    yield "Recurring Price", MONEY, code, mark("Of services, by the price plans")


def _knows(title: str, facts: AccountFacts, sums: UsageSums | None) -> bool:
    """Nothing is not unknown: without calls there is nothing to know."""
    if sums is None:
        return False
    figures = shown_figures(facts, sums)
    return not figures.calls or _amount(title, figures) is not None


def _rank(figures: Any) -> tuple[int, int]:
    """Dearest first; by what the customers paid where the reseller's cost is not known."""
    return -(figures.reseller_cost_units or 0), -figures.customer_cost_units


_AMOUNTS: dict[str, Callable[[Any], Any]] = {
    "Reseller Cost": lambda figures: _of(figures.reseller_cost_units, currency),
    "Customer Cost": lambda figures: currency(figures.customer_cost_units),
    "Price": lambda figures: _of(figures.price_micros, micros_amount),
    "Margin": lambda figures: _of(figures.margin_micros, micros_amount),
}


def _amount(title: str, figures: Figures | Any) -> Any:
    return _AMOUNTS[title](figures)


def _of(number: int | None, amount: Callable[[int], Any]) -> Any:
    return None if number is None else amount(number)


def _told(cell: str, value: Any) -> tuple[str, Any] | None:
    return None if value is None else (cell, value)


def _since_last(words: Words, changes: Changes | None, not_compared: str, code: str) -> Iterator[str]:
    if changes is None:
        # True of the same report made again, too, which must say the same.
        first = mark(
            "There is nothing to compare it with: this store holds no earlier report of this period that was made of "
            "other data in the same way, with prices or without."
        )
        yield words.phrase(not_compared) if not_compared else words.say(first)
        return
    yield words.say("Held against the last report of this period that was made of other data.")
    if not changes.customers:
        yield words.say("All customers and their calls are the same.")
        return
    states = [each.state for each in changes.customers]
    yield words.say(
        "Customers: {new} new, {gone} gone, {changed} with other figures, {lacking} not compared.",
        new=states.count("new"),
        gone=states.count("gone"),
        changed=states.count("changed"),
        lacking=states.count("failed") + states.count("failed before"),
    )
    found = [
        [each.legs.sums[kind] for each in changes.customers if each.legs and kind in each.legs.sums]
        for kind in (LegChange.LATE, LegChange.GONE, LegChange.CHANGED)
    ]
    late, gone, changed = (sum(one.legs for one in sums) for sums in found)
    yield words.say(
        "Calls: {late} late, {gone} gone, {changed} with other costs or prices.", late=late, gone=gone, changed=changed
    )
    both = [(one.before.reseller_cost_units, one.now.reseller_cost_units) for sums in found for one in sums]
    differences = [(now or 0) - (then or 0) for then, now in both if (then, now) != (None, None)]
    if differences:
        change = currency(sum(differences))
        amount = f"{'-' if change < 0 else '+'}{words.exact(abs(change), places=4)}"
        yield words.say("These calls change the reseller cost by {amount} {currency}.", amount=amount, currency=code)
