"""Statements put together by hand: what is owed stands beside each line, so that a reader can add it up.

To see one: `pytest tests/reports/test_statement_pdf.py --basetemp=seen` leaves its documents in that folder.
"""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from reseller_reporting.model.account import Account
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import parse_period
from reseller_reporting.model.statement import Line, LineKind, Statement

PLAN = "retail@2026-01-01"
ACME = Account(id=AccountId("a" * 32), name="Acme", is_reseller=True)
CAFE = Account(id=AccountId("0123456789abcdef" * 2), name="Blue Cafe", reseller_id=ACME.id)
OCTOBER = parse_period("2026-10", timezone="Europe/Berlin", now=datetime(2026, 11, 2, tzinfo=UTC))


def micros(amount: str) -> int:
    whole = Decimal(amount).scaleb(6)
    assert whole == int(whole)
    return int(whole)


def line(kind: LineKind, text: str, amount: str, **known: Any) -> Line:
    """`quantity`, `unit`, `price` where there is one; the amount is what stands there."""
    group = {LineKind.RECURRING: "recurring", LineKind.ONE_OFF: "one-off"}.get(kind, "usage")
    if kind in (LineKind.TAX, LineKind.ROUNDING):
        group = kind.value
    price = known.pop("price", None)
    given: dict[str, Any] = {
        "group": group,
        "key": text.lower().replace(" ", "-"),
        "quantity": Decimal(known.pop("quantity", "0")),
        "unit": "",
        "unit_price_micros": None if price is None else Decimal(price).scaleb(6),
        "evidence": "",
        "plan": PLAN,
        **known,
    }
    return Line(kind=kind, text=text, amount_micros=micros(amount), **given)


_NET = (LineKind.TAX, LineKind.ROUNDING)


def statement_of(*lines: Line, currency: str = "USD", unpriced_calls: int = 0) -> Statement:
    def total(*kinds: LineKind) -> int:
        return sum(each.amount_micros for each in lines if each.kind in kinds)

    return Statement(
        currency=currency,
        plans=(PLAN,),
        lines=lines,
        usage_micros=total(LineKind.USAGE),
        recurring_micros=total(LineKind.RECURRING),
        net_micros=total(*(kind for kind in LineKind if kind not in _NET)),
        tax_micros=total(LineKind.TAX),
        total_micros=total(*LineKind),
        unpriced_calls=unpriced_calls,
    )


def october() -> Statement:
    """A month with a line of every kind.

    usage       8.9250 + 14.3500 + 1.2350             =  24.5100
    recurring   2 × 29.99 + 3 × 1.50 + 49.00          = 113.4800
    one-off     150.00 − 12.50                        = 137.5000
    discount    5 % of 24.5100 is 1.2255              =  −1.2255
    minimum     25.00 − (24.5100 − 1.2255)            =   1.7155
    net                                               = 275.9800
    tax         19 % of 275.9800                      =  52.4362
    rounding    328.4162 becomes 328.42               =   0.0038
    total                                             = 328.4200
    """
    usage, recurring, one_off = LineKind.USAGE, LineKind.RECURRING, LineKind.ONE_OFF
    evidence = "41 calls by deck gold + 20 %: reseller paid 7.1000"
    return statement_of(
        line(usage, "US and Canada", "8.9250", quantity="595", unit="minutes", price="0.0150", calls=212),
        line(usage, "World", "14.3500", quantity="132.55", unit="minutes", calls=41, evidence=evidence),
        line(usage, "Toll-free", "1.2350", quantity="42.6", unit="minutes", price="0.0290", calls=17),
        line(usage, "Inbound", "0", quantity="310.2", unit="minutes", price="0", calls=98),
        line(LineKind.BUNDLE, "500 minutes to the US", "0", quantity="500", unit="minutes", evidence="all drawn"),
        line(recurring, "Two-way trunks", "59.98", quantity="2", unit="each", price="29.99", evidence="2 × 29.9900"),
        line(recurring, "US number", "4.50", quantity="3", unit="each", price="1.50", evidence="13 − 10 included"),
        line(recurring, "Support contract", "49.00", quantity="1", unit="each", price="49.00"),
        line(one_off, "Installation", "150.00", quantity="1", unit="each", price="150.00", evidence="on 2026-10-05"),
        line(one_off, "Credit for the outage", "-12.50", quantity="1", unit="each", price="-12.50"),
        line(LineKind.DISCOUNT, "Loyalty discount", "-1.2255", quantity="5", unit="percent", evidence="5 % of 24.5100"),
        line(LineKind.MINIMUM, "Minimum spend", "1.7155", evidence="25.0000 − 23.2845"),
        line(LineKind.TAX, "VAT 19%", "52.4362", quantity="19", unit="percent", evidence="19 % of 275.9800"),
        line(LineKind.ROUNDING, "Rounding", "0.0038", evidence="328.4162 to 328.42"),
        unpriced_calls=3,
    )


def many(count: int, *, kind: LineKind = LineKind.USAGE) -> Statement:
    """The k-th line comes to k cents and a tenth of one."""
    lines = [
        line(kind, f"Destination {number}", f"{number * 11}e-3", quantity=str(number), unit="minutes", calls=1)
        for number in range(1, count + 1)
    ]
    return statement_of(*lines)


def renamed(statement: Statement, text: str) -> Statement:
    """Every text that comes from outside is this one."""
    lines = tuple(
        replace(each, text=text, key=text, unit=text[:20], evidence=text, plan=text) for each in statement.lines
    )
    return replace(statement, lines=lines, plans=(text,))
