"""Summary cards: the four questions that the first sheet answers at a glance, each with its figure and three lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from textwrap import wrap
from typing import Any

from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.period_text import first_day, last_day, spoken_month
from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.reports.render.grid import Value
from reseller_reporting.reports.render.local_time import serial_of_day
from reseller_reporting.reports.render.look import COUNT, MINUTES, MONEY
from reseller_reporting.reports.render.sheet import Formula, below_zero
from reseller_reporting.reports.render.sheets_usage import CUSTOMER_COST, MARGIN, PRICE, RESELLER_COST
from reseller_reporting.reports.render.sheets_usage import MINUTES as BILLING_MINUTES
from reseller_reporting.reports.render.summary_blocks import Change, Page
from reseller_reporting.reports.render.summary_figures import CALLS, Tables

CARD_ROWS = 5
_LINES, _CHARACTERS = 3, 36
PERCENT = "+0.0%;-0.0%;0.0%"
_DATE = "yyyy-mm-dd"


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    value: Value  # None: not known.
    number_format: str


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    figure: Value  # None: not known.
    number_format: str
    lines: Sequence[Line]
    is_amber: bool = False


def write_cards(page: Page, row: int, facts: AccountFacts, tables: Tables, changes: Sequence[Change]) -> None:
    cards = [
        _owed(page, facts),
        _for_what(page, tables),
        _compared(page, facts, changes),
        _is_complete(page, facts),
    ]
    put_cards(page, row, cards)


def put_cards(page: Page, row: int, cards: Sequence[Card]) -> None:
    """Side by side; a sentence without a figure has the room of all lines."""
    page.grid.height(row, 20)
    page.grid.height(row + 1, 34)
    for place, card in enumerate(cards):
        _write_card(page, row, 2 * place, card)
    page.sheet.conditional_format(row + 1, 0, row + CARD_ROWS - 1, 1, below_zero(page.look))


def _write_card(page: Page, row: int, first: int, card: Card) -> None:
    grid, look, last = page.grid, page.look, first + 1
    grid.put_merged(row, first, last, page.say(card.title), look.card_title)
    figure_look = look.card_figure(card.number_format, is_amber=card.is_amber)
    if card.figure is None:
        grid.put_merged(row + 1, first, last, page.say(words.NOT_AVAILABLE), look.card_missing)
    else:
        grid.put_merged(row + 1, first, last, card.figure, figure_look)
    for place in range(_LINES):
        at, is_last = row + 2 + place, place == _LINES - 1
        grid.height(at, 20 if is_last else 16)
        line = card.lines[place] if place < len(card.lines) else Line("", "", COUNT)
        if line.value == "":
            grid.put_merged(at, first, last, page.say(line.label) or None, look.card_words(is_last=is_last))
            continue
        grid.put(at, first, page.say(line.label), look.card_label(is_last=is_last))
        value = page.say(words.NOT_AVAILABLE) if line.value is None else line.value
        grid.put(at, last, value, look.card_value(line.number_format, is_last=is_last))


def money_of(currency: str) -> str:
    """A format of amounts that names their currency."""
    code = currency.replace('"', "")
    return f'#,##0.00 "{code}"'


def calls_of(page: Page) -> str:
    """A format of counts that names what is counted, one as one."""
    return f'[=1]0 "{page.say(words.CALL_UNIT)}";#,##0 "{page.say(words.CALLS_UNIT)}"'


def sentence(text: str) -> list[Line]:
    """Over as many lines as it needs, which a cell of one row would not give it."""
    return [Line(part, "", COUNT) for part in wrap(text, _CHARACTERS)[:_LINES]]


def _owed(page: Page, facts: AccountFacts) -> Card:
    """What is earned or owed by a price plan; without one a cost, called what it is."""
    figures, money = page.figures, money_of(facts.currency)
    if words.TOTAL_DUE in figures:
        if facts.edition is Edition.INTERNAL:
            return earned(page, money)
        return Card(words.OWED, figure_of(page, words.TOTAL_DUE), money, lines_of(page, [PRICE, words.RECURRING_PRICE]))
    recurring = [words.RESELLER_RECURRING, words.CUSTOMER_RECURRING]
    if RESELLER_COST in figures:
        return cost_of_calls(page, money)
    if facts.edition is Edition.CUSTOMER:
        return Card(words.CHARGED_FOR_CALLS, figure_of(page, CUSTOMER_COST), money, [])
    return Card(words.CHARGED, figure_of(page, CUSTOMER_COST), money, lines_of(page, recurring))


def earned(page: Page, money: str) -> Card:
    """The margin with what it is made of; where a part of it is not known that on calls alone."""
    figure = figure_of(page, MARGIN)
    if figure is None and words.MARGIN_ON_CALLS in page.figures:
        parts = [*lines_of(page, [PRICE]), _less(page, RESELLER_COST)]
        return Card(words.MARGIN_ON_CALLS, figure_of(page, words.MARGIN_ON_CALLS), money, parts)
    parts = [*lines_of(page, [words.NET]), _less(page, RESELLER_COST), _less(page, words.RESELLER_RECURRING)]
    return Card(words.EARNED, figure, money, parts)


def _less(page: Page, title: str) -> Line:
    return Line(f"− {page.say(title)}", figure_of(page, title), MONEY)


def cost_of_calls(page: Page, money: str) -> Card:
    titles = [CUSTOMER_COST, words.RESELLER_RECURRING, words.CUSTOMER_RECURRING]
    return Card(words.COST_OF_CALLS, figure_of(page, RESELLER_COST), money, lines_of(page, titles))


def lines_of(page: Page, titles: Sequence[str]) -> list[Line]:
    return [Line(title, figure_of(page, title), MONEY) for title in titles]


def figure_of(page: Page, title: str) -> Formula | None:
    """The key figure of this name, wherever it stands."""
    known = page.figures.get(title)
    return None if known is None else Formula(f"={known[0]}", known[1])


def _for_what(page: Page, tables: Tables) -> Card:
    lines = [Line(BILLING_MINUTES, figure_of(page, BILLING_MINUTES), MINUTES)]
    lines.append(Line(words.COUNTRIES, len(tables.country_labels), COUNT))
    for title in (words.FLAT_RATE_MINUTES,):
        if title in page.figures:
            lines.insert(1, Line(title, figure_of(page, title), MINUTES))
    return Card(words.FOR_WHAT, figure_of(page, CALLS), calls_of(page), lines)


def _compared(page: Page, facts: AccountFacts, changes: Sequence[Change]) -> Card:
    """By what is owed, where earlier months tell it, else by the calls."""
    if not changes:
        month = spoken_month(_month_before(facts), page.look.words)
        lacking = words.NOT_HELD if facts.edition is Edition.INTERNAL else words.NOT_AT_HAND
        text = page.say(lacking, month=month) if facts.period.is_month else page.say(words.NOT_A_MONTH)
        return Card(words.NOT_COMPARED, None, PERCENT, sentence(text))
    by_title = {change.title: change for change in changes}
    main = next(by_title[title] for title in (RESELLER_COST, CUSTOMER_COST, CALLS) if title in by_title)
    return compared(page, main, changes, facts.months_before[-1].month)


def compared(page: Page, main: Change, changes: Sequence[Change], month_before: str) -> Card:
    month = spoken_month(month_before, page.look.words)
    title = page.say(words.COMPARED, measure=page.say(main.title), month=month)
    lines = [Line(change.title, change.cell, PERCENT) for change in changes if change is not main]
    return Card(title, main.cell, PERCENT, lines)


def _month_before(facts: AccountFacts) -> str:
    before: date = first_day(facts.period) - timedelta(days=1)
    return f"{before:%Y-%m}"


def _is_complete(page: Page, facts: AccountFacts) -> Card:
    if facts.edition is Edition.CUSTOMER:
        lines = [
            Line(words.FIRST_DAY, serial_of_day(first_day(facts.period)), _DATE),
            Line(words.LAST_DAY, serial_of_day(last_day(facts.period)), _DATE),
        ]
    else:
        lines = [
            Line(words.WARNINGS, len(facts.warnings), COUNT),
            Line(words.PROBLEMS, len(facts.problems) + len(facts.findings), COUNT),
            Line(words.LAST_DAY, serial_of_day(last_day(facts.period)), _DATE),
        ]
    said: Any = page.say(words.COMPLETE if facts.complete else words.INCOMPLETE)
    return Card(words.IS_COMPLETE, said, COUNT, lines, is_amber=not facts.complete)
