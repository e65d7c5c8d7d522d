"""What a resolved plan may not say although each of its parts may: two owners of one call, no price, steps that fall.

Owns: rules between several places of a plan, and between the plans of a book. Does not own: shapes and ranges
(model.plan), files and lines (sources.plan_files).

Invariants
- All findings are told. A plan without any can be priced by, call for call.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import TypeVar

from reseller_reporting.model.counted_items import COUNTED_ITEMS
from reseller_reporting.model.errors import InvalidPlan
from reseller_reporting.model.plan import Direction, Discount, Group, Plan, RecurringPrice, UsageRule, label_of
from reseller_reporting.model.plan_findings import Place, PlanFinding, advice
from reseller_reporting.rating.bundles import BUNDLES_MAX
from reseller_reporting.rating.plan_items import items_of
from reseller_reporting.rating.plan_resolution import (
    PlanBook,
    Resolved,
    VersionKey,
    change_days,
    resolved_version,
    with_overrides,
)

Made = TypeVar("Made")
_KINDS = "per_minute, tiers, deck (with or without markup), markup alone, free"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan must agree with."""

    currency: str  # The reseller's.
    decks: Mapping[str, str]  # Each deck's currency by its name; "" where it states none.


@dataclass(frozen=True, slots=True)
class BookFinding:
    """A finding, and which of the book's documents may hold its place: the first that states it does."""

    finding: PlanFinding
    versions: tuple[VersionKey, ...] = ()
    assignment: int | None = None


def check_book(book: PlanBook, around: Surroundings) -> list[BookFinding]:
    """Every version of every plan as it comes out on each day that changes it, and every assignment."""
    return [*_versions(book, around), *_assignments(book, around)]


def check_plan(plan: Plan, around: Surroundings) -> list[PlanFinding]:
    """What is wrong with one resolved plan."""
    return [
        *_currency(plan, around),
        *_content(plan),
        *_claims(plan),
        *_bundles(plan),
        *(finding for name, rule in plan.usage.items() for finding in _usage(("usage", name), rule, plan, around)),
        *(finding for name, each in plan.recurring.items() for finding in _recurring(name, each)),
        *(finding for name, each in plan.discounts.items() for finding in _discount(("discounts", name), each)),
        *(finding for name, each in plan.taxes.items() for finding in _groups(("taxes", name), each.of)),
    ]


def _currency(plan: Plan, around: Surroundings) -> Iterator[PlanFinding]:
    if plan.currency is not None and plan.currency != around.currency:
        sentence = (
            f"the plan is in {plan.currency}, the reseller in {around.currency}; there is no exchange of money here"
        )
        yield PlanFinding(("currency",), f"{sentence}, so state prices in {around.currency}")


def _content(plan: Plan) -> Iterator[PlanFinding]:
    if not (plan.usage or plan.recurring or plan.one_off or plan.minimum_spend is not None):
        yield PlanFinding((), "the plan has no price; add `usage`, `recurring`, `one_off` or `minimum_spend`")


def _bundles(plan: Plan) -> Iterator[PlanFinding]:
    if len(plan.bundles) > BUNDLES_MAX:
        sentence = (
            f"{len(plan.bundles)} bundles are more than a call can draw on; let it be {BUNDLES_MAX} at most, such as "
            "one for all countries of the same minutes"
        )
        yield PlanFinding(("bundles",), sentence)


def _claims(plan: Plan) -> Iterator[PlanFinding]:
    """Each call has one rule: two that claim the same are refused, whatever their order."""
    owners: dict[tuple[str, str], str] = {}
    told: set[tuple[str, str, str]] = set()
    for name, rule in plan.usage.items():
        for where, step, claim in _claimed(rule):
            for direction in _directions(rule.direction):
                owner = owners.setdefault((direction, claim), name)
                if owner != name and (name, owner, claim) not in told:
                    told.add((name, owner, claim))
                    sentence = f"{claim} is `{owner}`'s already, for {direction} calls; each may have one rule only"
                    yield PlanFinding(("usage", name, *where, *step), sentence)


def _claimed(rule: UsageRule) -> Iterator[tuple[Place, Place, str]]:
    """What a rule is for: where it says so, and in words."""
    for number, prefix in enumerate(rule.prefixes):
        yield ("prefixes",), (number,), f"the prefix {prefix}"
    for number, number_class in enumerate(rule.classes):
        yield ("classes",), (number,), f"the class {number_class.value}"
    for number, country in enumerate(rule.countries):
        yield ("countries",), (number,), f"the country {country}"
    if not (rule.prefixes or rule.classes or rule.countries):
        yield (), (), "every call that a deck has a price for" if rule.deck else "everything else"


