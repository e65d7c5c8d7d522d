"""`what-if` at size: a stored month of many customers, priced by the stored plans and by others, as a command.

    python benchmarks/what_if.py [--legs 1000000] [--customers 500] [--prefixes 36205] [--python PYTHON]

The legs are made up and enter where a pull hands its rows to the store. Figures are those of whole commands, the start
of Python included; `--python` is that of an environment with what a user installs and nothing more.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from measuring import COMMAND, HEADER, step
from pricing import deck, made_up_month
from reseller_reporting.model.account import Account, Limits, Services, Snapshot
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.tables import LEDGER_ENTRIES, LEGS
from reseller_reporting.store import calls, coverage, decks, snapshots
from reseller_reporting.store.coverage import Covered
from reseller_reporting.store.lake import Lake
from reseller_reporting.store.spool import Spool

FROM_AT, TO_AT = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
TAKEN_AT = datetime(2026, 11, 10, tzinfo=UTC)
RESELLER, SOURCE = AccountId("f" * 32), "kazoo:made-up"
_ACCOUNTS_A_WRITE = 50

USAGE = """
  toll-free:  {classes: [tollfree_us], per_minute: 0.029, minimum: 6, increment: 6}
  us:
    direction: outbound
    countries: [US, CA]
    minimum: 6
    increment: 6
    tiers:
      steps: [{to_minutes: 1000, per_minute: 0.015}, {to_minutes: 10000, per_minute: 0.0125}, {per_minute: 0.0099}]
  uk-mobile:  {direction: outbound, prefixes: ["447"], per_minute: 0.09, minimum: 30, increment: 6, connect_fee: 0.05}
  world:      {direction: outbound, deck: gold, markup: {percent: 20, absolute: 0.001}}
  inbound:    {direction: inbound, free: true}
"""
BUNDLES = """
bundles:
  us-500:  {minutes: 500, direction: outbound, countries: [US]}
  any-100: {minutes: 100}
recurring:
  twoway_trunks: 29.99
  did_us: {price: 1.50, included: 10}
  users: {tiers: {kind: volume, steps: [{to: 10, price: 12.00}, {price: 9.50}]}}
proration: days
minimum_spend: {amount: 25.00, of: usage}
taxes:
  vat: {name: VAT, percent: 19}
