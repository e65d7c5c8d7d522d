"""The made-up world: the same each time, lifelike, and in agreement with itself to the unit."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from reseller_reporting.simulate import gregorian
from reseller_reporting.simulate.generate import LEGS_REMEMBERED, GeneratedWorld
from reseller_reporting.simulate.generate_legs import DAY_SECONDS, Leg
from reseller_reporting.simulate.listing import document_charge, listing_row
from reseller_reporting.simulate.world import Span, World

Connect = Callable[..., Any]
MONTH = "202405"
START, END = gregorian.month_start(MONTH), gregorian.month_start("202406")


@pytest.fixture(scope="module")
def world() -> GeneratedWorld:
    return GeneratedWorld(seed=7, accounts=14, calls=3_000)


def reseller_of(world: World) -> str:
    return world.logins[0].account_id


def legs_of(world: World, account_id: str, month: str = MONTH) -> list[Leg]:
    first, after = gregorian.month_start(month), gregorian.month_start(gregorian.month_after(month))
    legs = list(world.cdrs(account_id, month, Span.of_seconds(first, after + DAY_SECONDS)))
    assert all(isinstance(leg, Leg) for leg in legs)
    return legs  # type: ignore[return-value]


def every_leg(world: World) -> list[Leg]:
    ids = [reseller_of(world), *(record.id for record in world.descendants(reseller_of(world)))]
    return [leg for account_id in ids for leg in legs_of(world, account_id)]


def test_the_same_seed_makes_the_same_world_and_another_seed_another(world: GeneratedWorld) -> None:
    again = GeneratedWorld(seed=7, accounts=14, calls=3_000)
    account_id = world.descendants(reseller_of(world))[0].id
    backwards = list(again.cdrs(account_id, MONTH, Span((START, ""), (END + DAY_SECONDS, "z"), descending=True)))
    assert [leg.document() for leg in legs_of(world, account_id)] == [leg.document() for leg in reversed(backwards)]
    assert GeneratedWorld(seed=8, accounts=14, calls=3_000).logins[0].api_key != world.logins[0].api_key


def test_accounts_counts_the_resellers_customers_and_the_sub_reseller_has_its_own(world: GeneratedWorld) -> None:
    records = world.descendants(reseller_of(world))
    own = [record for record in records if record.reseller_id == reseller_of(world)]
    assert len(own) == 14
    (sub,) = [record for record in own if record.is_reseller]
    assert len([record for record in records if record.reseller_id == sub.id]) >= 2
    names = Counter(record.name for record in records)
    assert [count for count in names.values() if count > 1] == [2]
    assert any(not name.isascii() for name in names)
    assert any(len(record.tree) == 3 and record.reseller_id == reseller_of(world) for record in records)


def test_about_as_many_billable_legs_as_asked(world: GeneratedWorld) -> None:
    billable = [leg for leg in every_leg(world) if leg.customer_tag]
    assert 2_600 < len(billable) < 3_600
    unanswered = [leg for leg in billable if not leg.answered_seconds]
    assert 0.08 < len(unanswered) / len(billable) < 0.25


def test_rows_are_those_that_kazoo_makes_of_the_documents(world: GeneratedWorld) -> None:
    for leg in every_leg(world):
        for is_reseller in (False, True):
            row = leg.row(is_reseller=is_reseller, utc_offset_seconds=0)
            assert isinstance(row, msgspec.Raw)
            wanted = listing_row(leg.document(), is_reseller)
            assert json.loads(bytes(row)) == wanted
            assert list(json.loads(bytes(row))) == list(wanted)


def test_every_way_of_paying_occurs(world: GeneratedWorld) -> None:
    tags = Counter((leg.customer_tag, leg.reseller_tag) for leg in every_leg(world) if leg.customer_tag)
    customer, reseller = {pair[0] for pair in tags}, {pair[1] for pair in tags}
    assert {
        "per_minute",
        "flat_rate",
        "flat_rate_burst",
        "limits_disabled",
        "limits_enforced",
        "hard_limit",
    } <= customer
    assert any(tag.startswith("allotment_") for tag in customer)
    assert {"per_minute", "flat_rate", "flat_rate_burst", "limits_disabled", "limits_enforced"} <= reseller
    assert tags["flat_rate", "per_minute"]
    assert tags["per_minute", "flat_rate"]


def test_ledgers_agree_with_the_calls_to_the_unit(world: GeneratedWorld) -> None:
    reseller_id = reseller_of(world)
    owed: Counter[str] = Counter()
    for leg in every_leg(world):
        cost_units = document_charge(leg.document()).cost_units
        if leg.customer_tag == "per_minute":
            owed[leg.party.record.id] += cost_units
        if leg.reseller_tag == "per_minute":
            owed[leg.party.record.reseller_id] += cost_units
    for account_id in [reseller_id, *(record.id for record in world.descendants(reseller_id))]:
        began = _debited(world, account_id)
        assert began == owed[account_id], account_id


def _debited(world: GeneratedWorld, account_id: str) -> int:
    """What the ledgers of this month and the next say of calls of this month's databases."""
    ids = {leg.call_id for leg in every_leg(world)}
    entries = [
        *world.ledger(account_id, MONTH, Span.of_seconds(START, END), "per-minute-voip"),
        *world.ledger(account_id, "202406", Span.of_seconds(END, END + DAY_SECONDS), "per-minute-voip"),
    ]
    assert len({entry.id for entry in entries}) == len(entries)
    return -sum(entry.units for entry in entries if entry.source_id in ids)


