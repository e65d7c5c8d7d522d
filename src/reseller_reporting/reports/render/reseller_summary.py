"""The first sheet of the reseller's workbook: what is earned, for what, against the month before, whether complete;
then charts, what changed since the last report, and the figures. It looks like a customer's first sheet.
"""

from collections.abc import Iterator
from typing import Any

from reseller_reporting.model.changes import Changes, LegChange
from reseller_reporting.model.units import currency
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.period_text import spoken_period
from reseller_reporting.reports.render import summary_words as texts
from reseller_reporting.reports.render.cell_text import cell_text
from reseller_reporting.reports.render.grid import Link
from reseller_reporting.reports.render.look import COUNT, MINUTES, MONEY, Look
from reseller_reporting.reports.render.reseller_blocks import (
    SummarySources,
    amount_of,
    course_rows,
    has_calls,
    months_before_all,
    shown,
    write_charted,
)
from reseller_reporting.reports.render.reseller_customers import shown_figures
from reseller_reporting.reports.render.sheet import Formula, below_zero
from reseller_reporting.reports.render.summary_blocks import LAST_COLUMN, Change, Page, write_course
from reseller_reporting.reports.render.summary_cards import (
    CARD_ROWS,
    PERCENT,
    Card,
    Line,
    calls_of,
    compared,
    cost_of_calls,
    earned,
    figure_of,
    lines_of,
    money_of,
    put_cards,
    sentence,
)
from reseller_reporting.reports.render.summary_page import (
    CHART_ROWS,
    DAYS_ROWS,
    LINE_HEIGHT,
    open_page,
    write_figure,
    write_line,
    write_pairs,
    write_title,
)
from reseller_reporting.reports.usage import UsageSums
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import mark

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
_COMPLETE = "Complete"


def write_summary(workbook: Any, sheet: Any, look: Look, sources: SummarySources) -> None:
    page, months = open_page(sheet, look), months_before_all(sources)
    company = look.style.brand.company_or(sources.reseller.name)
    write_title(
        page,
        workbook,
        title=company or str(sources.reseller.id) or page.say("All customers"),
        subtitle=page.say("All customers, {period}", period=spoken_period(sources.period, look.words)),
        sender=company,
        linked=tuple(_ABOUT),
    )
    _write_banner(page, sources)
    cards_row, charts_row = page.row, page.row + CARD_ROWS + 1
    page.row = charts_row + (CHART_ROWS + DAYS_ROWS + 2 if has_calls(sources) else 2)
    if not has_calls(sources):
        page.grid.put(charts_row, 0, page.say(texts.NO_CALLS), look.value)
    months_row = page.row
    # Its formulas look at the key figures, which are placed below: so much room it takes.
    page.row += 4 + len(course_rows(sources, months, {})) if months else 0
    _write_since_last(page, sources)
    breaks = [page.row]
    _write_key_figures(page, sources)
    _write_contents(page, workbook)
    write_pairs(page, texts.REPORT, ((label, cell_text(value)) for label, value in _report_pairs(page, sources)))
    changes: list[Change] = []
    if months:
        after, page.row = page.row, months_row
        names = [each.month for each in months]
        changes = write_course(page, names, sources.period.name, course_rows(sources, months, page.figures))
        page.row = after
    if has_calls(sources):
        breaks.append(write_charted(page, workbook, sources, charts_row))
    _write_cards(page, cards_row, sources, changes, names[-1] if months else "")
    sheet.set_h_pagebreaks(breaks)
    page.grid.write(sheet)
    sheet.print_area(0, 0, page.row, LAST_COLUMN)


def _lacking(sources: SummarySources) -> list[AccountFacts]:
    return [facts for facts, _ in sources.entries if facts.status == "failed" or not facts.complete]


def _write_banner(page: Page, sources: SummarySources) -> None:
    lacking, look = _lacking(sources), page.look
    if not lacking:
        return
    headline = page.say(
        "Not complete for {count} of {all} customers: figures are missing or may still change. "
        "See Customers and Warnings.",
        count=len(lacking),
        all=len(sources.entries),
    )
    write_line(page, headline, look.banner, padding=9)
    for facts in lacking[:_NAMES_TOLD]:
        why = " ".join(look.words.phrase(warning.message) for warning in facts.warnings)
        write_line(page, f"{shown(facts.account.name, facts.account.id)}: {why}", look.banner_line, padding=3)
    if len(lacking) > _NAMES_TOLD:
        more = page.say("and {count} more", count=len(lacking) - _NAMES_TOLD)
        write_line(page, more, look.banner_line, padding=3)
    page.row += 1


def _write_cards(page: Page, row: int, sources: SummarySources, changes: list[Change], month_before: str) -> None:
    put_cards(
        page,
        row,
        [
            _earned(page, sources),
            Card(
                texts.FOR_WHAT,
                figure_of(page, "Calls"),
                calls_of(page),
                [
                    Line("Billing Minutes", figure_of(page, "Billing Minutes"), MINUTES),
                    Line("Flat-rate Minutes", figure_of(page, "Flat-rate Minutes"), MINUTES),
                    Line(texts.COUNTRIES, len({code for _, code, *_ in sources.countries.rows}), COUNT),
                ],
            ),
            _compared(page, changes, month_before),
            _is_complete(page, sources),
        ],
    )


