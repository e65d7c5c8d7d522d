"""Rating at size: made-up legs of a month, rated, placed in countries and replayed on trunks, against plain ways.

    python benchmarks/rating.py [--legs 10000000] [--prefixes 100000] [--accounts 1000]

Everything is measured in this one run: read the ratios. Each way is checked to give the same answers as the others.
"""

import argparse
import heapq
import math
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reseller_reporting.model.rate import Rate
from reseller_reporting.rating.columns import Arithmetic, Edition, country_codes
from reseller_reporting.rating.country import country_code
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.replay import TrunkLegs, replay_columns
from reseller_reporting.rating.trunk import TrunkLimits

AT = datetime(2026, 10, 1, tzinfo=UTC)
_BEGIN = int(AT.timestamp())
_MONTH_SECONDS = 31 * 86_400
_ROW_GROUP = 250_000
_SELLING = [(60, 60), (30, 6), (6, 6), (1, 1), (60, 1)]
_THREADS = 2


@dataclass(frozen=True)
class Month:
    """Files of one account each row group upwards: numbers and seconds, and what trunks need."""

    path: Path
    legs: int
    bounds: Any  # Where each account's legs begin.


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--legs", type=int, default=10_000_000)
    parser.add_argument("--prefixes", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=1_000)
    asked = parser.parse_args()
    deck = made_up_deck(np.random.default_rng(7), asked.prefixes)
    edition = Edition(deck, "outbound", AT)
    with tempfile.TemporaryDirectory() as folder:
        month = _in_a_process_of_its_own(made_up_month, asked.prefixes, asked.legs, asked.accounts, Path(folder))
        _warm(edition, month)
        print(f"{asked.legs:,} legs, {len(edition.rates):,} prefixes, {asked.accounts:,} accounts\n")
        print("| way | legs | s | M legs/s | times pandas | times dict loop |\n| --- | --- | --- | --- | --- | --- |")
        _rating(edition, month)
        _replay(month)
        _scaling(edition, month)
        seconds, peak_mb = _in_a_process_of_its_own(_whole, asked.prefixes, month)
    print(
        f"\nboth sides, replay, country and sums of {month.legs:,} legs, account by account: {seconds:.1f} s, "
        f"{peak_mb:.0f} MB at most, the deck and its tables included"
    )


def _in_a_process_of_its_own(work: Callable[..., Any], *given: Any) -> Any:
    """So that the memory of one part is not that of another."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, given)


# --- what is made up -------------------------------------------------------------------------------------------------


def made_up_deck(random: Any, count: int) -> Deck:
    prefixes: set[str] = set()
    while len(prefixes) < count:
        lengths = random.choice([1, 2, 3, 4, 5, 6, 7, 8], count, p=[0.0005, 0.001, 0.005, 0.05, 0.15, 0.3, 0.3, 0.1935])
        for length, value in zip(lengths.tolist(), random.integers(0, 10**8, count).tolist(), strict=True):
            prefixes.add(f"{1 + value % 9}{value:08d}"[:length])
    chosen = sorted(prefixes)
    random.shuffle(chosen)
    rates = []
    for prefix, price, selling in zip(
        chosen[:count], random.integers(10, 20_000, count).tolist(), random.integers(0, 5, count).tolist(), strict=False
    ):
        minimum, increment = _SELLING[selling]
        rates.append(
            Rate(prefix=prefix, per_minute_micros=price * 100, minimum_seconds=minimum, increment_seconds=increment)
        )
    return Deck("made up", rates)


def made_up_month(prefixes_count: int, legs: int, accounts: int, folder: Path) -> Month:
    """Accounts of very different sizes, numbers around the deck's prefixes, an eighth of the calls unanswered."""
    random = np.random.default_rng(8)
    deck = made_up_deck(np.random.default_rng(7), prefixes_count)
    weights = 1 / np.arange(1, accounts + 1)
    sizes = np.maximum(1, (weights / weights.sum() * legs).astype(np.int64))
    sizes[0] += legs - sizes.sum()
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    prefixes = np.array([rate.prefix for rate in deck.rates])
    path = folder / "month.parquet"
    schema = pa.schema(
        [("number", pa.string()), ("answered", pa.int64()), ("starts", pa.int64()), ("outbound", pa.bool_())]
    )
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        for start in range(0, legs, _ROW_GROUP):
            count = min(_ROW_GROUP, legs - start)
            head = prefixes[random.integers(0, len(prefixes), count)]
            tail = np.char.zfill(random.integers(0, 10**5, count).astype(str), 6)
            numbers = np.char.add(np.char.add("+", head), tail)
            answered = np.where(random.random(count) < 0.125, 0, random.exponential(150, count)).astype(np.int64)
            starts = random.integers(_BEGIN, _BEGIN + _MONTH_SECONDS, count) * 1_000_000
            columns = [pa.array(numbers), pa.array(answered), pa.array(starts), pa.array(random.random(count) < 0.6)]
            writer.write_table(pa.table(columns, schema=schema))
    return Month(path, legs, bounds)


