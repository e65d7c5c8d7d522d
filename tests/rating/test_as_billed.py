"""A leg as KAZOO billed it: charged seconds by their source, and which legs need their document."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from reseller_reporting.model.tables import EXPLAINED_LEGS, RATED_LEGS
from reseller_reporting.rating.as_billed import explained, needs_document, rate_batch

ENTRY = {
    "entry_charged_seconds": 180,
    "entry_rate_units": 300,
    "entry_increment_seconds": 60,
    "entry_minimum_seconds": 60,
    "entry_nocharge_seconds": 0,
}
DOCUMENT = {
    "has_document": True,
    "document_rate_units": 300,
    "document_increment_seconds": 60,
    "document_minimum_seconds": 60,
    "document_nocharge_seconds": 0,
    "document_surcharge_units": 0,
    "document_discount_percent": 0,
}


def batch(*legs: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([leg(number, **facts) for number, facts in enumerate(legs)], EXPLAINED_LEGS)


def leg(number: int = 0, **facts: Any) -> dict[str, Any]:
    """An answered call to Britain, 125 s at 0.0300, paid by the minute by customer and reseller."""
    blank: dict[str, Any] = dict.fromkeys(EXPLAINED_LEGS.names)
    blank |= {field.name: "" for field in EXPLAINED_LEGS if not field.nullable and field.type == pa.string()}
    blank |= {field.name: 0 for field in EXPLAINED_LEGS if not field.nullable and field.type == pa.int64()}
    usual = {
        "leg_id": f"202610-{number}",
        "call_id": str(number),
        "started_at": datetime(2026, 10, 1, tzinfo=UTC),
        "direction": "outbound",
        "caller_id_number": "+12125551234",
        "dialed_number": "+442079460000",
        "answered_seconds": 125,
        "customer_call_type": "per_minute",
        "customer_cost_units": 900,
        "reseller_call_type": "per_minute",
        "reseller_cost_units": 900,
        "rate_units": 300,
        "rate_name": "UK",
        "has_document": False,
    }
    return blank | usual | facts


def rated(**facts: Any) -> dict[str, Any]:
    row: dict[str, Any] = rate_batch(batch(facts)).to_pylist()[0]
    return row


def needs(**facts: Any) -> bool:
    (leg,) = explained(batch(facts))
    return needs_document(leg)


@pytest.mark.parametrize(
    ("facts", "charged"),
    [
        (ENTRY, 180),
        (ENTRY | {"entry_charged_seconds": 186}, 186),  # What was really charged, whatever the formula says.
        (ENTRY | {"answered_seconds": 0}, 180),
        (DOCUMENT, 180),
        (DOCUMENT | ENTRY | {"entry_charged_seconds": 186}, 186),
        (DOCUMENT | {"document_nocharge_seconds": 125}, 0),
        ({"has_document": True}, 180),  # Nothing on the document: whole minutes, as KAZOO counts.
        ({"answered_seconds": 0}, 0),
        ({}, None),  # Nothing says.
        (DOCUMENT | {"reseller_call_type": "flat_rate"}, 180),  # The customer pays by the minute.
        (DOCUMENT | {"customer_call_type": "flat_rate"}, 180),
        (DOCUMENT | {"reseller_call_type": None, "reseller_cost_units": None}, 180),
        (DOCUMENT | {"customer_call_type": "flat_rate", "reseller_call_type": "flat_rate"}, None),
        ({"customer_call_type": "", "reseller_call_type": "", "answered_seconds": 0}, None),
    ],
)
def test_charged_seconds_come_from_the_ledger_else_from_the_document(
    facts: dict[str, Any], charged: int | None
) -> None:
    assert rated(**facts)["charged_seconds"] == charged


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (ENTRY, False),
        (ENTRY | {"entry_rate_units": 333}, True),  # A surcharge, a discount or another rate: the ledger knows not.
        (ENTRY | {"entry_rate_units": None}, True),
        (ENTRY | {"entry_charged_seconds": None}, False),
        (ENTRY | {"entry_increment_seconds": None, "entry_minimum_seconds": None}, False),
        ({}, True),
        ({"customer_cost_units": 0, "reseller_cost_units": 0}, True),  # No entry where nothing was charged.
        ({"has_document": True}, False),
        ({"answered_seconds": 0}, False),
        ({"customer_call_type": "flat_rate", "reseller_call_type": "limits_disabled"}, False),
        ({"customer_call_type": "flat_rate"}, True),
        (ENTRY | {"customer_call_type": "flat_rate", "customer_cost_units": 0}, False),  # The reseller's cost counts.
        (ENTRY | {"reseller_call_type": None, "reseller_cost_units": None}, False),
    ],
)
def test_documents_are_for_legs_whose_cost_the_ledgers_rate_does_not_explain(
    facts: dict[str, Any], expected: bool
) -> None:
    assert needs(**facts) is expected


def test_the_document_explains_before_the_ledger_does() -> None:
    facts = DOCUMENT | {"document_surcharge_units": 5000} | ENTRY | {"reseller_cost_units": 5900}
    assert rated(**facts)["breakdown"] == "0.5000 + 60 s min + 2 × 60 s @ 0.0300/min"
    assert rated(**ENTRY)["breakdown"] == "60 s min + 2 × 60 s @ 0.0300/min"


def test_the_breakdown_is_about_the_resellers_cost_alone() -> None:
    assert rated(**ENTRY, reseller_call_type="flat_rate", reseller_cost_units=0)["breakdown"] == "trunk (flat_rate)"
    assert rated(**ENTRY, reseller_call_type=None, reseller_cost_units=None)["breakdown"] == ""


def test_the_country_is_the_far_ends() -> None:
    assert rated()["country_code"] == "GB"
    assert rated(direction="inbound")["country_code"] == "US"
    assert rated(direction="inbound", caller_id_number="anonymous")["country_code"] == "ZZ"


def test_a_leg_is_billable_when_either_party_has_a_tag() -> None:
    assert rated()["is_billable"]
    assert rated(customer_call_type="")["is_billable"]
    assert not rated(customer_call_type="", reseller_call_type="")["is_billable"]
    assert not rated(customer_call_type="", reseller_call_type=None)["is_billable"]


def test_figures_that_kazoo_states_are_passed_on_row_by_row() -> None:
    legs = batch(ENTRY, {"reseller_call_type": None, "reseller_cost_units": None}, {"owner_id": "alice"})
    made = rate_batch(legs)
    assert made.schema == RATED_LEGS
    made.validate(full=True)
    for name in set(RATED_LEGS.names) & set(EXPLAINED_LEGS.names):
        assert made.column(name).equals(legs.column(name)), name


def test_a_batch_may_be_empty_or_a_slice() -> None:
    legs = batch({}, ENTRY, DOCUMENT)
    assert rate_batch(legs.slice(0, 0)).num_rows == 0
    assert rate_batch(legs.slice(1, 2)).to_pylist() == rate_batch(legs).to_pylist()[1:]


def test_charged_seconds_beyond_what_a_column_holds_are_not_known() -> None:
    """60 s and two parts of 2^62 s."""
    facts = ENTRY | {"entry_charged_seconds": None, "entry_increment_seconds": 2**62, "entry_minimum_seconds": 60}
    assert rated(**facts, answered_seconds=2**63 - 1)["charged_seconds"] is None
    assert rated(**facts, answered_seconds=59)["charged_seconds"] == 60
