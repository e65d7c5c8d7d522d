"""The reports' cast: Acme is the reseller, Alice its customer; legs in a shorthand that names only what matters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from reseller_reporting.model.account import Account, Limits
from reseller_reporting.model.call_type import is_billable, is_per_minute
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.period import parse_period
from reseller_reporting.model.tables import RATED_LEGS
from reseller_reporting.model.trunks import Ran, TagDifference, TrunkFigures
from reseller_reporting.reports.facts import AccountFacts

MakeBatch = Callable[..., pa.RecordBatch]
MakeFacts = Callable[..., AccountFacts]

_ACME = Account(id=AccountId("a" * 32), name="Acme", is_reseller=True)
_ALICE = Account(id=AccountId("b" * 32), name="Alice", realm="alice.example.com", reseller_id=_ACME.id)
_OCTOBER = parse_period("2026-10", timezone="Europe/Berlin", now=datetime(2026, 11, 2, tzinfo=UTC))


def _leg(number: int, leg: dict[str, Any]) -> dict[str, Any]:
    """A leg of 60 s over the reseller's credit, one minute after the one before, but for what is said."""
    row = {
        "started_at": _OCTOBER.from_at + timedelta(minutes=number),
        "leg_id": f"202610-call-{number}",
        "call_id": f"call-{number}",
        "caller_id_number": "+14155550100",
        "dialed_number": "+4930123456",
        "rate_units": 300,
        "rate_name": "DE-49",
        "reseller_call_type": "per_minute",
        "customer_call_type": "",
        "customer_cost_units": 0,
        "breakdown": "60 s min @ 0.0300/min",
        "direction": "outbound",
        "country_code": "DE",
        "owner_id": "",
        "answered_seconds": 60,
        **leg,
    }
    types = (row["customer_call_type"], row["reseller_call_type"])
    no_view = row["reseller_call_type"] is None
    reseller_cost = 300 if row["reseller_call_type"] == "per_minute" else 0
    row.setdefault("reseller_cost_units", None if no_view else reseller_cost)
    row.setdefault("charged_seconds", row["answered_seconds"] if is_per_minute(*types) else None)
    row.setdefault("is_billable", is_billable(*types))
    return row


@pytest.fixture
def make_batch() -> MakeBatch:
    def make(*legs: dict[str, Any]) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist([_leg(number, leg) for number, leg in enumerate(legs)], schema=RATED_LEGS)

    return make


@pytest.fixture
def make_facts() -> MakeFacts:
    def make(*, name: str = "Alice", **given: Any) -> AccountFacts:
        account = replace(_ALICE, name=name)
        known = {"account": account, "reseller": _ACME, "period": _OCTOBER, "currency": "USD", "data_from": "kazoo"}
        return AccountFacts(**{**known, **given})

    return make


@pytest.fixture
def own_trunks() -> TrunkFigures:
    """Three trunks, full on Mondays from 9 to 10."""
    quiet_day = (0,) * 24
    busy_monday = (*quiet_day[:9], 3, *quiet_day[10:])
    return TrunkFigures(
        limits=Limits(twoway_trunks=3),
        flat=Ran(40, 2400, 0),
        burst=Ran(0, 0, 0),
        over=Ran(2, 90, 1234),
        not_asked=Ran(5, 30, 0),
        calls_max=3,
        peak=3,
        peak_at=datetime(2026, 10, 5, 7, 30, 5, tzinfo=UTC),
        demand_peak=5,
        full_seconds=77,
        peak_by_hour=(busy_monday, *(quiet_day,) * 6),
        agreeing=47,
        differing=0,
        differences=(),
    )


@pytest.fixture
def pooled_trunks(own_trunks: TrunkFigures) -> TrunkFigures:
    return replace(own_trunks, accounts=4, legs_of_all=(400, 0, 20, 50))


@pytest.fixture
def difference() -> Callable[..., TagDifference]:
    def make(**given: Any) -> TagDifference:
        usual = {
            "started_at": datetime(2026, 10, 5, 7, 31, tzinfo=UTC),
            "call_id": "x@1",
            "direction": "outbound",
            "number": "+12125550100",
            "said": "flat_rate",
            "replayed": "over: no trunk was free",
        }
        return TagDifference(**{**usual, **given})

    return make
