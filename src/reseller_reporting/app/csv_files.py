"""CSV files of the rating commands, as the contract wants them: UTF-8 with BOM, CRLF, text that no spreadsheet runs."""

import csv
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from reseller_reporting.model.errors import CannotWrite, InvalidSettings
from reseller_reporting.model.problems import Problem
from reseller_reporting.reports.render.as_csv import guarded

PROBLEM_COLUMNS = ("Source", "Row", "Record ID", "Reason")


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], *, text: Collection[str]) -> None:
    """`text` names the columns that hold words of others, numbers of telephones among them; amounts are no text."""
    is_text = [name in text for name in header]
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(header)
            for row in rows:
                writer.writerow(
                    [guarded(str(cell)) if words and cell else cell for cell, words in zip(row, is_text, strict=True)]
                )
        partial.replace(path)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)


def write_problems(path: Path, problems: Iterable[Problem]) -> None:
    rows = ([each.source, each.row, each.record_id, each.reason] for each in problems)
    write_rows(path, PROBLEM_COLUMNS, rows, text=PROBLEM_COLUMNS)


def check_writable(path: Path) -> None:
    """Seen before any work is done for nothing."""
    folder = path.absolute().parent
    if not folder.is_dir() or path.is_dir() or not os.access(folder, os.W_OK):
        raise InvalidSettings(f"{path} cannot be written: choose a file in a folder that is there and yours.")
