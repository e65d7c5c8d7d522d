"""The simulated KAZOO over the wire: logging in, the tree, pages, ranges, months."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from reseller_reporting.simulate import gregorian
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld, invoice, invoice_item

Connect = Callable[..., Any]
UK_LANDLINE = Rate(units=300, increment=60, minimum=60, name="UK_LANDLINE")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def seconds(text: str) -> int:
    return gregorian.from_datetime(at(text))


class Cast:
    """Acme is the reseller, Alice and Bob its customers; Charlie is another's and must never be seen."""

    def __init__(self) -> None:
        self.world = ScriptedWorld()
        self.acme = self.world.reseller("Acme")
        self.alice = self.world.customer("Alice", parent=self.acme, timezone="America/New_York")
        self.bob = self.world.customer("Bob", parent=self.acme)
        self.other = self.world.reseller("Other")
        self.charlie = self.world.customer("Charlie", parent=self.other)

    def june_call(self, text: str, **details: Any) -> Any:
        details.setdefault("number", "+442071234567")
        return self.world.call(self.alice, started_at=at(text), rate=UK_LANDLINE, **details)


@pytest.fixture
def cast() -> Cast:
    return Cast()


def test_a_key_of_64_characters_opens_the_account(cast: Cast, connect: Connect) -> None:
    client = connect(cast.world)
    assert len(client.kazoo.api_key) == 64
    answer = client.login()
    assert (answer.status, answer.data["account_id"], answer.data["is_reseller"]) == (201, cast.acme, True)
    assert client.login(api_key="0" * 64).status == 401
    assert client.login(api_key="short").data["api_key"]["minLength"]


@pytest.mark.parametrize("method", ["md5", "sha"])
def test_a_name_and_password_open_the_account_however_its_name_is_written(
    cast: Cast, connect: Connect, method: str
) -> None:
    client = connect(cast.world)
    assert client.user_login(method=method, account_name="A c-m E!").status == 201
    realm = cast.world.account(cast.acme)
    assert realm is not None
    assert client.user_login(method=method, account_realm=realm.realm).status == 201


def test_wrong_logins_are_told_apart(cast: Cast, connect: Connect) -> None:
    client = connect(cast.world)
    assert client.user_login(account_name="Acme", credentials="0" * 32).status == 401
    unknown = client.user_login(account_name="Nobody")
    assert (unknown.status, "not_found" in unknown.data["account_name"]) == (400, True)
    assert client.user_login(method="sha1", account_name="Acme").status == 400


def test_a_token_dies_at_its_expiry_and_use_does_not_lengthen_it(cast: Cast, connect: Connect) -> None:
    now = [1_718_000_000.0]
    client = connect(cast.world, clock=lambda: now[0], token_life_seconds=100)
    assert client.get(f"/accounts/{cast.acme}").status == 200
    now[0] += 99
    assert client.get(f"/accounts/{cast.acme}").status == 200
    now[0] += 1
    expired = client.get(f"/accounts/{cast.acme}")
    assert (expired.status, expired.body["message"], expired.data) == (401, "invalid credentials", {})
    client.token = "nonsense"
    unknown = client.get(f"/accounts/{cast.acme}")
    assert (unknown.status, unknown.body["message"]) == (401, "invalid_credentials")


def test_a_token_reads_its_tree_and_nothing_else(cast: Cast, connect: Connect) -> None:
    client = connect(cast.world)
    assert client.get(f"/accounts/{cast.alice}").data["timezone"] == "America/New_York"
    assert client.get(f"/accounts/{cast.charlie}").status == 403
    assert client.get(f"/accounts/{'9' * 32}").status == 404
    assert client.get(f"/accounts/{cast.alice}/nothing").status == 404
    assert client.ask("DELETE", f"/accounts/{cast.alice}").status == 405


def test_the_token_may_come_three_ways(cast: Cast, connect: Connect) -> None:
    client = connect(cast.world)
    client.login()
    path = f"/accounts/{cast.acme}"
    assert client.ask("GET", path, query={"auth_token": client.token}).status == 200
    assert client.ask("GET", path, headers={"Authorization": f"Bearer {client.token}"}).status == 200
    assert client.ask("GET", path).status == 401


