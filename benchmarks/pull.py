"""The pull at size: a month of calls from a simulated KAZOO into the store, both on the same two cores.

    python benchmarks/pull.py [--accounts 200] [--calls 450000] [--faults busy]

The second pull (`--refresh`) asks for everything again but the call documents, which the store keeps: it is the figure
for legs and ledgers alone. The last line reads listings with small pages and tells the client's own CPU a page.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from measuring import COMMAND, HEADER, cpu_seconds_of, environment, simulated_kazoo, step
from reseller_reporting.model.period import parse_period
from reseller_reporting.sources.kazoo.source import Credentials, KazooSource

_SMALL_PAGE = 50
_ACCOUNTS_SIDE_BY_SIDE = 8


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--calls", type=int, default=450_000)
    parser.add_argument("--faults", default="calm")
    asked = parser.parse_args()
    with (
        simulated_kazoo(accounts=asked.accounts, calls=asked.calls, faults=asked.faults) as told,
        tempfile.TemporaryDirectory() as folder,
    ):
        variables = environment(told, Path(folder) / "home")
        print(HEADER)
        served = [cpu_seconds_of(told)]
        first = step("`sync`, documents included", [*COMMAND, "sync", "--json"], variables)
        served.append(cpu_seconds_of(told))
        again = step("`sync --refresh`", [*COMMAND, "sync", "--refresh", "--json"], variables)
        served.append(cpu_seconds_of(told))
        print(f"\nload {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
        for name, measured, server in (
            ("sync", first, served[1] - served[0]),
            ("sync --refresh", again, served[2] - served[1]),
        ):
            legs = json.loads(measured.said)["legs"]
            rate, cpu = legs / measured.wall_seconds, measured.cpu_seconds / legs * 1e6
            print(f"{name}: {legs} legs, {rate:,.0f} legs/s, {cpu:.1f} µs client CPU a leg")
            # Two cores for two processes: none of them can be faster than its own CPU.
            bound = legs / max(measured.cpu_seconds, server)
            print(f"{name}: {server:.1f} s CPU of the server; {bound:,.0f} legs/s by CPU alone")
        pages, seconds = asyncio.run(_small_pages(told))
        print(f"{pages} pages of {_SMALL_PAGE} rows: {seconds / pages * 1000:.2f} ms client CPU a page")


async def _small_pages(told: Mapping[str, str]) -> tuple[int, float]:
    """Pages read and CPU seconds used for the calls of some accounts."""
    now = datetime.now(UTC)
    period = parse_period("last-month", timezone="UTC", now=now)
    credentials = Credentials(url=told["url"], api_key=told["api_key"])
    async with KazooSource(credentials, page_size=_SMALL_PAGE, clock=lambda: now) as source:
        customers = (await source.customers(await source.reseller())).accounts[:_ACCOUNTS_SIDE_BY_SIDE]

        async def pages_of(account_id: str) -> int:
            read = [page async for page in source.legs(account_id, period.from_at, period.to_at)]  # type: ignore[arg-type]
            return sum(page.ended.pages for page in read if page.ended)

        began = time.process_time()
        counts = await asyncio.gather(*(pages_of(account.id) for account in customers))
        return sum(counts), time.process_time() - began


if __name__ == "__main__":
    main()
