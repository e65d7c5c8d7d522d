"""Price calls: a plain list of calls priced by one plan file, without a store of calls."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.app.decks import deck as stored_deck
from reseller_reporting.app.decks import deck_from_file
from reseller_reporting.app.house import House
from reseller_reporting.app.plans import plan_book
from reseller_reporting.app.progress import Progress
from reseller_reporting.app.rerating import parse_trunks
from reseller_reporting.model.errors import CannotWrite, FileRefused, InvalidSettings
from reseller_reporting.model.plan import Plan, Proration
from reseller_reporting.model.problems import Problem
from reseller_reporting.model.rate import micros_text
from reseller_reporting.model.statement import Line
from reseller_reporting.model.tables import PRICEABLE_LEGS, UTC_TIME
from reseller_reporting.rating.columns import country_codes
from reseller_reporting.rating.country import UNKNOWN_CODE
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.number import EMERGENCY, TOLLFREE_US, classify, is_flat_rate_eligible
from reseller_reporting.rating.plan_resolution import resolved_version
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.pricing import price_legs
from reseller_reporting.rating.pricing_terms import PricingSegment, PricingTerms, Stretch
from reseller_reporting.rating.replay import TrunkLegs, replay_columns
from reseller_reporting.rating.trunk import TrunkLimits
from reseller_reporting.rating.usage_lines import bundle_lines, usage_lines
from reseller_reporting.sources.call_lists import CallList, ListedCall, open_call_list

ADDED_COLUMNS = ("billed_seconds", "price", "rule", "explanation")
_ROWS_A_BATCH = 50_000
_SCHEMA = pa.schema([*PRICEABLE_LEGS, pa.field("reseller_cost_micros", pa.int64())])


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsOrder:
    """What to price by what, in words from outside."""

    plan: Path
    calls: Path
    out: Path
    decks: tuple[str, ...] = ()  # NAME=FILE
    trunks: str | None = None
    users: int | None = None
    devices: int | None = None


@dataclass(slots=True)
class PricedCalls:
    """What became of a list."""

    out: Path
    calls: int = 0
    unpriced: int = 0
    without_offset: int = 0
    total_micros: int = 0
    lines: list[Line] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)  # The refused rows, and calls without a price.


def price_calls(house: House, order: CallsOrder, progress: Progress) -> PricedCalls:
    """Every row that is a call comes out with its price, in the order of the list; the others are told."""
    plan = _plan(house, order)
    limits = None if order.trunks is None else parse_trunks(order.trunks)
    if order.out.exists() and order.out.samefile(order.calls):
        raise InvalidSettings("--out would overwrite the calls. Name another file.")
    listed = open_call_list(order.calls)
    taken = [name for name in ADDED_COLUMNS if name in listed.header]
    if taken:
        raise FileRefused(f"{order.calls.name} has a column {', '.join(taken)} already, as a priced list has.")
    told = PricedCalls(order.out)
    decks = _decks(house, order, plan, told, progress)
    progress.stage(f"Reading {order.calls.name}")
    legs, refused_rows = _read(listed, told)
    progress.stage("Pricing", len(legs))
    in_order = pc.sort_indices(legs, sort_keys=[("started_at", "ascending"), ("leg_id", "ascending")])
    sorted_legs = legs.take(in_order)
    priced = price_legs(sorted_legs, _terms(plan, sorted_legs, decks, limits, order))
    places = np.empty(len(legs), np.int64)
    places[in_order.to_numpy()] = np.arange(len(legs))
    _sum_up(priced, told)
    progress.stage(f"Writing {order.out.name}")
    _write(listed, order.out, refused_rows, priced, places, told)
    return told


# --- the plan and its decks -------------------------------------------------------------------------------------------


def _plan(house: House, order: CallsOrder) -> Plan:
    """The file's one plan, checked, with what it takes over from plans beside it."""
    given = [_named_file(text)[0] for text in order.decks]
    book = plan_book(house, order.plan, given_decks=given)
    if len(book.assigned) != 1 or len({each.plan for each in book.assignments}) != 1:
        raise InvalidSettings(f"{order.plan} gives plans to several customers. Name the file of one plan.")
    resolved = resolved_version(book, book.assignments[0].plan, date.max)
    assert resolved is not None
    return resolved.plan


