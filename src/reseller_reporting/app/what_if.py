"""What if: a stored period priced by the plans as they are, and by others, for all customers at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from reseller_reporting.app.carry_over import MONTHS_MAX as CARRY_OVER_MONTHS
from reseller_reporting.app.carry_over import earlier_months
from reseller_reporting.app.csv_files import check_writable, write_rows
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled, Wanted
from reseller_reporting.app.plan_papers import surroundings_of
from reseller_reporting.app.pricing import Book, Pricing, open_book, with_pools
from reseller_reporting.app.progress import Progress
from reseller_reporting.app.recurring_parts import recurring_parts
from reseller_reporting.app.repricing import Batch, Group, Repriced, get_ready, reprice
from reseller_reporting.app.stored import stored
from reseller_reporting.engines.local import ReadyPool, available_processes, ready_pool
from reseller_reporting.model.account import Account, Snapshot
from reseller_reporting.model.errors import InvalidPlan, InvalidSettings
from reseller_reporting.model.period import ReportPeriod
from reseller_reporting.model.plan import Plan
from reseller_reporting.model.plan_findings import PlanFinding
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.rating.plan_check import check_change
from reseller_reporting.rating.plan_resolution import PlanBook, resolve, with_figures
from reseller_reporting.reports.order import account_order
from reseller_reporting.reports.price_changes import (
    CHANGE_COLUMNS,
    CHANGE_TEXT_COLUMNS,
    ChangeTotals,
    PriceChange,
    change_document,
    change_row,
    totals_document,
    totals_of,
)
from reseller_reporting.reports.render.as_text import change_lines
from reseller_reporting.store import calls, coverage, snapshots
from reseller_reporting.store.coverage import Covered

# Starting a process costs about a second; fewer legs than this are priced faster by this one alone.
_LEGS_WORTH_A_POOL = 50_000
# What a process holds of legs at once; and enough batches that no process waits long for the last.
_LEGS_OF_A_BATCH = 150_000
_BATCHES_OF_A_PROCESS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfOrder:
    """Which period, by which plans, and what is to be other."""

    wanted: Wanted
    plans: PlanBook  # As they are; checked.
    others: PlanBook | None = None  # In their place; checked.
    figures: Mapping[str, str] = field(default_factory=dict)  # Of every plan that has a place for them.
    out: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What it comes to, customer by customer in the order of their names."""

    period: ReportPeriod
    currency: str
    figures: Mapping[str, str]
    changes: tuple[PriceChange, ...]
    totals: ChangeTotals
    warnings: tuple[ReportWarning, ...]

    @property
    def document(self) -> dict[str, Any]:
        period = self.period
        return {
            "period": {
                "from": period.from_local.isoformat(),
                "to": period.to_local.isoformat(),
                "timezone": period.timezone,
            },
            "currency": self.currency,
            "set": dict(self.figures),
            "customers": [change_document(each) for each in self.changes if not each.not_compared],
            "not_compared": [change_document(each) for each in self.changes if each.not_compared],
            "totals": totals_document(self.totals),
            "warnings": [{"code": each.code, "message": each.message, "count": each.count} for each in self.warnings],
        }


def check(order: WhatIfOrder) -> None:
    """What can be seen to go wrong before anything is read."""
    if order.others is None and not order.figures:
        raise InvalidSettings(
            "What if what? Name other plans with --against FILE|FOLDER, or a figure with --set PATH=VALUE, such as "
            "--set recurring.twoway_trunks=27.50."
        )
    if order.plans.is_empty:
        raise InvalidSettings(
            "There are no prices to compare with: name the plans as they are with --price-plans, or store some with "
            "`reseller-reporting plans import` and `plans assign`."
        )
    if order.others is not None and order.others.is_empty:
        raise InvalidSettings("--against names no plan that any customer has.")
    if order.out is not None:
        check_writable(order.out)


def what_if(house: House, order: WhatIfOrder, progress: Progress) -> WhatIf:
    check(order)
    progress.stage("Reading plans and customers")
    known = stored(house, order.wanted)
    covered = coverage.read(house.lake, known.period, months_before=CARRY_OVER_MONTHS)
    legs = {id_: sum(pull.legs for pull in coverage.in_force(pulls, known.period)) for id_, pulls in covered.items()}
    count = sum(legs.get(str(account.id), 0) for account in known.selected)
    others = order.others or order.plans
    check_figures(house, others, order.figures, known)
    prepare = partial(get_ready, house.settings.store_folder, _decks(order.plans, others), count)
    processes = available_processes() if count >= _LEGS_WORTH_A_POOL else 1
    with ready_pool(processes, prepare) as pool:
        taken, _ = snapshots.read(house.lake, known.period)
        before = open_book(house, order.plans, known, taken)
        after = before.under(PlanBook(others.plans, others.assignments, order.figures))
        groups = [_groups(house, book, covered) for book in (before, after)]
        batches = _batches(house, known, groups, legs, processes)
        repriced = _repriced(pool, batches, known, progress)
    changes = _changes(house, known, taken, repriced)
    if order.out is not None:
        _write(order.out, changes)
    totals = totals_of(changes)
    is_carry_over_known = all(each.is_carry_over_known for each in repriced.values())
    return WhatIf(
        period=known.period,
        currency=house.settings.currency,
        figures=order.figures,
        changes=tuple(changes),
        totals=totals,
        warnings=tuple(_warnings(house, known, covered, changes, totals, is_carry_over_known=is_carry_over_known)),
    )