def _earned(page: Page, sources: SummarySources) -> Card:
    money = money_of(sources.currency)
    if texts.MARGIN_ON_CALLS in page.figures or sources.margins.margin is not None:
        return earned(page, money)
    if "Reseller Cost" in page.figures:
        return cost_of_calls(page, money)
    recurring = lines_of(page, [texts.RESELLER_RECURRING, texts.CUSTOMER_RECURRING])
    return Card(mark("What customers were charged"), figure_of(page, "Customer Cost"), money, recurring)


def _compared(page: Page, changes: list[Change], month_before: str) -> Card:
    if not changes:
        why = mark("The months before are not known of all customers.")
        return Card(texts.NOT_COMPARED, None, PERCENT, sentence(page.say(why)))
    by_title = {change.title: change for change in changes}
    main = next(by_title[title] for title in ("Reseller Cost", "Customer Cost") if title in by_title)
    return compared(page, main, changes, month_before)


def _is_complete(page: Page, sources: SummarySources) -> Card:
    lacking = len(_lacking(sources))
    problems = sum(len(facts.problems) + len(facts.findings) for facts, _ in sources.entries)
    lines = [
        Line("Customers", len(sources.entries), COUNT),
        Line(texts.WARNINGS, sum(len(facts.warnings) for facts, _ in sources.entries), COUNT),
        Line(texts.PROBLEMS, problems, COUNT),
    ]
    told = page.say(texts.INCOMPLETE if lacking else texts.COMPLETE)
    return Card(texts.IS_COMPLETE, told, COUNT, lines, is_amber=bool(lacking))


def _write_since_last(page: Page, sources: SummarySources) -> None:
    page.section(mark("Since the last report"))
    for text in _since_last(page.look.words, sources.changes, sources.not_compared, sources.currency):
        write_line(page, text, page.look.wrapped, padding=3)
    page.row += 1


def _write_key_figures(page: Page, sources: SummarySources) -> None:
    """Each with its unit and what it is; cards refer to their cells."""
    page.section(texts.KEY_FIGURES)
    customers, entries, first = sources.customers, sources.entries, page.row
    count = Formula(f"=COUNTA({customers.column('Name')})", len(entries))
    write_figure(page, "Customers", count, COUNT, mark("accounts"), "")
    complete = sum(facts.status == "ok" and facts.complete for facts, _ in entries)
    formula = f'=COUNTIF({customers.column(_COMPLETE)},"{page.say("yes")}")'
    write_figure(
        page, _COMPLETE, Formula(formula, complete), COUNT, "accounts", page.say("Everything was read and used")
    )
    for title, number_format, unit, note in _key_figures(sources.currency):
        value = customers.totals.get(title)
        if value is None and title in _ONLY_WITH_PLANS:
            continue
        known = None if value is None else Formula(f"=SUM({customers.column(title)})", value)
        # There it is a column's name; here stands the margin on everything, too.
        name = texts.MARGIN_ON_CALLS if title == "Margin" else title
        write_figure(page, name, known, number_format, unit, _note(page, sources, title, page.say(note)))
    if sources.margins.margin is not None:
        code = sources.currency
        write_figure(page, texts.NET, sources.margins.net, MONEY, code, page.say(texts.SUM_OF_NETS_NOTE))
        write_figure(page, "Margin", sources.margins.margin, MONEY, code, page.say(texts.TOTAL_MARGIN_NOTE))
    page.sheet.conditional_format(first, 1, page.row - 1, 1, below_zero(page.look))
    page.row += 1


def _note(page: Page, sources: SummarySources, title: str, note: str) -> str:
    """With how many customers' figure is not known, which a sum does not show."""
    if title not in ("Reseller Cost", "Price", "Margin"):
        return note
    unknown = sum(not _knows(title, facts, sums) for facts, sums in sources.entries)
    return page.say("{note}; not known of {count}", note=note, count=unknown) if unknown else note


def _write_contents(page: Page, workbook: Any) -> None:
    page.section(mark("Sheets"))
    about = {page.say(name): text for name, text in _ABOUT.items()}
    for sheet in workbook.worksheets():
        if sheet.name in about:
            page.grid.height(page.row, LINE_HEIGHT)
            page.grid.put(page.row, 0, Link(sheet.name, sheet.name), page.look.link)
            page.grid.put(page.row, 1, page.say(about[sheet.name]), page.look.value)
            page.row += 1
    page.row += 1


def _report_pairs(page: Page, sources: SummarySources) -> Iterator[tuple[str, str]]:
    period, reseller, brand = sources.period, sources.reseller, page.look.style.brand
    yield texts.RESELLER, f"{brand.company_or(reseller.name)} ({reseller.id})"
    if brand.address:
        yield texts.ADDRESS, brand.address
    yield texts.FROM, page.look.words.moment(period.from_local)
    yield texts.TO, page.look.words.moment(period.to_local)
    yield texts.TIME_ZONE, period.timezone
    yield texts.CURRENCY, sources.currency
    yield mark("For"), page.say("the reseller's own office: it holds costs and margins of all customers")


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
    return not figures.calls or amount_of(title, figures) is not None


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
