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
    text = (terminal.folder / "refused.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfSource,Row,Record ID,Reason\r\n")
    assert [row["Row"] for row in csv.DictReader(text.decode("utf-8-sig").splitlines())] == ["3", "4"]
    assert told["reasons"] == {"the prefix … is no number": 1, "the price … is negative": 1}


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


def test_a_name_in_latin_1_far_below_the_head_of_the_file_is_read_as_it_was_meant(terminal: Terminal) -> None:
    many = "".join(f"44{number:06d},0.01,60,60,UK\n" for number in range(3_000))
    told = imported(terminal, (HEADER + many).encode() + "41,0.01,60,60,Zürich\n".encode("latin-1"))
    assert (told["rates"], told["refused_rows"]) == (3_001, 0)
    assert next(rate["name"] for rate in rates(terminal) if rate["prefix"] == "41") == "Zürich"


def test_old_line_ends_are_line_ends(terminal: Terminal) -> None:
    assert imported(terminal, (HEADER + "44,0.01,60,60,UK\n33,0.02,60,60,F\n").replace("\n", "\r"))["rates"] == 2


def test_a_quote_that_is_never_closed_costs_its_own_row_and_no_other(terminal: Terminal) -> None:
    rows = '44,0.01,60,60,UK\n33,0.02,60,60,"France\n49,0.03,60,60,Germany\n39,0.04,60,60,"Italy, mobile"\n'
    told = imported(terminal, HEADER + rows)
    assert [(each["row"], each["reason"]) for each in told["refused"]] == [(3, "a quote is opened and never closed")]
    assert [rate["name"] for rate in rates(terminal)] == ["Italy, mobile", "UK", "Germany"]


def test_a_name_may_go_on_in_the_next_line_and_rows_keep_their_numbers(terminal: Terminal) -> None:
    told = imported(terminal, HEADER + '44,0.01,60,60,"UK\nmobile"\n4x,0.01,60,60,bad\n')
    assert [each["row"] for each in told["refused"]] == [4]
    assert [rate["name"] for rate in rates(terminal)] == ["UK\nmobile"]


def test_a_line_without_an_end_is_one_refused_row(terminal: Terminal) -> None:
    told = imported(terminal, HEADER + f"44,0.01,60,60,{'x' * 300_000}\n33,0.01,60,60,F\n")
    assert [(each["row"], each["reason"]) for each in told["refused"]] == [(2, "a line of more than 65536 characters")]
    assert [rate["prefix"] for rate in rates(terminal)] == ["33"]


def test_refusals_beyond_the_first_thousand_are_counted_and_all_written(terminal: Terminal) -> None:
    bad = "".join(f"{number}x,0.01,60,60,bad\n" for number in range(11_000))
    told = imported(terminal, HEADER + bad + "44,0.01,60,60,UK\n", "--problems", "refused.csv")
    assert (told["refused_rows"], len(told["refused"]), told["reasons"]) == (
        11_000,
        1_000,
        {"the prefix … is no number": 11_000},
    )
    assert len((terminal.folder / "refused.csv").read_text("utf-8-sig").splitlines()) == 11_001


def test_a_deck_is_in_one_currency(terminal: Terminal) -> None:
    head = "prefix,rate,currency\n"
    told = imported(terminal, head + "44,0.01,EUR\n33,0.01,USD\n49,0.01 EUR,\n39,0.01,euros\n")
    assert [(each["row"], each["reason"]) for each in told["refused"]] == [
        (3, "the price is in 'USD' in a deck in EUR"),
        (5, "the currency 'EUROS' is no code of three letters"),
    ]
    told = imported(terminal, head + "1,0.01,USD\n7,0.02,EUR\n")
    assert [each["row"] for each in told["refused"]] == [2]


def test_prices_in_several_currencies_are_chosen_and_never_guessed(terminal: Terminal) -> None:
    path = terminal.folder / "two.csv"
    path.write_text("Prefix,Rate (USD),Rate (EUR)\n44,0.02,0.01\n")
    outcome = terminal.run("decks", "import", path, "--name", "two")
    assert (outcome.code, outcome.complaint) == (2, "two.csv has prices in USD, EUR. Choose one with --currency.")
    assert terminal.run("decks", "import", path, "--name", "two", "--currency", "eur").code == 0
    assert [rate["per_minute"] for rate in rates(terminal, "two")] == ["0.0100"]
    (listed,) = terminal.run("decks", "list", "--json").document["decks"]
    assert listed["currency"] == "EUR"
    (terminal.folder / "gbp.csv").write_text("Prefix,Rate (GBP)\n44,0.02\n")
    outcome = terminal.run("decks", "import", terminal.folder / "gbp.csv", "--name", "new", "--currency", "USD")
    assert (outcome.code, "in GBP, and --currency says USD" in outcome.complaint) == (2, True)


