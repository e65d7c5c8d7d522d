"""Holdings: the phone numbers and the allotments of an account, as KAZOO has them now."""

from collections.abc import Mapping

from reseller_reporting.sources.kazoo.client import BadRequest, Client
from reseller_reporting.sources.kazoo.envelope import RECORDS
from reseller_reporting.sources.kazoo.paging import Listings
from reseller_reporting.sources.listing import text

_NOT_CONFIGURED = "not configured"


async def read_phone_numbers(listings: Listings, account_id: str) -> dict[str, Mapping[str, object]]:
    """By number, of all pages: here a page's data is an object, not a list."""
    found: dict[str, Mapping[str, object]] = {}
    async for page in listings.pages(("accounts", account_id, "phone_numbers"), RECORDS, []):
        for record in page.records():
            if isinstance(record, Mapping) and text(record.get("id")):
                found[text(record.get("id"))] = {name: value for name, value in record.items() if name != "id"}
    return found


async def read_allotments(client: Client, account_id: str) -> dict[str, Mapping[str, object]]:
    """By class of call; an account without any is refused as if it had been asked wrongly."""
    try:
        data = await client.document("accounts", account_id, "allotments")
    except BadRequest as error:
        if _NOT_CONFIGURED in error.said:
            return {}
        raise
    given = data if isinstance(data, Mapping) else {}
    return {name: allotment for name, allotment in given.items() if isinstance(allotment, Mapping)}
