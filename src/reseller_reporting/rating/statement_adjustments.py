"""Statement adjustments: what is taken off or put on once charges are known: discounts, minimum spend, taxes, rounding.

Each reads what its groups have come to so far, so that their order decides (pricing_steps).
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from reseller_reporting.model.plan import Discount, Group, MinimumSpend, Plan, SpendTiers, Tax, TierKind
from reseller_reporting.model.statement import Line, LineKind
from reseller_reporting.rating.pricing_terms import month_share
from reseller_reporting.rating.statement_terms import Reckoning, StatementTerms, money_text, number_text
from reseller_reporting.rating.tariff import micros_of, rounded


def discounts(reckoning: Reckoning) -> list[Line]:
    """In the plan's order, each on what the ones before left; never below 0."""
    made: list[Line] = []
    for key, discount in reckoning.terms.plan.discounts.items():
        sofar = Reckoning(reckoning.terms, [*reckoning.lines, *made])
        made += _discount(sofar, key, discount)
    return made


def minimum_spend(reckoning: Reckoning) -> list[Line]:
    """What is missing to the least that a group comes to; with `days` each version's amount by its days."""
    lines = []
    for group, (said, amount, words, label) in _minimums(reckoning.terms).items():
        spent = reckoning.of(group)
        missing = reckoning.rounded(amount) - spent
        if missing > 0:
            lines.append(
                _line(
                    LineKind.MINIMUM,
                    group,
                    "minimum_spend",
                    said.text,
                    missing,
                    f"at least {words}; {money_text(spent)} spent",
                    label,
                )
            )
    return lines


def taxes(reckoning: Reckoning) -> list[Line]:
    """On what is owed; one that prices hold already is shown and adds nothing."""
    lines = []
    for key, tax in reckoning.terms.plan.taxes.items():
        owed = reckoning.of(*tax.of)
        percent = number_text(tax.percent)
        held = 0
        if tax.inclusive:
            held = _held(reckoning, tax)
            amount, evidence = 0, f"{percent} % held by {money_text(owed)}: {money_text(held)}"
        else:
            amount = reckoning.rounded(owed * Fraction(tax.percent) / 100)
            evidence = f"{percent} % of {money_text(owed)}"
        label = reckoning.terms.last.label
        line = _line(LineKind.TAX, LineKind.TAX, key, tax.name, amount, evidence, label, percent=tax.percent)
        lines.append(replace(line, of=tuple(tax.of), included_micros=held))
    return lines


def rounding(reckoning: Reckoning) -> list[Line]:
    """A line of its own where rounding changes the total at all."""
    total = reckoning.total
    rule = reckoning.terms.plan.rounding.total
    change = rounded(Fraction(total), rule) - total
    if not change:
        return []
    words = f"{money_text(total)} to {rule.places} decimals, {rule.way.value.replace('-', ' ')}"
    label = reckoning.terms.last.label
    return [_line(LineKind.ROUNDING, LineKind.ROUNDING, "total", "Rounding", change, words, label)]


# --- discounts -------------------------------------------------------------------------------------------------------


def _discount(reckoning: Reckoning, key: str, discount: Discount) -> list[Line]:
    """A line for each group; steps of spend count what all the groups come to, one after the other."""
    lines = []
    before = 0
    total = sum(max(0, reckoning.of(group)) for group in discount.of)
    for group in discount.of:
        spent = max(0, reckoning.of(group))
        off, words = _off(discount, spent, before, total)
        before += spent
        amount = min(spent, reckoning.rounded(off))
        if amount:
            label = reckoning.terms.last.label
            lines.append(
                _line(LineKind.DISCOUNT, group, key, discount.text, -amount, words, label, percent=discount.percent)
            )
    return lines


def _off(discount: Discount, spent: int, before: int, total: int) -> tuple[Fraction, str]:
    if discount.amount is not None:
        amount = micros_of(discount.amount)
        return Fraction(min(amount, spent)), f"{money_text(amount)} off {money_text(spent)}"
    if discount.percent is not None:
        return _percent(discount.percent, spent)
    assert discount.tiers is not None
    parts = spend_parts(discount.tiers, spent, before, total)
    each = [_percent(percent, part) for percent, part in parts]
    return sum((off for off, _ in each), Fraction(0)), " + ".join(words for _, words in each)


def _percent(percent: Decimal, micros: int) -> tuple[Fraction, str]:
    return micros * Fraction(percent) / 100, f"{number_text(percent)} % of {money_text(micros)}"


def spend_parts(tiers: SpendTiers, spent: int, before: int, total: int) -> list[tuple[Decimal, int]]:
    """Parts of an amount by the percentage of the step that they lie in; a volume has that of the whole."""
    ends = [None if step.to is None else micros_of(step.to) for step in tiers.steps[:-1]] + [None]
    percents = [step.percent for step in tiers.steps]
    if tiers.kind is TierKind.VOLUME:
        reached = next(place for place, end in enumerate(ends) if end is None or total <= end)
        return [(percents[reached], spent)]
    parts = []
    place = before
    for end, percent in zip(ends, percents, strict=True):
        until = before + spent if end is None else min(end, before + spent)
        if until > place:
            parts.append((percent, until - place))
            place = until
    return parts


# --- minimum spend, taxes --------------------------------------------------------------------------------------------


def _minimums(terms: StatementTerms) -> dict[Group, tuple[MinimumSpend, Fraction, str, str]]:
    """By group: as the last version says it, the amount, how it came about, and that version."""
    found: dict[Group, tuple[MinimumSpend, Fraction, str, str]] = {}
    for segment in terms.segments if terms.counts_days else (terms.last,):
        said = _minimum(segment.plan)
        if said is None:
            continue
        micros = micros_of(said.amount)
        share = month_share(segment.from_day, segment.to_day) if terms.counts_days else Fraction(1)
        words = money_text(micros) if share == 1 else f"{money_text(micros)} × {share}"
        earlier = found.get(said.of)
        amount = micros * share + (earlier[1] if earlier else 0)
        found[said.of] = said, amount, f"{earlier[2]} + {words}" if earlier else words, segment.label
    return found


def _minimum(plan: Plan) -> MinimumSpend | None:
    said = plan.minimum_spend
    return said if said is None or isinstance(said, MinimumSpend) else MinimumSpend(amount=said)


def _held(reckoning: Reckoning, tax: Tax) -> int:
    """What of its groups is this tax, beside the others that the same amounts hold."""
    held = Fraction(0)
    for group in tax.of:
        together = sum(
            (each.percent for each in reckoning.terms.plan.taxes.values() if each.inclusive and group in each.of),
            Decimal(0),
        )
        held += reckoning.of(group) * Fraction(tax.percent) / (100 + Fraction(together))
    return reckoning.rounded(held)


def _line(
    kind: LineKind,
    group: str,
    key: str,
    text: str,
    amount: int,
    evidence: str,
    label: str,
    *,
    percent: Decimal | None = None,
) -> Line:
    return Line(
        kind=kind,
        group=group,
        key=key,
        text=text,
        quantity=Decimal(0) if percent is None else percent,
        unit="" if percent is None else "percent",
        unit_price_micros=None,
        amount_micros=amount,
        evidence=evidence,
        plan=label,
    )
