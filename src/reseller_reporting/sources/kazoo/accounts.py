"""Accounts: the reseller that the credentials belong to, and every account below it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import KazooProtocolError, ResellerReportingError
from reseller_reporting.model.ids import AccountId
from reseller_reporting.sources.kazoo.client import Client
from reseller_reporting.sources.kazoo.envelope import RECORDS
from reseller_reporting.sources.kazoo.paging import Listings
from reseller_reporting.sources.listing import text


@dataclass(frozen=True, slots=True)
class Customers:
    """Every descendant; an account whose document failed stands in both, with what the tree says of it."""

    accounts: list[Account]
    failed: dict[AccountId, str] = field(default_factory=dict)


async def read_reseller(client: Client) -> Account:
    """The account of the credentials; its time zone is its own or inherited from above, as far as that may be read."""
    login = client.login.data
    document = await _document(client, login.account_id)
    flag = document.get("is_reseller")
    account = Account(
        id=AccountId(login.account_id),
        name=text(document.get("name")) or text(login.account_name) or login.account_id,
        realm=text(document.get("realm")),
        reseller_id=_reseller_id(document),
        is_reseller=flag if isinstance(flag, bool) else login.is_reseller is True,
        timezone=text(document.get("timezone")) or None,
    )
    return account if account.timezone else replace(account, timezone=await _inherited_timezone(client, account))


async def read_customers(client: Client, listings: Listings, reseller: Account) -> Customers:
    tree = await _descendants(listings, reseller)
    documents = await asyncio.gather(*(_document_or_reason(client, account.id) for account in tree))
    failed = {account.id: found for account, found in zip(tree, documents, strict=True) if isinstance(found, str)}
    accounts = [
        account if isinstance(found, str) else _described(account, found)
        for account, found in zip(tree, documents, strict=True)
    ]
    return Customers(_completed(accounts, failed, reseller), failed)


async def _descendants(listings: Listings, reseller: Account) -> list[Account]:
    """The tree by itself: names and ancestors; who is whose reseller is on the documents."""
    found: dict[str, Account] = {}
    async for page in listings.pages(("accounts", reseller.id, "descendants"), RECORDS, []):
        for record in page.records():
            if not isinstance(record, Mapping) or not text(record.get("id")):
                raise KazooProtocolError(
                    "KAZOO lists an account without an id. Ask its provider to check the account tree."
                )
            ancestors = record.get("tree")
            tree = tuple(AccountId(text(each)) for each in ancestors) if isinstance(ancestors, list) else ()
            account_id = AccountId(text(record.get("id")))
            found[account_id] = Account(
                id=account_id,
                name=text(record.get("name")) or account_id,
                realm=text(record.get("realm")),
                parent_id=tree[-1] if tree else None,
                tree=tree,
            )
    return list(found.values())


async def _document(client: Client, account_id: str) -> Mapping[str, object]:
    document = await client.document("accounts", account_id)
    if not isinstance(document, Mapping):
        raise KazooProtocolError(f"KAZOO at {client.url} gives no document for account {account_id}.")
    return document


async def _document_or_reason(client: Client, account_id: str) -> Mapping[str, object] | str:
    """One account that fails must not lose the others."""
    try:
        return await _document(client, account_id)
    except ResellerReportingError as error:
        return error.sentence


def _described(account: Account, document: Mapping[str, object]) -> Account:
    return replace(
        account,
        name=text(document.get("name")) or account.name,
        realm=text(document.get("realm")) or account.realm,
        reseller_id=_reseller_id(document),
        is_reseller=document.get("is_reseller") is True,
        timezone=text(document.get("timezone")) or None,
    )


def _reseller_id(document: Mapping[str, object]) -> AccountId | None:
    stated = text(document.get("reseller_id"))
    return AccountId(stated) if stated not in ("", "undefined", "null") else None


def _completed(accounts: list[Account], failed: Mapping[AccountId, str], reseller: Account) -> list[Account]:
    """What is inherited: the time zone, and for a failed account the nearest reseller above it."""
    known: dict[AccountId, Account] = {account.id: account for account in accounts} | {reseller.id: reseller}

    def above(account: Account) -> list[Account]:
        return [known[each] for each in reversed(account.tree) if each in known]

    def timezone(account: Account) -> str | None:
        return next((each.timezone for each in [account, *above(account)] if each.timezone), reseller.timezone)

    def reseller_id(account: Account) -> AccountId | None:
        if account.id not in failed:
            return account.reseller_id
        return next((each.id for each in above(account) if each.is_reseller), reseller.id)

    return [replace(each, timezone=timezone(each), reseller_id=reseller_id(each)) for each in accounts]


async def _inherited_timezone(client: Client, account: Account) -> str | None:
    """The nearest parent's; a token may read no account above its own, and then nothing is known."""
    try:
        parents = await client.document("accounts", account.id, "parents")
    except ResellerReportingError:
        return None
    for parent in reversed(parents) if isinstance(parents, list) else ():
        if not isinstance(parent, Mapping):
            continue
        found = await _document_or_reason(client, text(parent.get("id")))
        if not isinstance(found, str) and text(found.get("timezone")):
            return text(found.get("timezone"))
    return None
