import pickle
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

import pyarrow as pa
import pytest

from reseller_reporting.reports.usage import Figures, UsageSums

MakeBatch = Callable[..., pa.RecordBatch]

ON_NET = {"reseller_call_type": "", "customer_call_type": "", "answered_seconds": 500}


def test_on_net_legs_are_read_and_count_nowhere_else(make_batch: MakeBatch) -> None:
    sums = UsageSums()
    sums.add(make_batch({}, ON_NET, {}))
    assert (sums.legs_read, sums.legs_billable, sums.legs_on_net) == (3, 2, 1)
    assert (sums.total.calls, sums.total.answered_seconds) == (2, 120)
    assert sum(figures.calls for figures in sums.by_owner.values()) == 2


def test_minutes_are_made_of_charged_seconds_else_of_answered_ones(make_batch: MakeBatch) -> None:
    sums = UsageSums()
    sums.add(
        make_batch(
            {"answered_seconds": 61, "charged_seconds": 120},
            {"reseller_call_type": "flat_rate", "answered_seconds": 30},
            {"reseller_call_type": "flat_rate_burst", "answered_seconds": 7},
            {"reseller_call_type": "allotment_did_us", "answered_seconds": 5},
        )
    )
    total = sums.total
    assert (total.answered_seconds, total.charged_seconds, total.billing_seconds) == (103, 120, 162)
    assert (total.flat_rate_calls, total.flat_rate_seconds) == (2, 37)
    assert (total.per_minute_calls, total.per_minute_seconds) == (1, 120)
    assert (total.reseller_cost_units, total.customer_cost_units) == (300, 0)


def test_without_the_resellers_view_no_reseller_figure_is_known(make_batch: MakeBatch) -> None:
    sums = UsageSums()
    sums.add(make_batch({"reseller_call_type": None, "customer_call_type": "per_minute", "customer_cost_units": 300}))
    assert sums.total == Figures(1, 60, 60, 60, 300).without_reseller()
    assert sums.total.reseller_cost_units is None
    assert sums.by_country["DE", "outbound"].flat_rate_calls is None
    assert sums.by_reseller_type == {}


def test_an_on_net_leg_without_the_resellers_view_hides_nothing(make_batch: MakeBatch) -> None:
    sums = UsageSums()
    sums.add(make_batch({}, {"reseller_call_type": None}))
    assert sums.legs_on_net == 1
    assert sums.total.reseller_cost_units == 300


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_parts_add_up_to_the_total_however_the_legs_are_cut_into_batches(make_batch: MakeBatch, cut: int) -> None:
    countries, owners = ["DE", "US", "ZZ"], ["", "u1"]
    batch = make_batch(*({"country_code": countries[i % 3], "owner_id": owners[i % 2]} for i in range(12)))
    sums, whole = UsageSums(), UsageSums()
    whole.add(batch)
    for start in range(0, 12, cut):
        sums.add(batch.slice(start, cut))
    assert sums.total == whole.total
    assert sums.by_country == whole.by_country
    for groups in (sums.by_country, sums.by_rate, sums.by_owner, sums.by_customer_type, sums.by_reseller_type):
        assert sum(figures.reseller_cost_units or 0 for figures in groups.values()) == whole.total.reseller_cost_units


def test_owners_of_one_label_are_one_user(make_batch: MakeBatch) -> None:
    sums = UsageSums()
    sums.add(make_batch({"owner_id": "u1"}, {"owner_id": "u2"}, {"owner_id": "u3"}, {}))
    users = sums.by_user({"u1": "Ann", "u2": "Ann"})
    assert {label: figures.calls for label, figures in users.items()} == {"Ann": 2, "u3": 1, "": 1}


def test_sums_travel_between_processes(make_batch: MakeBatch) -> None:
    sums = UsageSums()
    sums.add(make_batch({}, ON_NET))
    assert pickle.loads(pickle.dumps(sums)) == sums  # noqa: S301 - Our own.


def test_nothing_sums_to_zero() -> None:
    sums = UsageSums()
    assert sums.total == Figures()
    assert sums.has_reseller_view


def test_what_is_summed_with_a_plan_and_without_one_adds_up_batch_by_batch(make_batch: MakeBatch) -> None:
    """Figures are filled by place, and prices are summed only where there are some."""
    once, twice = UsageSums(), UsageSums()
    legs = [{"answered_seconds": 61, "charged_seconds": 120}, {"reseller_call_type": "flat_rate"}]
    once.add(make_batch(*legs))
    for leg in legs:
        twice.add(make_batch(leg))
    assert once.total == twice.total == sum_of(once.by_reseller_type.values())
    assert once.total.billed_seconds is None
    assert once.total.flat_rate_calls == 1


def sum_of(several: Iterable[Figures]) -> Figures:
    several = list(several)
    names = [field.name for field in fields(Figures)]
    values = {name: [getattr(each, name) for each in several] for name in names}
    summed: dict[str, Any] = {name: None if None in each else sum(each) for name, each in values.items()}
    return Figures(**summed)
