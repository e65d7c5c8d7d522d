"""Pricing in columns: the same as leg by leg, whatever the plan; sums, parts and wholes."""

import pickle
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pricing_definition import PricedLeg, price_each

from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.plan import Plan
from reseller_reporting.model.rate import Rate
from reseller_reporting.model.tables import PRICEABLE_LEGS
from reseller_reporting.rating import bundles, columns
from reseller_reporting.rating.bundles import carried_over
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.number_columns import CLASSES, class_places
from reseller_reporting.rating.price_rules import number_class
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.pricing import Member, price_legs, price_together
from reseller_reporting.rating.pricing_terms import PricingSegment, PricingTerms, Stretch
from reseller_reporting.rating.trunk import TrunkLimits
from reseller_reporting.rating.usage_lines import bundle_lines, usage_lines

BEGIN, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 10, 16, tzinfo=UTC)


@pytest.fixture(params=["by columns", "leg by leg"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which numbers are looked up and bundles are drawn."""
    most = 0 if request.param == "by columns" else 10**9
    monkeypatch.setattr(columns, "SCALAR_LEGS_MAX", most)
    monkeypatch.setattr(bundles, "SCALAR_LEGS_MAX", most)
    for module in ("bundles", "number_columns", "columns"):
        monkeypatch.setattr(f"reseller_reporting.rating.{module}.pays", lambda count, limit: count > limit)


def plan(**parts: Any) -> Plan:
    return Plan.model_validate({"plan": "retail"} | parts)


def segment(of: Plan, from_at: datetime = BEGIN, to_at: datetime = END) -> PricingSegment:
    days = from_at.date(), to_at.date()
    return PricingSegment(
        plan=of, label=f"retail@{days[0]}", from_day=days[0], to_day=days[1], from_at=from_at, to_at=to_at
    )


def table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows of (direction, number, country, answered, charged, cost units, hours since the begin), put in order."""
    named = [
        (BEGIN + timedelta(hours=hours), f"call {place:04}", f"leg {place:04}", *rest)
        for place, (*rest, hours) in enumerate(rows)
    ]
    named.sort()
    types = [field.type for field in PRICEABLE_LEGS]
    values = zip(*named, strict=True) if named else [()] * len(types)
    return pa.table(
        [pa.array(list(column), kind) for column, kind in zip(values, types, strict=True)], schema=PRICEABLE_LEGS
    )


def call(number: str, seconds: int, hours: float = 0, *, country: str = "US", **more: Any) -> tuple[Any, ...]:
    return (more.get("direction", "outbound"), number, country, seconds, more.get("charged"), more.get("cost"), hours)


def terms(*plans: Plan, **more: Any) -> PricingTerms:
    """One version for the month, or two that change in its middle."""
    if len(plans) == 1:
        return PricingTerms(segments=(segment(plans[0]),), **more)
    return PricingTerms(segments=(segment(plans[0], BEGIN, MIDDLE), segment(plans[1], MIDDLE, END)), **more)


def told(priced: Priced) -> list[PricedLeg]:
    rules = [None if place < 0 else priced.rules[place].key for place in priced.rule.tolist()]
    return list(
        map(
            PricedLeg,
            priced.prices.to_pylist(),
            rules,
            priced.billed_seconds.tolist(),
            priced.drawn_seconds.tolist(),
            priced.explanations().to_pylist(),
        )
    )


# --- any plan, any calls ---------------------------------------------------------------------------------------------

MONEY = st.sampled_from(["0", "0.01", "0.0123", "0.000001", "0.3", "7.654321"]).map(Decimal)
PERCENT = st.sampled_from(["0", "20", "-12.5", "33.3333", "-100"]).map(Decimal)
MARKUP = st.fixed_dictionaries({"percent": PERCENT, "absolute": MONEY, "floor": MONEY})
COUNTRIES = ["US", "GB", "FR", "ZZ"]
PREFIXES = ["1", "1415", "44", "447", "4470", "33", "331", "9"]
DESTINATIONS = st.fixed_dictionaries(
    {},
    optional={
        "direction": st.sampled_from(["inbound", "outbound", "both"]),
        "prefixes": st.lists(st.sampled_from(PREFIXES), max_size=3, unique=True),
        "classes": st.lists(st.sampled_from(CLASSES), max_size=2, unique=True),
        "countries": st.lists(st.sampled_from(COUNTRIES), max_size=2, unique=True),
    },
)
TIERS = st.builds(
    lambda kind, ends, prices: {
        "kind": kind,
        "steps": [
            {"per_minute": price} | ({} if end is None else {"to_minutes": end})
            for end, price in zip([*sorted(ends), None], prices, strict=False)
        ],
    },
    st.sampled_from(["graduated", "volume"]),
    st.sets(st.integers(1, 12), min_size=0, max_size=3),
    st.lists(MONEY, min_size=4, max_size=4),
)
KIND = st.one_of(
    st.fixed_dictionaries({"per_minute": MONEY}),
    st.fixed_dictionaries({"tiers": TIERS}),
    st.fixed_dictionaries({"deck": st.sampled_from(["gold", "silver"])}),
    st.fixed_dictionaries({"deck": st.sampled_from(["gold", "silver"]), "markup": MARKUP}),
    st.fixed_dictionaries({"markup": MARKUP}),
    st.just({"free": True}),
)
SELLING = st.fixed_dictionaries(
    {},
    optional={
        "minimum": st.sampled_from([0, 1, 30]),
        "increment": st.sampled_from([1, 6, 7]),
        "connect_fee": MONEY,
        "grace": st.sampled_from([3, 30]),
        "legs": st.sampled_from(["all", "charged", "over-trunks"]),
    },
)
RULE = st.builds(lambda *parts: parts[0] | parts[1] | parts[2], DESTINATIONS, KIND, SELLING)
BUNDLE = st.builds(
    lambda where, rest: where | rest,
    DESTINATIONS,
    st.fixed_dictionaries(
        {"minutes": st.sampled_from([0, 1, 3, 50]), "per": st.sampled_from(["plan", "user", "trunk"])},
        optional={"pooled": st.booleans(), "text": st.just("Some minutes"), "carry_over_months": st.just(1)},
    ),
)
PLAN = st.fixed_dictionaries(
    {
        "usage": st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e"]), RULE, max_size=5),
        "bundles": st.dictionaries(st.sampled_from(["x", "y", "z"]), BUNDLE, max_size=3),
        "legs": st.sampled_from(["all", "all", "charged", "over-trunks"]),
        "rounding": st.fixed_dictionaries(
            {
                "leg": st.fixed_dictionaries(
                    {"places": st.integers(0, 6), "way": st.sampled_from(["down", "up", "half-up"])}
                )
            }
        ),
        "proration": st.sampled_from(["none", "days"]),
    }
).map(lambda parts: plan(**parts))
NUMBERS = st.one_of(
    st.builds(lambda prefix, rest: f"+{prefix}{rest}", st.sampled_from(PREFIXES), st.text("0123456789", max_size=11)),
    st.sampled_from(
        [
            "+14155550100",
            "+18005550100",
            "+18765550100",
            "+19005550100",
            "+447700900123",
            "+33123456789",
            "911",
            "4155550100",
            "0113312345678",
            "+0441",
            "anonymous",
            "alice@example.com",
            "+999999999999999999",
            "+٤٤",
            "",
        ]
    ),
)
ROW = st.tuples(
    st.sampled_from(["inbound", "outbound"]),
    NUMBERS,
    st.sampled_from(COUNTRIES),
    st.sampled_from([0, 1, 3, 5, 29, 30, 31, 60, 61, 125, 600, 3_600]),
    st.sampled_from([None, 0, 60, 180]),
    st.sampled_from([None, 0, 0, 150, 900, -3]),
    st.sampled_from([-1, 0, 1, 2, 300, 359, 360, 361, 700, 743, 744]),
)
RATE = st.builds(
    Rate,
    prefix=st.sampled_from([*PREFIXES, "44770", "2"]),
    per_minute_micros=st.sampled_from([0, 1, 12_345, 900_000]),
    surcharge_micros=st.sampled_from([0, 50_000]),
    minimum_seconds=st.sampled_from([0, 30, 60]),
    increment_seconds=st.sampled_from([1, 6, 60]),
    nocharge_seconds=st.sampled_from([0, 5]),
    effective_at=st.sampled_from([None, None, BEGIN, BEGIN + timedelta(hours=300), BEGIN + timedelta(hours=301)]),
    is_closed=st.sampled_from([False, False, False, True]),
    directions=st.sampled_from([("inbound", "outbound"), ("outbound",)]),
)
DECKS = st.tuples(st.lists(RATE, max_size=12), st.lists(RATE, max_size=4)).map(
    lambda rates: {"gold": Deck("gold", rates[0]), "silver": Deck("silver", rates[1])}
)
STRETCHES = (
    Stretch(from_day=date(2026, 10, 1), to_day=date(2026, 10, 9), users=1, trunks=0, devices=2),
    Stretch(from_day=date(2026, 10, 9), to_day=date(2026, 11, 1), users=3, trunks=2, devices=2),
)


def states(count: int) -> Any:
    """What a replay may say; other limits, other answers."""

    def replayed(limits: TrunkLimits) -> Any:
        return (np.arange(count) * 7 + limits.twoway + limits.outbound) % 4

    return replayed


def member(rows: list[Any], plans: list[Plan], decks: dict[str, Deck], above: tuple[int, ...] = ()) -> Member:
    legs = table(rows)
    limits = TrunkLimits(twoway=2)
    carried = {"x": ((1, 70), (2, 30)), "y": ((1, 5),)}
    by = terms(*plans, decks=decks, replayed=states(len(legs)), limits=limits, stretches=STRETCHES, carried=carried)
    return Member(legs=legs, terms=by, above=above)


ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLANS = st.lists(PLAN, min_size=1, max_size=2)
ROWS = st.lists(ROW, max_size=25)


@pytest.mark.usefixtures("way")
@ANY
@given(ROWS, PLANS, DECKS)
def test_every_leg_costs_what_the_definition_says(rows: list[Any], plans: list[Plan], decks: dict[str, Deck]) -> None:
    one = member(rows, plans, decks)
    priced = price_legs(one.legs, one.terms)
    (expected,) = price_each([one])
    assert told(priced) == expected
    assert [priced.explanation(leg) for leg in range(len(priced))] == [each.words for each in expected]
    assert priced.total_micros == sum(each.price_micros or 0 for each in expected)
    assert sum(line.amount_micros for line in usage_lines(priced)) == priced.total_micros
    assert sum(line.calls for line in usage_lines(priced)) == sum(each.rule is not None for each in expected)
    assert priced.unpriced().count == sum(each.price_micros is None for each in expected)
    taken = sum(pool.seconds for pool in priced.pools.values()) - sum(
        layer.seconds for left in priced.left().values() for layer in left
    )
    assert taken == int(priced.drawn_seconds.sum())


@pytest.mark.usefixtures("way")
@ANY
@given(st.tuples(ROWS, ROWS, ROWS), st.tuples(PLANS, PLANS, PLANS), DECKS)
def test_customers_with_a_common_pool_draw_on_it_in_the_order_of_all_their_calls(
    rows: tuple[list[Any], ...], plans: tuple[list[Plan], ...], decks: dict[str, Deck]
) -> None:
    """A customer, one below it, and one below that."""
    members = [member(own, plans[n], decks, tuple(range(n))) for n, own in enumerate(rows)]
    together = price_together(members)
    assert [told(priced) for priced in together] == price_each(members)
    drawn = sum(int(priced.drawn_seconds.sum()) for priced in together)
    assert drawn == sum(used for priced in together for used in priced.drawn_of_pool.values())
    for priced in together:
        for key, pool in priced.pools.items():
            assert 0 <= priced.drawn_of_pool[key] <= pool.seconds


@pytest.mark.usefixtures("way")
@ANY
@given(ROWS, PLAN, DECKS, st.integers(1, 9))
def test_a_price_does_not_depend_on_how_the_table_is_cut(
    rows: list[Any], of: Plan, decks: dict[str, Deck], size: int
) -> None:
    one = member(rows, [of], decks)
    batches = one.legs.to_batches(max_chunksize=size)
    chunked = pa.Table.from_batches(batches, schema=one.legs.schema)
    assert told(price_legs(chunked, one.terms)) == told(price_legs(one.legs, one.terms))


@pytest.mark.usefixtures("way")
@ANY
@given(ROWS, PLAN, DECKS, st.randoms(use_true_random=False))
def test_without_bundles_and_tiers_each_leg_is_priced_by_itself(
    rows: list[Any], of: Plan, decks: dict[str, Deck], chance: Any
) -> None:
    usage = {name: rule for name, rule in of.usage.items() if rule.tiers is None}
    simple = of.model_copy(update={"bundles": {}, "usage": usage, "legs": "all"})
    usage = {name: rule.model_copy(update={"legs": None}) for name, rule in usage.items()}
    simple = simple.model_copy(update={"usage": usage, "legs": Plan(plan="x").legs})
    one = member(rows, [simple], decks)
    whole = told(price_legs(one.legs, one.terms))
    chosen = sorted(chance.sample(range(len(one.legs)), len(one.legs) // 2))
    some = one.legs.take(pa.array(chosen, pa.int64()))
    assert told(price_legs(some, one.terms)) == [whole[place] for place in chosen]


@pytest.mark.usefixtures("way")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_classes_by_columns_are_those_of_the_rule(numbers: list[str]) -> None:
    found = class_places(pa.array(numbers))
    assert [CLASSES[place] for place in found.tolist()] == [number_class(number) for number in numbers]


# --- single promises -------------------------------------------------------------------------------------------------


US = {"direction": "outbound", "countries": ["US"], "per_minute": Decimal("0.0150"), "minimum": 6, "increment": 6}
NUMBER = "+14155550100"


def prices(priced: Priced) -> list[int | None]:
    return list(priced.prices.to_pylist())


@pytest.mark.usefixtures("way")
def test_figures_too_large_for_64_bits_are_exact_all_the_same() -> None:
    dear = plan(usage={"a": {"per_minute": Decimal("9999999.999999"), "minimum": 1, "increment": 1}})
    priced = price_legs(table([call(NUMBER, 80_001), call(NUMBER, 1, 1)]), terms(dear))
    assert prices(priced) == [13_333_499_999_998_700, 166_666_666_700]
    assert 9_999_999_999_999 * 80_001 // 60 == 13_333_499_999_998_666  # Rounded to four decimals above.


def test_a_call_without_a_rule_has_no_price_and_is_listed() -> None:
    priced = price_legs(
        table([call(NUMBER, 60), call("+33123456789", 60, country="FR")]), terms(plan(usage={"us": US}))
    )
    assert prices(priced) == [15_000, None]
    assert (priced.unpriced().count, priced.unpriced().legs[0].number) == (1, "+33123456789")
    assert "no rule" in priced.unpriced().legs[0].reason
    assert [line.calls for line in usage_lines(priced)] == [1]


def test_a_call_before_any_plan_has_no_price() -> None:
    late = PricingTerms(segments=(segment(plan(usage={"us": US}), MIDDLE, END),))
    priced = price_legs(table([call(NUMBER, 60), call(NUMBER, 60, 400)]), late)
    assert prices(priced) == [None, 15_000]
    assert "no plan" in priced.unpriced().legs[0].reason


def test_what_the_reseller_was_charged_is_needed_where_the_plan_asks_and_nothing_is_guessed() -> None:
    on_cost = {"rest": {"markup": {"percent": 30}}}
    rows = [
        call(NUMBER, 60, 1, cost=900),
        call(NUMBER, 60, 2, cost=None),
        call(NUMBER, 0, 3),
        call(NUMBER, 60, 4, cost=0),
    ]
    priced = price_legs(table(rows), terms(plan(usage=on_cost)))
    assert prices(priced) == [117_000, None, 0, 0]
    charged = price_legs(table(rows), terms(plan(usage={"us": US}, legs="charged")))
    assert prices(charged) == [15_000, None, 0, 0]
    assert charged.explanation(3) == "covered: the reseller was charged nothing"


def test_over_trunks_prices_what_found_no_room_and_what_may_not_use_trunks() -> None:
    of = plan(usage={"us": US}, legs="over-trunks", trunks={"twoway": 8})
    asked = []

    def replayed(limits: TrunkLimits) -> Any:
        asked.append(limits)
        return np.arange(4, dtype=np.int8)  # Over, flat, burst, not eligible.

    priced = price_legs(table([call(NUMBER, 60, hours) for hours in range(4)]), terms(of, replayed=replayed))
    assert prices(priced) == [15_000, 0, 0, 15_000]
    assert priced.explanations()[1].as_py() == "covered by a trunk"
    assert asked == [TrunkLimits(twoway=8)]
    with pytest.raises(CannotPrice, match="how many there are is not known"):
        price_legs(table([call(NUMBER, 60)]), terms(of.model_copy(update={"trunks": None}), replayed=replayed))


def test_a_missing_deck_is_told_and_not_priced_by_the_next_step() -> None:
    with pytest.raises(CannotPrice, match="'world' prices by the deck 'gold'"):
        price_legs(table([call(NUMBER, 60)]), terms(plan(usage={"world": {"deck": "gold"}})))


def test_versions_that_name_a_bundle_alike_share_its_minutes() -> None:
    """A change in the middle of the month, such as another price of a trunk, takes no included minute away."""
    of = plan(usage={"us": US}, bundles={"us": {"minutes": 31, "countries": ["US"]}}, proration="days")
    rows = [call(NUMBER, 1_200, 1), call(NUMBER, 600, 500), call(NUMBER, 120, 501)]
    one, two = price_legs(table(rows), terms(of)), price_legs(table(rows), terms(of, of))
    assert prices(one) == prices(two) == [0, 0, 15_000]
    assert bundle_lines(two)[0].evidence == "31 of 31 minutes drawn, 0 left"
    # All but one minute of 1 200 + 600 + 120 s.
    assert one.explanation(2) == '60 of 120 s from "us"; 60 s @ 0.0150/min'


def test_a_free_call_draws_on_no_bundle() -> None:
    of = plan(usage={"in": {"direction": "inbound", "free": True}, "us": US}, bundles={"any": {"minutes": 1}})
    priced = price_legs(table([call(NUMBER, 60, 1, direction="inbound"), call(NUMBER, 60, 2)]), terms(of))
    assert priced.drawn_seconds.tolist() == [0, 60]


def test_a_usage_line_has_one_price_where_all_its_minutes_have() -> None:
    usage = {
        "us": US,
        "uk": {"countries": ["GB"], "per_minute": Decimal("0.03"), "connect_fee": Decimal("0.05")},
        "fr": {
            "countries": ["FR"],
            "tiers": {
                "kind": "volume",
                "steps": [{"to_minutes": 1, "per_minute": "0.02"}, {"per_minute": "0.01"}],
            },
        },
    }
    rows = [call(NUMBER, 60), call("+442071234567", 60, 1, country="GB"), call("+33123456789", 61, 2, country="FR")]
    lines = {line.key: line for line in usage_lines(price_legs(table(rows), terms(plan(usage=usage))))}
    assert {key: line.unit_price_micros for key, line in lines.items()} == {"us": 15_000, "uk": None, "fr": 10_000}
    assert {key: line.amount_micros for key, line in lines.items()} == {"us": 15_000, "uk": 80_000, "fr": 20_000}
    assert lines["us"].plan == "retail@2026-10-01"


def test_a_rule_has_a_line_for_each_country_that_its_calls_went_to() -> None:
    usage = {
        "world": {"direction": "outbound", "per_minute": "0.02", "text": "World"},
        "in": {"direction": "inbound", "per_minute": "0.01"},
        "free": {"direction": "outbound", "countries": ["CU", "MX"], "free": True},
    }
    rows = [
        call("+442071234567", 60, 0, country="GB"),
        call("+33123456789", 120, 1, country="FR"),
        call("+442071234567", 60, 2, country="GB"),
        call("+4930123456", 180, 3, country="DE"),
        call(NUMBER, 60, 4, country="US", direction="inbound"),
        call(NUMBER, 60, 5, country="JM", direction="inbound"),
        call("+5312345678", 60, 6, country="CU"),
        call("+525512345678", 60, 7, country="MX"),
    ]
    lines = usage_lines(price_legs(table(rows), terms(plan(usage=usage))))
    # The largest amount first, then by name; what came in has one line, and so has what is free.
    assert [(line.key, line.text, line.calls, line.amount_micros) for line in lines] == [
        ("world", "World: Germany", 1, 60_000),
        ("world", "World: France", 1, 40_000),
        ("world", "World: United Kingdom", 2, 40_000),
        ("in", "in", 2, 20_000),
        ("free", "free", 2, 0),
    ]
    # One country needs no name.
    (line,) = usage_lines(price_legs(table(rows[:1]), terms(plan(usage=usage))))
    assert line.text == "World"


def test_calls_that_lie_in_two_steps_have_words_of_their_own() -> None:
    tiers = {"steps": [{"to_minutes": 3, "per_minute": "0.03"}, {"per_minute": "0.01"}]}
    rows = [call(NUMBER, 120, hours) for hours in range(3)]
    priced = price_legs(table(rows), terms(plan(usage={"us": {"countries": ["US"], "tiers": tiers}})))
    assert prices(priced) == [60_000, 40_000, 20_000]
    assert priced.explanations().to_pylist() == [
        "60 s min + 1 × 60 s @ 0.0300/min",
        "60 s min + 1 × 60 s = 60 s @ 0.0300/min + 60 s @ 0.0100/min",
        "60 s min + 1 × 60 s @ 0.0100/min",
    ]


def test_a_pool_is_that_of_the_topmost_customer_and_so_is_its_quantity() -> None:
    """Alice has one user, Bob below her three; both have the same plan. The pool holds one minute, not four."""
    of = plan(usage={"us": US}, bundles={"pool": {"minutes": 1, "per": "user", "pooled": True}})

    def customer(users: int, *hours: int, above: tuple[int, ...] = ()) -> Member:
        month = Stretch(from_day=BEGIN.date(), to_day=END.date(), users=users)
        return Member(
            legs=table([call(NUMBER, 36, at) for at in hours]), terms=terms(of, stretches=(month,)), above=above
        )

    alice, bob = price_together([customer(1, 2), customer(3, 1, 3, above=(0,))])
    assert (bob.drawn_seconds.tolist(), alice.drawn_seconds.tolist()) == ([36, 0], [24])
    assert bundle_lines(alice)[0].evidence == "1 of 1 minute drawn, 0 left"
    (only,) = bundle_lines(bob)
    assert only.evidence == "0.6 minutes drawn from a pool that several customers share"


def test_what_a_bundle_leaves_is_what_the_next_month_begins_with() -> None:
    of = plan(usage={"us": US}, bundles={"us": {"minutes": 2, "carry_over_months": 1}})
    october = price_legs(table([call(NUMBER, 90)]), terms(of))
    carried = carried_over(october.left()["us"], 1)
    assert carried == ((1, 30),)
    november = price_legs(table([call(NUMBER, 180)]), terms(of, carried={"us": carried}))
    assert prices(november) == [7_500]
    assert "0.5 of them were carried over" in bundle_lines(november)[0].evidence


def test_priced_legs_go_from_process_to_process() -> None:
    of = plan(usage={"us": US, "rest": {"markup": {"percent": 30}}})
    rows = [call(NUMBER, 60), call("+33123456789", 60, 1, country="FR", cost=900)]
    priced = price_legs(table(rows), terms(of))
    assert told(pickle.loads(pickle.dumps(priced))) == told(priced)  # noqa: S301 - made a line above.