# --- ways to rate ----------------------------------------------------------------------------------------------------


def _rating(edition: Edition, month: Month) -> None:
    few = _first(month, min(month.legs, 200_000))
    many = _first(month, min(month.legs, 1_000_000))
    path = month.path.with_name("few.parquet")
    pq.write_table(few, path)
    baseline, by_pandas = timed(lambda: _pandas_apply(edition, path))
    pandas_rate = len(few) / baseline
    loop_seconds, by_loop = timed(lambda: _dict_loop(edition, many))
    loop_rate = len(many) / loop_seconds
    tell("pandas apply", len(few), baseline, pandas_rate, loop_rate)
    tell("Python loop over a dict", len(many), loop_seconds, pandas_rate, loop_rate)
    read_seconds, _ = timed(lambda: pq.read_table(month.path, columns=["number", "answered"]))
    tell("reading the columns (pyarrow)", month.legs, read_seconds, pandas_rate, loop_rate)
    for arithmetic in Arithmetic:
        seconds, costs = timed(partial(_by_columns, edition, month, arithmetic))
        tell(f"**columns, {arithmetic.value} arithmetic**", month.legs, seconds, pandas_rate, loop_rate)
        print(f"|   | | {seconds / read_seconds:.2f} × reading | | | |")
        if arithmetic is Arithmetic.KAZOO:
            assert np.concatenate(costs)[: len(few)].tolist() == by_pandas
            assert np.concatenate(costs)[: len(many)].tolist() == by_loop
    numbers = many.column("number").combine_chunks()
    seconds, codes = timed(lambda: _by_slices(month, "number", country_codes))
    tell("country by columns", month.legs, seconds, pandas_rate, loop_rate)
    assert codes[0][:1000].to_pylist() == [country_code(each) for each in numbers[:1000].to_pylist()]


def _by_columns(edition: Edition, month: Month, arithmetic: Arithmetic) -> Any:
    """Row groups side by side: the kernels let go of the interpreter."""
    file = pq.ParquetFile(month.path)

    def rate_group(group: int) -> Any:
        with pq.ParquetFile(month.path) as own:
            table = own.read_row_group(group, columns=["number", "answered"], use_threads=False)
        number, answered = (table.column(name).combine_chunks() for name in ("number", "answered"))
        return edition.rate(number, answered.to_numpy(), arithmetic=arithmetic).costs

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(rate_group, range(file.num_row_groups)))


def _by_slices(month: Month, column: str, work: Callable[[pa.Array], Any]) -> list[Any]:
    file = pq.ParquetFile(month.path)

    def one(group: int) -> Any:
        with pq.ParquetFile(month.path) as own:
            return work(own.read_row_group(group, columns=[column], use_threads=False).column(column).combine_chunks())

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(one, range(file.num_row_groups)))


Parts = tuple[int, int, int, int, int]