def _decks(house: House, order: CallsOrder, plan: Plan, told: PricedCalls, progress: Progress) -> dict[str, Deck]:
    """The decks that the plan names: from the files given, else from the store."""
    wanted = dict.fromkeys(rule.deck for rule in plan.usage.values() if rule.deck is not None)
    files = dict(map(_named_file, order.decks))
    strange = [name for name in files if name not in wanted]
    if strange:
        raise InvalidSettings(f"The plan names no deck {', '.join(strange)}; it names {', '.join(wanted) or 'none'}.")
    decks = {}
    for name in wanted:
        if name in files:
            decks[name], refused = deck_from_file(house, files[name], name, progress)
            told.refused += refused
        else:
            decks[name] = stored_deck(house, name)
    return decks


def _named_file(text: str) -> tuple[str, Path]:
    name, sign, path = text.partition("=")
    if not (name and sign and path):
        raise InvalidSettings(f"'{text}' is no deck. Write --deck NAME=FILE, with the name that the plan uses.")
    return name, Path(path)


# --- the calls --------------------------------------------------------------------------------------------------------


def _read(listed: CallList, told: PricedCalls) -> tuple[pa.Table, set[int]]:
    """The calls as priceable legs, in the order of the list; the numbers of the rows that are none."""
    refused: set[int] = set()
    seen: dict[str, int] = {}
    batches: list[pa.RecordBatch] = []
    calls = _calls(listed, seen, refused, told)
    while batch := list(islice(calls, _ROWS_A_BATCH)):
        batches.append(_batch(batch))
        told.without_offset += sum(not call.has_offset for call in batch)
    return pa.Table.from_batches(batches, schema=_SCHEMA).combine_chunks(), refused


def _calls(listed: CallList, seen: dict[str, int], refused: set[int], told: PricedCalls) -> Iterator[ListedCall]:
    for number, row in enumerate(listed.rows(), 1):
        call = listed.call(row)
        if not isinstance(call, str):
            earlier = seen.setdefault(call.id, number)
            if earlier == number:
                yield call
                continue
            call = f"the id stands in row {earlier} already"
        refused.add(number)
        told.refused.append(listed.problem(number, row, call))


def _batch(calls: Sequence[ListedCall]) -> pa.RecordBatch:
    ids, directions, numbers, starts, seconds, countries, costs, _ = map(list, zip(*calls, strict=True))
    called = pa.array(numbers, pa.string())
    is_outbound = pc.equal(pa.array(directions), "outbound")
    # The far end of an inbound call is the caller, whom the list does not name.
    told = pc.if_else(is_outbound, country_codes(called).cast(pa.string()), UNKNOWN_CODE)
    stated = pa.array(countries, pa.string())
    columns: dict[str, Any] = {
        "started_at": pa.array(starts, pa.int64()).cast(UTC_TIME),
        "call_id": pa.array(ids, pa.string()),
        "leg_id": pa.array(ids, pa.string()),
        "direction": pa.array(directions, pa.string()),
        "dialed_number": called,
        "country_code": pc.if_else(pc.equal(stated, ""), told, stated),
        "answered_seconds": pa.array(seconds, pa.int64()),
        "reseller_cost_micros": pa.array(costs, pa.int64()),
    }
    nothing = pa.nulls(len(ids), pa.int64())
    return pa.RecordBatch.from_arrays([columns.get(name, nothing) for name in _SCHEMA.names], schema=_SCHEMA)


