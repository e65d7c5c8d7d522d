"""The words of a price: each form once, and never another price than the one they lead to."""

from decimal import Decimal
from typing import Any

import pytest

from reseller_reporting.model.plan import Markup, MinuteStep, MinuteTiers, RoundingRule, UsageRule
from reseller_reporting.model.rate import Rate
from reseller_reporting.model.rounding import Rounding
from reseller_reporting.rating.price_words import Draw, Outcome, price_words
from reseller_reporting.rating.tariff import Tariff, tariff_of_cost, tariff_of_rate, tariff_of_rule

FOUR = RoundingRule()
THIRTY = Markup(percent=Decimal(30))


def by_rule(per_minute: str | None = "0.0300", minimum: int = 60, increment: int = 60, **more: Any) -> Tariff:
    money = None if per_minute is None else Decimal(per_minute)
    return tariff_of_rule(UsageRule(per_minute=money, minimum=minimum, increment=increment, **more))


UK = by_rule("0.0900", 30, 6, connect_fee=Decimal("0.05"))
TIERS = MinuteTiers(
    steps=(MinuteStep(to_minutes=1, per_minute=Decimal("0.03")), MinuteStep(per_minute=Decimal("0.02")))
)
GOLD = Rate(prefix="44", per_minute_micros=10_000, surcharge_micros=0)
US = "500 minutes to the US"


@pytest.mark.parametrize(
    ("tariff", "billed", "more", "words"),
    [
        (by_rule(), 180, {}, "60 s min + 2 × 60 s @ 0.0300/min"),
        (UK, 60, {}, "0.0500 + 30 s min + 5 × 6 s @ 0.0900/min"),
        (by_rule("0.0150", 0, 6), 30, {}, "5 × 6 s @ 0.0150/min"),
        (by_rule("0.0150", 6, 6), 6, {}, "6 s min @ 0.0150/min"),
        (by_rule(None, free=True), 60, {}, "free"),
        (by_rule(), 60, {"draws": [Draw(US, 60)]}, f'60 s from "{US}"'),
        (by_rule(), 90, {"draws": [Draw(US, 36)]}, f'36 of 90 s from "{US}"; 54 s @ 0.0300/min'),
        (
            UK,
            90,
            {"draws": [Draw("A", 36), Draw("B", 30)]},
            '36 of 90 s from "A", 30 of 90 s from "B"; 0.0500 + 24 s @ 0.0900/min',
        ),
        (tariff_of_rate(GOLD, None), 60, {}, "60 s min @ 0.0100/min"),
        (tariff_of_rate(GOLD, THIRTY), 60, {}, "60 s min @ 0.0130/min (0.0100 + 30 %)"),
        (
            tariff_of_rate(GOLD, Markup(percent=Decimal("-12.5"), floor=Decimal("0.01"))),
            60,
            {},
            "60 s min @ 0.0100/min (0.0100 − 12.5 %, at least 0.0100)",
        ),
        (tariff_of_cost(UsageRule(markup=THIRTY), 90_000), 60, {}, "reseller cost 0.0900 + 30 %"),
        (
            tariff_of_cost(UsageRule(markup=Markup(absolute=Decimal("0.01"))), 90_000),
            60,
            {"draws": [Draw(US, 30)]},
            f'30 of 60 s from "{US}"; 30 of 60 s of reseller cost 0.0900 + 0.0100',
        ),
        (tariff_of_cost(UsageRule(markup=THIRTY), 0), 60, {}, "the reseller was charged nothing"),
        (by_rule(None, tiers=TIERS), 60, {"before": 0}, "60 s min @ 0.0300/min"),
        (
            by_rule(None, tiers=TIERS),
            120,
            {"before": 30},
            "60 s min + 1 × 60 s = 30 s @ 0.0300/min + 90 s @ 0.0200/min",
        ),
        (
            by_rule("0.0100", 1, 1),
            7,
            {},
            "1 s min + 6 × 1 s @ 0.0100/min = 0.0011666666…, rounded half up to 0.0012",
        ),
    ],
)
def test_a_price_shows_its_parts(tariff: Tariff, billed: int, more: dict[str, Any], words: str) -> None:
    assert price_words(Outcome.PRICED, tariff, FOUR, billed=billed, **more) == words


@pytest.mark.parametrize(
    ("way", "said"), [("up", "up to 0.18"), ("half-up", "half up to 0.17"), ("down", "down to 0.17")]
)
def test_what_rounding_changed_is_said_with_the_plans_way(way: str, said: str) -> None:
    rounding = RoundingRule(places=2, way=Rounding(way))
    words = price_words(Outcome.PRICED, by_rule("0.0620", 60, 60, connect_fee=Decimal("0.05")), rounding, billed=120)
    assert words == f"0.0500 + 60 s min + 1 × 60 s @ 0.0620/min = 0.174, rounded {said}"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.ON_TRUNK, "covered by a trunk"),
        (Outcome.NOT_CHARGED, "covered: the reseller was charged nothing"),
        (Outcome.NOT_ANSWERED, "not answered"),
        (Outcome.IN_GRACE, "within 5 s grace"),
        (Outcome.NO_RULE, ""),
        (Outcome.NO_COST, ""),
        (Outcome.NO_PLAN, ""),
    ],
)
def test_what_costs_nothing_says_why_and_what_has_no_price_says_nothing(outcome: Outcome, words: str) -> None:
    assert price_words(outcome, by_rule(grace=5), FOUR) == words
