"""Vectors of the bulk import of rates: one row of text, the document that is saved."""

from collections.abc import Mapping
from typing import Any

import pytest

from reseller_reporting.model.errors import KazooHasNoAnswer
from reseller_reporting.rating.kazoo_deck_row import rate_document, rate_of_document


def check_rate_import(row: Mapping[str, Any]) -> None:
    if "error" in row:
        with pytest.raises(KazooHasNoAnswer):
            rate_document(row["in"])
        return
    document = rate_document(row["in"])
    assert document == row["out"]["doc"]
    assert rate_of_document(document).prefix == str(document["prefix"])
