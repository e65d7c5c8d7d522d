"""Each fault of the simulated KAZOO, as a client meets it on the wire, and how faults are named."""

import http.client
import json
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reseller_reporting import simulate
from reseller_reporting.cli import _run
from reseller_reporting.simulate.faults import CALM, PROFILES, Faults, described, parse_faults
from reseller_reporting.simulate.faults_in_answers import noisy
from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.gregorian import from_datetime
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld

Connect = Callable[..., Any]
ALICE = "1" * 32
UK = Rate(units=300, increment=60, minimum=60, name="UK_LANDLINE")
MAY_31 = datetime(2024, 5, 31, 12, tzinfo=UTC)
RANGE = {"created_from": from_datetime(MAY_31), "created_to": from_datetime(MAY_31 + timedelta(days=10))}


@pytest.fixture
def world() -> ScriptedWorld:
    """Alice called on the last day of May and on seven days of June."""
    world = ScriptedWorld()
    acme = world.reseller("Acme")
    world.customer("Alice", parent=acme, account_id=ALICE)
    world.services_of(ALICE, account={"devices": {"sip_device": 3}})
    for day in range(8):
        started_at = MAY_31 + timedelta(days=day, minutes=1)
        world.call(ALICE, started_at=started_at, number="+442071234567", answered_seconds=125, rate=UK)
    return world


@pytest.fixture
def meet(connect: Connect, world: ScriptedWorld) -> Connect:
    return lambda faults, **options: connect(world, faults=parse_faults(faults), **options)


CDRS = f"/accounts/{ALICE}/cdrs"


@pytest.mark.parametrize(
    ("fault", "status", "messages"),
    [
        ("too_many_requests", 429, {"too_many_requests"}),
        ("error_500", 500, {"unspecified_fault"}),
        ("error_502", 502, {"bad_gateway"}),
        ("error_503", 503, {"datastore_unreachable", "datastore timeout", "datastore_fault"}),
        ("missing_view", 503, {"datastore missing view", "datastore_missing_view"}),
    ],
)
def test_a_passing_failure_comes_twice_in_a_row_and_then_lets_through(
    meet: Connect, fault: str, status: int, messages: set[str]
) -> None:
    faulty = meet(f"{fault}=1")
    assert [faulty.login().status for _ in range(3)] == [status, status, 201]
    said = set()
    for size in range(1, 12):
        answers = [faulty.get(CDRS, **RANGE, page_size=size) for _ in range(3)]
        assert [each.status for each in answers] == [status, status, 200]
        said |= {each.body["message"] for each in answers[:2]}
        assert all("Retry-After" not in each.headers for each in answers)
    assert said == messages


def test_the_same_seed_strikes_the_same_requests_in_any_order(meet: Connect) -> None:
    def struck(seed: int, sizes: list[int]) -> dict[int, int]:
        client = meet(f"error_500=0.5,seed={seed}")
        while client.login().status != 201:
            pass
        return {size: client.get(CDRS, **RANGE, page_size=size).status for size in sizes}

    sizes = list(range(1, 20))
    assert struck(1, sizes) == struck(1, sizes[::-1])
    assert struck(1, sizes) != struck(2, sizes)


def test_a_token_dies_in_both_forms_of_401_by_turns(meet: Connect) -> None:
    client = meet("token_requests=2")
    forms = []
    for _ in range(4):
        client.login()
        assert [client.get(CDRS, **RANGE).status for _ in range(3)] == [200, 200, 401]
        body = client.get(CDRS, **RANGE).body
        forms.append((body["message"], body["data"]))
    with_space: tuple[str, Any] = ("invalid credentials", {})
    with_data = ("invalid_credentials", {"message": "invalid credentials"})
    assert forms == [with_data, with_space, with_data, with_space]


def test_a_bucket_for_each_account_and_one_for_log_ins(meet: Connect) -> None:
    time = [0.0]
    client = meet("bucket=100,bucket_refill=10", fault_clock=lambda: time[0])
    assert [client.login().status for _ in range(3)] == [201, 201, 429]  # 35 each.
    client.token = ""
    time[0] = 0.5  # 30 + 5 come back.
    assert client.login().status == 201
    assert [client.get(CDRS, **RANGE).status for _ in range(101)] == [200] * 100 + [429]
    assert client.get(f"/accounts/{client.kazoo.account_id}").status == 200
    time[0] = 0.75
    assert [client.get(CDRS, **RANGE).status for _ in range(3)] == [200, 200, 429]


def test_a_reset_connection_ends_in_the_middle_of_the_body(meet: Connect) -> None:
    faulty = meet("reset=1,in_a_row_max=1")
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        faulty.login()
    assert faulty.login().status == 201


def test_truncated_json_is_a_whole_answer_to_http(meet: Connect) -> None:
    faulty = meet("truncated=1,in_a_row_max=1")
    with pytest.raises(json.JSONDecodeError):
        faulty.login()
    assert faulty.login().status == 201