def _directions(direction: Direction) -> Sequence[str]:
    both = (Direction.INBOUND.value, Direction.OUTBOUND.value)
    return both if direction is Direction.BOTH else (direction.value,)


def _usage(place: Place, rule: UsageRule, plan: Plan, around: Surroundings) -> Iterator[PlanFinding]:
    stated = _kinds(rule)
    if not stated:
        yield PlanFinding(place, f"the rule has no price; add one of {_KINDS}")
    elif len(stated) > 1:
        yield PlanFinding(place, f"{_listed(stated)} are several prices for one call; keep one of {_KINDS}")
    else:
        names, why = _IGNORED.get(stated[0], ((), ""))
        for name in (name for name in names if name in rule.model_fields_set):
            yield PlanFinding((*place, name), f"`{name}` would count for nothing: {why}; leave it out")
    if rule.tiers is not None:
        yield from _steps((*place, "tiers"), [step.to_minutes for step in rule.tiers.steps], "to_minutes")
    if rule.deck is not None:
        yield from _deck((*place, "deck"), rule.deck, plan, around)


# What counts for nothing in a rule of this kind, and why. Grace counts with a markup on cost: no deck says another.
_IGNORED = {
    "deck": (("minimum", "increment", "connect_fee", "grace"), "with a deck it is the deck's own"),
    "markup": (("minimum", "increment", "connect_fee"), "a markup on cost prices the whole call"),
    "free": (("minimum", "increment", "connect_fee", "grace"), "a free call costs nothing"),
}


def _kinds(rule: UsageRule) -> list[str]:
    kinds = [name for name in ("per_minute", "tiers", "deck") if getattr(rule, name) is not None]
    if rule.markup is not None and rule.deck is None:
        kinds.append("markup")
    return [*kinds, "free"] if rule.free else kinds


def _deck(place: Place, name: str, plan: Plan, around: Surroundings) -> Iterator[PlanFinding]:
    currency = plan.currency or around.currency
    if name not in around.decks:
        hint = advice(name, around.decks) if around.decks else "none is stored, `decks import` brings one"
        yield PlanFinding(place, f"there is no deck `{name}`; {hint}")
    elif around.decks[name] not in ("", currency):
        yield PlanFinding(
            place, f"the deck `{name}` is in {around.decks[name]}, the plan in {currency}; use one in {currency}"
        )


def _steps(place: Place, ends: Sequence[int | Decimal | None], key: str) -> Iterator[PlanFinding]:
    """Every step but the last has an end, each above the one before."""
    below: int | Decimal | None = None
    for number, end in enumerate(ends):
        at = (*place, "steps", number)
        is_last = number == len(ends) - 1
        if end is None and not is_last:
            yield PlanFinding(at, f"only the last step has no end; add `{key}`")
        elif end is not None and is_last:
            yield PlanFinding((*at, key), f"the last step goes on for ever; leave `{key}` out, or add a step after it")
        elif end is not None and below is not None and end <= below:
            yield PlanFinding((*at, key), f"{end} is not above {below}, where the step before ends; let the steps rise")
        below = end if end is not None else below


def _recurring(name: str, each: object) -> Iterator[PlanFinding]:
    place: Place = ("recurring", name)
    price = each if isinstance(each, RecurringPrice) else None
    item = (price.item if price else "") or name
    if price is None or price.quantity is None:
        if items_of(item) is None:
            at = (*place, "item") if price and price.item else place
            hint = f"{advice(item, COUNTED_ITEMS)}; else say `item: category/item`, or state a `quantity`"
            yield PlanFinding(at, f"`{item}` is nothing that KAZOO counts; {hint}")
    elif price.item:
        yield PlanFinding((*place, "quantity"), "`item` is counted by KAZOO, `quantity` is your own; keep one of them")
    if price is None:
        return
    if price.price is None and price.tiers is None:
        yield PlanFinding(place, "the entry has no price; add `price` or `tiers`")
    if price.price is not None and price.tiers is not None:
        yield PlanFinding((*place, "price"), "`price` and `tiers` are two prices for one thing; keep one of them")
    if price.tiers is not None:
        yield from _steps((*place, "tiers"), [step.to for step in price.tiers.steps], "to")
    if price.maximum is not None and price.minimum > price.maximum:
        sentence = (
            f"the maximum of {price.maximum} is below the minimum of {price.minimum}; let it be {price.minimum} or more"
        )
        yield PlanFinding((*place, "maximum"), sentence)


