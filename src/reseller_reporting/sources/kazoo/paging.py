"""Paging: every page of a listing, however the server wants to be asked.

Invariants
- The query is repeated unchanged but for `start_key`. Only an answer without `next_start_key` ends a listing.
- A key that repeats is an error, not an endless listing.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from reseller_reporting.model.errors import KazooProtocolError
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.sources.kazoo.client import BadRequest, Client, MissingView, TooLarge
from reseller_reporting.sources.kazoo.envelope import Envelope, Page, read_page
from reseller_reporting.sources.kazoo.windows import Window, refused_span, split

Row = TypeVar("Row")
MISSING_VIEW = "datastore_missing_view"


@dataclass(slots=True)
class Listings:
    """Reads listings with one client, and remembers what the server does not allow."""

    client: Client
    page_size: int
    span_max: int | None = None

    async def pages(
        self,
        path: tuple[str, ...],
        decoder: "msgspec.json.Decoder[Envelope[Row]]",
        warnings: list[ReportWarning],
        parameters: Mapping[str, object] | None = None,
    ) -> AsyncIterator[Page[Row]]:
        query = {**(parameters or {}), "is_chunked": "false"}
        start_key: str | None = None
        keys_seen: set[str] = set()
        while True:
            page = await self._page(path, decoder, query, start_key)
            warnings += size_warnings(page, path)
            yield page
            if page.next_start_key is None:
                return
            if page.next_start_key in keys_seen:
                raise KazooProtocolError(
                    f"KAZOO at {self.client.url} gives the same page of /{'/'.join(path)} again and again. "
                    "Ask its provider to check the listing."
                )
            start_key = page.next_start_key
            keys_seen.add(start_key)

    async def windowed(
        self,
        path: tuple[str, ...],
        decoder: "msgspec.json.Decoder[Envelope[Row]]",
        window: Window,
        warnings: list[ReportWarning],
        *,
        is_closed: bool,
    ) -> AsyncGenerator[tuple[Window, Page[Row]], None]:
        """Every page of a window, which is cut smaller where the server finds it too long."""
        pieces = [window] if self.span_max is None else split(window, self.span_max, is_closed=is_closed)
        while pieces:
            piece, is_begun = pieces.pop(0), False
            try:
                async for page in self.pages(path, decoder, warnings, range_of(piece)):
                    is_begun = True
                    yield piece, page
            except BadRequest as error:
                if is_begun:
                    raise  # Its first pages are out already; in other pieces they would come twice.
                self.span_max = shorter_span(error, piece)
                pieces = [*split(piece, self.span_max, is_closed=is_closed), *pieces]
            except MissingView as error:
                warnings.append(missing_view(error))

    async def single(
        self,
        path: tuple[str, ...],
        decoder: "msgspec.json.Decoder[Envelope[Row]]",
        parameters: Mapping[str, object],
        page_size: int | None,
    ) -> Page[Row]:
        """One page from the start, of any size; without a size everything there is."""
        size = {"paginate": "false"} if page_size is None else {"page_size": page_size}
        query = {**parameters, **size, "is_chunked": "false"}
        return await self.client.get(path, lambda body: read_page(body, decoder), query)

    async def _page(
        self,
        path: tuple[str, ...],
        decoder: "msgspec.json.Decoder[Envelope[Row]]",
        query: Mapping[str, object],
        start_key: str | None,
    ) -> Page[Row]:
        while True:
            size = self.page_size
            asked = {**query, "page_size": size} | ({} if start_key is None else {"start_key": start_key})
            try:
                return await self.client.get(path, lambda body: read_page(body, decoder), asked)
            except TooLarge:
                if size == 1:
                    raise
                self.page_size = min(self.page_size, max(1, size // 2))


def shorter_span(error: BadRequest, window: Window) -> int:
    """What the server allows; the same error again when it complained of something else."""
    allowed = refused_span(error.data, window)
    if allowed is None:
        raise error
    return allowed


def range_of(window: Window) -> dict[str, object]:
    return {"created_from": window.created_from, "created_to": window.created_to}


def missing_view(error: MissingView) -> ReportWarning:
    return ReportWarning(
        MISSING_VIEW,
        f"KAZOO lacks the view that lists a month's records; they count as none. {error.sentence}",
    )


def size_warnings(page: Page[Row], path: tuple[str, ...]) -> list[ReportWarning]:
    if page.page_size is None or page.page_size == len(page):
        return []
    message = f"KAZOO announced {page.page_size} rows and sent {len(page)} in a page of /{'/'.join(path)}"
    return [ReportWarning("page_size_mismatch", message)]
