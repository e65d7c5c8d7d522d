"""Summary figures: the key figures of the first sheet, each with its unit and what it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.units import currency
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.figure_text import micros_amount, noise_free
from reseller_reporting.reports.margins import margins_of
from reseller_reporting.reports.render import summary_words as words
from reseller_reporting.reports.render.formulas import CallRanges
from reseller_reporting.reports.render.look import COUNT, MINUTES, MONEY
from reseller_reporting.reports.render.sheet import Formula
from reseller_reporting.reports.render.sheet_statement import StatementCells
from reseller_reporting.reports.render.sheets_record import RECURRING_COST, invoiced_total
from reseller_reporting.reports.render.sheets_usage import (
    BURST,
    CUSTOMER_COST,
    FLAT,
    MARGIN,
    PRICE,
    RESELLER_COST,
    RESELLER_TYPE,
    UsageView,
)
from reseller_reporting.reports.render.sheets_usage import MINUTES as BILLING_MINUTES
from reseller_reporting.reports.usage import UsageSums
from reseller_reporting.words.language import ENGLISH, Words

CALLS = "Calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Where the other sheets' figures stand."""

    ranges: CallRanges
    view: UsageView
    country_labels: dict[str, str]  # By code, as the sheet Countries shows them.
    country_count: int
    service_count: int
    statement: StatementCells | None
    words: Words = ENGLISH

    @property
    def countries(self) -> CallRanges:
        """The rows of the sheet Countries."""
        letters = {column.title: self.view.letter(column.title) for column in self.view.country_columns}
        return CallRanges([(self.words.say("Countries"), max(self.country_count, 1) + 1)], letters)


@dataclass(frozen=True, slots=True)
class KeyFigure:
    name: str
    value: Formula | int | Decimal | None  # None: not known.
    number_format: str
    unit: str
    note: str
    less: tuple[str, ...] = ()  # Key figures: it is the first of them less the others.


_OfCountries = Callable[[str, float | Decimal], Formula]


def key_figures(facts: AccountFacts, sums: UsageSums, tables: Tables) -> Iterator[KeyFigure]:
    total, countries = sums.total, tables.countries
    unit, calls_note, minutes_note = words.LEGS, words.CALLS_NOTE, words.MINUTES_NOTE
    if facts.edition is Edition.CUSTOMER:
        unit, calls_note, minutes_note = words.CALLS_UNIT, words.CUSTOMER_CALLS_NOTE, words.CUSTOMER_MINUTES_NOTE

    def of_countries(title: str, value: float | Decimal) -> Formula:
        return Formula(f"={countries.total(title)}", value)

    yield KeyFigure(CALLS, of_countries(CALLS, total.calls), COUNT, unit, calls_note)
    minutes = of_countries(BILLING_MINUTES, tables.view.minutes_seconds(total) / 60)
    yield KeyFigure(BILLING_MINUTES, minutes, MINUTES, words.MINUTES_UNIT, minutes_note)
    yield from _prices(facts, sums, tables, of_countries)
    if facts.edition is Edition.INTERNAL:
        yield from _as_billed(facts, sums, tables, of_countries)
        yield from _recurring(facts, tables)
        yield KeyFigure(words.ON_NET, sums.legs_on_net, COUNT, words.LEGS, words.ON_NET_NOTE)
        yield KeyFigure(words.MALFORMED, len(facts.problems), COUNT, words.RECORDS, words.MALFORMED_NOTE)


def knows_reseller(facts: AccountFacts, sums: UsageSums) -> bool:
    return facts.has_reseller_view and sums.has_reseller_view


def _prices(facts: AccountFacts, sums: UsageSums, tables: Tables, of_countries: _OfCountries) -> Iterator[KeyFigure]:
    """By the reseller's own plan; without one there is nothing to say."""
    if facts.prices is None or tables.statement is None:
        return
    statement, code = facts.prices.statement, facts.currency
    total = Formula(f"={tables.statement.total}", tables.statement.total_value)
    yield KeyFigure(words.TOTAL_DUE, total, MONEY, code, words.TOTAL_DUE_NOTE)
    micros = sums.total.price_micros
    price = None if micros is None else of_countries(PRICE, micros_amount(micros))
    yield KeyFigure(PRICE, price, MONEY, code, words.PRICE_NOTE)
    recurring = micros_amount(statement.recurring_micros)
    yield KeyFigure(words.RECURRING_PRICE, recurring, MONEY, code, words.RECURRING_PRICE_NOTE)
    if facts.edition is Edition.INTERNAL:
        yield from _margins(facts, sums, of_countries)