def test_a_new_price_goes_before_the_present_one(terminal: Terminal) -> None:
    imported(terminal, "Dial Code,Current Rate,New Rate\n44,0.01,0.02\n")
    assert [rate["per_minute"] for rate in rates(terminal)] == ["0.0200"]


def test_two_prices_for_one_direction_are_refused_however_the_rows_name_it(terminal: Terminal) -> None:
    told = imported(
        terminal, "prefix,rate_cost,direction\n44,0.01,\n44,0.02,inbound\n33,0.01,inbound\n33,0.02,outbound\n"
    )
    assert [(each["row"], each["prefix"]) for each in told["refused"]] == [(2, "44"), (3, "44")]
    assert told["rates"] == 2


def test_an_amendment_of_one_direction_leaves_the_other(terminal: Terminal) -> None:
    imported(terminal, HEADER + "44,0.01,60,60,UK\n")
    imported(terminal, "prefix,rate_cost,direction\n44,0.02,inbound\n")
    assert {tuple(rate["directions"]): rate["per_minute"] for rate in rates(terminal)} == {
        ("inbound",): "0.0200",
        ("outbound",): "0.0100",
    }


def test_a_whole_deck_takes_away_later_prices_of_what_it_does_not_name(terminal: Terminal) -> None:
    dated = "prefix,rate_cost,effective date\n"
    imported(terminal, dated + "33,0.01,2026-01-01\n33,0.05,2026-12-01\n44,0.01,2026-01-01\n44,0.05,2026-12-01\n")
    imported(terminal, dated + "44,0.02,2026-10-15\n", "--replace", "--effective", "2026-10-15")
    assert [(r["prefix"], r["effective_at"][:10], r["is_closed"]) for r in rates(terminal)] == [
        ("33", "2026-01-01", False),
        ("33", "2026-10-15", True),
        ("44", "2026-01-01", False),
        ("44", "2026-10-15", False),
        ("44", "2026-12-01", False),
    ]


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


def test_names_that_a_spreadsheet_would_run_are_guarded_and_come_back(terminal: Terminal) -> None:
    named = {"44": "=1+1", "33": "'quoted", "34": "@home", "49": "''"}
    imported(terminal, HEADER + "".join(f'{prefix},0.01,60,60,"\'{name}"\n' for prefix, name in named.items()))
    assert {rate["prefix"]: rate["name"] for rate in rates(terminal)} == named
    assert terminal.run("decks", "export", "deck", "--out", "out.csv").code == 0
    text = (terminal.folder / "out.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfprefix,rate_cost,")
    assert b",'=1+1," in text
    assert text.count(b"\r\n") == 5
    terminal.run("decks", "import", terminal.folder / "out.csv", "--name", "again")
    assert rates(terminal, "again") == rates(terminal)


def test_an_export_keeps_hours_and_every_route(terminal: Terminal) -> None:
    routes = '"[""^\\\\+441"", ""^\\\\+442""]"'
    rows = f"44,0.01,2026-10-01T12:30:00+02:00,{routes}\n33,0.01,,^\\+33[67]\n"
    imported(terminal, "prefix,rate_cost,effective date,routes\n" + rows)
    terminal.run("decks", "export", "deck", "--out", "out.csv")
    terminal.run("decks", "import", terminal.folder / "out.csv", "--name", "again")
    assert rates(terminal, "again") == rates(terminal)
    assert rates(terminal)[1]["effective_at"] == "2026-10-01T10:30:00+00:00"
    assert "2026-10-01T10:30:00+00:00" in (terminal.folder / "out.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "deck.csv", "--name", "x", "--problems", "nowhere/refused.csv"),
        ("import", "deck.csv", "--name", "x", "--currency", "dollar"),
        ("import", "deck.csv", "--name", "../x"),
        ("import", "deck.csv", "--name", "x", "--effective", "soon"),
        ("import", "nowhere.csv", "--name", "x"),
        ("export", "deck", "--out", "nowhere/out.csv"),
        ("show", "nothing"),
        ("remove", "nothing"),
    ],
)
def test_what_cannot_be_done_is_seen_before_anything_is(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    imported(terminal, HEADER + "44,0.01,60,60,UK\n")
    outcome = terminal.run("decks", *arguments)
    assert outcome.code == 2
    assert outcome.complaint
    assert [deck["name"] for deck in terminal.run("decks", "list", "--json").document["decks"]] == ["deck"]


def test_a_removed_deck_is_gone_and_an_unknown_one_is_named(terminal: Terminal) -> None:
    imported(terminal, HEADER + "44,0.01,60,60,UK\n")
    assert terminal.run("decks", "remove", "deck").code == 0
    outcome = terminal.run("decks", "show", "deck")
    assert (outcome.code, outcome.complaint[:24]) == (2, "There is no deck 'deck' ")
