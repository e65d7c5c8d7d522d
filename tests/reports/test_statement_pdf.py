"""The PDF statement: one page that adds up, for the customer's eyes, whatever the texts and however many the lines."""

import builtins
import hashlib
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from statements import ACME, CAFE, OCTOBER, line, many, october, renamed, statement_of

from reseller_reporting.model.errors import CannotWrite, ExtraMissing
from reseller_reporting.model.statement import Line, LineKind, Statement
from reseller_reporting.reports.render.as_pdf import StatementHeader, page_of, write_statement_pdf
from reseller_reporting.reports.statement_page import by_kind, page_lines


@pytest.fixture
def header() -> StatementHeader:
    return StatementHeader(reseller=ACME, customer=CAFE, period=OCTOBER)


def named(header: StatementHeader, name: str) -> StatementHeader:
    return replace(header, customer=replace(header.customer, name=name), reseller=replace(header.reseller, name=name))


def written(folder: Path, header: StatementHeader, statement: Statement) -> str:
    """The text of the page; there is one."""
    path = folder / "statement.pdf"
    write_statement_pdf(path, header, statement)
    pages = PdfReader(path).pages
    assert len(pages) == 1
    return pages[0].extract_text()


def micros_of(amount: str) -> int:
    return int(Decimal(amount.replace(",", "").replace("−", "-")).scaleb(6))


def page_sum(page: dict[str, Any]) -> int:
    """What the page's own rows add up to."""
    rows = [row for section in page["sections"] for row in section["rows"]]
    after = [row for row in page["sums"] if row["text"] != "Net"]
    return sum(micros_of(row["amount"]) for row in [*rows, *after])


def test_a_page_says_who_when_what_and_how_much(tmp_path: Path, header: StatementHeader) -> None:
    text = written(tmp_path, header, october())
    for expected in (
        *("Acme", "Blue Cafe", "October 2026", "1 to 31 October 2026", "retail@2026-01-01", "Page 1 of 1"),
        *("US and Canada", "595.00", "0.015", "8.9250", "Two-way trunks", "59.9800", "−12.5000"),
        *("Loyalty discount", "VAT 19%", "52.4362", "275.9800", "0.0038", "USD 328.42"),
    ):
        assert expected in text, expected


def test_a_page_tells_nothing_of_the_reseller(tmp_path: Path, header: StatementHeader) -> None:
    text = written(tmp_path, header, october())
    assert "gold" not in text
    assert "7.1" not in text
    assert not re.search("cost|margin|no price", text, re.IGNORECASE)


def test_the_sums_of_a_month_stand_below_each_other(header: StatementHeader) -> None:
    page = page_of(header, october())
    assert {section["title"]: section["subtotal"] for section in page["sections"]} == {
        "Usage": "24.5100",
        "Bundles": "",  # One line is its own sum.
        "Recurring": "113.4800",
        "One-off": "137.5000",
        "Discounts": "",
        "Minimum": "",
    }
    assert page["sums"] == [
        {"text": "Net", "amount": "275.9800"},
        {"text": "VAT 19%", "amount": "52.4362"},
        {"text": "Rounding", "amount": "0.0038"},
    ]
    assert [(bar["text"], bar["thousandths"]) for bar in page["bars"]] == [
        ("World", 1000),
        ("US and Canada", 621),  # 8.9250 / 14.3500 = 0.6219
        ("Toll-free", 86),
    ]


def test_too_many_destinations_are_summed_smallest_first(tmp_path: Path, header: StatementHeader) -> None:
    page = page_of(header, many(400))
    (usage,) = page["sections"]
    shown = [row["text"] for row in usage["rows"]]
    kept = len(shown) - 1
    assert shown[:-1] == [f"Destination {number}" for number in range(401 - kept, 401)]
    # 1 + 2 + … + n is n (n + 1) / 2, in steps of 0.011.
    folded = 400 - kept
    assert shown[-1] == f"Other destinations ({folded})"
    assert micros_of(usage["rows"][-1]["amount"]) == folded * (folded + 1) // 2 * 11_000
    assert usage["rows"][-1]["quantity"] == f"{folded * (folded + 1) // 2:,}.00"
    assert page_sum(page) == 400 * 401 // 2 * 11_000
    assert "Smaller amounts are summed up" in written(tmp_path, header, many(400))


def test_countries_may_take_the_place_of_rules_in_the_chart(header: StatementHeader) -> None:
    countries = (("Germany", 1_000_000), ("France", 0), ("Jamaica", 4_000_000))
    page = page_of(replace(header, destinations=countries), october())
    assert [(bar["text"], bar["thousandths"]) for bar in page["bars"]] == [("Jamaica", 1000), ("Germany", 250)]