def _terms(
    plan: Plan, legs: pa.Table, decks: Mapping[str, Deck], limits: TrunkLimits | None, order: CallsOrder
) -> PricingTerms:
    """The list is one period, in which the plan is in force throughout and its bundles are whole."""
    starts = legs["started_at"].cast(pa.int64()).to_numpy()
    first, last = (_day(int(each)) for each in (starts[0], starts[-1])) if len(starts) else (date(2026, 1, 1),) * 2
    after = last + timedelta(days=1)
    segment = PricingSegment(
        plan=plan.model_copy(update={"proration": Proration.NONE}),
        label=plan.plan,
        from_day=first,
        to_day=after,
        from_at=datetime.combine(first, time(), UTC),
        to_at=datetime.combine(after, time(), UTC),
    )
    figures = () if limits is None else (limits.inbound, limits.outbound, limits.twoway)
    # Of unlimited trunks nobody can say how many there are.
    counted = sum(figures) if figures and min(figures) >= 0 else None
    stretch = Stretch(from_day=first, to_day=after, trunks=counted, users=order.users, devices=order.devices)
    return PricingTerms(segments=(segment,), decks=decks, replayed=_replay(legs), limits=limits, stretches=(stretch,))


def _replay(legs: pa.Table) -> Callable[[TrunkLimits], Any]:
    """A list has no ringing: a call holds its trunk while it is answered."""

    def replayed(limits: TrunkLimits) -> Any:
        starts = legs["started_at"].cast(pa.int64()).to_numpy()
        is_outbound = pc.equal(legs["direction"], "outbound").to_numpy(zero_copy_only=False)
        pairs = zip(legs["dialed_number"].to_pylist(), is_outbound.tolist(), strict=True)
        eligible = np.array([_may_use_trunk(number, goes_out) for number, goes_out in pairs], np.bool_)
        ends = starts + legs["answered_seconds"].to_numpy() * 1_000_000
        return replay_columns(TrunkLegs(starts, ends, is_outbound, eligible), limits)

    return replayed


def _may_use_trunk(number: str, is_outbound: bool) -> bool:
    kind = classify(number)
    return is_flat_rate_eligible(number) and kind != EMERGENCY and not (kind == TOLLFREE_US and is_outbound)


def _day(microseconds: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).date()


# --- what comes out ---------------------------------------------------------------------------------------------------


def _sum_up(priced: Priced, told: PricedCalls) -> None:
    told.calls = len(priced)
    told.total_micros = priced.total_micros
    told.lines = [*usage_lines(priced), *bundle_lines(priced)]
    unpriced = priced.unpriced()
    told.unpriced = unpriced.count
    told.problems = [
        *told.refused,
        *(Problem(source="plan", row=None, record_id=leg.leg_id, reason=leg.reason) for leg in unpriced.legs),
    ]


def _write(listed: CallList, out: Path, refused: set[int], priced: Priced, places: Any, told: PricedCalls) -> None:
    """Each row as it came, with its columns added; the file is there whole or not at all."""
    part = out.with_name(out.name + ".part")
    try:
        with part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            writer = csv.writer(file, delimiter=listed.delimiter)
            writer.writerow([*listed.header, *ADDED_COLUMNS])
            rows = (row for number, row in enumerate(listed.rows(), 1) if number not in refused)
            for begin in range(0, told.calls, _ROWS_A_BATCH):
                added = _added(priced, places[begin : begin + _ROWS_A_BATCH])
                kept = islice(rows, len(added))
                writer.writerows([*row, *more] for row, more in zip(kept, added, strict=True))
            assert next(rows, None) is None
        part.replace(out)
    except OSError as error:
        raise CannotWrite(f"{out} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _added(priced: Priced, legs: Any) -> list[tuple[Any, ...]]:
    """The added cells of some legs, in the order in which they are asked for."""
    names = [rule.key for rule in priced.rules]
    texts: dict[int, str] = {}
    prices = [
        texts.setdefault(micros, micros_text(micros)) if has_price else ""
        for micros, has_price in zip(priced.price_micros[legs].tolist(), priced.is_priced[legs].tolist(), strict=True)
    ]
    rules = ["" if rule < 0 else names[rule] for rule in priced.rule[legs].tolist()]
    return list(
        zip(priced.billed_seconds[legs].tolist(), prices, rules, priced.explanations_of(legs).to_pylist(), strict=True)
    )
