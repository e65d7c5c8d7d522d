"""Extras: what a run makes beside its workbooks and summaries. Light, for pages and the API."""

from enum import StrEnum


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