def test_descendants_come_at_every_depth_by_name_newest_page_keys_last(cast: Cast, connect: Connect) -> None:
    sub = cast.world.reseller("Sub", parent=cast.acme)
    dora = cast.world.customer("Dora", parent=sub)
    client = connect(cast.world)
    rows = client.everything(f"/accounts/{cast.acme}/descendants", page_size=1)
    assert [row["name"] for row in rows] == ["Sub", "Dora", "Bob", "Alice"]
    assert rows[1]["tree"][-2:] == [cast.acme, sub]
    assert client.get(f"/accounts/{dora}").data["reseller_id"] == sub
    assert client.get(f"/accounts/{sub}").data["reseller_id"] == cast.acme
    children = client.get(f"/accounts/{cast.acme}/children", ascending="true").data
    assert [(row["name"], row["descendants_count"]) for row in children] == [("Alice", 0), ("Bob", 0), ("Sub", 1)]


def test_a_call_is_listed_with_both_costs_to_a_reseller_only(cast: Cast, connect: Connect) -> None:
    cast.june_call("2024-06-05 14:30:12", answered_seconds=125)
    login = cast.world.login(cast.alice)
    client = connect(cast.world)
    (row,) = client.get(f"/accounts/{cast.alice}/cdrs", is_chunked="false").data
    assert (row["cost"], row["reseller_cost"], row["rate"]) == ("900", "900", "0.03")
    client.login(api_key=login.api_key)
    (row,) = client.get(f"/accounts/{cast.alice}/cdrs").data
    assert len(row) == 35
    assert "reseller_cost" not in row


def test_chunked_answers_quote_what_trails(cast: Cast, connect: Connect) -> None:
    for minute in range(3):
        cast.june_call(f"2024-06-05 14:3{minute}:12")
    client = connect(cast.world)
    chunked = client.get(f"/accounts/{cast.alice}/cdrs", page_size=2)
    assert chunked.headers["Transfer-Encoding"] == "chunked"
    assert (chunked.body["page_size"], chunked.body["status"], "tokens" in chunked.body) == ("2", "success", False)
    plain = client.get(f"/accounts/{cast.alice}/cdrs", page_size=2, is_chunked="false")
    assert (plain.body["page_size"], "tokens" in plain.body) == (2, True)
    assert plain.data == chunked.data
    assert plain.body["next_start_key"] == chunked.body["next_start_key"]
    assert client.get(f"/accounts/{cast.bob}/cdrs").data == []


def test_pages_neither_overlap_nor_skip_in_either_order(cast: Cast, connect: Connect) -> None:
    for minute in range(10):
        cast.june_call(f"2024-06-05 14:3{minute}:12")
    client = connect(cast.world)
    path = f"/accounts/{cast.alice}/cdrs"
    newest_first = [row["id"] for row in client.everything(path, page_size=3)]
    oldest_first = [row["id"] for row in client.everything(path, page_size=3, ascending="true")]
    assert len(set(newest_first)) == 10
    assert newest_first == oldest_first[::-1]
    everything = client.get(path, paginate="false", is_chunked="false")
    assert len(everything.data) == 10
    assert "page_size" not in everything.body


@pytest.mark.parametrize("page_size", ["0", "-1", "many"])
def test_a_page_size_below_one_is_a_faulty_request(cast: Cast, connect: Connect, page_size: str) -> None:
    answer = connect(cast.world).get(f"/accounts/{cast.alice}/cdrs", page_size=page_size)
    assert (answer.status, answer.body["message"]) == (404, "faulty_request")


def test_a_range_of_more_than_31_days_and_an_hour_is_refused(cast: Cast, connect: Connect) -> None:
    client = connect(cast.world)
    created_from = seconds("2024-05-01")
    query = {"created_from": created_from, "created_to": created_from + 2_682_001}
    answer = client.get(f"/accounts/{cast.alice}/cdrs", **query)
    rule = answer.data["created_from"]["date_range"]
    assert answer.status == 400
    assert rule["message"] == (
        f"created_to {query['created_to']} is more than 2682000 seconds from created_from {created_from}"
    )
    assert client.get(f"/accounts/{cast.alice}/cdrs", created_from=created_from).status == 400
    backwards = client.get(f"/accounts/{cast.alice}/cdrs", created_from=created_from, created_to=created_from - 1)
    assert "is prior to" in backwards.data["created_from"]["date_range"]["message"]


def test_cdr_ranges_are_closed_and_ledger_ranges_half_open(cast: Cast, connect: Connect) -> None:
    cast.june_call("2024-06-05 14:30:00", ringing_seconds=0, answered_seconds=60)
    client = connect(cast.world)
    saved, written = seconds("2024-06-05 14:31:01"), seconds("2024-06-05 14:31:02")
    account = f"/accounts/{cast.alice}"
    assert len(client.get(f"{account}/cdrs", created_from=saved - 60, created_to=saved).data) == 1
    ledger = f"{account}/ledgers/per-minute-voip"
    assert client.get(ledger, created_from=written - 60, created_to=written).data == []
    assert len(client.get(ledger, created_from=written, created_to=written + 1).data) == 1