def _rates_by_prefix(edition: Edition) -> dict[str, Parts]:
    return {
        rate.prefix: (
            rate.per_minute_micros // 100,
            rate.increment_seconds,
            rate.minimum_seconds,
            rate.surcharge_micros // 100,
            rate.nocharge_seconds,
        )
        for rate in edition.rates
    }


def _cost(known: dict[str, Parts], number: str, seconds: int) -> int:
    """Longest prefix and KAZOO's charge with all of its parts, as one writes it in a script."""
    digits = number.removeprefix("+")
    for length in range(min(len(digits), 15), 0, -1):
        found = known.get(digits[:length])
        if found is not None:
            rate, increment, minimum, surcharge, nocharge = found
            if seconds <= 0 or seconds <= nocharge:
                return 0
            cost = surcharge + minimum / 60 * rate
            if seconds > minimum:
                cost = cost + math.ceil((seconds - minimum) / increment) * (increment / 60 * rate)
            return int(cost)
    return 0


def _pandas_apply(edition: Edition, path: Path) -> list[int]:
    """From the file, as every other way: a frame, and a function for each of its rows."""
    known = _rates_by_prefix(edition)
    frame = pd.read_parquet(path, columns=["number", "answered"])
    return list(frame.apply(lambda row: _cost(known, row["number"], row["answered"]), axis=1))


def _dict_loop(edition: Edition, table: pa.Table) -> list[int]:
    known = _rates_by_prefix(edition)
    numbers, answered = table.column("number").to_pylist(), table.column("answered").to_pylist()
    return [_cost(known, number, seconds) for number, seconds in zip(numbers, answered, strict=True)]


# --- trunks ----------------------------------------------------------------------------------------------------------


def _replay(month: Month) -> None:
    """All accounts with 5 + 5 + 10 trunks; pure Python on the first of them, one core each."""
    accounts = _accounts_in_order(month)
    limits = TrunkLimits(inbound=5, outbound=5, twoway=10)
    seconds, states = timed(lambda: [replay_columns(legs, limits) for legs in accounts])
    few = next((n for n in range(1, len(accounts) + 1) if sum(map(len, accounts[-n:])) >= 1_000_000), len(accounts))
    plain_seconds, plain = timed(lambda: [_heapq(legs) for legs in accounts[-few:]])
    plain_legs = sum(map(len, accounts[-few:]))
    assert [each.tolist() for each in states[-few:]] == plain
    rate, plain_rate = month.legs / seconds, plain_legs / plain_seconds
    print(f"| replay, Python heapq | {plain_legs:,} | {plain_seconds:.2f} | {plain_rate / 1e6:.2f} | | |")
    print(f"| **replay, columns, one core** | {month.legs:,} | {seconds:.2f} | {rate / 1e6:.1f} | | |")
    print(f"|   | | {rate / plain_rate:.1f} × heapq, call for call equal | | | |")


def _accounts_in_order(month: Month) -> list[TrunkLegs]:
    table = pq.read_table(month.path, columns=["starts", "answered", "outbound"])
    starts, answered = table.column("starts").to_numpy(), table.column("answered").to_numpy()
    outbound = table.column("outbound").to_numpy()
    legs = []
    for begin, end in zip(month.bounds[:-1], month.bounds[1:], strict=True):
        order = np.argsort(starts[begin:end], kind="stable")
        own = starts[begin:end][order]
        ends = own + answered[begin:end][order] * 1_000_000
        legs.append(TrunkLegs(own, ends, outbound[begin:end][order], np.ones(end - begin, np.bool_)))
    return legs


def _heapq(legs: TrunkLegs) -> list[int]:
    """The same decision as one would write it: two heaps of ends, limits of 5, 5 and 10."""
    inbound: list[int] = []
    outbound: list[int] = []
    states = []
    for start, end, out in zip(legs.starts.tolist(), legs.ends.tolist(), legs.is_outbound.tolist(), strict=True):
        while inbound and inbound[0] <= start:
            heapq.heappop(inbound)
        while outbound and outbound[0] <= start:
            heapq.heappop(outbound)
        over = max(0, len(inbound) + (not out) - 5) + max(0, len(outbound) + out - 5)
        if over > 10:
            states.append(0)
            continue
        states.append(1)
        if end > start:
            heapq.heappush(outbound if out else inbound, end)
    return states