def _discount(place: Place, discount: Discount) -> Iterator[PlanFinding]:
    stated = [name for name in ("percent", "amount", "tiers") if getattr(discount, name) is not None]
    if not stated:
        yield PlanFinding(place, "the discount takes nothing off; add one of percent, amount, tiers")
    if len(stated) > 1:
        yield PlanFinding(place, f"{_listed(stated)} are several discounts; keep one of them, or make two entries")
    if discount.amount is not None and len(set(discount.of)) > 1:
        sentence = "an amount is taken off one group only; name one, or make an entry for each"
        yield PlanFinding((*place, "of"), sentence)
    if discount.tiers is not None:
        yield from _steps((*place, "tiers"), [step.to for step in discount.tiers.steps], "to")
    yield from _groups(place, discount.of)


def _groups(place: Place, groups: Sequence[Group]) -> Iterator[PlanFinding]:
    twice = {group.value for group in groups if list(groups).count(group) > 1}
    for group in sorted(twice):
        yield PlanFinding((*place, "of"), f"`{group}` stands twice and would count twice; name it once")


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _versions(book: PlanBook, around: Surroundings) -> Iterator[BookFinding]:
    yield from _twins(book)
    for name in book.versions:
        seen: set[tuple[VersionKey, ...]] = set()
        told: set[PlanFinding] = set()
        for day in change_days(book, name):
            resolved = _tried(partial(resolved_version, book, name, day))
            if isinstance(resolved, Resolved):
                chain, findings = resolved.chain, check_plan(resolved.plan, around)
            elif resolved and (version := book.in_force(name, day)):
                chain, findings = ((version.plan, version.effective),), resolved
            else:
                continue
            if chain in seen:
                continue
            seen.add(chain)
            yield from (BookFinding(each, chain) for each in findings if each not in told)
            told.update(findings)


def _twins(book: PlanBook) -> Iterator[BookFinding]:
    """Two documents for one version: which of them counts would be chance."""
    for versions in book.versions.values():
        for one, other in pairwise(versions):
            if one.effective == other.effective:
                label = label_of(one.plan, one.effective)
                sentence = f"{label} is there twice; give one of the documents another `effective` or name"
                yield BookFinding(PlanFinding(("plan",), sentence), ((one.plan, one.effective),))


def _assignments(book: PlanBook, around: Surroundings) -> Iterator[BookFinding]:
    taken: dict[tuple[str, date | None], int] = {}
    for number, each in enumerate(book.assignments):
        place: Place = ("customers", number)
        if taken.setdefault((each.customer, each.effective), number) != number:
            since = each.effective or "the beginning"
            sentence = f"'{each.customer}' has a plan from {since} already; keep one of the two lines"
            yield BookFinding(PlanFinding(place, sentence), assignment=number)
        if each.plan not in book.versions:
            sentence = f"there is no plan `{each.plan}`; {advice(each.plan, book.versions)}"
            yield BookFinding(PlanFinding((*place, "plan"), sentence), assignment=number)
        elif each.set:
            for finding in _overrides(book, number, around):
                yield BookFinding(PlanFinding((*place, *finding.place), finding.sentence), assignment=number)


def _overrides(book: PlanBook, number: int, around: Surroundings) -> list[PlanFinding]:
    """What a customer's own figures make of the plan on each day that changes it, beyond what is wrong without them."""
    assignment = book.assignments[number]
    begins = assignment.effective or date.min
    found: dict[PlanFinding, None] = {}
    for day in sorted({begins, *(day for day in change_days(book, assignment.plan) if day > begins)}):
        base = _tried(partial(resolved_version, book, assignment.plan, day))
        if not isinstance(base, Resolved):  # Told of the plan itself, or not begun.
            continue
        changed = _tried(partial(with_overrides, base.plan, assignment.set))
        if isinstance(changed, Plan):
            new = check_change(base.plan, changed, around)
            found.update((PlanFinding(("set",), PlanFinding(each.place, each.sentence).text), None) for each in new)
        else:
            found.update((each, None) for each in changed)
    return list(found)


def check_change(base: Plan, changed: Plan, around: Surroundings) -> list[PlanFinding]:
    """What single figures make wrong, beyond what is wrong without them."""
    known = set(check_plan(base, around))
    return [each for each in check_plan(changed, around) if each not in known]


def _tried(make: Callable[[], Made]) -> Made | list[PlanFinding]:
    try:
        return make()
    except InvalidPlan as problem:
        return list(problem.findings)
