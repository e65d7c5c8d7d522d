"""Pricing at size: made-up rated legs of a month under a plan with a deck, bundles and tiers, customer by customer.

    python benchmarks/pricing.py [--legs 10000000] [--prefixes 36205] [--customers 1000] [--processes 2]

Some customers are priced leg by leg as well, by the scalar rules, to see that columns come to the same.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rating import made_up_deck
from reseller_reporting.model.plan import Plan
from reseller_reporting.model.tables import PRICEABLE_LEGS
from reseller_reporting.rating.columns import expect
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.priced import Priced
from reseller_reporting.rating.pricing import Member, price_legs
from reseller_reporting.rating.pricing_terms import PricingSegment, PricingTerms
from reseller_reporting.rating.usage_lines import bundle_lines, usage_lines

BEGIN, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
_BEGIN_SECONDS, _MONTH_SECONDS = int(BEGIN.timestamp()), 31 * 86_400
_BATCH = 500_000
_CHECKED_LEGS = 20_000
_TASKS_A_PROCESS = 8

PLAN = Plan.model_validate(
    {
        "plan": "retail",
        "usage": {
            "toll-free": {"classes": ["tollfree_us"], "per_minute": "0.029", "minimum": 6, "increment": 6},
            "us": {
                "direction": "outbound",
                "countries": ["US", "CA"],
                "minimum": 6,
                "increment": 6,
                "tiers": {
                    "steps": [
                        {"to_minutes": 1_000, "per_minute": "0.015"},
                        {"to_minutes": 10_000, "per_minute": "0.0125"},
                        {"per_minute": "0.0099"},
                    ]
                },
            },
            "uk-mobile": {
                "direction": "outbound",
                "prefixes": ["447"],
                "per_minute": "0.09",
                "minimum": 30,
                "increment": 6,
                "connect_fee": "0.05",
            },
            "world": {"direction": "outbound", "deck": "gold", "markup": {"percent": "20", "absolute": "0.001"}},
            "inbound": {"direction": "inbound", "free": True},
            "rest": {"markup": {"percent": Decimal(30)}},
        },
        "bundles": {
            "us-500": {"minutes": 500, "direction": "outbound", "countries": ["US"]},
            "any-100": {"minutes": 100},
        },
    }
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--legs", type=int, default=10_000_000)
    parser.add_argument("--prefixes", type=int, default=36_205)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    print(f"{asked.legs:,} legs, {asked.prefixes:,} prefixes, {asked.customers:,} customers\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "month.arrow"
        bounds = made_up_month(path, asked.legs, asked.customers, asked.prefixes)
        check(path, bounds, asked.prefixes)
        print("| what | processes | s | M legs/s | peak MB of a process |\n| --- | --- | --- | --- | --- |")
        for words in (False, True):
            for processes in dict.fromkeys((1, asked.processes)):
                measure(path, bounds, asked.prefixes, processes=processes, words=words)


def measure(path: Path, bounds: Any, prefixes: int, *, processes: int, words: bool) -> None:
    """Readiness (deck, compiler) is not part of the time: it is the same for one leg and for all."""
    tasks = [
        (str(path), prefixes, bounds[part].tolist(), words)
        for part in np.array_split(_shuffled(len(bounds)), processes * _TASKS_A_PROCESS)
    ]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        list(pool.map(ready, [prefixes] * processes * 2, chunksize=1))
        began = time.perf_counter()
        results = list(pool.imap_unordered(work, tasks))
        seconds = time.perf_counter() - began
    legs, micros, peak = sum(r[0] for r in results), sum(r[1] for r in results), max(r[2] for r in results)
    assert micros > 0
    name = "prices, lines and the words of every price" if words else "**prices and lines**"
    print(f"| {name} | {processes} | {seconds:.2f} | {legs / seconds / 1e6:.2f} | {peak:.0f} |", flush=True)


def _shuffled(count: int) -> Any:
    """Large customers come first in the month; tasks hold some of each size."""
    return np.random.default_rng(1).permutation(count)


def ready(prefixes: int) -> None:
    expect(10**9)
    legs = _legs_of(np.random.default_rng(3), 5_000, _prefixes(deck(prefixes)))
    for words in (False, True):
        priced(legs, prefixes, words=words)


def work(task: tuple[str, int, Sequence[Sequence[int]], bool]) -> tuple[int, int, float]:
    path, prefixes, bounds, words = task
    with pa.memory_map(path) as source:
        table = pa.ipc.open_file(source).read_all()
        legs = micros = 0
        for begin, end in bounds:
            one = priced(table.slice(begin, end - begin), prefixes, words=words)
            legs += len(one)
            micros += one.total_micros
    return legs, micros, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def priced(legs: pa.Table, prefixes: int, *, words: bool) -> Priced:
    one = price_legs(legs, terms(prefixes))
    lines = [*usage_lines(one), *bundle_lines(one)]
    assert sum(line.amount_micros for line in lines) == one.total_micros
    if words:
        assert len(one.explanations()) == len(one)
    return one


def terms(prefixes: int) -> PricingTerms:
    days = {"from_day": date(2026, 10, 1), "to_day": date(2026, 11, 1)}
    segment = PricingSegment(plan=PLAN, label="retail", from_at=BEGIN, to_at=END, **days)
    return PricingTerms(segments=(segment,), decks={"gold": deck(prefixes)})


@cache
def deck(prefixes: int) -> Deck:
    return made_up_deck(np.random.default_rng(7), prefixes)


def check(path: Path, bounds: Any, prefixes: int) -> None:
    """The last customers, who are small, by the definition, which stands with the tests."""
    sys.path.append(str(Path(__file__).parent.parent / "tests" / "rating"))
    from pricing_definition import price_each

    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
        expect(10**9)
        checked = 0
        for begin, end in bounds[::-1].tolist():
            legs = table.slice(begin, end - begin)
            by = terms(prefixes)
            (expected,) = price_each([Member(legs=legs, terms=by)])
            one = price_legs(legs, by)
            assert one.prices.to_pylist() == [each.price_micros for each in expected]
            assert one.explanations().to_pylist() == [each.words for each in expected]
            checked += len(legs)
            if checked > _CHECKED_LEGS:
                break
    print(f"checked: {checked:,} legs cost, and say, what the scalar rules say\n")


# --- what is made up -------------------------------------------------------------------------------------------------


def made_up_month(path: Path, legs: int, customers: int, prefixes: int) -> Any:
    """Customers of very different sizes, one after the other, each in order of time; where each begins and ends."""
    random = np.random.default_rng(7)
    weights = 1 / np.arange(1, customers + 1)
    sizes = np.maximum(1, (weights / weights.sum() * legs).astype(np.int64))
    sizes[0] += legs - sizes.sum()
    ends = np.cumsum(sizes)
    known = _prefixes(deck(prefixes))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, PRICEABLE_LEGS) as writer:
        for size in sizes.tolist():
            writer.write_table(_legs_of(random, size, known), max_chunksize=_BATCH)
    return np.stack([ends - sizes, ends], axis=1)


def _prefixes(of: Deck) -> Any:
    return np.array([rate.prefix for rate in of.rates])


def _legs_of(random: Any, count: int, prefixes: Any) -> pa.Table:
    """Nearly half to the US, a third to the world, the rest inbound; an eighth unanswered."""
    kind = random.choice(3, count, p=[0.45, 0.35, 0.2])
    american = np.char.add("1415", np.char.zfill(random.integers(2 * 10**6, 10**7, count).astype(str), 7))
    tail = np.char.zfill(random.integers(0, 10**5, count).astype(str), 6)
    abroad = np.char.add(prefixes[random.integers(0, len(prefixes), count)], tail)
    numbers = np.char.add("+", np.where(kind == 1, abroad, american))
    starts = np.sort(random.integers(_BEGIN_SECONDS, _BEGIN_SECONDS + _MONTH_SECONDS, count)) * 1_000_000
    ids = pa.array(np.char.add("call-", np.char.zfill(np.arange(count).astype(str), 9)))
    answered = np.where(random.random(count) < 0.125, 0, random.exponential(150, count)).astype(np.int64)
    columns = [
        pa.array(starts).cast(PRICEABLE_LEGS.field("started_at").type),
        ids,
        ids,
        pa.array(np.where(kind == 2, "inbound", "outbound")),
        pa.array(numbers),
        pa.array(np.where(kind == 1, "ZZ", "US")),
        pa.array(answered),
        pa.nulls(count, pa.int64()),
        pa.array(random.integers(0, 20_000, count)),
    ]
    return pa.table(columns, schema=PRICEABLE_LEGS)


if __name__ == "__main__":
    main()