# --- size ------------------------------------------------------------------------------------------------------------


def _scaling(edition: Edition, month: Month) -> None:
    """The same kernels over a tenth, all, and all five times over."""
    table = pq.read_table(month.path, columns=["number", "answered"])
    numbers, answered = table.column("number").combine_chunks(), table.column("answered").to_numpy()
    print("\n| legs | ns a leg, one thread |\n| --- | --- |")
    for legs, times in ((month.legs // 10, 1), (month.legs, 1), (month.legs, 5)):
        part, own = numbers.slice(0, legs), answered[:legs]

        def rate(part: pa.Array = part, own: Any = own, times: int = times) -> None:
            for _ in range(times):
                edition.rate(part, own)

        seconds, _ = timed(rate)
        print(f"| {legs * times:,} | {seconds / legs / times * 1e9:.0f} |")


def _whole(prefixes_count: int, month: Month) -> tuple[float, float]:
    """Account by account: order, replay, both sides, country and sums; seconds, and the process's peak in MB."""
    edition = Edition(made_up_deck(np.random.default_rng(7), prefixes_count), "outbound", AT)
    limits = TrunkLimits(inbound=5, outbound=5, twoway=10)
    _warm(edition, month)
    began = time.perf_counter()
    # One after the other: a column's chunks are there a second time while they are put together.
    names = pq.read_schema(month.path).names
    columns = {name: pq.read_table(month.path, columns=[name]).column(name).combine_chunks() for name in names}
    total = 0
    for begin, end in zip(month.bounds[:-1].tolist(), month.bounds[1:].tolist(), strict=True):
        own = {name: column.slice(begin, end - begin) for name, column in columns.items()}
        order = np.argsort(own["starts"].to_numpy(), kind="stable")
        own = {name: column.take(pa.array(order)) for name, column in own.items()}
        starts, answered = own["starts"].to_numpy(), own["answered"].to_numpy()
        outbound = own["outbound"].to_numpy(zero_copy_only=False)
        states = replay_columns(
            TrunkLegs(starts, starts + answered * 1_000_000, outbound, np.ones(len(starts), np.bool_)), limits
        )
        over = states == 0
        for arithmetic in Arithmetic:
            rated = edition.rate(own["number"], answered, arithmetic=arithmetic)
            total += int(rated.costs[over].sum())
        total += len(country_codes(own["number"]).value_counts())
    assert total > 0
    return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- measuring -------------------------------------------------------------------------------------------------------


def timed(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The best of some runs, and what the last one gave."""
    best, result = float("inf"), None
    for _ in range(times):
        began = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - began)
    return best, result


def tell(name: str, legs: int, seconds: float, pandas_rate: float, loop_rate: float) -> None:
    rate = legs / seconds
    print(
        f"| {name} | {legs:,} | {seconds:.2f} | {rate / 1e6:.2f} | {rate / pandas_rate:.0f} | {rate / loop_rate:.1f} |",
        flush=True,
    )


def _first(month: Month, legs: int) -> pa.Table:
    groups = range(-(-legs // _ROW_GROUP))
    return pq.ParquetFile(month.path).read_row_groups(groups, columns=["number", "answered"]).slice(0, legs)


def _warm(edition: Edition, month: Month) -> None:
    few = _first(month, min(month.legs, 100_000))
    number, answered = few.column("number").combine_chunks(), few.column("answered").to_numpy()
    for arithmetic in Arithmetic:
        edition.rate(number, answered, arithmetic=arithmetic)
    country_codes(number)
    times = np.arange(200_000, dtype=np.int64)
    flags = np.ones(len(times), np.bool_)
    replay_columns(TrunkLegs(times, times + 5, flags, flags), TrunkLimits(twoway=1))


if __name__ == "__main__":
    main()