"""
ON_COST = "  rest:       {direction: outbound, markup: {percent: 30}}\n"
POOLED = BUNDLES.replace("minutes: 100}", "minutes: 100, pooled: true, carry_over_months: 1}")
PLANS = {
    "retail": f"plan: retail\nusage:{USAGE}{BUNDLES}",
    "on-cost": f"plan: on-cost\nusage:{USAGE}{ON_COST}{BUNDLES}",
    "pooled": f"plan: pooled\nusage:{USAGE}{POOLED}",
    "over-trunks": f"plan: over-trunks\nlegs: over-trunks\nusage:{USAGE}{BUNDLES}",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--legs", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--prefixes", type=int, default=36_205)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--home", type=Path, help="Keep the store there, or use the one that is there.")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)  # In a process of its own.
    asked = parser.parse_args()
    if asked.fill:
        fill(Lake(asked.fill / "store"), asked.legs, asked.customers, asked.prefixes)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(asked.home or Path(folder), asked)


def measure(home: Path, asked: argparse.Namespace) -> None:
    variables = {**os.environ, "RESELLER_REPORTING_HOME": str(home)}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    print(f"{asked.legs:,} legs, {asked.customers:,} customers, a deck of {asked.prefixes:,} prefixes\n")
    print(HEADER)
    if not (home / "store").is_dir():
        sizes = ["--legs", asked.legs, "--customers", asked.customers, "--prefixes", asked.prefixes]
        step("rows into the store", [sys.executable, __file__, "--fill", str(home), *map(str, sizes)], variables)
    for name, text in PLANS.items():
        (home / f"{name}.yaml").write_text(text, "utf-8")

    def what_if(name: str, plan: str, *options: str) -> dict[str, Any]:
        given = ["--price-plans", str(home / f"{plan}.yaml"), *options]
        command = [asked.python, *COMMAND[1:], "what-if", "--period", "2026-10", "--timezone", "UTC", *given, "--json"]
        return dict(json.loads(step(name, command, variables).said))

    what_if("`what-if --set`, first time", "retail", "--set", "recurring.twoway_trunks=27.50")
    told = what_if("`what-if --set recurring.twoway_trunks=27.50`", "retail", "--set", "recurring.twoway_trunks=27.50")
    check(told, asked)
    what_if("`what-if --set`, of a price by the minute", "retail", "--set", "usage.uk-mobile.per_minute=0.08")
    what_if("`what-if --against`, calls on their cost", "retail", "--against", str(home / "on-cost.yaml"))
    what_if("`what-if --against`, calls over trunks", "retail", "--against", str(home / "over-trunks.yaml"))
    what_if("`what-if --against`, a pool that carries over", "retail", "--against", str(home / "pooled.yaml"))


def check(told: dict[str, Any], asked: argparse.Namespace) -> None:
    """Each customer has four trunks, 2.49 cheaper each; no call costs anything else."""
    assert len(told["customers"]) == asked.customers
    assert not told["not_compared"]
    assert Decimal(told["totals"]["difference"]) == asked.customers * 4 * Decimal("-2.49")


# --- the store ---------------------------------------------------------------------------------------------------


def fill(lake: Lake, legs: int, customers: int, prefixes: int) -> None:
    gold = decks.staged_batch("gold", list(enumerate(deck(prefixes).rates, 1)), source="file:gold", taken_at=TAKEN_AT)
    rates = Spool(decks.STAGED, lake.folder / "rates.parquet")
    rates.add(gold)
    with decks.staging(rates, lake.folder / "spill") as staging:
        staging.write(lake, "gold", closes_others_at=None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "month.arrow"
        bounds = made_up_month(path, legs, customers, prefixes).tolist()
        with pa.memory_map(str(path)) as source:
            month = pa.ipc.open_file(source).read_all()
            for first in range(0, customers, _ACCOUNTS_A_WRITE):
                write(lake, month, first, bounds[first : first + _ACCOUNTS_A_WRITE])
    tell_accounts(lake, [end - begin for begin, end in bounds])


def write(lake: Lake, month: pa.Table, first: int, bounds: Sequence[Sequence[int]]) -> None:
    own_legs, entries = (
        Spool(schema, lake.folder / f"{name}.parquet") for name, schema in (("legs", LEGS), ("entries", LEDGER_ENTRIES))
    )
    ids = [account_id(first + place) for place in range(len(bounds))]
    for id_, (begin, end) in zip(ids, bounds, strict=True):
        batch = legs_of(id_, month.slice(begin, end - begin))
        own_legs.add(batch)
        entries.add(entries_of(batch))
    for table, spool in (("legs", own_legs), ("ledger_entries", entries)):
        calls.replace_span(lake, table, [spool], account_ids=ids, from_at=FROM_AT, to_at=TO_AT)
        spool.close()


def legs_of(id_: str, rows: pa.Table) -> pa.RecordBatch:
    """Every third leg is charged by the minute; the others run on trunks."""
    count = len(rows)
    per_minute = np.arange(count) % 3 == 0
    costs = np.where(per_minute, rows["reseller_cost_units"].to_numpy(), 0)
    kinds = pa.array(np.where(per_minute, "per_minute", "flat_rate"))
    outbound = np.array(rows["direction"]) == "outbound"
    far_ends, own = rows["dialed_number"].combine_chunks(), pa.array(["+14155550100"] * count)
    seconds = rows["answered_seconds"].to_numpy()
    chance = np.random.default_rng(int(id_, 16)).bytes(16 * count).hex()
    words = [chance[place : place + 32] for place in range(0, 32 * count, 32)]
    made = {
        "month": pa.array(["2026-10"] * count),
        "account_id": pa.array([id_] * count),
        "leg_id": pa.array([f"202610-{word}" for word in words]),
        "call_id": pa.array([f"{word}@192.0.2.1" for word in words]),
        "started_at": rows["started_at"].combine_chunks(),
        "direction": rows["direction"].combine_chunks(),
        "duration_seconds": pa.array(seconds + 8),
        "answered_seconds": pa.array(seconds),
        "caller_id_number": pa.array(np.where(outbound, np.array(own), np.array(far_ends))),
        "dialed_number": pa.array(np.where(outbound, np.array(far_ends), np.array(own))),
        "customer_call_type": kinds,
        "customer_cost_units": pa.array(costs),
        "reseller_call_type": kinds,
        "reseller_cost_units": pa.array(costs),
        "rate_units": pa.array(np.where(per_minute, 100, 0)),
        "source": pa.array([SOURCE] * count),
        "taken_at": pa.array([TAKEN_AT] * count, LEGS.field("taken_at").type),
    }
    nothing = pa.array([""] * count)
    return pa.RecordBatch.from_arrays([made.get(name, nothing) for name in LEGS.names], schema=LEGS)


def entries_of(legs: pa.RecordBatch) -> pa.RecordBatch:
    charged = legs.filter(pa.compute.equal(legs.column("customer_call_type"), "per_minute"))
    count = len(charged)
    whole = pa.array(-(-charged.column("answered_seconds").to_numpy() // 60) * 60)
    sixty = pa.array([60] * count)
    made = {
        "ledger_account_id": charged.column("account_id"),
        "entry_id": charged.column("leg_id"),
        "service": pa.array(["per-minute-voip"] * count),
        "period_start_at": charged.column("started_at"),
        "amount_units": pa.array(-charged.column("customer_cost_units").to_numpy()),
        "charged_seconds": whole,
        "rate_increment_seconds": sixty,
        "rate_minimum_seconds": sixty,
        "rate_nocharge_seconds": pa.array([0] * count),
    }
    arrays = [made[name] if name in made else charged.column(name) for name in LEDGER_ENTRIES.names]
    return pa.RecordBatch.from_arrays(arrays, schema=LEDGER_ENTRIES)


def tell_accounts(lake: Lake, sizes: Sequence[int]) -> None:
    own = Account(id=RESELLER, name="Brightline Telecom", is_reseller=True, timezone="UTC")
    customers = [
        Account(
            id=account_id(place), name=f"Customer {place}", parent_id=RESELLER, reseller_id=RESELLER, tree=(RESELLER,)
        )
        for place in range(len(sizes))
    ]
    services = Services(account={("limits", "twoway_trunks"): 4, ("phone_numbers", "did_us"): 12, ("users", "user"): 9})
    taken = [
        Snapshot(
            account=account,
            taken_at=TAKEN_AT,
            source=SOURCE,
            services=services,
            limits=Limits(twoway_trunks=4),
            users={f"{number:032x}": f"User {number}" for number in range(9)},
            devices={},
        )
        for account in (own, *customers)
    ]
    snapshots.write(lake, taken, own_id=RESELLER)
    coverage.record(
        lake,
        [
            Covered(
                account_id=account.id,
                from_at=FROM_AT,
                to_at=TO_AT,
                taken_at=TAKEN_AT,
                source=SOURCE,
                legs=size,
                malformed=0,
                has_ledger=True,
            )
            for account, size in zip(customers, sizes, strict=True)
        ],
    )


def account_id(place: int) -> AccountId:
    return AccountId(f"{place:032x}")


if __name__ == "__main__":
    main()
