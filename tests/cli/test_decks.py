"""Rate decks from files: what is read, what is refused, and what the store then holds."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Terminal

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
HEADER = "prefix,rate_cost,rate_increment,rate_minimum,rate_name\n"


def imported(terminal: Terminal, text: str | bytes, *options: str, name: str = "deck") -> dict[str, Any]:
    path = terminal.folder / "deck.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    outcome = terminal.run("decks", "import", path, "--name", name, "--json", *options)
    assert outcome.code == 0, outcome.err
    return outcome.document


def rates(terminal: Terminal, name: str = "deck") -> list[dict[str, Any]]:
    return list(terminal.run("decks", "show", name, "--json").document["rates"])


def refused(terminal: Terminal, content: bytes, sentence: str, suffix: str = ".csv") -> None:
    path = terminal.folder / f"bad{suffix}"
    path.write_bytes(content)
    outcome = terminal.run("decks", "import", path, "--name", "deck")
    assert outcome.code == 2
    assert sentence in outcome.complaint
    assert terminal.run("decks", "list", "--json").document == {"decks": []}


@pytest.mark.skipif(not (SHARED / "tcxc").exists(), reason="the messy notice is not here")
def test_the_messy_notice_becomes_what_its_sender_meant(terminal: Terminal) -> None:
    told = terminal.run(
        "decks", "import", SHARED / "tcxc" / "acme_rate_notice.csv", "--name", "acme", "--json"
    ).document
    assert (told["rates"], told["refused"]) == (25, [])
    with (SHARED / "tcxc" / "acme_rate_notice_tcxc.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    found = {rate["prefix"]: rate for rate in rates(terminal, "acme")}
    assert found.keys() == {row["Prefix"] for row in expected}
    for row in expected:
        rate = found[row["Prefix"]]
        # What the expected result calls ASAP began on a day that was past when the notice was sent.
        if row["Effective from"] != "ASAP":
            assert rate["effective_at"][:10] == row["Effective from"][:10]
        assert float(rate["per_minute"]) == float(row["Price 1"])
        assert (rate["minimum_seconds"], rate["increment_seconds"]) == (int(row["Interval 1"]), int(row["Interval N"]))
        assert rate["is_closed"] is (row["Discontinued"] == "1")


@pytest.mark.skipif(not (SHARED / "decks").exists(), reason="the large deck is not here")
def test_a_deck_of_tens_of_thousands_is_read_whole(terminal: Terminal) -> None:
    path = SHARED / "decks" / "deck_astpp_36205.csv"
    told = terminal.run("decks", "import", path, "--name", "big", "--json").document
    assert (told["rates"], told["refused"]) == (36_205, [])


def test_bad_rows_are_refused_one_by_one_and_the_rest_is_read(terminal: Terminal) -> None:
    rows = "44,0.01,60,60,UK\n4x,0.01,60,60,bad\n33,-1,60,60,bad\n49,0.02,6,6,Germany\n"
    told = imported(terminal, HEADER + rows, "--problems", "refused.csv")
    assert told["rates"] == 2
    assert [(each["row"], each["prefix"]) for each in told["refused"]] == [(3, "4x"), (4, "33")]
    with (terminal.folder / "refused.csv").open(newline="") as file:
        assert [row["Row"] for row in csv.DictReader(file)] == ["3", "4"]


def test_two_prices_for_one_prefix_and_date_are_both_refused_and_equal_ones_are_one(terminal: Terminal) -> None:
    told = imported(terminal, HEADER + "44,0.01,60,60,UK\n44,0.02,60,60,UK\n33,0.01,60,60,F\n33,0.01,60,60,F\n")
    assert [each["row"] for each in told["refused"]] == [2, 3]
    assert "two prices" in told["refused"][0]["reason"]
    assert [rate["prefix"] for rate in rates(terminal)] == ["33"]


@pytest.mark.parametrize(
    ("content", "sentence", "suffix"),
    [
        (b"PK\x03\x04rest", "Save the sheet as CSV", ".xlsx"),
        (b"\xd0\xcf\x11\xe0rest", "Save the sheet as CSV", ".xls"),
        (b"", "is empty", ".csv"),
        (b"name,colour\nx,blue\n", "no header", ".csv"),
        (HEADER.encode() + b"abc,0.1,60,60,x\n", "no row that is a rate; nothing was imported", ".csv"),
        (b"\0\1\2\3", "binary", ".csv"),
    ],
)
def test_what_is_no_deck_leaves_nothing_behind(terminal: Terminal, content: bytes, sentence: str, suffix: str) -> None:
    refused(terminal, content, sentence, suffix)


@pytest.mark.parametrize(
    "content",
    [
        "Zürich Tarife\n\nVorwahl;Land\nprefix;rate_cost;rate_name\n41;0,0495;Zürich\n".encode("cp1252"),
        "prefix\trate_cost\trate_name\n41\t0.0495\tZürich\n".encode("utf-16"),
        b"\xef\xbb\xbf" + "prefix,rate_cost,rate_name\r\n41,0.0495,Zürich\r\n".encode(),
    ],
)
def test_other_encodings_delimiters_and_decimal_signs(terminal: Terminal, content: bytes) -> None:
    assert imported(terminal, content)["rates"] == 1
    (rate,) = rates(terminal)
    assert (rate["name"], rate["per_minute"]) == ("Zürich", "0.0495")


def test_an_amendment_adds_a_price_from_its_date_on_and_keeps_the_old_one(terminal: Terminal) -> None:
    imported(terminal, HEADER + "44,0.01,60,60,UK\n33,0.01,60,60,F\n")
    told = imported(terminal, HEADER + "44,0.02,60,60,UK\n", "--effective", "2026-10-15")
    assert told["in_deck"] == 3
    assert [(r["prefix"], r["per_minute"], r["effective_at"]) for r in rates(terminal)] == [
        ("33", "0.0100", None),
        ("44", "0.0100", None),
        ("44", "0.0200", "2026-10-15T00:00:00+00:00"),
    ]


def test_a_whole_deck_withdraws_what_it_does_not_name(terminal: Terminal) -> None:
    imported(terminal, HEADER + "44,0.01,60,60,UK\n33,0.01,60,60,F\n")
    imported(terminal, HEADER + "44,0.02,60,60,UK\n", "--replace", "--effective", "2026-10-15")
    closed = [rate for rate in rates(terminal) if rate["is_closed"]]
    assert [(rate["prefix"], rate["effective_at"][:10]) for rate in closed] == [("33", "2026-10-15")]


def test_an_exported_deck_is_read_back_as_it_was(terminal: Terminal) -> None:
    text = "prefix,rate_cost,rate_surcharge,direction,billing,effective,status,destination\n"
    rows = (
        '44,0.00495,0.5,outbound,30/6,2026-10-01,,UK\n33,0.01,,,1/1,,,"France, all"\n34,,,,,2026-11-01,closed,Spain\n'
    )
    imported(terminal, text + rows)
    assert terminal.run("decks", "export", "deck", "--out", "out.csv").code == 0
    assert terminal.run("decks", "import", terminal.folder / "out.csv", "--name", "again").code == 0
    assert rates(terminal, "again") == rates(terminal)


def test_a_removed_deck_is_gone_and_an_unknown_one_is_named(terminal: Terminal) -> None:
    imported(terminal, HEADER + "44,0.01,60,60,UK\n")
    assert terminal.run("decks", "remove", "deck").code == 0
    outcome = terminal.run("decks", "show", "deck")
    assert (outcome.code, outcome.complaint[:24]) == (2, "There is no deck 'deck' ")
