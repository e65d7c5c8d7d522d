"""Carry-over: what the months before left in the bundles, worked out anew from their calls.

What a month leaves depends on what it began with, and so on back to the month in which the bundle began. Few months
are read all the same: a month is priced twice, as if nothing and as if all of the months before it had been left. More
left over never leaves less, so that where both come to the same, what was before them does not matter.

Owns: which months are read, what of them is unknown. Does not own: how a bundle is drawn (rating.bundles).

Invariant
- What is not known is told; it never counts as nothing left in silence.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import pyarrow as pa

from reseller_reporting.app.pricing import Book, Carried, Pricing, Together, month_before, price, with_pools
from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import CannotPrice
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.rating.bundles import carried_over, pool_of
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.trunk_legs import LegArrays
from reseller_reporting.store import coverage
from reseller_reporting.store.calls import AccountCalls, Pinned
from reseller_reporting.store.coverage import Covered

# Of stored calls: PRICEABLE_LEGS, and the same legs as the replay of trunks wants them, as long as the stack is open.
ReadLegs = Callable[[ExitStack, AccountCalls], tuple[pa.Table, Callable[[], LegArrays]]]

# Further back nothing is looked for. Bundles that neither run empty nor are left alone for so long are told.
MONTHS_MAX = 36
# More than any month's calls can draw.
_PLENTY_SECONDS = 2**45
# Where not even the month before is there, any begin is possible.
_ANYTHING: Carried = {"": {}}


@dataclass(frozen=True, slots=True)
class Month:
    """Everyone who draws on the pools of some customers in one month."""

    members: tuple[tuple[Pricing, AccountCalls], ...] = field(repr=False)
    most: Carried  # What it can have begun with at most.


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The months before, the last one first, as far back as the store and the plans go."""

    months: tuple[Month, ...] = ()
    lacking: str | None = None  # The month before these of which the store lacks calls; None: the bundles began.


NOTHING_EARLIER = Earlier()


def earlier_months(
    book: Book, pinned: Pinned, covered: Mapping[str, list[Covered]], together: Sequence[Pricing]
) -> Earlier:
    """Of customers that are priced together in the period of the book."""
    if not any(pricing.carry_over_months for pricing in together):
        return NOTHING_EARLIER
    family = _family(book, [pricing.account for pricing in together])
    months: list[Month] = []
    before = month_before(together[0].period)
    while before is not None:
        members = _members(book, family, {str(pricing.account.id) for pricing in together}, before)
        if not any(pricing.carry_over_months for pricing in members):
            return Earlier(months=tuple(months))
        is_lacking = any(lacks_calls(book, covered, pricing.account, before) for pricing in members)
        if is_lacking or len(months) == MONTHS_MAX:
            return Earlier(months=tuple(months), lacking=before.name)
        calls = tuple((pricing, book.calls(pinned, pricing.account, before)) for pricing in members)
        most = {str(pricing.account.id): _most(book, pricing) for pricing in members}
        months.append(Month(calls, most))
        before = month_before(before)
    return Earlier(months=tuple(months))


def lacks_calls(book: Book, covered: Mapping[str, list[Covered]], account: Account, period: ReportPeriod) -> bool:
    """Of a period that goes on, what its last pull left out is not lacking: figures will still grow."""
    pulls, now = coverage.in_force(covered.get(str(account.id), []), period), book.house.clock()
    if not pulls or (period == book.pulled.period and str(account.id) in book.pulled.failed):
        return True
    until = now if period.is_over(now) else max(pull.known_until for pull in pulls)
    return bool(coverage.gaps(pulls, period, until=until))


def carried_into(earlier: Earlier, read: ReadLegs) -> tuple[Carried, bool]:
    """What the bundles begin with, and whether that is all known; what is not counts as nothing."""
    count = len(earlier.months)
    depth = min(count, max((_carry_over_months(month) for month in earlier.months), default=0))
    while True:
        is_from_the_beginning = depth == count and earlier.lacking is None
        begins: list[Carried] = [{}]
        if not is_from_the_beginning:
            begins.append(earlier.months[depth - 1].most if depth else _ANYTHING)
        for month in reversed(earlier.months[:depth]):
            begins = _after(month, begins, read)
        if len(begins) == 1 or depth == count:
            return begins[0], len(begins) == 1
        depth = min(count, 2 * depth)


def unknown_warning(earlier: Earlier) -> ReportWarning:
    message = (
        f"Bundles with carry-over begin as if {earlier.lacking} had left nothing: the store lacks calls of that month. "
        f"`reseller-reporting sync --period {earlier.lacking}` brings them as far as KAZOO has them."
    )
    return ReportWarning("carry_over_unknown", message)


def _after(month: Month, begins: Sequence[Carried], read: ReadLegs) -> list[Carried]:
    """What is left after the month; one, where all begins come to the same."""
    with ExitStack() as stack:
        together: Together = [(pricing, *read(stack, calls)) for pricing, calls in month.members]
        ends = [_left(together, price(together, begin)) for begin in begins]
    return [end for place, end in enumerate(ends) if end not in ends[:place]]


def _left(together: Together, priced: Sequence[Priced]) -> Carried:
    found: dict[str, dict[str, tuple[tuple[int, int], ...]]] = {}
    for (pricing, _, _), own in zip(together, priced, strict=True):
        for key, left in own.left().items():
            months = own.pools[key].bundle.carry_over_months
            lives_on = tuple((layer.age, layer.seconds) for layer in carried_over(left, months))
            if lives_on:
                found.setdefault(str(pricing.account.id), {})[key] = lives_on
    return found


def _most(book: Book, pricing: Pricing) -> dict[str, tuple[tuple[int, int], ...]]:
    """All that the months before put into each bundle that lives on."""
    bundles = {key: each for segment in pricing.segments for key, each in segment.plan.bundles.items()}
    found = {}
    for key, bundle in bundles.items():
        layers, before = [], month_before(pricing.period)
        for age in range(1, bundle.carry_over_months + 1):
            if before is not None and (seconds := _own_seconds(book.pricing(pricing.account, before), key)):
                layers.append((age, seconds))
            before = before and month_before(before)
        found[key] = tuple(layers)
    return found


def _own_seconds(pricing: Pricing | None, key: str) -> int:
    if pricing is None or all(key not in segment.plan.bundles for segment in pricing.segments):
        return 0
    try:
        return pool_of(key, pricing.segments, pricing.stretches, {}).seconds
    except CannotPrice:
        return _PLENTY_SECONDS


def _carry_over_months(month: Month) -> int:
    return max(pricing.carry_over_months for pricing, _ in month.members)


def _family(book: Book, accounts: Sequence[Account]) -> list[Account]:
    """Those that may have shared a pool with one of them in any month: what lies on its way up, and below that."""
    if not book.has_pools:
        return list(accounts)
    known = {str(account.id): account for account in (*book.pulled.tree, *accounts)}
    tops = {next((str(id_) for id_ in account.tree if str(id_) in known), str(account.id)) for account in accounts}
    return [account for id_, account in known.items() if id_ in tops or tops.intersection(map(str, account.tree))]


def _members(book: Book, family: Sequence[Account], ids: set[str], period: ReportPeriod) -> list[Pricing]:
    """Everyone who shared a pool with one of `ids` in that month."""
    pricings = {str(account.id): pricing for account in family if (pricing := book.pricing(account, period))}
    groups = [group for group in with_pools(pricings) if ids.intersection(group)]
    return [pricings[id_] for group in groups for id_ in group]
