"""Rows of decks: what is plain is a rate, what is not is refused with its reason."""

from datetime import UTC, datetime

import pytest

from reseller_reporting.model.rate import Rate
from reseller_reporting.rating.deck_rows import DeckContext, RowRefused, is_note, rates_of

CONTEXT = DeckContext(is_kazoos=False, is_day_first=True, currency="USD", effective_at=None)


def read(**cells: str) -> list[Rate]:
    return rates_of({"prefix": "44", "price": "0.01"} | cells, CONTEXT)


def prefixes(text: str, **cells: str) -> list[str]:
    return [rate.prefix for rate in read(prefix=text, **cells)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("44", ["44"]),
        ("+44", ["44"]),
        ("0044", ["44"]),
        ("44 20-22", ["4420", "4421", "4422"]),
        ("49152, 49162, 49172-49174", ["49152", "49162", "49172", "49173", "49174"]),
        ("336 07, 336 08", ["33607", "33608"]),
        ("234803; 234806", ["234803", "234806"]),
        ("447400-3", ["447400", "447401", "447402", "447403"]),
        ("44, 44", ["44"]),
        ("^93.*", ["93"]),
        ("44.0", ["44"]),
    ],
)
def test_lists_ranges_and_patterns_of_prefixes(text: str, expected: list[str]) -> None:
    assert prefixes(text) == expected


def test_a_country_code_goes_before_each_area_code() -> None:
    cells = {"country_digits": "44", "area": "20, 121-123", "price": "0.01"}
    assert [rate.prefix for rate in rates_of(cells, CONTEXT)] == ["4420", "44121", "44122", "44123"]
    assert [rate.prefix for rate in rates_of(cells | {"area": ""}, CONTEXT)] == ["44"]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"prefix": "44x"}, "is no number"),
        ({"prefix": "0207"}, "begins with 0"),
        ({"prefix": "4" * 16}, "more than 15 digits"),
        ({"prefix": "4499-4411"}, "no plain meaning"),
        ({"prefix": "4400000-4499999"}, "more than 10000 prefixes"),
        ({"price": "-0.01"}, "negative"),
        ({"price": "free"}, "no number"),
        ({"price": "0.05x"}, "no number"),
        ({"price": "1,234,567"}, "no number"),
        ({"price": "1.2.3"}, "no number"),
        ({"routes": "^+44("}, "no regular expression"),
        ({"currency": "Dollar"}, "no code of three letters"),
        ({"price": ""}, "no price"),
        ({"price": "0.0000001"}, "six decimals"),
        ({"billing": "60/0"}, "increment of 0"),
        ({"billing": "60/6/1"}, "no plain meaning"),
        ({"minimum": "a minute"}, "no count of seconds"),
        ({"effective": "soon"}, "cannot be read"),
        ({"effective": "31/02/2026"}, "cannot be read"),
        ({"direction": "up"}, "neither inbound nor outbound"),
        ({"first_price": "0.02"}, "two prices"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_reason(cells: dict[str, str], why: str) -> None:
    with pytest.raises(RowRefused, match=why):
        read(**cells)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0.0495", 49_500),
        ("0,0495", 49_500),
        ("$0.05", 50_000),
        ("1,234.50", 1_234_500_000),
        ("1.234,50", 1_234_500_000),
        ("5E-04", 500),
        ("USD 0.05", 50_000),
        ("€0,05", 50_000),
        ("0.05/min", 50_000),
        ("0.05 USD", 50_000),
        (".5", 500_000),
    ],
)
def test_prices_in_every_dress(text: str, micros: int) -> None:
    (rate,) = read(price=text)
    assert rate.per_minute_micros == micros


@pytest.mark.parametrize(
    ("cells", "selling"),
    [
        ({}, (60, 60)),
        ({"billing": "30/6"}, (30, 6)),
        ({"billing": "1/1"}, (1, 1)),
        ({"billing": "60"}, (60, 60)),
        ({"billing": "60/60/60"}, (60, 60)),
        ({"minimum": "30", "increment": "6"}, (30, 6)),
        ({"minimum": "30 s"}, (30, 60)),
        ({"increment": "6"}, (6, 6)),
    ],
)
def test_how_a_minute_is_sold(cells: dict[str, str], selling: tuple[int, int]) -> None:
    (rate,) = read(**cells)
    assert (rate.minimum_seconds, rate.increment_seconds) == selling


def test_an_increment_of_0_means_60_in_kazoos_own_columns() -> None:
    kazoos = DeckContext(is_kazoos=True, is_day_first=True, currency="", effective_at=None)
    (rate,) = rates_of({"prefix": "44", "price": "0.01", "increment": "0", "minimum": "30"}, kazoos)
    assert (rate.minimum_seconds, rate.increment_seconds) == (30, 60)


@pytest.mark.parametrize(
    ("text", "is_day_first", "expected"),
    [
        ("16/09/2026", True, datetime(2026, 9, 16, tzinfo=UTC)),
        ("03/04/2026", True, datetime(2026, 4, 3, tzinfo=UTC)),
        ("03/04/2026", False, datetime(2026, 3, 4, tzinfo=UTC)),
        ("04/16/2026", True, datetime(2026, 4, 16, tzinfo=UTC)),
        ("2026-10-01", True, datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01 00:00:00", True, datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01 06:30:00", True, datetime(2026, 10, 1, 6, 30, tzinfo=UTC)),
        ("2026-10-01T00:00:00+02:00", True, datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("1-Oct-26", True, datetime(2026, 10, 1, tzinfo=UTC)),
        ("20261001", True, datetime(2026, 10, 1, tzinfo=UTC)),
        ("ASAP", True, None),
    ],
)
def test_dates_in_every_spelling(text: str, is_day_first: bool, expected: datetime | None) -> None:
    context = DeckContext(is_kazoos=False, is_day_first=is_day_first, currency="", effective_at=None)
    (rate,) = rates_of({"prefix": "44", "price": "0.01", "effective": text}, context)
    assert rate.effective_at == expected


@pytest.mark.parametrize("cells", [{"change": "Closed"}, {"discontinued": "1"}, {"forbidden": "yes"}])
def test_a_withdrawn_code_is_closed_and_needs_no_price(cells: dict[str, str]) -> None:
    (rate,) = read(price="", **cells)
    assert rate.is_closed


def test_lines_of_text_are_notes() -> None:
    assert is_note({"country": "Rates are subject to change without notice."})
    assert not is_note({"prefix": "44", "price": ""})