def test_a_call_over_the_months_end_is_found_only_by_a_range_that_opens_both_months(
    cast: Cast, connect: Connect
) -> None:
    cdr = cast.june_call("2024-05-31 23:50:00", answered_seconds=1200)
    assert cdr.id.startswith("202405-")
    client = connect(cast.world)
    path = f"/accounts/{cast.alice}/cdrs"
    may = {"created_from": seconds("2024-05-01"), "created_to": seconds("2024-06-01") - 1}
    june = {"created_from": seconds("2024-06-01"), "created_to": seconds("2024-06-20")}
    both = {"created_from": seconds("2024-06-01") - 1, "created_to": seconds("2024-06-02")}
    assert [len(client.get(path, **query).data) for query in (may, june, both)] == [0, 0, 1]
    ledger = client.get(f"/accounts/{cast.alice}/ledgers/per-minute-voip", **june).data
    assert [entry["source"]["id"] for entry in ledger] == [cdr.stored["call_id"]]
    assert ledger[0]["id"].startswith("202406-")


def test_one_start_key_serves_every_month_so_a_page_break_may_skip_late_rows(cast: Cast, connect: Connect) -> None:
    cast.june_call("2024-05-31 23:50:00", answered_seconds=7200)
    for minute in range(3):
        cast.june_call(f"2024-06-01 00:0{minute}:00")
    client = connect(cast.world)
    path = f"/accounts/{cast.alice}/cdrs"
    window = {"created_from": seconds("2024-06-01") - 1, "created_to": seconds("2024-06-02")}
    assert len(client.everything(path, page_size=10, **window)) == 4
    assert len(client.everything(path, page_size=2, **window)) == 3


def test_nothing_later_than_now_is_listed(cast: Cast, connect: Connect) -> None:
    cast.june_call("2024-06-20 11:00:00")
    late = cast.june_call("2024-06-20 12:30:00")
    client = connect(cast.world)
    window = {"created_from": seconds("2024-06-20"), "created_to": seconds("2024-06-21")}
    assert len(client.get(f"/accounts/{cast.alice}/cdrs", **window).data) == 1
    assert client.get(f"/accounts/{cast.alice}/cdrs/{late.id}").status == 404


def test_both_parties_ledgers_name_the_calling_account(cast: Cast, connect: Connect) -> None:
    cast.june_call("2024-06-05 14:30:12", answered_seconds=125)
    cast.june_call("2024-06-05 15:30:12", customer="flat_rate")
    cast.june_call("2024-06-05 16:30:12", answered_seconds=0)
    client = connect(cast.world)
    alices = client.get(f"/accounts/{cast.alice}/ledgers/per-minute-voip").data
    acmes = client.get(f"/accounts/{cast.acme}/ledgers/per-minute-voip").data
    assert [entry["amount"] for entry in alices] == [-0.09]
    assert [entry["amount"] for entry in acmes] == [-0.03, -0.09]
    assert {entry["account"]["name"] for entry in acmes} == {"Alice"}
    assert alices[0]["usage"] == {"type": "voice", "quantity": 180, "unit": "sec"}
    totals = client.get(f"/accounts/{cast.acme}/ledgers").data["per-minute-voip"]
    assert (totals["amount"], totals["usage"]["quantity"]) == (-0.12, 240)
    summary = client.get(f"/accounts/{cast.acme}/ledgers/summary/202406").data
    assert summary["breakdown"][0]["total"] == -0.12
    assert client.get(f"/accounts/{cast.acme}/ledgers/summary/202401").status == 503
    assert client.get(f"/accounts/{cast.acme}/ledgers/summary/2024").status == 404
    assert client.get(f"/accounts/{cast.acme}/ledgers/total").data == {"amount": -0.12}
    entry_id = alices[0]["id"]
    assert client.get(f"/accounts/{cast.alice}/ledgers/per-minute-voip/{entry_id}").data == alices[0]
    assert client.get(f"/accounts/{cast.alice}/ledgers/payments/{entry_id}").status == 404


def test_a_document_hides_its_private_keys_and_knows_the_rate(cast: Cast, connect: Connect) -> None:
    cdr = cast.june_call("2024-06-05 14:30:12", call_id="a/b;c@10.0.0.1")
    client = connect(cast.world)
    document = client.get(f"/accounts/{cast.alice}/cdrs/{cdr.id.replace('/', '%2F')}").data
    assert (document["id"], document["custom_channel_vars"]["rate_minimum"]) == (cdr.id, "60")
    assert not [key for key in document if key.startswith(("_", "pvt_"))]
    assert client.get(f"/accounts/{cast.alice}/cdrs/no-id").status == 404
    legs = client.get(f"/accounts/{cast.alice}/cdrs/legs/{document['interaction_id']}").data
    assert [leg["id"] for leg in legs] == [cdr.id]