def test_calls_cross_the_months_end_into_the_database_of_their_beginning() -> None:
    busy = GeneratedWorld(seed=3, accounts=4, calls=60_000)
    crossing = [leg for leg in every_leg(busy) if leg.saved >= END]
    assert crossing
    assert {leg.id[:6] for leg in crossing} == {MONTH}


def test_a_leg_is_found_by_its_id(world: GeneratedWorld) -> None:
    account_id = world.descendants(reseller_of(world))[2].id
    leg = legs_of(world, account_id)[-1]
    found = world.cdr(account_id, leg.id)
    assert found is not None
    assert found.document() == leg.document()
    assert world.cdr(account_id, f"{MONTH}-unknown") is None
    assert world.cdr(account_id, leg.id + "x") is None


def test_quantities_agree_with_what_is_listed(world: GeneratedWorld) -> None:
    reseller_id = reseller_of(world)
    below = world.descendants(reseller_id)
    summaries = {record.id: world.services_summary(record.id) for record in below}
    quantities: Any = {account_id: summary["quantities"] for account_id, summary in summaries.items()}
    for record in below:
        counted = quantities[record.id]["account"]
        assert sum(counted["users"].values()) == len(world.users(record.id))
        assert sum(counted["devices"].values()) == len(world.devices(record.id))
        assert sum(counted["phone_numbers"].values()) == len(world.phone_numbers(record.id))
    cascade: Any = world.services_summary(reseller_id)["quantities"]
    assert cascade["cascade"]["users"]["user"] == sum(
        each["account"]["users"].get("user", 0) for each in quantities.values()
    )


def test_memory_is_bounded_however_much_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LEGS_REMEMBERED < 1_000_000
    monkeypatch.setattr("reseller_reporting.simulate.generate.LEGS_REMEMBERED", 500)
    small = GeneratedWorld(seed=3, accounts=4, calls=3_000)
    account_id = small.descendants(reseller_of(small))[0].id
    everything = [leg.id for leg in legs_of(small, account_id)]
    assert small._days._weight < 1_500
    assert [leg.id for leg in legs_of(small, account_id)] == everything


def test_the_server_pages_through_the_made_up_past(world: GeneratedWorld, connect: Connect) -> None:
    client = connect(world)
    account_id = max(world.descendants(reseller_of(world)), key=lambda record: len(legs_of(world, record.id))).id
    wanted = [leg.id for leg in legs_of(world, account_id) if leg.saved < END]
    window = {"created_from": START, "created_to": END - 1, "page_size": 70}
    for is_chunked in ("true", "false"):
        rows = client.everything(f"/accounts/{account_id}/cdrs", is_chunked=is_chunked, **window)
        assert [row["id"] for row in reversed(rows)] == wanted
    summary = client.get(f"/accounts/{reseller_of(world)}/services/summary").data
    items = summary["invoices"][0]["items"]
    assert items
    assert summary["invoices"][0]["plan"]["users"]["user"]["cascade"] is True
    assert client.get(f"/accounts/{reseller_of(world)}/ledgers/summary/{MONTH}").data["breakdown"]
