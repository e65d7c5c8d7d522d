"""The statement of one customer as a PDF of one page: what it owes, for the customer's own eyes.

Invariants
- One page, whatever the statement: what does not fit is summed up, so that the page adds up to the total.
- No reseller cost, no margin, no evidence, nothing of other customers.
- Text from outside is data to the typesetter, never markup. The same statement gives the same bytes: no clock, and no
  font but those that come with the typesetter and those of a folder that is named.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import CannotWrite, ExtraMissing
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.statement import Line, LineKind, Statement
from reseller_reporting.reports.edition import Edition, plan_shown
from reseller_reporting.reports.figure_text import decimal_text, micros_text
from reseller_reporting.reports.period_text import spoken_days, spoken_period
from reseller_reporting.reports.statement_page import AFTER_NET, TITLES, page_lines

_TEMPLATE = Path(__file__).with_name("statement.typ")
_TEXT_LENGTH_MAX = 300
# Rows of the table, titles and sums included, that an A4 page has room for; a bar takes a row, its title two.
_ROWS_MAX = 36
_BARS_MAX = 6
_BARS_ROWS = _BARS_MAX + 2
_MINUS = "−"
_PLACES_LEAST = 2
_MICRO_PLACES = 6
# Marks that make figures read the other way round.
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementHeader:
    """Whose statement it is. `destinations` are names and amounts in micros for the bars; without any, usage lines."""

    reseller: Account
    customer: Account
    period: ReportPeriod
    destinations: Sequence[tuple[str, int]] = ()


def check_pdf_extra() -> None:
    """Raises what to install, before anything else is done in vain."""
    try:
        import typst  # noqa: F401
    except ImportError as error:
        raise ExtraMissing(
            "PDF statements need the extra 'pdf'. Install it with: pip install 'reseller-reporting[pdf]'"
        ) from error


def write_statement_pdf(
    path: Path, header: StatementHeader, statement: Statement, *, fonts_folder: Path | None = None
) -> None:
    """Write the page. `fonts_folder` has fonts for scripts beyond Latin, Greek, Cyrillic and Hebrew."""
    check_pdf_extra()
    import typst

    made: bytes = typst.compile(
        _TEMPLATE.read_bytes(),
        font_paths=_fonts(fonts_folder),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"statement": json.dumps(page_of(header, statement))},
    )
    try:
        path.write_bytes(made)
    except OSError as error:
        raise CannotWrite(f"The statement {path.name} could not be written into {path.parent}: {error}.") from error


@lru_cache(maxsize=4)
def _fonts(folder: Path | None) -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[folder] if folder else [])


def page_of(header: StatementHeader, statement: Statement) -> dict[str, Any]:
    """All that stands on the page, as text that is ready to be set."""
    customer = header.customer.name or header.customer.id
    reseller = header.reseller.name or header.reseller.id
    groups = page_lines(statement, rows_max=_ROWS_MAX)
    is_folded = sum(map(len, groups.values())) < len(statement.lines)
    if is_folded:  # Something is summed up anyway: then so much that the bars have their place.
        groups = page_lines(statement, rows_max=_ROWS_MAX - _BARS_ROWS)
    places = max(_places(line.amount_micros for line in statement.lines), _PLACES_LEAST)
    prices = [line.unit_price_micros for line in statement.lines if line.unit_price_micros is not None]
    price_places = max(_places(prices), _PLACES_LEAST)
    sections = [_section(kind, lines, places, price_places) for kind, lines in groups.items() if kind not in AFTER_NET]
    sums = _sums(statement, groups, places)
    rows = len(groups) + sum(map(len, groups.values()))
    bars = _bars(header, statement, places) if rows + _BARS_ROWS <= _ROWS_MAX else []
    return {
        "title": _plain(f"Statement {header.period.name}, {customer}"),
        "reseller": _plain(reseller),
        "customer": _plain(customer),
        "days": f"{spoken_period(header.period)} · {spoken_days(header.period)}",
        "sections": sections,
        "sums": sums,
        "total": f"{_plain(statement.currency)} {_money(statement.total_micros, _PLACES_LEAST)}",
        "note": "Smaller amounts are summed up on this page." if is_folded else "",
        "bars-title": "Amount by destination",
        "bars": bars,
        "footer": _plain(" · ".join([header.period.name, *_plan_words(statement), reseller])),
    }


def _section(kind: LineKind, lines: Sequence[Line], places: int, price_places: int) -> dict[str, Any]:
    subtotal = sum(line.amount_micros for line in lines)
    return {
        "title": TITLES[kind],
        "subtotal": _money(subtotal, places) if len(lines) > 1 else "",
        "rows": [_row(line, places, price_places) for line in lines],
    }


def _row(line: Line, places: int, price_places: int) -> dict[str, str]:
    price = "" if line.unit_price_micros is None else _price(line.unit_price_micros, price_places)
    return {
        "text": _plain(line.text or line.key),
        "quantity": _quantity(line),
        "unit": "%" if line.unit == "percent" else _plain(line.unit),
        "price": price,
        "amount": _money(line.amount_micros, places),
    }


def _quantity(line: Line) -> str:
    if not line.quantity and not line.unit:
        return ""
    if line.unit == "minutes":
        return f"{line.quantity.quantize(Decimal('0.01')):,f}"
    return f"{Decimal(decimal_text(line.quantity)):,f}".replace("-", _MINUS)


def _price(micros: Decimal, places: int) -> str:
    whole, _, decimals = decimal_text(micros.scaleb(-_MICRO_PLACES)).partition(".")
    return f"{_MINUS if micros < 0 else ''}{abs(int(whole)):,}.{decimals.ljust(places, '0')}"


def _sums(statement: Statement, groups: dict[LineKind, list[Line]], places: int) -> list[dict[str, str]]:
    """Net, taxes and rounding, where anything comes after the net amount."""
    after = [line for kind in AFTER_NET for line in groups.get(kind, [])]
    if not after:
        return []
    net = statement.total_micros - sum(line.amount_micros for line in after)
    return [
        {"text": "Net", "amount": _money(net, places)},
        *({"text": _plain(line.text or line.key), "amount": _money(line.amount_micros, places)} for line in after),
    ]


def _bars(header: StatementHeader, statement: Statement, places: int) -> list[dict[str, Any]]:
    """The largest amounts; a chart of one bar, or of none, says nothing."""
    usage = [(line.text or line.key, line.amount_micros) for line in statement.lines if line.kind is LineKind.USAGE]
    named = [(name, micros) for name, micros in (header.destinations or usage) if micros > 0]
    shown = sorted(named, key=lambda bar: (-bar[1], bar[0]))[:_BARS_MAX]
    if len(shown) < 2:
        return []
    longest = shown[0][1]
    return [
        {"text": _plain(name), "thousandths": 1000 * micros // longest, "amount": _money(micros, places)}
        for name, micros in shown
    ]


def _plan_words(statement: Statement) -> list[str]:
    shown = list(dict.fromkeys(plan_shown(label, Edition.CUSTOMER) for label in statement.plans))
    word = "Plan" if len(shown) == 1 else "Plans"
    return [f"{word} {', '.join(shown)}"] if shown else []


def _places(amounts: Iterable[int | Decimal]) -> int:
    """As many decimals as the amount with the most has, so that points stand below each other."""
    texts = (decimal_text(Decimal(micros).scaleb(-_MICRO_PLACES)) for micros in amounts)
    return max((len(text.partition(".")[2]) for text in texts), default=0)


def _money(micros: int, places: int) -> str:
    whole, _, decimals = micros_text(abs(micros), places_least=places).partition(".")
    return f"{_MINUS if micros < 0 else ''}{int(whole):,}.{decimals}"


def _plain(text: str) -> str:
    """One line of characters that can be set: no control, no half of a pair, nothing that turns the reading."""
    turned = text[: 2 * _TEXT_LENGTH_MAX].translate(_TURNS)
    settable = "".join(" " if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} else each for each in turned)
    return " ".join(settable.split())[:_TEXT_LENGTH_MAX]