def test_the_fullest_page_is_one_page(tmp_path: Path, header: StatementHeader) -> None:
    """As many rows as there is room for, all kinds, longest names, no folding."""
    counts = dict.fromkeys(LineKind, 1) | {LineKind.USAGE: 15, LineKind.RECURRING: 7}
    lines = [line(kind, "W" * 200, "1.23") for kind, count in counts.items() for _ in range(count)]
    full = statement_of(*lines)
    page = page_of(named(header, "Ω" * 500), full)
    assert page["note"] == ""
    assert len(page["sections"]) + sum(len(each["rows"]) for each in page["sections"]) + len(page["sums"]) >= 33
    written(tmp_path, named(header, "Ω" * 500), full)
    one_more = statement_of(*lines, line(LineKind.USAGE, "W", "1"))
    assert page_of(header, one_more)["note"] != ""
    written(tmp_path, named(header, "Ω" * 500), one_more)


HOSTILE = [
    '#panic("x")',
    "*bold* _it_ $x^2$ <label> @ref `raw`",
    '\\ / // /* */ #include "/etc/passwd" #read("/etc/passwd")',
    '"}], "total": "0',
    "bell\x07 \x00 two\nlines\u2028more",
    "half \ud800 pair",
    "日本電話 שלום مرحبا Київ Ελλάδα ไทย \U0001f600",
    "\u202e00.1 DSU",
    "W" * 5000,
    "a" * 5000,
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_never_markup(tmp_path: Path, header: StatementHeader, text: str) -> None:
    page = written(tmp_path, named(header, text), renamed(october(), text))
    assert "328.42" in page
    assert "root:" not in page


def test_markup_in_a_name_is_shown_as_it_is(tmp_path: Path, header: StatementHeader) -> None:
    assert "#emph[A] *B* $c$" in written(tmp_path, named(header, "#emph[A] *B* $c$"), october())


_KINDS = st.sampled_from(list(LineKind))
_LINES = st.builds(
    lambda kind, amount, quantity, unit: replace(
        line(kind, f"{kind.value} line", "0"), amount_micros=amount, quantity=Decimal(quantity), unit=unit
    ),
    _KINDS,
    st.integers(-(10**12), 10**12),
    st.integers(0, 10**6),
    st.sampled_from(["minutes", "each", "percent", ""]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_LINES, max_size=150), st.integers(16, 60))
def test_folding_changes_no_sum_and_fits(lines: list[Line], rows_max: int) -> None:
    statement = statement_of(*lines)
    groups = page_lines(statement, rows_max=rows_max)
    assert len(groups) + sum(map(len, groups.values())) <= max(rows_max, 0)
    whole = by_kind(statement)
    assert list(groups) == list(whole)
    for kind, shown in groups.items():
        assert sum(each.amount_micros for each in shown) == sum(each.amount_micros for each in whole[kind])
        assert sum(each.calls for each in shown) == sum(each.calls for each in whole[kind])


@settings(max_examples=25, deadline=None)
@given(st.lists(_LINES, max_size=120))
def test_every_statement_is_one_page_that_adds_up(tmp_path_factory: pytest.TempPathFactory, lines: list[Line]) -> None:
    header = StatementHeader(reseller=ACME, customer=CAFE, period=OCTOBER)
    statement = statement_of(*lines)
    assert page_sum(page_of(header, statement)) == statement.total_micros
    written(tmp_path_factory.mktemp("pdf"), header, statement)


_WRITE = """
import pickle, sys, time
time.tzset()
from pathlib import Path
from reseller_reporting.reports.render.as_pdf import write_statement_pdf
write_statement_pdf(Path(sys.argv[2]), *pickle.loads(Path(sys.argv[1]).read_bytes()))
"""


@pytest.mark.slow
def test_the_same_statement_gives_the_same_bytes_in_any_zone_and_process(
    tmp_path: Path, header: StatementHeader
) -> None:
    (tmp_path / "in").write_bytes(pickle.dumps((header, october())))
    digests = set()
    for number, zone in enumerate(["Pacific/Auckland", "America/St_Johns"]):
        out = tmp_path / f"statement-{number}.pdf"
        environment = {"TZ": zone, "PYTHONHASHSEED": str(number), "PATH": "", "HOME": str(tmp_path / zone[:4])}
        subprocess.run([sys.executable, "-c", _WRITE, str(tmp_path / "in"), str(out)], check=True, env=environment)
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
        assert not {"/CreationDate", "/ModDate"} & set(PdfReader(out).metadata or {})
    assert len(digests) == 1


def test_without_the_extra_a_sentence_says_what_to_install(
    tmp_path: Path, header: StatementHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_typst(name: str, *rest: Any, **known: Any) -> Any:
        if name == "typst":
            raise ImportError(name)
        return real(name, *rest, **known)

    monkeypatch.setattr(builtins, "__import__", without_typst)
    with pytest.raises(ExtraMissing, match=r"pip install 'reseller-reporting\[pdf\]'"):
        write_statement_pdf(tmp_path / "statement.pdf", header, october())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, header: StatementHeader) -> None:
    with pytest.raises(CannotWrite, match="could not be written"):
        write_statement_pdf(tmp_path / "absent" / "statement.pdf", header, october())