def test_a_slow_answer_comes_in_the_end(meet: Connect) -> None:
    assert meet("slow=1,slow_seconds=0.01").get(CDRS, **RANGE).status == 200


def test_a_view_may_be_missing_for_good(meet: Connect) -> None:
    client = meet("missing_view_always=1")
    assert {client.get(CDRS, **RANGE).status for _ in range(5)} == {503}
    assert client.get(f"/accounts/{ALICE}").status == 200


def test_chunked_whatever_was_asked_quotes_its_figures(meet: Connect) -> None:
    answer = meet("chunked").get(CDRS, **RANGE, is_chunked="false", page_size=3)
    assert (answer.body["page_size"], len(answer.data)) == ("3", 3)
    assert "tokens" not in answer.body


def test_a_cut_stream_says_success_and_can_be_gone_on_with(meet: Connect) -> None:
    client = meet("cut_stream=1")
    cut = client.get(CDRS, **RANGE)
    assert (cut.body["status"], cut.body["page_size"], len(cut.data)) == ("success", "4", 4)
    assert len(client.everything(CDRS, **RANGE)) == 8
    assert len(client.get(CDRS, **RANGE, is_chunked="false").data) == 8


def test_a_stream_cut_between_two_months_looks_complete(meet: Connect) -> None:
    client = meet("cut_stream_keyless=1")
    cut = client.get(CDRS, **RANGE)
    assert (cut.body["status"], len(cut.data)) == ("success", 7)
    assert "next_start_key" not in cut.body
    assert len(client.get(CDRS, **RANGE, is_chunked="false").data) == 8


def test_a_repeated_key_never_ends(meet: Connect) -> None:
    client = meet("repeated_key=1")
    first = client.get(CDRS, **RANGE, page_size=2).body["next_start_key"]
    for _ in range(3):
        assert client.get(CDRS, **RANGE, page_size=2, start_key=first).body["next_start_key"] == first


def test_a_shorter_range_is_refused_with_its_seconds(meet: Connect) -> None:
    answer = meet("range_seconds=3600").get(CDRS, **RANGE)
    assert answer.status == 400
    assert "more than 3600 seconds" in answer.data["created_from"]["date_range"]["message"]


def test_many_rows_in_one_piece_are_refused_but_streamed(meet: Connect) -> None:
    client = meet("rows_max=5")
    assert client.get(CDRS, **RANGE, is_chunked="false").status == 416
    assert client.get(CDRS, **RANGE, is_chunked="false", page_size=5).status == 200
    assert client.get(CDRS, **RANGE).status == 200


def test_an_account_vanishes_but_not_the_own_one(meet: Connect) -> None:
    client = meet("vanish=1,vanish_after=2")
    assert [client.get(f"/accounts/{ALICE}").status for _ in range(4)] == [200, 200, 404, 404]
    assert {client.get(f"/accounts/{client.kazoo.account_id}").status for _ in range(4)} == {200}


def test_old_rows_have_fewer_columns_and_services_no_summary(meet: Connect) -> None:
    client = meet("old")
    row = client.get(CDRS, **RANGE).data[0]
    assert not {"interaction_id", "unix_timestamp_micro", "iso_8601_combined"} & row.keys()
    assert client.get(f"/accounts/{ALICE}/services/summary").status == 404
    assert client.get(f"/accounts/{ALICE}/services").data["account_quantities"] == {"devices": {"sip_device": 3}}
    (alice,) = client.get(f"/accounts/{client.kazoo.account_id}/descendants").data
    assert "flags" not in alice


def test_empty_columns_are_left_out(meet: Connect) -> None:
    (row, *_) = meet("no_empty").get(CDRS, **RANGE).data
    assert "callee_id_name" not in row
    assert "" not in row.values()


def test_unknown_keys_stand_in_envelopes_rows_and_documents(meet: Connect) -> None:
    client = meet("unknown_keys")
    listing = client.get(CDRS, **RANGE, is_chunked="false")
    assert "x_new" in listing.body
    assert all("x_new" in row for row in listing.data)
    assert "x_new" in client.get(f"/accounts/{ALICE}/limits").data
    assert client.get(f"/accounts/{ALICE}/services/summary").data["quantities"]["account"].keys() == {"devices"}


def test_noise_is_in_the_text_of_an_amount(meet: Connect) -> None:
    client = meet("float_noise")
    (entry, *_) = client.get(f"/accounts/{ALICE}/ledgers/per-minute-voip", **RANGE).data
    assert entry["amount"] == -0.09
    assert msgspec.json.encode(noisy({"amount": -0.09})) == b'{"amount":-0.089999999999999996669}'


def test_allotments_may_be_configured_for_nobody(world: ScriptedWorld, meet: Connect) -> None:
    world.allotments_of(ALICE, did_us={"amount": 600, "cycle": "monthly"})
    assert meet("calm").get(f"/accounts/{ALICE}/allotments").status == 200
    assert meet("no_allotments").get(f"/accounts/{ALICE}/allotments").status == 400


