"""The file for the books: statements of all customers as CSV, in the columns that an accounting system imports."""

from collections.abc import Iterable
from pathlib import Path

from reseller_reporting.reports.accounting import (
    AccountingFormat,
    AccountingOptions,
    Entry,
    accounting_rows,
    columns_of,
    text_columns_of,
)
from reseller_reporting.reports.render.as_csv import write_rows

_DEFAULTS = AccountingOptions()


def write_accounting(
    path: Path, form: AccountingFormat, entries: Iterable[Entry], options: AccountingOptions = _DEFAULTS
) -> tuple[str, ...]:
    """Write the file; returns a sentence for each statement that is not in it, and for what else to look at."""
    notes: list[str] = []
    write_rows(
        path,
        columns_of(form),
        accounting_rows(form, entries, options, notes),
        text_columns=text_columns_of(form),
        # Importers take the mark for a part of the first column's name.
        has_mark=form is AccountingFormat.GENERAL,
    )
    return tuple(notes)
