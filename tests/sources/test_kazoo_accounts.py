"""The tree, what stands on each account, and what each account's snapshot holds."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

import pytest

from reseller_reporting.model.account import Account, Snapshot
from reseller_reporting.model.errors import KazooDenied, KazooUnavailable
from reseller_reporting.model.ids import AccountId, LegId
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.simulate.scripted import Rate, invoice, invoice_item
from reseller_reporting.simulate.world import ForcedAnswer
from reseller_reporting.sources.kazoo.client import Client
from reseller_reporting.sources.kazoo.snapshots import amount, services_of
from reseller_reporting.sources.kazoo.source import KazooSource

Asked = Any  # The fixture of conftest.py.
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
UK = Rate(units=300, name="UK")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Cast:
    """Acme is the reseller, Alice and Bob its customers, Sub a reseller below it with a customer of its own."""

    def __init__(self, asked: Asked) -> None:
        world = asked.world
        self.acme = world.reseller("Acme", timezone="Europe/Berlin")
        self.alice = world.customer("Alice", parent=self.acme, timezone="America/New_York")
        self.bob = world.customer("Bob", parent=self.alice)
        self.sub = world.reseller("Sub", parent=self.acme)
        self.dora = world.customer("Dora", parent=self.sub)
        other = world.reseller("Other")
        self.charlie = world.customer("Charlie", parent=other)


@pytest.fixture
def cast(asked: Asked) -> Cast:
    return Cast(asked)


def test_the_tree_says_whose_customer_each_account_is(asked: Asked, cast: Cast) -> None:
    asked.options["page_size"] = 2

    async def tree(source: KazooSource) -> Any:
        own = await source.reseller()
        return own, await source.customers(own)

    own, customers = asked.ask(tree)
    assert (own.id, own.name, own.is_reseller, own.timezone) == (cast.acme, "Acme", True, "Europe/Berlin")
    found = {account.name: account for account in customers.accounts}
    assert found.keys() == {"Alice", "Bob", "Sub", "Dora"}
    assert {name: account.reseller_id for name, account in found.items()} == {
        "Alice": cast.acme,
        "Bob": cast.acme,
        "Sub": cast.acme,
        "Dora": cast.sub,
    }
    assert [name for name, account in found.items() if account.is_reseller] == ["Sub"]
    assert found["Bob"].parent_id == cast.alice
    assert found["Bob"].timezone == "America/New_York"
    assert found["Dora"].timezone == "Europe/Berlin"
    assert customers.failed == {}


def test_an_account_that_fails_stands_in_the_tree_with_its_reason(asked: Asked, cast: Cast) -> None:
    refused = {cast.dora: ForcedAnswer(403, "forbidden", {}), cast.bob: ForcedAnswer(404, "bad_identifier", {})}
    asked.world.forced_answer = lambda account_id, path: refused.get(account_id) if path == "" else None

    async def tree(source: KazooSource) -> Any:
        return await source.customers(await source.reseller())

    customers = asked.ask(tree)
    found = {account.id: account for account in customers.accounts}
    assert customers.failed.keys() == {cast.dora, cast.bob}
    assert "does not permit" in customers.failed[cast.dora]
    assert found[cast.dora].reseller_id == cast.sub
    assert found[cast.bob].reseller_id == cast.acme


def test_a_source_is_named_by_its_host(asked: Asked, cast: Cast) -> None:
    async def name(source: KazooSource) -> str:
        return source.name

    assert asked.ask(name) == "kazoo:127.0.0.1"


def test_ledger_entries_are_those_whose_period_starts_in_the_span(asked: Asked, cast: Cast) -> None:
    inside = asked.world.call(
        cast.alice, started_at=at("2026-10-05 12:00"), number="+442071234567", rate=UK, answered_seconds=125
    )
    asked.world.call(cast.alice, started_at=at("2026-10-31 23:59:30"), number="+442071234567", rate=UK)
    asked.world.ledger_entry(
        cast.alice,
        units=-7,
        written_at=at("2026-11-01 00:00:02"),
        period_at=at("2026-10-31 23:59:59"),
        source_id="late",
    )

    async def entries(source: KazooSource) -> Any:
        reseller = [b.to_pylist() async for b in source.ledger_entries(AccountId(cast.acme), *OCTOBER)]
        customer = [b.to_pylist() async for b in source.ledger_entries(AccountId(cast.alice), *OCTOBER)]
        return [*chain(*reseller)], [*chain(*customer)]

    reseller, customer = asked.ask(entries)
    [entry] = reseller
    assert entry["call_id"] == inside.stored["call_id"]
    assert (entry["account_id"], entry["ledger_account_id"]) == (cast.alice, cast.acme)
    assert (entry["amount_units"], entry["charged_seconds"], entry["answered_seconds"]) == (-900, 180, 125)
    assert (entry["rate_units"], entry["rate_increment_seconds"], entry["rate_minimum_seconds"]) == (300, 60, 60)
    assert (entry["rate_nocharge_seconds"], entry["rate_name"], entry["service"]) == (0, "UK", "per-minute-voip")
    assert entry["month"] == "2026-10"
    assert sorted(each["amount_units"] for each in customer) == [-900, -7]


def test_a_ledger_that_cannot_be_listed_is_said(asked: Asked, cast: Cast) -> None:
    asked.world.answer(cast.alice, "/ledgers/per-minute-voip", status=503)

    async def told(source: KazooSource) -> Any:
        warnings: list[ReportWarning] = []
        rows = [b.num_rows async for b in source.ledger_entries(AccountId(cast.alice), *OCTOBER, warnings=warnings)]
        return rows, {warning.code for warning in warnings}

    assert asked.ask(told) == ([], {"datastore_missing_view"})

    async def silent(source: KazooSource) -> Any:
        return [batch async for batch in source.ledger_entries(AccountId(cast.alice), *OCTOBER)]

    with pytest.raises(KazooUnavailable, match="lacks the view"):
        asked.ask(silent)
    asked.world.answer(cast.alice, "/ledgers/per-minute-voip", status=403)
    with pytest.raises(KazooDenied):
        asked.ask(silent)


def taken(asked: Asked, account_id: str) -> tuple[Snapshot, list[ReportWarning]]:
    async def take(source: KazooSource) -> tuple[Snapshot, list[ReportWarning]]:
        return await source.snapshot(Account(id=AccountId(account_id), name="Alice"))

    return asked.ask(take)  # type: ignore[no-any-return]


def test_a_snapshot_holds_services_limits_users_and_devices(asked: Asked, cast: Cast) -> None:
    user = asked.world.user(cast.alice, "Ann", "Lee")
    nameless = asked.world.user(cast.alice, username="bot")
    device = asked.world.device(cast.alice, "Desk")
    asked.world.limits_of(cast.alice, twoway_trunks=2, allow_prepay=True)
    asked.world.services_of(
        cast.alice,
        account={"devices": {"sip_device": 6}},
        cascade={"devices": {"sip_device": 3}},
        manual={"devices": {"sip_device": 5}},
        invoices=[invoice([invoice_item("devices", "sip_device", quantity=6, rate=1.0)])],
    )
    snapshot, warnings = taken(asked, cast.alice)
    assert warnings == []
    assert snapshot.users == {user: "Ann Lee", nameless: "bot"}
    assert snapshot.devices == {device: "Desk"}
    assert snapshot.limits is not None
    assert (snapshot.limits.twoway_trunks, snapshot.limits.inbound_trunks) == (2, None)
    assert snapshot.services is not None
    assert snapshot.services.quantity("devices", "sip_device") == 5
    assert snapshot.services.cascade == {("devices", "sip_device"): 3}
    assert snapshot.services.recurring == Decimal(6)


def test_each_part_of_a_snapshot_fails_alone(asked: Asked, cast: Cast) -> None:
    asked.world.answer(cast.alice, "/services", status=403)
    asked.world.answer(cast.alice, "/services/summary", status=403)
    asked.world.answer(cast.alice, "/users", status=500)
    snapshot, warnings = taken(asked, cast.alice)
    assert (snapshot.services, snapshot.users) == (None, None)
    assert snapshot.limits is not None
    assert snapshot.devices == {}
    assert [warning.code for warning in warnings] == ["services_not_read", "users_not_read"]


def test_services_of_the_old_kind_are_read(asked: Asked, cast: Cast) -> None:
    old = {"account_quantities": {"devices": {"sip_device": 4, "fax": 0}}, "cascade_quantities": {}, "billing_id": "x"}
    asked.world.answer(cast.alice, "/services", status=200, data=old)
    asked.world.answer(cast.alice, "/services/summary", status=404)
    snapshot, warnings = taken(asked, cast.alice)
    assert warnings == []
    assert snapshot.services is not None
    assert snapshot.services.account == {("devices", "sip_device"): 4, ("devices", "fax"): 0}


def test_an_invoice_item_knows_its_plan() -> None:
    plan = {
        "devices": {
            "_all": {"as": "sip_device", "rate": Decimal("0.5"), "cascade": True, "exceptions": ["softphone"]},
            "sip_device": {"rate": Decimal("1.0")},
        }
    }
    items = [
        {"category": "devices", "item": "sip_device", "quantity": 2, "rate": Decimal("1.0"), "total": Decimal("2.0")},
        {
            "category": "devices",
            "item": "sip_device",
            "quantity": 9,
            "billable": 9,
            "rate": Decimal("0.5"),
            "total": Decimal("6.9900000000000002132"),
            "discounts": {"single": {"rate": Decimal("0.5")}, "cumulative": {"quantity": 2, "rate": Decimal("0.25")}},
        },
    ]
    services = services_of({"quantities": {}, "invoices": [{"items": items, "plan": plan, "bookkeeper": {"id": "b"}}]})
    real, every = services.items
    assert (real.item, real.cascade, real.exceptions, real.billable) == ("sip_device", False, (), 2)
    assert (every.item, every.cascade, every.exceptions) == ("_all", True, ("softphone",))
    assert (every.total, every.discount, every.bookkeeper_id) == (Decimal("6.99"), Decimal("1"), "b")
    assert services.recurring == Decimal("8.99")


@pytest.mark.parametrize(
    ("printed", "meant"), [("6.9900000000000002132", "6.99"), (120, "120"), (None, "0"), ("NaN", "0"), (True, "0")]
)
def test_amounts_lose_the_noise_of_doubles(printed: object, meant: str) -> None:
    assert str(amount(printed)) == meant


def test_leg_documents_carry_the_parts_of_the_rate_and_missing_ones_are_left_out(asked: Asked, cast: Cast) -> None:
    priced = asked.world.call(
        cast.alice,
        started_at=at("2026-10-31 23:59:30"),
        number="+442071234567",
        rate=Rate(units=300, surcharge=5000, discount=10, nocharge=5),
        answered_seconds=120,
        call_id="a;b/c@10.0.0.1",
        channel={"discount_percentage": "10.5"},
    )

    async def documents(source: KazooSource) -> Any:
        ids = [LegId(priced.id), LegId("202610-gone@x")]
        return (await source.leg_documents(AccountId(cast.alice), ids)).table.to_pylist()

    [row] = asked.ask(documents)
    assert (row["leg_id"], row["month"]) == (priced.id, "2026-10")
    assert (row["rate_units"], row["rate_increment_seconds"], row["rate_minimum_seconds"]) == (300, 60, 60)
    assert (row["surcharge_units"], row["rate_nocharge_seconds"], row["discount_percent"]) == (5000, 5, 11)


def test_one_login_serves_a_whole_session(asked: Asked, cast: Cast) -> None:
    async def everything(source: KazooSource) -> None:
        customers = await source.customers(await source.reseller())
        for account in customers.accounts:
            await source.snapshot(account)

    asked.ask(everything)
    assert sum(request.method == "PUT" for request in asked.kazoo.requests) == 1


def test_a_client_does_not_show_its_token(asked: Asked, cast: Cast) -> None:
    async def shown(source: KazooSource) -> str:
        client: Client = source._client
        return repr(client) + repr(source)

    assert asked.kazoo is None
    assert "token" not in asked.ask(shown).lower()