def test_a_user_lists_only_legs_of_its_own(cast: Cast, connect: Connect) -> None:
    ann = cast.world.user(cast.alice, "Ann", "Lee")
    mine = cast.june_call("2024-06-05 14:30:12", owner=ann)
    cast.june_call("2024-06-05 15:30:12")
    client = connect(cast.world)
    rows = client.get(f"/accounts/{cast.alice}/users/{ann}/cdrs").data
    assert [row["id"] for row in rows] == [mine.id]
    assert client.get(f"/accounts/{cast.alice}/users").data[0]["first_name"] == "Ann"


def test_raw_rows_are_listed_verbatim_and_forced_answers_are_given(cast: Cast, connect: Connect) -> None:
    cast.world.raw_row(cast.alice, {"id": "202406-x", "billing_seconds": "many"}, saved_at=at("2024-06-05 10:00"))
    cast.world.raw_row(cast.alice, {}, saved_at=at("2024-06-05 11:00"))
    cast.world.answer(cast.bob, "/ledgers", status=403)
    cast.world.answer(cast.bob, "/cdrs", status=503)
    client = connect(cast.world)
    assert client.get(f"/accounts/{cast.alice}/cdrs").data == [{}, {"id": "202406-x", "billing_seconds": "many"}]
    assert client.get(f"/accounts/{cast.bob}/ledgers/per-minute-voip").status == 403
    missing = client.get(f"/accounts/{cast.bob}/cdrs")
    assert (missing.status, missing.body["message"]) == (503, "datastore missing view")
    assert client.get(f"/accounts/{cast.bob}").status == 200


def test_what_an_account_owns(cast: Cast, connect: Connect) -> None:
    cast.world.limits_of(cast.alice, twoway_trunks=2)
    cast.world.device(cast.alice, "Desk")
    cast.world.number(cast.alice, "+14155550100")
    cast.world.number(cast.alice, "+14155550101")
    item = invoice_item("devices", "sip_device", quantity=3, rate=1.5)
    cast.world.services_of(cast.alice, account={"devices": {"sip_device": 3}}, invoices=[invoice([item])])
    client = connect(cast.world)
    account = f"/accounts/{cast.alice}"
    assert client.get(f"{account}/limits").data == {"id": "limits", "twoway_trunks": 2}
    assert client.get(f"{account}/devices").data[0]["name"] == "Desk"
    first = client.get(f"{account}/phone_numbers", page_size=1)
    assert list(first.data["numbers"]) == ["+14155550101"]
    assert first.body["next_start_key"]
    summary = client.get(f"{account}/services/summary").data
    assert summary["quantities"]["account"] == {"devices": {"sip_device": 3}}
    assert summary["invoices"][0]["summary"]["recurring"] == 4.5
    assert summary["reseller"] == {"id": cast.acme, "is_reseller": False}
    assert client.get(f"{account}/services").data == {}


def test_allotments_are_refused_where_none_is_configured_and_add_up_where_they_are(
    cast: Cast, connect: Connect
) -> None:
    cast.world.allotments_of(
        cast.alice, did_us={"amount": 36_000, "cycle": "monthly", "increment": 10, "minimum": 60, "no_consume_time": 5}
    )
    for answered_seconds in (5, 40, 69):
        cast.june_call("2024-06-05 14:30:12", answered_seconds=answered_seconds, customer="allotment_did_us")
    client = connect(cast.world)
    assert client.get(f"/accounts/{cast.bob}/allotments").status == 400
    assert client.get(f"/accounts/{cast.alice}/allotments").data["did_us"]["amount"] == 36_000
    consumed = client.get(f"/accounts/{cast.alice}/allotments/consumed").data["did_us"]
    assert consumed["consumed"] == 60 + 70
    assert consumed["consumed_from"] == seconds("2024-06-01")


def test_every_request_is_logged_without_secrets(cast: Cast, connect: Connect) -> None:
    client = connect(cast.world)
    client.get(f"/accounts/{cast.alice}/cdrs", page_size=7)
    assert [request.method for request in client.kazoo.requests] == ["PUT", "GET"]
    assert client.kazoo.requests[1].path.endswith("/cdrs")
    assert client.kazoo.requests[1].query == {"page_size": "7"}
    assert client.kazoo.api_key not in repr(client.kazoo)
