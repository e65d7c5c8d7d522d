"""The definition of pricing: one leg after the other by the scalar rules, as slow as it is plain."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from reseller_reporting.model.plan import PricedLegs, UsageRule
from reseller_reporting.rating.bundles import Pool, pool_of
from reseller_reporting.rating.number import rated_digits
from reseller_reporting.rating.price_rules import choose, fits, rule_book
from reseller_reporting.rating.price_words import Draw, Outcome, price_words
from reseller_reporting.rating.pricing import Member
from reseller_reporting.rating.pricing_terms import PricingSegment, PricingTerms
from reseller_reporting.rating.replay import State
from reseller_reporting.rating.tariff import (
    Tariff,
    billed_seconds,
    exact_price,
    rounded,
    tariff_of_cost,
    tariff_of_rate,
    tariff_of_rule,
)
from reseller_reporting.rating.trunk import TrunkLimits


class PricedLeg(NamedTuple):
    price_micros: int | None
    rule: str | None
    billed_seconds: int
    drawn_seconds: int
    words: str


class Waiting(NamedTuple):
    """A leg on its way: what is known of it before bundles are drawn."""

    member: int
    row: int
    leg: dict[str, Any]
    segment: PricingSegment | None
    rule: str | None = None
    tariff: Tariff | None = None
    outcome: Outcome = Outcome.NO_PLAN
    billed: int = 0


def price_each(members: Sequence[Member]) -> list[list[PricedLeg]]:
    waiting = [
        judged(place, row, leg, member.terms)
        for place, member in enumerate(members)
        for row, leg in enumerate(member.legs.to_pylist())
    ]
    waiting.sort(key=lambda each: (each.leg["started_at"], each.leg["call_id"], each.leg["leg_id"]))
    pools: dict[tuple[int, str], list[Any]] = {}  # The pool, and what is left in it.
    draws = [drawn(each, members, pools) for each in waiting]
    totals: dict[tuple[int, str], int] = {}
    befores = []
    for each, own in zip(waiting, draws, strict=True):
        key = each.member, each.rule or ""
        befores.append(totals.get(key, 0))
        totals[key] = befores[-1] + each.billed - sum(draw.seconds for draw in own)
    found: list[list[PricedLeg]] = [[] for _ in members]
    for each, own, before in sorted(zip(waiting, draws, befores, strict=True), key=lambda e: (e[0].member, e[0].row)):
        found[each.member].append(priced(each, own, before, totals[each.member, each.rule or ""]))
    return found


def judged(place: int, row: int, leg: dict[str, Any], terms: PricingTerms) -> Waiting:
    segment = in_force(terms, leg)
    if segment is None:
        return Waiting(place, row, leg, None)
    number, direction, start = leg["dialed_number"] or "", leg["direction"], leg["started_at"]
    choice = choose(
        rule_book(segment.plan.usage, direction),
        segment.plan.usage,
        number,
        leg["country_code"],
        lambda deck: terms.decks[deck].find(rated_digits(number), direction, start),
    )
    if choice is None:
        return Waiting(place, row, leg, segment, outcome=Outcome.NO_RULE)
    rule = segment.plan.usage[choice.rule]
    cost = None if leg["reseller_cost_units"] is None else max(0, leg["reseller_cost_units"] * 100)
    if choice.rate is not None:
        tariff = tariff_of_rate(choice.rate, rule.markup)
    elif rule.markup is not None:
        tariff = tariff_of_cost(rule, cost or 0)
    else:
        tariff = tariff_of_rule(rule)
    outcome = outcome_of(leg, segment, rule, tariff, cost, lambda limits: replayed(terms, limits)[row], terms.limits)
    billed = 0
    if outcome is Outcome.PRICED:
        billed = billed_seconds(tariff, leg["answered_seconds"], leg["charged_seconds"])
    return Waiting(place, row, leg, segment, choice.rule, tariff, outcome, billed)


def replayed(terms: PricingTerms, limits: TrunkLimits) -> Any:
    assert terms.replayed is not None
    return terms.replayed(limits)


def in_force(terms: PricingTerms, leg: dict[str, Any]) -> PricingSegment | None:
    return next((each for each in terms.segments if each.from_at <= leg["started_at"] < each.to_at), None)


def outcome_of(
    leg: dict[str, Any],
    segment: PricingSegment,
    rule: UsageRule,
    tariff: Tariff,
    cost: int | None,
    state: Callable[[TrunkLimits], int],
    limits: TrunkLimits | None,
) -> Outcome:
    legs = rule.legs or segment.plan.legs
    if legs is PricedLegs.OVER_TRUNKS:
        trunks = segment.plan.trunks
        own = limits if trunks is None else TrunkLimits(**trunks.model_dump())
        assert own is not None
        if state(own) in (State.FLAT, State.BURST):
            return Outcome.ON_TRUNK
    if legs is PricedLegs.CHARGED and cost == 0:
        return Outcome.NOT_CHARGED
    if leg["answered_seconds"] <= 0:
        return Outcome.NOT_ANSWERED
    if leg["answered_seconds"] <= tariff.grace_seconds:
        return Outcome.IN_GRACE
    if cost is None and (tariff.per_call_picos is not None or legs is PricedLegs.CHARGED):
        return Outcome.NO_COST
    return Outcome.PRICED


def drawn(each: Waiting, members: Sequence[Member], pools: dict[tuple[int, str], list[Any]]) -> list[Draw]:
    if each.outcome is not Outcome.PRICED or each.tariff is None or not each.tariff.costs_something:
        return []
    rest = each.billed
    draws = []
    for key, bundle in bundles_for(each, members):
        if key not in pools:
            terms = members[key[0]].terms
            pool = pool_of(key[1], terms.segments, terms.stretches, terms.carried)
            pools[key] = [pool, pool.seconds]
        pool, left = pools[key]
        leg = each.leg
        if rest and left and fits(bundle, leg["direction"], leg["dialed_number"] or "", leg["country_code"]):
            taken = min(rest, left)
            pools[key][1] -= taken
            rest -= taken
            assert isinstance(pool, Pool)
            draws.append(Draw(pool.text, taken))
    return draws


def bundles_for(each: Waiting, members: Sequence[Member]) -> list[Any]:
    """The pools that a leg may draw on: its own bundles, a pooled one being the topmost's; then other pools above."""
    above = [(place, in_force(members[place].terms, each.leg)) for place in members[each.member].above]
    path = [(place, segment) for place, segment in [*above, (each.member, each.segment)] if segment is not None]
    found: dict[tuple[int, str], Any] = {}

    def pooled(key: str) -> tuple[int, Any]:
        return next(
            (place, segment.plan.bundles[key])
            for place, segment in path
            if key in segment.plan.bundles and segment.plan.bundles[key].pooled
        )

    assert each.segment is not None
    for key, bundle in each.segment.plan.bundles.items():
        owner, as_said = pooled(key) if bundle.pooled else (each.member, bundle)
        found[owner, key] = as_said
    for place, segment in path[:-1]:
        for key, bundle in segment.plan.bundles.items():
            if bundle.pooled and pooled(key)[0] == place:
                found.setdefault((place, key), bundle)
    return list(found.items())


def priced(each: Waiting, draws: Sequence[Draw], before: int, total: int) -> PricedLeg:
    taken = sum(draw.seconds for draw in draws)
    if each.outcome in (Outcome.NO_PLAN, Outcome.NO_RULE, Outcome.NO_COST):
        return PricedLeg(None, each.rule, 0, 0, "")
    assert each.tariff is not None
    assert each.segment is not None
    rounding = each.segment.plan.rounding.leg
    price = 0
    if each.outcome is Outcome.PRICED:
        rest = each.billed - taken
        price = rounded(exact_price(each.tariff, billed=each.billed, rest=rest, before=before, total=total), rounding)
    words = price_words(
        each.outcome, each.tariff, rounding, billed=each.billed, draws=draws, before=before, total=total
    )
    return PricedLeg(price, each.rule, each.billed, taken, words)
