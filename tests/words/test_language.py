"""Numbers, dates, countries and phrases, each as its language writes them."""

import pickle
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reseller_reporting.rating.country_table import NAMES
from reseller_reporting.words.language import ENGLISH, Words
from reseller_reporting.words.message import LANGUAGES, filled
from reseller_reporting.words.phrases import translated

GERMAN, FRENCH, PORTUGUESE = Words("de"), Words("fr"), Words("pt")


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "1,234,567.5000"),
        ("de", "1.234.567,5000"),
        ("fr", "1\u202f234\u202f567,5000"),
        ("es", "1.234.567,5000"),
        ("nl", "1.234.567,5000"),
        ("it", "1.234.567,5000"),
        ("pt", "1\u00a0234\u00a0567,5000"),
    ],
)
def test_a_number_is_grouped_and_marked_by_its_language(language: str, written: str) -> None:
    assert Words(language).number(Decimal("1234567.5"), places=4) == written


@pytest.mark.parametrize("language", LANGUAGES)
@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15))
def test_an_exact_number_keeps_every_digit(language: str, number: Decimal) -> None:
    shown = Words(language).exact(number, places=2)
    point = "." if language == "en" else ","
    digits = "".join(sign for sign in shown.replace("\u2212", "-") if sign.isdigit() or sign in {"-", point})
    assert Decimal(digits.replace(point, ".")) == number


@pytest.mark.parametrize(
    ("language", "day", "month"),
    [
        ("en", "31 October 2026", "October 2026"),
        ("de", "31. Oktober 2026", "Oktober 2026"),
        ("fr", "31 octobre 2026", "octobre 2026"),
        ("es", "31 de octubre de 2026", "octubre de 2026"),
        ("nl", "31 oktober 2026", "oktober 2026"),
        ("it", "31 ottobre 2026", "ottobre 2026"),
        ("pt", "31 de outubro de 2026", "outubro de 2026"),
    ],
)
def test_a_day_and_a_month(language: str, day: str, month: str) -> None:
    halloween = date(2026, 10, 31)
    assert (Words(language).day(halloween), Words(language).month(halloween)) == (day, month)


def test_the_first_of_a_month_in_french() -> None:
    assert FRENCH.day(date(2026, 10, 1)) == "1er octobre 2026"
    assert FRENCH.day(date(2026, 10, 21)) == "21 octobre 2026"


def test_a_moment_is_the_wall_clock_that_came_in() -> None:
    midnight = datetime.fromisoformat("2026-10-01T00:00:00+02:00")
    assert ENGLISH.moment(midnight) == "2026-10-01 00:00+02:00"
    assert GERMAN.moment(midnight) == "01.10.2026 00:00"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_has_a_name(language: str) -> None:
    words = Words(language)
    assert all(words.country(code, english).strip() for code, english in NAMES.items())


def test_countries_by_their_own_names() -> None:
    assert GERMAN.country("DE", "Germany") == "Deutschland"
    assert FRENCH.country("US", "United States") == "États-Unis"
    assert GERMAN.country("ZZ", "Unknown") == "Unbekannt"
    assert GERMAN.country("XX", "Nowhere Land") == "Nowhere Land"
    assert ENGLISH.country("GB", "Our own name of it") == "Our own name of it"


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("trunk (flat_rate)", "Trunk (flat_rate)"),
        ("not charged (limits_disabled)", "nicht berechnet (limits_disabled)"),
        ("60 s min + 2 × 60 s @ 0.0300/min", "60 s min + 2 × 60 s @ 0,0300/min"),
        (
            "60 s min @ 0.0300/min − 15 % discount (KAZOO states 0.0300)",
            "60 s min @ 0,0300/min − 15 % Rabatt (KAZOO gibt 0,0300 an)",
        ),
        ('60 of 120 s from "US, Canada"; 60 s @ 0.0200/min', "60 von 120 s aus „US, Canada“; 60 s @ 0,0200/min"),
        (
            "41 calls, 132.55 minutes billed, 12.5 of them from bundles, 1 call covered",
            "41 Anrufe, 132,55 Minuten abgerechnet, davon 12,5 aus Minutenpaketen, 1 Anruf abgedeckt",
        ),
        ("19 % of 275.9800", "19 % von 275,9800"),
        ("on 2026-10-05", "am 05.10.2026"),
        (
            "The ledger could not be read: KAZOO answered 503 to 10.0.0.1.",
            "Das Buchungsjournal konnte nicht gelesen werden: KAZOO answered 503 to 10.0.0.1.",
        ),
    ],
)
def test_a_phrase_is_found_by_its_shape(english: str, german: str) -> None:
    assert GERMAN.phrase(english) == german
    assert ENGLISH.phrase(english) == english


@pytest.mark.parametrize(
    "text", ["", "on the phone", "10.0.0.1 said 1.5", "Trunk 7", "{words}", "%s %(x)s", "über 1.5 m"]
)
def test_what_is_none_of_ours_stays_as_it_is(text: str) -> None:
    assert GERMAN.phrase(text) == text


@given(st.text(max_size=60))
@example("0.0")
@example("It speaks Crossbar.")
def test_a_phrase_keeps_what_came_from_outside(cause: str) -> None:
    # But a sentence of ours, which is said as well.
    ours = translated(cause, "de") if any(letter.isalpha() for letter in cause) else cause
    assert translated(f"The ledger could not be read: {cause}", "de").endswith((cause, ours)) or not cause


@given(st.text(max_size=30))
def test_a_value_is_never_read_as_a_hole(value: str) -> None:
    assert filled("a {one} b {two}", {"one": value, "two": "x"}) == f"a {value} b x"


def test_a_count_takes_its_form() -> None:
    forms = (
        "{count} more customer is in summary.csv; the total counts it.",
        ("{count} more customers are in summary.csv; the total counts them."),
    )
    assert GERMAN.say_count(*forms, 1).startswith("1 weiterer Kunde steht")
    assert GERMAN.say_count(*forms, 1200).startswith("1.200 weitere Kunden stehen")


def test_words_travel_between_processes() -> None:
    assert pickle.loads(pickle.dumps(PORTUGUESE)) == PORTUGUESE  # noqa: S301
    assert len(pickle.dumps(PORTUGUESE)) < 200
