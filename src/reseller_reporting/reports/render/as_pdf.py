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
from reseller_reporting.model.logo import Logo
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.statement import Line, LineKind, Statement
from reseller_reporting.reports.edition import Edition, plan_shown
from reseller_reporting.reports.figure_text import decimal_text
from reseller_reporting.reports.period_text import spoken_days, spoken_period
from reseller_reporting.reports.statement_page import AFTER_NET, TITLES, line_text, page_lines
from reseller_reporting.reports.style import PRODUCT_STYLE, Style
from reseller_reporting.words.message import mark

_TEMPLATE = Path(__file__).with_name("statement.typ")
_TEXT_LENGTH_MAX = 300
# Rows of the table, titles and sums included, that an A4 page has room for; a bar takes a row, its title two.
_ROWS_MAX = 36
_BARS_MAX = 6
_BARS_ROWS = _BARS_MAX + 2
_LOGO_ROWS = 3
_LOGO_HEIGHT, _LOGO_WIDTH_MAX = 30, 160  # Points.
_MINUS = "−"
_PLACES_LEAST = 2
# What the template itself says.
_LABELS = {
    "statement": mark("Statement"),
    "item": mark("Item"),
    "quantity": mark("Quantity"),
    "unit": mark("Unit"),
    "unit-price": mark("Unit price"),
    "amount": mark("Amount"),
    "total": mark("Total due"),
    "bars": mark("Amount by destination"),
}
_PLAN, _PLANS = mark("Plan {plans}"), mark("Plans {plans}")
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
    style: Style = PRODUCT_STYLE