def lines(told: WhatIf, *, width: int | None) -> Iterator[str]:
    """For a person; `width` is that of the terminal, None where there is none."""
    figures = "".join(f", {path} {value}" for path, value in told.figures.items())
    yield f"{told.period.name} ({told.period.timezone}){figures}; {told.currency}, before tax"
    yield ""
    yield from change_lines(told.changes, told.totals, width=width)


# --- figures that are tried ------------------------------------------------------------------------------------------


def check_figures(house: House, book: PlanBook, figures: Mapping[str, str], known: Pulled) -> None:
    """Raises InvalidPlan where no customer's plan has a place for a figure, or one has, and it may not stand there."""
    if not figures:
        return
    around = surroundings_of(house, figures)
    found: list[PlanFinding] = []
    elsewhere: dict[str, dict[str, str]] = {path: {} for path in figures}
    plans = _plans_in_force(book, known)
    for label, plan in plans.items():
        try:
            changed, nowhere = with_figures(plan, figures)
        except InvalidPlan as problem:
            found += [each.standing_at(f"--set in {label}", None) for each in problem.findings]
            continue
        for path, sentence in nowhere.items():
            elsewhere[path][label] = sentence
        new = check_change(plan, changed, around)
        found += [each.standing_at(f"--set in {label}", None) for each in new]
    for path, sentences in elsewhere.items():
        if plans and len(sentences) == len(plans):
            found += _leads_nowhere(path, sentences)
    if found:
        raise InvalidPlan(found)


def _plans_in_force(book: PlanBook, known: Pulled) -> dict[str, Plan]:
    first, end = known.period.from_local.date(), known.period.to_local.date()
    segments = (each for account in known.selected for each in resolve(book, account, first, end))
    return {each.label: each.plan for each in segments}


def _leads_nowhere(path: str, sentences: Mapping[str, str]) -> list[PlanFinding]:
    """Each way in which plans do not know it once, at the first that does so."""
    first: dict[str, str] = {}
    for label, sentence in sentences.items():
        first.setdefault(sentence, label)
    return [PlanFinding(("set", path), sentence, label) for sentence, label in first.items()]


# --- the work, in pieces ---------------------------------------------------------------------------------------------


def _decks(*books: PlanBook) -> tuple[str, ...]:
    rules = (rule for book in books for plan in book.plans for rule in plan.usage.values())
    return tuple(sorted({rule.deck for rule in rules if rule.deck}))


def _repriced(pool: ReadyPool, batches: Sequence[Batch], known: Pulled, progress: Progress) -> dict[str, Repriced]:
    names = {str(account.id): account.name for account in known.selected}
    progress.stage("Pricing", len(names))
    found: dict[str, Repriced] = {}

    def done(several: list[Repriced]) -> None:
        for one in several:
            found[one.account_id] = one
            progress.step(names[one.account_id])

    pool.map(reprice, batches, done=done)
    return found


def _groups(house: House, book: Book, covered: Mapping[str, list[Covered]]) -> list[Group]:
    """The customers that a book prices together, those whom nobody asked for, but who draw on their pools, too."""
    pinned = calls.pin(house.lake)
    priced = ((str(account.id), book.pricing(account)) for account in book.pulled.selected)
    pricings = {id_: pricing for id_, pricing in priced if pricing is not None}
    every: dict[str, Pricing] = {**book.sharers(pricings), **pricings}
    together = (tuple(every[id_] for id_ in ids) for ids in with_pools(every) if pricings.keys() & set(ids))
    return [Group(each, earlier_months(book, pinned, covered, each)) for each in together]


def _bound_together(asked: Iterable[str], books: Sequence[Sequence[Group]]) -> list[list[str]]:
    """Accounts that must be read together: those of a group, under either book."""
    root: dict[str, str] = {}

    def root_of(id_: str) -> str:
        while root.setdefault(id_, id_) != id_:
            id_ = root[id_]
        return id_

    for id_ in asked:
        root_of(id_)
    for group in (group for groups in books for group in groups):
        top = root_of(str(group.pricings[0].account.id))
        for each in group.pricings[1:]:
            root[root_of(str(each.account.id))] = top
    sets: dict[str, list[str]] = {}
    for id_ in list(root):
        sets.setdefault(root_of(id_), []).append(id_)
    return list(sets.values())


