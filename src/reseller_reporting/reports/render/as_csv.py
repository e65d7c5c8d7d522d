"""The two CSV files: UTF-8 with a BOM, CRLF, RFC 4180; text that a spreadsheet would run gets an apostrophe."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.reports.summary import COUNTRY_COLUMNS, SUMMARY_COLUMNS, TEXT_COLUMNS

_RUN_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_summary(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """`summary.csv`, from the rows of `summary.summary_row`."""
    _write(path, SUMMARY_COLUMNS, rows)


def write_countries(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """`summary-by-country.csv`, from the rows of `summary.country_rows`."""
    _write(path, COUNTRY_COLUMNS, rows)


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula. Numbers are no text: a minus is theirs."""
    return f"'{text}" if text.startswith(_RUN_AS_FORMULA) else text


def _write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    try:
        # Half a surrogate pair cannot be written; it becomes a question mark and stops nothing.
        with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(columns)
            for row in rows:
                writer.writerow(guarded(row[name]) if name in TEXT_COLUMNS else row[name] for name in columns)
    except OSError as error:
        raise CannotWrite(f"{path.name} could not be written into {path.parent}: {error}.") from error
