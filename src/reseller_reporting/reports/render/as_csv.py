"""CSV files: UTF-8 with a BOM, CRLF, RFC 4180; text that a spreadsheet would run gets an apostrophe."""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from reseller_reporting.model.errors import CannotWrite
from reseller_reporting.reports.margins import MARGIN_COLUMNS, MARGIN_TEXT_COLUMNS
from reseller_reporting.reports.summary import COUNTRY_COLUMNS, SUMMARY_COLUMNS, TEXT_COLUMNS

RUN_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_summary(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """`summary.csv`, from the rows of `summary.summary_row`."""
    write_rows(path, SUMMARY_COLUMNS, rows, text_columns=TEXT_COLUMNS)


def write_countries(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """`summary-by-country.csv`, from the rows of `summary.country_rows`."""
    write_rows(path, COUNTRY_COLUMNS, rows, text_columns=TEXT_COLUMNS)


def write_margins(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """`margin.csv`, from the rows of `margins.margin_row`."""
    write_rows(path, MARGIN_COLUMNS, rows, text_columns=MARGIN_TEXT_COLUMNS)


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula. Numbers are no text: a minus is theirs."""
    return f"'{text}" if text.startswith(RUN_AS_FORMULA) else text


def write_rows(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, str]],
    *,
    text_columns: Collection[str],
    has_mark: bool = True,
) -> None:
    """`has_mark`: whether the file begins with the mark by which spreadsheets know UTF-8."""
    try:
        # Half a surrogate pair cannot be written; it becomes a question mark and stops nothing.
        with path.open("w", encoding="utf-8-sig" if has_mark else "utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(columns)
            for row in rows:
                writer.writerow(guarded(row[name]) if name in text_columns else row[name] for name in columns)
    except OSError as error:
        raise CannotWrite(f"{path.name} could not be written into {path.parent}: {error}.") from error