def _packed(sized: Sequence[tuple[int, list[str]]], processes: int) -> list[list[str]]:
    """Into batches of about the same number of legs, the fullest first."""
    count = sum(size for size, _ in sized)
    wanted = max(-(-count // _LEGS_OF_A_BATCH), processes * _BATCHES_OF_A_PROCESS if processes > 1 else 1)
    batches: list[tuple[int, list[str]]] = [(0, []) for _ in range(min(wanted, len(sized)))]
    for size, ids in sorted(sized, key=lambda each: (-each[0], each[1])):
        place = min(range(len(batches)), key=lambda each: batches[each][0])
        batches[place] = (batches[place][0] + size, [*batches[place][1], *ids])
    return [ids for _, ids in sorted(batches, key=lambda each: -each[0])]


def _batches(
    house: House, known: Pulled, groups: Sequence[Sequence[Group]], legs: Mapping[str, int], processes: int
) -> list[Batch]:
    before, after = groups
    sets = _bound_together([str(account.id) for account in known.selected], groups)
    sized = [(sum(legs.get(id_, 0) for id_ in ids), ids) for ids in sets]
    pinned, period, own = calls.pin(house.lake), known.period, known.own
    asked = {str(account.id) for account in known.selected}
    ours = {str(account.id) for account in (*known.tree, own) if _is_ours(account, own)}
    return [
        Batch(
            calls=pinned.calls(ids, from_at=period.from_at, to_at=period.to_at, reseller_id=own.id),
            asked=frozenset(asked.intersection(ids)),
            ours=frozenset(ours.intersection(ids)),
            before=tuple(_of(before, ids)),
            after=tuple(_of(after, ids)),
            spill=house.lake.folder / "spill",
            legs_of_all=sum(size for size, _ in sized),
        )
        for ids in _packed(sized, processes)
    ]


def _is_ours(account: Account, own: Account) -> bool:
    """The reseller figures of accounts below a sub-reseller are that one's."""
    return own.is_reseller and account.reseller_id in (own.id, None)


def _of(groups: Sequence[Group], ids: Sequence[str]) -> Iterator[Group]:
    among = set(ids)
    return (group for group in groups if str(group.pricings[0].account.id) in among)


# --- what came out ---------------------------------------------------------------------------------------------------


def _changes(
    house: House, known: Pulled, taken: Mapping[str, Snapshot], repriced: Mapping[str, Repriced]
) -> list[PriceChange]:
    parts = recurring_parts(known, taken)
    changes = []
    for account in sorted(known.selected, key=account_order):
        one, snapshot = repriced[str(account.id)], taken.get(str(account.id))
        is_recurring_known = parts is not None and snapshot is not None and snapshot.services is not None
        changes.append(
            PriceChange(
                account=account,
                currency=house.settings.currency,
                calls=one.calls,
                reseller_cost_units=one.reseller_cost_units,
                reseller_recurring=(parts or {}).get(str(account.id), Decimal(0)) if is_recurring_known else None,
                before=one.before,
                after=one.after,
            )
        )
    return changes


def _warnings(
    house: House,
    known: Pulled,
    covered: Mapping[str, list[Covered]],
    changes: Sequence[PriceChange],
    totals: ChangeTotals,
    *,
    is_carry_over_known: bool,
) -> Iterator[ReportWarning]:
    now = house.clock()
    if not is_carry_over_known:
        message = "Bundles with carry-over may begin with too little: the store lacks calls of the months before."
        yield ReportWarning("carry_over_unknown", message)
    pulls = [coverage.in_force(covered.get(str(account.id), []), known.period) for account in known.selected]
    never = sum(not each for each in pulls)
    partly = sum(bool(each and coverage.gaps(each, known.period, until=now)) for each in pulls)
    if not known.period.is_over(now):
        yield ReportWarning("period_not_over", "The period is not over: figures will still grow.")
    if never:
        yield ReportWarning("not_pulled", "No calls of this period are in the store for these customers.", never)
    if partly:
        message = "The store lacks a part of this period for these customers; `reseller-reporting sync` brings it."
        yield ReportWarning("partly_pulled", message, partly)
    left_out = len(changes) - totals.customers
    if left_out:
        yield ReportWarning("not_compared", "Customers that one side cannot price are in no sum.", left_out)
    unpriced = sum(totals.unpriced_calls)
    if unpriced:
        message = "Calls without a price, on both sides together: no figure holds them, so that sides may not compare."
        yield ReportWarning("unpriced_calls", message, unpriced)
    if totals.margin_unknown:
        message = "What these customers cost the reseller is not known, and so not their margin: it is in no sum."
        yield ReportWarning("margin_unknown", message, totals.margin_unknown)


def _write(path: Path, changes: Sequence[PriceChange]) -> None:
    rows = (change_row(each) for each in changes)
    write_rows(path, CHANGE_COLUMNS, ([row[name] for name in CHANGE_COLUMNS] for row in rows), text=CHANGE_TEXT_COLUMNS)
