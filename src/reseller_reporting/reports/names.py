"""Names of the files that a run leaves."""

import re
import unicodedata

from reseller_reporting.model.account import Account

_SLUG_LENGTH_MAX = 60


def slug(name: str) -> str:
    """The name in ASCII letters, digits and hyphens: accents dropped, other runs one hyphen."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    hyphened = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
    return hyphened[:_SLUG_LENGTH_MAX].rstrip("-") or "account"


def workbook_name(account: Account) -> str:
    return f"{_stem(account)}.xlsx"


def statement_name(account: Account) -> str:
    return f"{_stem(account)}.pdf"


def legs_name(account: Account, form: str) -> str:
    return f"{_stem(account)}.{form}"


def _stem(account: Account) -> str:
    """The id keeps apart accounts of one name; an id from a file may hold what a file name must not."""
    return f"{slug(account.name)}--{re.sub(r'[^A-Za-z0-9._-]', '-', account.id)}"
