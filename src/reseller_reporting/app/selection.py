"""Which customers a command means: all, ids, exact names, or a file of them."""

from collections.abc import Sequence
from pathlib import Path

from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import AmbiguousAccount, InvalidSettings, UnknownAccount

ALL = "all"


def read_selection(text: str) -> list[str] | None:
    """`--accounts` as a list of ids or names, None for all; `@file` holds one per line."""
    text = text.strip()
    if text == ALL:
        return None
    if text.startswith("@"):
        try:
            lines = Path(text[1:]).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSettings(f"The list of accounts {text[1:]} cannot be read: {error}.") from error
        wanted = [line.strip() for line in lines]
    else:
        wanted = [part.strip() for part in text.split(",")]
    wanted = [part for part in wanted if part]
    if not wanted:
        raise InvalidSettings("--accounts names no account. Write all, ids or names separated by commas, or @file.")
    return wanted


def customers_of(reseller: Account, tree: Sequence[Account], *, include_sub_resellers: bool) -> list[Account]:
    """The reseller's customers: sub-accounts at any depth whose reseller it is.

    An account that is no reseller has none by that rule; it reports on the sub-accounts that share its reseller,
    or on itself where it has no sub-account.
    """
    if include_sub_resellers:
        chosen = list(tree)
    elif reseller.is_reseller:
        chosen = [account for account in tree if account.reseller_id == reseller.id]
    else:
        chosen = [account for account in tree if account.reseller_id == reseller.reseller_id]
    if not chosen and not reseller.is_reseller:
        return [reseller]
    return chosen


def select(customers: Sequence[Account], wanted: list[str] | None) -> list[Account]:
    """The wanted ones of the customers, each once, by id or exact name."""
    if wanted is None:
        return list(customers)
    by_id = {account.id: account for account in customers}
    chosen: dict[str, Account] = {}
    for text in wanted:
        account = by_id.get(text) or _by_name(customers, text)  # type: ignore[call-overload]
        chosen[account.id] = account
    return list(chosen.values())


def _by_name(customers: Sequence[Account], name: str) -> Account:
    bearers = [account for account in customers if account.name == name]
    if not bearers:
        raise UnknownAccount(
            f"No customer has the id or the name '{name}'. `reseller-reporting accounts` lists them. Customers of "
            "sub-resellers need --include-sub-resellers, imported ones --source store, and a name that holds a comma "
            "a file: --accounts @FILE."
        )
    if len(bearers) > 1:
        ids = ", ".join(sorted(account.id for account in bearers))
        raise AmbiguousAccount(f"{len(bearers)} customers are named '{name}': choose by id, one of {ids}.")
    return bearers[0]
