"""Billed columns against the scalar rules: random legs, each column the same, leg by leg."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_as_billed import DOCUMENT, ENTRY, batch

from reseller_reporting.model.tables import PRICEABLE_LEGS
from reseller_reporting.rating import as_billed, columns
from reseller_reporting.rating.billed_columns import needing_documents, priceable_batch, rate_batch
from reseller_reporting.rating.charge import kazoo_cost

TYPES = st.sampled_from(["", "per_minute", "per_minute", "per_minute", "flat_rate", "allotment_did_us", "Per_Minute"])
SECONDS = st.one_of(st.sampled_from([0, 1, 5, 6, 30, 59, 60, 61, 180]), st.integers(-70, 400))
UNITS = st.one_of(st.sampled_from([0, 0, 43, 100, 124, 300]), st.integers(-5, 30_000))
LARGE = st.sampled_from([2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**31), -(2**63)])


@st.composite
def legs(draw: st.DrawFn, figures: st.SearchStrategy[int] = UNITS) -> dict[str, Any]:
    """As the store may give them, and worse: every figure its own, costs that agree with the rate or do not."""
    seconds = st.one_of(SECONDS, SECONDS, SECONDS, figures)
    leg: dict[str, Any] = {
        "direction": draw(st.sampled_from(["outbound", "inbound", ""])),
        "caller_id_number": draw(st.sampled_from(["+442079460000", "", "anonymous", "+4930123456"])),
        "answered_seconds": draw(seconds),
        "customer_call_type": draw(TYPES),
        "reseller_call_type": draw(st.one_of(st.none(), TYPES)),
        "rate_units": draw(figures),
        "rate_name": draw(st.sampled_from(["", "UK", "DE-49"])),
        "has_document": draw(st.booleans()),
        "entry_charged_seconds": draw(st.one_of(st.none(), st.none(), seconds)),
    }
    for origin in ("entry", "document"):
        leg[f"{origin}_rate_units"] = draw(st.one_of(st.none(), figures))
        for part in ("increment_seconds", "minimum_seconds", "nocharge_seconds"):
            leg[f"{origin}_{part}"] = draw(st.one_of(st.none(), st.just(0), seconds))
    leg["document_surcharge_units"] = draw(st.one_of(st.none(), figures))
    leg["document_discount_percent"] = draw(st.sampled_from([None, 0, 0, 10, 33]))
    (explained,) = as_billed.explained(batch(leg))
    parts = as_billed.parts_of(explained)
    agreed = kazoo_cost(**parts._asdict(), answered_seconds=leg["answered_seconds"]).cost_units if parts else 0
    agreed = agreed if abs(agreed) < 2**63 else 0
    leg["customer_cost_units"] = draw(st.one_of(st.just(agreed), st.just(agreed), figures))
    leg["reseller_cost_units"] = draw(st.one_of(st.none(), st.just(agreed), st.just(agreed), figures))
    return leg


def assert_as_defined(rows: pa.RecordBatch) -> None:
    assert rate_batch(rows).to_pylist() == as_billed.rate_batch(rows).to_pylist()
    needing = [
        leg_id
        for leg_id, leg in zip(rows.column("leg_id").to_pylist(), as_billed.explained(rows), strict=True)
        if as_billed.needs_document(leg)
    ]
    assert needing_documents(rows).column("leg_id").to_pylist() == needing


@given(st.lists(legs(), max_size=40))
@settings(max_examples=120, deadline=None)
@example([ENTRY, DOCUMENT, ENTRY | {"reseller_cost_units": 901}, {}])
def test_columns_say_of_each_leg_what_the_scalar_rules_say(some: list[dict[str, Any]]) -> None:
    assert_as_defined(batch(*some))


@given(st.lists(legs(st.one_of(UNITS, LARGE)), min_size=1, max_size=6))
@settings(deadline=None)
def test_figures_beyond_all_measure_are_left_to_the_scalar_rules(some: list[dict[str, Any]]) -> None:
    assert_as_defined(batch(*some))


@given(st.lists(legs(st.one_of(UNITS, UNITS, LARGE)), max_size=20))
@settings(deadline=None)
def test_what_a_plan_reads_is_what_the_call_sheet_says(some: list[dict[str, Any]]) -> None:
    rows = batch(*some)
    assert priceable_batch(rows).to_pylist() == rate_batch(rows).select(PRICEABLE_LEGS.names).to_pylist()


def test_without_what_explains_a_charge_no_seconds_are_charged() -> None:
    rows = batch(ENTRY, DOCUMENT)
    bare = priceable_batch(
        rows.select([name for name in rows.schema.names if not name.startswith(("entry", "has_doc"))])
    )
    assert bare.column("charged_seconds").to_pylist() == [None, None]
    assert bare.drop_columns(["charged_seconds"]) == priceable_batch(rows).drop_columns(["charged_seconds"])


def test_legs_without_names_are_priced_all_the_same() -> None:
    rows = batch(ENTRY, DOCUMENT)
    ids = ["call_id", "leg_id"]
    nameless = priceable_batch(rows.drop_columns(ids))
    assert set(nameless.column("leg_id").to_pylist()) == {""}
    assert nameless.drop_columns(ids) == priceable_batch(rows).drop_columns(ids)


def test_many_legs_of_few_kinds_are_told_apart_by_what_their_words_show() -> None:
    many: list[dict[str, Any]] = [
        ENTRY
        | {"answered_seconds": number % 130, "reseller_cost_units": number % 7 * 300, "entry_charged_seconds": None}
        for number in range(3_000)
    ]
    assert_as_defined(batch(*many))
    assert len(set(rate_batch(batch(*many)).column("breakdown").to_pylist())) > 20


def test_a_slice_of_a_batch_is_rated_as_the_rows_it_shows() -> None:
    rows = batch(*({"answered_seconds": number, **ENTRY} for number in range(9)))
    assert rate_batch(rows.slice(3, 4)).to_pylist() == as_billed.rate_batch(rows).to_pylist()[3:7]


def test_no_legs_are_rated_as_none() -> None:
    assert rate_batch(batch()).num_rows == 0


@pytest.mark.parametrize("limit", [0, 5])
def test_small_batches_add_up_until_the_compiled_look_for_countries_pays(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(columns, "SCALAR_LEGS_MAX", limit)
    for _ in range(3):
        assert_as_defined(batch({}, {"direction": "inbound"}, {"dialed_number": "+493012345"}))
