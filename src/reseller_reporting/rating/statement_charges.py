"""Statement charges: what recurs each month, and what is due once.

Owns: the way from a quantity to an amount. Does not own: how many there are of an item (plan_items), what usage cost.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from itertools import groupby

from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.plan import Group, OneOff, QuantityStep, RecurringPrice, TierKind
from reseller_reporting.model.statement import Line, LineKind
from reseller_reporting.rating.pricing_terms import PricingSegment, Stretch, common_days, month_share
from reseller_reporting.rating.statement_terms import Reckoning, StatementTerms, money_text, number_text
from reseller_reporting.rating.tariff import micros_of


@dataclass(frozen=True, slots=True)
class _Span:
    """Days on which there were so many of an item, and how much of a month they are."""

    from_day: date
    to_day: date
    quantity: Fraction
    share: Fraction


def recurring(reckoning: Reckoning) -> list[Line]:
    """With `days` a line for each version and each quantity, by its days; else one by the last version, whole."""
    terms = reckoning.terms
    segments = terms.segments if terms.counts_days else (terms.last,)
    items = [
        (segment, key, said if isinstance(said, RecurringPrice) else RecurringPrice(price=said))
        for segment in segments
        for key, said in segment.plan.recurring.items()
    ]
    return [
        _line(reckoning, segment, key, item, span)
        for segment, key, item in items
        for span in _spans(key, item, segment, terms)
        if span.quantity or item.minimum
    ]


def one_off(reckoning: Reckoning) -> list[Line]:
    """Charges and credits on days of the period, by the version that was in force on that day."""
    terms = reckoning.terms
    return [
        Line(
            kind=LineKind.ONE_OFF,
            group=Group.ONE_OFF,
            key=each.text,
            text=each.text,
            quantity=Decimal(1),
            unit="each",
            unit_price_micros=Decimal(micros_of(each.amount)),
            amount_micros=micros_of(each.amount),
            evidence=f"on {each.on}",
            plan=segment.label,
        )
        for segment in terms.segments
        for each in segment.plan.one_off
        if segment.from_day <= each.on < segment.to_day and _is_for(each, terms)
    ]


def billable(quantity: Fraction, item: RecurringPrice) -> Fraction:
    """At least the minimum, at most the maximum, less what is included, never below 0."""
    at_least = max(quantity, Fraction(item.minimum))
    at_most = at_least if item.maximum is None else min(at_least, Fraction(item.maximum))
    return max(Fraction(0), at_most - item.included)


def monthly_micros(quantity: Fraction, item: RecurringPrice) -> Fraction:
    """What so many of an item cost for a month; steps count what is billable."""
    return sum((part * price for part, price in _priced(quantity, item)), Fraction(0))


def _priced(quantity: Fraction, item: RecurringPrice) -> list[tuple[Fraction, int]]:
    """Parts of the quantity with the price of each."""
    if item.tiers is None:
        assert item.price is not None
        return [(quantity, micros_of(item.price))]
    steps = item.tiers.steps
    if item.tiers.kind is TierKind.VOLUME:
        return [(quantity, micros_of(_reached(quantity, steps).price))]
    parts = []
    place = Fraction(0)
    for step in steps:
        is_last = step is steps[-1] or step.to is None
        end = quantity if is_last else min(quantity, Fraction(step.to or 0))
        if end > place:
            parts.append((end - place, micros_of(step.price)))
            place = end
    return parts


def _reached(quantity: Fraction, steps: tuple[QuantityStep, ...]) -> QuantityStep:
    return next((step for step in steps if step.to is None or quantity <= step.to), steps[-1])


def _spans(key: str, item: RecurringPrice, segment: PricingSegment, terms: StatementTerms) -> Iterator[_Span]:
    if not terms.counts_days:
        last = terms.stretches[-1] if terms.stretches else None
        yield _Span(terms.from_day, terms.to_day, _quantity(key, item, last, terms), Fraction(1))
        return
    days = _days(segment, terms.stretches, knows_itself=item.quantity is not None)
    counted = [(from_day, to_day, _quantity(key, item, stretch, terms)) for from_day, to_day, stretch in days]
    for quantity, alike in groupby(counted, key=lambda each: each[2]):
        spans = list(alike)
        share = sum((month_share(from_day, to_day) for from_day, to_day, _ in spans), Fraction(0))
        yield _Span(spans[0][0], spans[-1][1], quantity, share)


def _days(
    segment: PricingSegment, stretches: tuple[Stretch, ...], *, knows_itself: bool
) -> list[tuple[date, date, Stretch | None]]:
    if knows_itself or not stretches:
        return [(segment.from_day, segment.to_day, None)]
    found = [(common_days(segment, stretch), stretch) for stretch in stretches]
    return [(*days, stretch) for days, stretch in found if days is not None]


def _quantity(key: str, item: RecurringPrice, stretch: Stretch | None, terms: StatementTerms) -> Fraction:
    if item.quantity is not None:
        return Fraction(item.quantity)
    if stretch is None or stretch.services is None:
        raise CannotPrice(f"The plan prices '{key}', and how many of it the customer has is not known.")
    return Fraction(terms.quantity_of(item.item or key, stretch.services))


def _line(reckoning: Reckoning, segment: PricingSegment, key: str, item: RecurringPrice, span: _Span) -> Line:
    count = billable(span.quantity, item)
    parts = _priced(count, item)
    return Line(
        kind=LineKind.RECURRING,
        group=Group.RECURRING,
        key=key,
        text=item.text or key,
        quantity=_decimal(count),
        unit="each",
        unit_price_micros=Decimal(parts[0][1]) if len(parts) == 1 else None,
        amount_micros=reckoning.rounded(monthly_micros(count, item) * span.share),
        evidence=_evidence(item, span, count, parts),
        plan=segment.label,
    )


def _evidence(item: RecurringPrice, span: _Span, count: Fraction, parts: list[tuple[Fraction, int]]) -> str:
    there = f"{number_text(span.quantity)} there"
    limits = [
        f"at least {item.minimum}" if span.quantity < item.minimum else "",
        f"at most {item.maximum}" if item.maximum is not None and span.quantity > item.maximum else "",
        f"{item.included} included" if item.included else "",
    ]
    reasons = ", ".join(part for part in limits if part)
    sums = " + ".join(f"{number_text(part)} × {money_text(price)}" for part, price in parts) or number_text(count)
    words = f"{there}, {reasons}: {sums}" if reasons else sums
    if span.share == 1:
        return words
    words = f"({words})" if len(parts) > 1 or reasons else words
    last_day = span.to_day - timedelta(days=1)
    return f"{words} × {span.share} of a month, {span.from_day} to {last_day}"


def _is_for(charge: OneOff, terms: StatementTerms) -> bool:
    """By id, by exact name, or by a pattern with * and ?; without any for all of the plan's customers."""
    if not charge.customers:
        return True
    return any(name == each or fnmatchcase(name, each) for name in terms.names for each in charge.customers)


def _decimal(number: Fraction) -> Decimal:
    """Quantities have four decimals at most, and so has what is left of them."""
    return Decimal(number.numerator) / number.denominator
