"""Ingest: bring what is missing of a period from KAZOO into the store, for the wanted customers."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from reseller_reporting.app.house import House
from reseller_reporting.app.progress import LOGGING_IN, SERVICES, TREE, Progress
from reseller_reporting.app.selection import customers_of, select
from reseller_reporting.model.account import Account, Snapshot
from reseller_reporting.model.errors import InvalidSettings, KazooProtocolError
from reseller_reporting.model.period import ReportPeriod, check_zone, parse_period
from reseller_reporting.store import coverage, snapshots, unfinished

if TYPE_CHECKING:
    from reseller_reporting.sources.kazoo.source import KazooSource

_ACCOUNTS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for, before KAZOO was asked."""

    period: str = "last-month"
    timezone: str | None = None
    accounts: list[str] | None = None
    include_sub_resellers: bool = False
    refresh: bool = False  # Ask again for what is final, too.


@dataclass(slots=True)
class Pulled:
    """Who was asked about, for which period, and whose calls could not be read.

    Of the `incomplete` KAZOO left a part unanswered: their calls are there, and the next pull asks again.
    """

    period: ReportPeriod
    own: Account
    tree: list[Account]
    selected: list[Account]
    failed: dict[str, str] = field(default_factory=dict)
    incomplete: dict[str, str] = field(default_factory=dict)
    legs: int = 0
    malformed: int = 0


def sync(house: House, wanted: Wanted, progress: Progress) -> Pulled:
    """Everything of the period that is not final yet, for the wanted customers."""
    source = house.kazoo()
    with house.lake.writing():
        return asyncio.run(_sync(house, source, wanted, progress))


def customer_tree(house: House) -> tuple[Account, list[Account]]:
    """The account of the credentials and every account below it, as KAZOO has them now."""

    async def ask() -> tuple[Account, list[Account]]:
        async with house.kazoo() as source:
            own = await source.reseller()
            return own, (await source.customers(own)).accounts

    return asyncio.run(ask())


async def _sync(house: House, source: "KazooSource", wanted: Wanted, progress: Progress) -> Pulled:
    from reseller_reporting.app.pull import Pull

    async with AsyncExitStack() as stack:
        progress.stage(LOGGING_IN)
        await stack.enter_async_context(source)
        own = await source.reseller()
        progress.stage(TREE)
        customers = await source.customers(own)
        period = parse_period(wanted.period, timezone=zone_of(wanted, own), now=house.clock())
        allowed = customers_of(own, customers.accounts, include_sub_resellers=wanted.include_sub_resellers)
        pulled = Pulled(period, own, customers.accounts, select(allowed, wanted.accounts))
        progress.about(pulled.selected)
        chosen_ids = {account.id for account in pulled.selected}
        pulled.failed = {str(id_): why for id_, why in customers.failed.items() if id_ in chosen_ids}
        unfinished.sweep(house.lake.folder, older_than=timedelta(0) if wanted.refresh else unfinished.KEPT_FOR)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pull-", dir=house.lake.folder)))
        await _take_snapshots(house, source, pulled, allowed, progress)
        covered = {} if wanted.refresh else await asyncio.to_thread(coverage.read, house.lake, period)
        missing = {
            str(account.id): coverage.missing(covered.get(account.id, []), period)
            for account in pulled.selected
            if account.id not in pulled.failed
        }
        pull = Pull(house.lake, source, own, folder=folder, clock=house.clock, progress=progress)
        await pull.run([account for account in pulled.selected if missing.get(account.id)], missing)
        if any(missing.values()):
            await asyncio.to_thread(house.lake.tidy)
        pulled.failed.update(pull.failed)
        pulled.incomplete = pull.incomplete
        pulled.legs, pulled.malformed = pull.legs, pull.malformed
        return pulled


def zone_of(wanted: Wanted, own: Account) -> str:
    """The zone that cuts the period: as asked for, else the reseller account's, else UTC."""
    if wanted.timezone is not None or own.timezone is None:
        return wanted.timezone or "UTC"
    try:
        return check_zone(own.timezone)
    except InvalidSettings:
        raise KazooProtocolError(
            f"KAZOO gives {own.name} the time zone '{own.timezone}', which is none. Say the right one with --timezone."
        ) from None


async def _take_snapshots(
    house: House, source: "KazooSource", pulled: Pulled, allowed: Sequence[Account], progress: Progress
) -> None:
    """Own and selected accounts; all customers where the reseller pays for their quantities, to split that cost."""
    own, _ = await source.snapshot(pulled.own)
    pays_for_customers = own.services is not None and any(item.cascade for item in own.services.items)
    accounts = {a.id: a for a in [*(allowed if pays_for_customers else []), *pulled.selected] if a.id != own.account.id}
    progress.stage(SERVICES, len(accounts))

    async def take(account: Account) -> Snapshot:
        snapshot, _ = await source.snapshot(account)
        progress.step(account.name)
        return snapshot

    taken = [own]
    waiting = list(accounts.values())
    while waiting:
        group, waiting = waiting[:_ACCOUNTS_AT_ONCE], waiting[_ACCOUNTS_AT_ONCE:]
        taken += await asyncio.gather(*(take(account) for account in group))
    await asyncio.to_thread(snapshots.write, house.lake, taken, own_id=pulled.own.id)