def check_pdf_extra() -> None:
    """Raises what to install, before anything else is done in vain."""
    try:
        import typst  # noqa: F401
    except ImportError as error:
        raise ExtraMissing(
            "PDF statements need the extra 'pdf'. Install it with: pip install 'reseller-reporting[pdf]', or in a "
            "clone of the repository with: pip install '.[pdf]'"
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
    return _PageMaker(header, statement).page()


class _PageMaker:
    """One page; the words, the decimals and the names that all of its parts share."""

    def __init__(self, header: StatementHeader, statement: Statement) -> None:
        self.header, self.statement = header, statement
        self.words, self.brand = header.style.words, header.style.brand
        self.places = max(_places(line.amount_micros for line in statement.lines), _PLACES_LEAST)
        prices = [line.unit_price_micros for line in statement.lines if line.unit_price_micros is not None]
        self.price_places = max(_places(prices), _PLACES_LEAST)

    def page(self) -> dict[str, Any]:
        header, statement, say = self.header, self.statement, self.words.say
        customer = header.customer.name or header.customer.id
        reseller = self.brand.company_or(header.reseller.name or header.reseller.id)
        rows_max = _ROWS_MAX - _LOGO_ROWS * bool(self.brand.logo) - bool(self.brand.address)
        groups = page_lines(statement, rows_max=rows_max, words=self.words)
        is_folded = sum(map(len, groups.values())) < len(statement.lines)
        if is_folded:  # Something is summed up anyway: then so much that the bars have their place.
            groups = page_lines(statement, rows_max=rows_max - _BARS_ROWS, words=self.words)
        rows = len(groups) + sum(map(len, groups.values()))
        total = f"{_plain(statement.currency)} {self._money(statement.total_micros, _PLACES_LEAST)}"
        period, days = spoken_period(header.period, self.words), spoken_days(header.period, self.words)
        named = {"period": header.period.name, "customer": customer}
        return {
            "language": self.words.language,
            "accent": self.brand.accent,
            "second": self.brand.second,
            **_logo(self.brand.logo),
            "title": _plain(say("Statement {period}, {customer}", **named)),
            "labels": {name: say(message) for name, message in _LABELS.items()},
            "page-of": say("Page {page} of {pages}"),
            "reseller": _plain(reseller),
            "address": _plain(self.brand.address),
            "customer": _plain(customer),
            "days": f"{period[:1].upper()}{period[1:]} · {days}",
            "sections": [self._section(kind, lines) for kind, lines in groups.items() if kind not in AFTER_NET],
            "sums": self._sums(groups),
            "total": total,
            "note": say("Smaller amounts are summed up on this page.") if is_folded else "",
            "bars": self._bars() if rows + _BARS_ROWS <= rows_max else [],
            "footer": _plain(" · ".join([header.period.name, *self._plan_words(), reseller])),
            "footer-text": _plain(self.brand.footer),
        }

    def _section(self, kind: LineKind, lines: Sequence[Line]) -> dict[str, Any]:
        subtotal = sum(line.amount_micros for line in lines)
        return {
            "title": self.words.say(TITLES[kind]),
            "subtotal": self._money(subtotal, self.places) if len(lines) > 1 else "",
            "rows": [self._row(line) for line in lines],
        }

    def _row(self, line: Line) -> dict[str, str]:
        price = line.unit_price_micros
        return {
            "text": _plain(line_text(line, self.words)),
            "quantity": self._quantity(line),
            "unit": "%" if line.unit == "percent" else _plain(self.words.phrase(line.unit)),
            "price": "" if price is None else self._price(price),
            "amount": self._money(line.amount_micros, self.places),
        }

    def _quantity(self, line: Line) -> str:
        if not line.quantity and not line.unit:
            return ""
        if line.unit == "minutes":
            return self.words.number(line.quantity, places=2)
        return self.words.exact(line.quantity).replace("-", _MINUS)

    def _price(self, micros: Decimal) -> str:
        return self._amount(micros.scaleb(-_MICRO_PLACES), self.price_places)

    def _money(self, micros: int, places: int) -> str:
        return self._amount(Decimal(micros).scaleb(-_MICRO_PLACES), places)

    def _amount(self, amount: Decimal, places: int) -> str:
        """Every decimal that it has; the minus is the typographic one."""
        return f"{_MINUS if amount < 0 else ''}{self.words.exact(abs(amount), places=places)}"

    def _sums(self, groups: dict[LineKind, list[Line]]) -> list[dict[str, str]]:
        """Net, taxes and rounding, where anything comes after the net amount."""
        after = [line for kind in AFTER_NET for line in groups.get(kind, [])]
        if not after:
            return []
        net = self.statement.total_micros - sum(line.amount_micros for line in after)
        named = [(self.words.say("Net"), net), *((line_text(line, self.words), line.amount_micros) for line in after)]
        return [{"text": _plain(text), "amount": self._money(micros, self.places)} for text, micros in named]

    def _bars(self) -> list[dict[str, Any]]:
        """The largest amounts; a chart of one bar, or of none, says nothing."""
        usage = [line for line in self.statement.lines if line.kind is LineKind.USAGE]
        destinations = self.header.destinations or [(line.text or line.key, line.amount_micros) for line in usage]
        named = [(name, micros) for name, micros in destinations if micros > 0]
        shown = sorted(named, key=lambda bar: (-bar[1], bar[0]))[:_BARS_MAX]
        if len(shown) < 2:
            return []
        longest = shown[0][1]
        return [
            {
                "text": _plain(name),
                "thousandths": 1000 * micros // longest,
                "amount": self._money(micros, self.places),
            }
            for name, micros in shown
        ]

    def _plan_words(self) -> list[str]:
        plans = list(dict.fromkeys(plan_shown(label, Edition.CUSTOMER) for label in self.statement.plans))
        if not plans:
            return []
        return [self.words.say(_PLAN if len(plans) == 1 else _PLANS, plans=", ".join(plans))]


def _logo(logo: Logo | None) -> dict[str, Any]:
    """The picture's bytes as numbers, since JSON has no other way to say them."""
    if logo is None:
        return {"logo": [], "logo-height": 0}
    return {"logo": list(logo.content), "logo-height": min(_LOGO_HEIGHT, _LOGO_WIDTH_MAX * logo.height / logo.width)}


def _places(amounts: Iterable[int | Decimal]) -> int:
    """As many decimals as the amount with the most has, so that points stand below each other."""
    texts = (decimal_text(Decimal(micros).scaleb(-_MICRO_PLACES)) for micros in amounts)
    return max((len(text.partition(".")[2]) for text in texts), default=0)


def _plain(text: str) -> str:
    """One line of characters that can be set: no control, no half of a pair, nothing that turns the reading."""
    turned = text[: 2 * _TEXT_LENGTH_MAX].translate(_TURNS)
    settable = "".join(" " if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} else each for each in turned)
    return " ".join(settable.split())[:_TEXT_LENGTH_MAX]
