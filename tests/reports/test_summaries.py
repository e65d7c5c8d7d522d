import csv
import json
import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from statements import october

from reseller_reporting.model.account import Account, Services, Snapshot
from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.reports.facts import AccountFacts, PriceFacts
from reseller_reporting.reports.figure_text import amount_text, micros_text, minutes_text
from reseller_reporting.reports.manifest import account_entry, manifest, manifest_bytes
from reseller_reporting.reports.names import slug, workbook_name
from reseller_reporting.reports.render.as_csv import write_countries, write_summary
from reseller_reporting.reports.summary import COUNTRY_COLUMNS, SUMMARY_COLUMNS, country_rows, summary_row
from reseller_reporting.reports.usage import UsageSums

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]


def sums_of(*batches: pa.RecordBatch) -> UsageSums:
    sums = UsageSums()
    for batch in batches:
        sums.add(batch)
    return sums


def snapshot_of(facts: AccountFacts, services: Services | None) -> Snapshot:
    return Snapshot(account=facts.account, taken_at=facts.period.to_at, source="kazoo", services=services)


def test_columns_stand_as_the_contract_says() -> None:
    assert ", ".join(SUMMARY_COLUMNS) == (
        "Account ID, Name, Branding-White-Label, Tollfree US Phone Numbers, US DIDs, Dedicated IPs, E-911, "
        "Outbound CNAM, Inbound CNAM, Ports, Local Number Services, Two-way Trunks, Inbound Trunks, Outbound Trunks, "
        "SIP Devices, Landline Devices, Cellphone Devices, Softphone Devices, Users, User Admins, Ledgers Per Minute, "
        "Calls, Billing Minutes, Flat-rate Calls, Flat-rate Minutes, Per-minute Calls, Per-minute Minutes, "
        "Reseller Cost, Customer Cost, Reseller Recurring Cost, Customer Recurring Cost, Price, Recurring Price, "
        "Margin, Currency, Complete, Warnings"
    )
    assert ", ".join(COUNTRY_COLUMNS) == (
        "Account ID, Name, Country Code, Country, Direction, Calls, Billing Minutes, Flat-rate Minutes, "
        "Per-minute Minutes, Reseller Cost, Customer Cost, Price, Margin, Currency"
    )


def test_quantities_take_the_manual_value_and_old_names_of_e911(make_facts: MakeFacts) -> None:
    services = Services(
        account={
            ("number_services", "e911"): 1,
            ("number_services", "dash_e911"): 2,
            ("number_services", "telnyx_e911"): 4,
            ("phone_numbers", "did_us"): 7,
            ("users", "user"): 3,
        },
        manual={("phone_numbers", "did_us"): 5},
        cascade={("users", "user"): 100},
    )
    row = summary_row(make_facts(snapshot=snapshot_of(make_facts(), services)), UsageSums())
    assert (row["E-911"], row["US DIDs"], row["Users"], row["Ports"]) == ("7", "5", "3", "0")


def test_services_that_could_not_be_read_are_empty_not_zero(make_facts: MakeFacts) -> None:
    for snapshot in (None, snapshot_of(make_facts(), None)):
        assert summary_row(make_facts(snapshot=snapshot), UsageSums())["Users"] == ""


