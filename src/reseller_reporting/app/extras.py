"""Extras: what a run makes beside its workbooks and summaries. Light, for pages and the API."""

from enum import StrEnum
from importlib.util import find_spec


class Also(StrEnum):
    """What a run makes beside its documents."""

    PDF = "pdf"  # A statement of one page for each customer.
    ACCOUNTING = "accounting"
    QUICKBOOKS = "quickbooks"
    XERO = "xero"
    PARQUET = "parquet"  # The rated legs of each customer, for tools.
    CSV = "csv"


# What says nothing without prices.
PRICED = frozenset({Also.PDF, Also.ACCOUNTING, Also.QUICKBOOKS, Also.XERO})


def makes_pdf() -> bool:
    """Whether this installation can: what makes them is an extra of its own, and heavy to import."""
    return find_spec("typst") is not None