def test_words_change_what_those_before_them_left() -> None:
    assert parse_faults("calm") == parse_faults("") == CALM
    assert parse_faults("reset, seed=7") == Faults(reset=0.1, seed=7)
    assert parse_faults("throttled,bucket=50,old=true") == Faults(bucket=50, old=True)
    assert parse_faults("old,old=false,float_noise=false,no_empty=false") == CALM
    assert [parse_faults(name) for name in PROFILES] == list(PROFILES.values())


@pytest.mark.parametrize(
    "text", ["nonsense", "reset=often", "reset=-1", "old=1", "flaky=0.5", "bucket=1.5", "seed=inf"]
)
def test_what_is_no_fault_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["simulate", "kazoo", "--port", "0", "--faults", text], debug=False) == 2
    assert "--faults" in capsys.readouterr().err


def test_help_and_readme_name_every_fault_and_profile(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["simulate", "kazoo", "--help"], debug=False) == 0
    told = capsys.readouterr().out
    readme = (Path(str(simulate.__file__)).parent / "README.md").read_text("utf-8")
    for name in [*PROFILES, *(each.name for each in fields(Faults))]:
        assert name in told
        assert f"`{name}`" in readme
    assert len(described()) == len(fields(Faults))


def test_short_pages_have_a_key_to_go_on_with(meet: Connect) -> None:
    client = meet("short_pages=1")
    short = client.get(CDRS, **RANGE, page_size=8)
    assert len(short.data) == 4
    assert "next_start_key" in short.body
    assert len(client.everything(CDRS, **RANGE, page_size=8)) == 8


@pytest.mark.parametrize("faults", ["raw_keys", "raw_keys,chunked"])
def test_old_keys_are_json_and_can_be_gone_on_with(meet: Connect, faults: str) -> None:
    client = meet(faults)
    key = client.get(CDRS, **RANGE, is_chunked="false", page_size=3).body["next_start_key"]
    assert (json.loads(key) if "chunked" in faults else key)[1].startswith("202406-")
    ids = [row["id"] for row in client.everything(CDRS, **RANGE, is_chunked="false", page_size=3)]
    assert len(ids) == len({*ids}) == 8


def test_a_page_may_announce_a_row_that_it_lacks(meet: Connect) -> None:
    answer = meet("count_wrong=1").get(CDRS, **RANGE, is_chunked="false")
    assert (answer.body["page_size"], len(answer.data)) == (9, 8)


def test_lost_entries_are_summed_but_not_listed(meet: Connect) -> None:
    client = meet("lost_entries=1")
    answer = client.get(f"/accounts/{ALICE}/ledgers/per-minute-voip", **RANGE, is_chunked="false")
    assert (answer.data, answer.body["page_size"]) == ([], 0)
    assert client.get(f"/accounts/{ALICE}/ledgers/summary/202406").data["summary"]["per-minute-voip"]["amount"] < 0


def test_a_token_may_live_shortly(meet: Connect) -> None:
    now = [1_733_832_000.0]
    client = meet("token_seconds=60", clock=lambda: now[0])
    assert client.get(f"/accounts/{ALICE}").status == 200
    now[0] += 61
    assert client.get(f"/accounts/{ALICE}").status == 401


def test_a_locked_account_lets_nobody_in(meet: Connect) -> None:
    assert meet("locked").login().status == 423


def test_a_clock_may_go_ahead(meet: Connect) -> None:
    ahead = meet("clock_ahead_seconds=600", clock=lambda: 1_733_832_000.0).login()
    assert ahead.body["timestamp"] == "2024-12-10T12:10:00Z"


def test_the_resellers_columns_may_be_hidden(meet: Connect) -> None:
    (row, *_) = meet("no_reseller_view").get(CDRS, **RANGE).data
    assert "cost" in row
    assert not {"reseller_cost", "reseller_call_type"} & row.keys()


@pytest.mark.parametrize(
    "fault", ["old", "no_empty", "no_reseller_view", "unknown_keys", "float_noise", "lost_entries=1"]
)
def test_what_is_made_of_rows_is_made_of_those_of_a_made_up_world_too(connect: Connect, fault: str) -> None:
    """Its rows are finished text, and `simulate kazoo` serves no other."""

    def told(faults: str) -> list[str]:
        world = GeneratedWorld(seed=3, accounts=2, calls=600)
        client = connect(world, faults=parse_faults(faults))
        client.login()
        found = []
        for account in world.descendants(client.kazoo.account_id):
            for path in ("cdrs", "ledgers/per-minute-voip"):
                url = f"/v2/accounts/{account.id}/{path}?{urllib.parse.urlencode(RANGE)}&is_chunked=false&page_size=500"
                connection = http.client.HTTPConnection(urllib.parse.urlsplit(client.kazoo.url).netloc, timeout=20)
                connection.request("GET", url, headers={"X-Auth-Token": client.token})
                found.append(re.split('"status"', connection.getresponse().read().decode())[0])
                connection.close()
        return found

    calm = told("calm")
    assert sum('"id":"20240' in each for each in calm) > 2
    assert told(fault) != calm