def test_a_line_says_what_the_calls_came_to(make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    sums = sums_of(make_batch({"charged_seconds": 80}, {"reseller_call_type": "flat_rate", "answered_seconds": 20}))
    row = summary_row(
        make_facts(
            ledger_per_minute_units=300,
            reseller_recurring=Decimal("5.5"),
            customer_recurring=Decimal("0.30000000000000004"),
        ),
        sums,
    )
    shown = {column: row[column] for column in SUMMARY_COLUMNS[20:36]}
    assert shown == {
        "Ledgers Per Minute": "0.0300",
        "Calls": "2",
        "Billing Minutes": "1.666667",
        "Flat-rate Calls": "1",
        "Flat-rate Minutes": "0.333333",
        "Per-minute Calls": "1",
        "Per-minute Minutes": "1.333333",
        "Reseller Cost": "0.0300",
        "Customer Cost": "0.0000",
        "Reseller Recurring Cost": "5.5000",
        "Customer Recurring Cost": "0.3000",
        "Price": "",
        "Recurring Price": "",
        "Margin": "",
        "Currency": "USD",
        "Complete": "yes",
    }


def test_a_net_credit_on_the_ledger_is_zero_and_a_refused_one_empty(make_facts: MakeFacts) -> None:
    assert summary_row(make_facts(ledger_per_minute_units=-5), UsageSums())["Ledgers Per Minute"] == "0.0000"
    assert summary_row(make_facts(), UsageSums())["Ledgers Per Minute"] == ""


RESELLER_FIGURES = [
    "Flat-rate Calls",
    "Flat-rate Minutes",
    "Per-minute Calls",
    "Per-minute Minutes",
    "Reseller Cost",
]


def test_without_the_resellers_view_every_reseller_figure_is_empty(
    make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    sums = sums_of(make_batch({"reseller_call_type": None, "customer_call_type": "per_minute"}))
    row = summary_row(make_facts(has_reseller_view=False), sums)
    assert [row[column] for column in RESELLER_FIGURES] == [""] * 5
    assert (row["Calls"], row["Customer Cost"]) == ("1", "0.0000")
    no_calls = summary_row(make_facts(has_reseller_view=False), UsageSums())
    assert [no_calls[column] for column in RESELLER_FIGURES] == [""] * 5


def test_a_failed_account_keeps_its_line_with_the_reason_and_without_call_figures(make_facts: MakeFacts) -> None:
    facts = make_facts(
        status="failed",
        complete=False,
        warnings=[ReportWarning("account_failed", "KAZOO refuses the account."), ReportWarning("x", "Another.")],
        snapshot=snapshot_of(make_facts(), Services(account={("users", "user"): 2})),
    )
    row = summary_row(facts, None)
    assert (row["Users"], row["Complete"]) == ("2", "no")
    assert row["Warnings"] == "KAZOO refuses the account. | Another."
    assert {row[column] for column in SUMMARY_COLUMNS[21:29]} == {""}


def test_countries_stand_dearest_first_then_by_code_and_direction(make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    flat = {"reseller_call_type": "flat_rate"}
    batch = make_batch(
        {"country_code": "US", **flat},
        {"country_code": "CA", "direction": "outbound", **flat},
        {"country_code": "CA", "direction": "inbound", **flat},
        {"country_code": "DE"},
    )
    rows = country_rows(make_facts(), sums_of(batch), "name of {}".format)
    assert [(row["Country Code"], row["Direction"]) for row in rows] == [
        ("DE", "outbound"),
        ("CA", "inbound"),
        ("CA", "outbound"),
        ("US", "outbound"),
    ]
    assert rows[0]["Country"] == "name of DE"
    assert tuple(rows[0]) == COUNTRY_COLUMNS


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.00"), (750, "12.50"), (20, "0.333333"), (40, "0.666667"), (60, "1.00"), (6, "0.10"), (7, "0.116667")],
)
def test_minutes_have_two_to_six_decimals(seconds: int, text: str) -> None:
    assert minutes_text(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("5", "5.0000"),
        ("0", "0.0000"),
        ("1E+2", "100.0000"),
        ("0.123456", "0.123456"),
        ("-0.5", "-0.5000"),
        ("0.29999999999999998", "0.3000"),
        ("3.3333333333", "3.3333333333"),
    ],
)
def test_amounts_have_four_decimals_and_more_where_they_have_more(amount: str, text: str) -> None:
    assert amount_text(Decimal(amount)) == text


HOSTILE = ["=1+1", "+1", "-2", "@x", "\tx", "\rx", 'say "hi", ok', "two\r\nlines", "Zoë 日本", "half \ud800 pair"]


def test_csv_is_utf8_with_bom_and_crlf_and_runs_nothing(tmp_path: Path, make_facts: MakeFacts) -> None:
    path = tmp_path / "summary.csv"
    write_summary(path, [summary_row(make_facts(name=name), UsageSums()) for name in HOSTILE])
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfAccount ID,Name,")
    assert raw.endswith(b"\r\n")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    guarded = ["'=1+1", "'+1", "'-2", "'@x", "'\tx", "'\rx", *HOSTILE[6:9], "half ? pair"]
    assert [row["Name"] for row in rows] == guarded
    assert tuple(rows[0]) == SUMMARY_COLUMNS


def test_a_negative_number_is_no_text_and_gets_no_guard(tmp_path: Path, make_facts: MakeFacts) -> None:
    path = tmp_path / "summary.csv"
    write_summary(path, [summary_row(make_facts(customer_recurring=Decimal("-1.5")), UsageSums())])
    assert b",-1.5000," in path.read_bytes()


def test_a_summary_without_accounts_is_its_header(tmp_path: Path) -> None:
    path = tmp_path / "countries.csv"
    write_countries(path, [])
    assert path.read_bytes() == b"\xef\xbb\xbf" + ",".join(COUNTRY_COLUMNS).encode() + b"\r\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"summary\.csv could not be written"):
        write_summary(tmp_path / "absent" / "summary.csv", [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Alice", "alice"),
        ("Müller & Söhne GmbH", "muller-sohne-gmbh"),
        ("  --A__b..C-- ", "a-b-c"),
        ("Straße", "strae"),
        ("Acme–Nord", "acmenord"),
        ("日本", "account"),
        ("", "account"),
        ("../../etc/passwd", "etc-passwd"),
        ("x" * 59 + " yz", "x" * 59),
        ("x" * 70, "x" * 60),
        ("ﬁne", "fine"),
    ],
)
def test_a_slug_is_ascii_in_lower_case(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_workbook_is_named_by_slug_and_id_and_stays_in_its_folder() -> None:
    assert workbook_name(Account(id=AccountId("ab12"), name="Café Nord")) == "cafe-nord--ab12.xlsx"
    assert workbook_name(Account(id=AccountId("../x/y"), name="A")) == "a--..-x-y.xlsx"


def manifest_of(*entries: tuple[AccountFacts, UsageSums | None]) -> dict[str, Any]:
    accounts = [account_entry(facts, sums, "f.xlsx" if sums else None, None) for facts, sums in entries]
    return manifest(period=entries[0][0].period, store_version="v", accounts=accounts, entries=entries)


def test_the_manifest_totals_what_did_not_fail_and_repeats_every_warning(
    make_facts: MakeFacts, make_batch: MakeBatch
) -> None:
    warning = ReportWarning("malformed_records", "Malformed.", 2)
    problem = Problem(source="kazoo:cdrs", row=None, record_id="r", reason="no start")
    good = make_facts(warnings=[warning], problems=[problem])
    sums = sums_of(make_batch({"charged_seconds": 120}, {"reseller_call_type": ""}))
    failed = make_facts(name="Bob", status="failed", warnings=[ReportWarning("account_failed", "Gone."), warning])
    document = manifest_of((good, sums), (failed, None))
    assert list(document) == [
        "period",
        "made_by",
        "store_version",
        "price_plan_versions",
        "accounts",
        "totals",
        "warnings",
    ]
    assert document["period"] == {
        "from": "2026-10-01T00:00:00+02:00",
        "to": "2026-11-01T00:00:00+01:00",
        "timezone": "Europe/Berlin",
    }
    assert document["totals"] == {
        "accounts": 1,
        "legs_read": 2,
        "legs_billable": 1,
        "legs_on_net": 1,
        "malformed": 1,
        "calls": 1,
        "billing_seconds": 60,
        "charged_seconds": 120,
        "reseller_cost": "0.0300",
        "customer_cost": "0.0000",
        "price": None,
    }
    assert [(w["code"], w["count"]) for w in document["warnings"]] == [("account_failed", 1), ("malformed_records", 4)]
    assert document["accounts"][0]["problems"] == [
        {"source": "kazoo:cdrs", "row": None, "record_id": "r", "reason": "no start"}
    ]
    bob = document["accounts"][1]
    assert (bob["status"], bob["file"], bob["calls"], bob["reseller_cost"]) == ("failed", None, None, None)
    assert bob["legs_read"] == bob["legs_billable"] + bob["legs_on_net"]


def test_the_manifest_says_what_statements_come_to(make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    statement = october()
    facts = make_facts(
        prices=PriceFacts(statement=statement, versions=(), priced_calls=1, calls_below_cost=None, loss_micros=None)
    )
    document = manifest_of((facts, sums_of(make_batch({}))), (make_facts(name="No plan"), UsageSums()))
    due = {
        "net": micros_text(statement.net_micros - statement.included_tax_micros),
        "total_due": micros_text(statement.total_micros),
    }
    assert due["net"] != due["total_due"]
    assert document["statements"] == [{"id": facts.account.id} | due]
    assert document["totals"].items() >= due.items()


def test_an_unknown_reseller_cost_is_null_in_the_manifest(make_facts: MakeFacts, make_batch: MakeBatch) -> None:
    sums = sums_of(make_batch({"reseller_call_type": None, "customer_call_type": "flat_rate"}))
    document = manifest_of((make_facts(has_reseller_view=False), sums))
    assert document["accounts"][0]["reseller_cost"] is None
    assert document["totals"]["reseller_cost"] is None
    assert document["totals"]["customer_cost"] == "0.0000"


def test_manifest_bytes_are_utf8_json_whatever_a_name_holds(make_facts: MakeFacts) -> None:
    document = manifest_of((make_facts(name="Zoë \ud800"), UsageSums()))
    raw = manifest_bytes(document)
    assert raw.endswith(b"}\n")
    assert "Zoë".encode() in raw
    assert json.loads(raw.decode("utf-8")) == document


def test_facts_travel_between_processes(make_facts: MakeFacts) -> None:
    facts = make_facts(warnings=[ReportWarning("a", "b")])
    assert pickle.loads(pickle.dumps(facts)) == facts  # noqa: S301 - Our own.