def _margins(facts: AccountFacts, sums: UsageSums, of_countries: _OfCountries) -> Iterator[KeyFigure]:
    """What is left of everything, as `margin.csv` has it, and of the calls alone, as `summary.csv` has it."""
    assert facts.prices is not None
    cost_units = sums.total.reseller_cost_units if knows_reseller(facts, sums) else None
    known = margins_of(
        facts.prices.statement, reseller_cost_units=cost_units, reseller_recurring=_amount(facts.reseller_recurring)
    )
    yield KeyFigure(words.NET, known.net, MONEY, facts.currency, words.NET_NOTE)
    parts = (words.NET, RESELLER_COST, words.RESELLER_RECURRING)
    yield KeyFigure(MARGIN, known.margin, MONEY, facts.currency, words.TOTAL_MARGIN_NOTE, less=parts)
    micros = sums.total.margin_micros
    of_calls = None if micros is None else of_countries(MARGIN, micros_amount(micros))
    yield KeyFigure(words.MARGIN_ON_CALLS, of_calls, MONEY, facts.currency, words.MARGIN_NOTE)


def _as_billed(facts: AccountFacts, sums: UsageSums, tables: Tables, of_countries: _OfCountries) -> Iterator[KeyFigure]:
    total, code = sums.total, facts.currency
    known = knows_reseller(facts, sums)

    def of_types(value: int | None, *tags: str) -> Formula | None:
        counts = [tables.ranges.count(tables.ranges.type_is(RESELLER_TYPE, tag)) for tag in tags]
        return Formula(f"={'+'.join(counts)}", value) if known and value is not None else None

    def minutes(title: str, seconds: int | None) -> Formula | None:
        return of_countries(title, seconds / 60) if known and seconds is not None else None

    count = of_types(total.flat_rate_calls, FLAT, BURST)
    yield KeyFigure(words.FLAT_RATE_CALLS, count, COUNT, words.LEGS, words.FLAT_RATE_NOTE)
    flat = minutes(words.FLAT_RATE_MINUTES, total.flat_rate_seconds)
    yield KeyFigure(words.FLAT_RATE_MINUTES, flat, MINUTES, words.MINUTES_UNIT, words.FLAT_RATE_NOTE)
    count = of_types(total.per_minute_calls, PER_MINUTE)
    yield KeyFigure(words.PER_MINUTE_CALLS, count, COUNT, words.LEGS, words.PER_MINUTE_NOTE)
    by_minute = minutes(words.PER_MINUTE_MINUTES, total.per_minute_seconds)
    yield KeyFigure(words.PER_MINUTE_MINUTES, by_minute, MINUTES, words.MINUTES_UNIT, words.PER_MINUTE_NOTE)
    units = total.reseller_cost_units if known else None
    cost = None if units is None else of_countries(RESELLER_COST, currency(units))
    yield KeyFigure(RESELLER_COST, cost, MONEY, code, words.RESELLER_COST_NOTE)
    cost = of_countries(CUSTOMER_COST, currency(total.customer_cost_units))
    yield KeyFigure(CUSTOMER_COST, cost, MONEY, code, words.CUSTOMER_COST_NOTE)


def _recurring(facts: AccountFacts, tables: Tables) -> Iterator[KeyFigure]:
    code, share = facts.currency, _amount(facts.reseller_recurring)
    yield KeyFigure(words.RESELLER_RECURRING, share, MONEY, code, words.RESELLER_RECURRING_NOTE)
    own = _customer_recurring(facts, tables)
    yield KeyFigure(words.CUSTOMER_RECURRING, own, MONEY, code, words.CUSTOMER_RECURRING_NOTE)
    units = facts.ledger_per_minute_units
    debit = None if units is None else currency(max(units, 0))
    yield KeyFigure(words.LEDGERS, debit, MONEY, code, words.LEDGERS_NOTE)


def _customer_recurring(facts: AccountFacts, tables: Tables) -> Formula | Decimal | None:
    """Live where the items of the sheet Services add up to it, as they should."""
    amount = _amount(facts.customer_recurring)
    services = facts.snapshot.services if facts.snapshot else None
    if amount is None or not tables.service_count or noise_free(invoiced_total(services)) != amount:
        return amount
    last_row = tables.service_count + 1
    sheet = tables.words.say("Services")
    return Formula(f"=SUM('{sheet}'!${RECURRING_COST}$2:${RECURRING_COST}${last_row})", amount)


def _amount(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else noise_free(amount)
