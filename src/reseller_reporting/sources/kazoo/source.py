"""The KAZOO source: what the rest of the house may ask of KAZOO, in our tables and nouns."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

import pyarrow as pa

from reseller_reporting.model.account import Account, Snapshot
from reseller_reporting.model.errors import KazooUnavailable
from reseller_reporting.model.ids import AccountId, LegId
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.window_read import WindowRead
from reseller_reporting.sources.gregorian import gregorian
from reseller_reporting.sources.kazoo.accounts import Customers, read_customers, read_reseller
from reseller_reporting.sources.kazoo.cdrs import LegReader
from reseller_reporting.sources.kazoo.client import Client, RetryPolicy
from reseller_reporting.sources.kazoo.credentials import Credentials, host_of
from reseller_reporting.sources.kazoo.documents import Documents, read_documents
from reseller_reporting.sources.kazoo.holdings import read_allotments, read_phone_numbers
from reseller_reporting.sources.kazoo.ledgers import LedgerReader
from reseller_reporting.sources.kazoo.paging import MISSING_VIEW, Listings
from reseller_reporting.sources.kazoo.snapshots import read_snapshot
from reseller_reporting.sources.kazoo.windows import Window
from reseller_reporting.sources.listing import LegPage

__all__ = ["Credentials", "Customers", "Documents", "KazooSource", "LegPage", "RetryPolicy"]


class KazooSource:
    """An async context manager; entering logs in, once for all that follows."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008  # Frozen, so sharing one is harmless.
        concurrency: int = 8,
        page_size: int = 1000,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = Client(credentials, retry=retry, concurrency=concurrency, clock=clock)
        self._listings = Listings(self._client, page_size)
        self._clock = clock
        self.name = f"kazoo:{host_of(self._client.url)}"

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def reseller(self) -> Account:
        """The account of the credentials."""
        return await read_reseller(self._client)

    async def customers(self, reseller: Account) -> Customers:
        """All descendants; whose customer each is stands on it, and choosing is the caller's."""
        return await read_customers(self._client, self._listings, reseller)

    def legs(
        self, account_id: AccountId, from_at: datetime, to_at: datetime, *, known: Iterable[WindowRead] = ()
    ) -> AsyncGenerator[LegPage, None]:
        """Legs that started in `[from_at, to_at)` and the malformed records among them, page by page.

        Windows within a month that are `known` from an earlier pull are not asked for again.
        """
        reader = LegReader(self._listings, account_id, self.name, from_at, to_at, self._clock)
        reader.known = [Window(gregorian(each.created_from), gregorian(each.created_to)) for each in known]
        return reader.pages()

    async def ledger_entries(
        self,
        ledger_account_id: AccountId,
        from_at: datetime,
        to_at: datetime,
        *,
        warnings: list[ReportWarning] | None = None,
        windows: list[WindowRead] | None = None,
    ) -> AsyncIterator[pa.RecordBatch]:
        """Per-minute entries whose period starts in `[from_at, to_at)`.

        Warnings and the windows read are added to the lists given; without one for warnings, a month that cannot be
        listed is an error after the rest.
        """
        told, read = [] if warnings is None else warnings, [] if windows is None else windows
        reader = LedgerReader(self._listings, ledger_account_id, self.name, from_at, to_at, self._clock, told, read)
        async for batch in reader.batches():
            yield batch
        if warnings is None and (unread := [each for each in told if each.code == MISSING_VIEW]):
            raise KazooUnavailable(unread[0].message)

    async def snapshot(self, account: Account) -> tuple[Snapshot, list[ReportWarning]]:
        """Services, limits, users and devices as they are now; a part that cannot be read is None, with a warning."""
        return await read_snapshot(self._client, self._listings, account, taken_at=self._clock(), source=self.name)

    async def phone_numbers(self, account_id: AccountId) -> dict[str, Mapping[str, object]]:
        """What KAZOO knows of each number of the account."""
        return await read_phone_numbers(self._listings, account_id)

    async def allotments(self, account_id: AccountId) -> dict[str, Mapping[str, object]]:
        """Seconds free of charge by class of call; empty where none is configured."""
        return await read_allotments(self._client, account_id)

    async def leg_documents(self, account_id: AccountId, leg_ids: Sequence[LegId]) -> Documents:
        """LEG_DOCUMENTS of these legs, and how many could not be read; one whose document is gone is left out."""
        return await read_documents(self._client, account_id, leg_ids, source=self.name, taken_at=self._clock())
