"""A run's files, for reading: opened, zipped, a CSV by pages.

Invariants
- Only what is a row of `RunFile`, lies in the run's folder and is a plain file is ever opened.
- A page costs what it holds, wherever in the file it is: a cursor is the place in the file at which a row begins.
"""

import csv
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO

from reseller_reporting.app.house import House
from reseller_reporting.app.tenancy import run_folder
from reseller_reporting.control.models import RunFile
from reseller_reporting.model.errors import FileGone, InvalidSettings

_MARK = b"\xef\xbb\xbf"
_GUARDED = tuple(f"'{sign}" for sign in "=+-@\t\r")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # The same files give the same zip.
_ROW_BYTES_MAX = 1_000_000


def open_file(house: House, file: RunFile) -> IO[bytes]:
    path = path_of(house, file)
    try:
        # A link, wherever it leads, is none of a run's files; asked of the opened one, so that none slips in between.
        opened = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except OSError:
        raise _gone(file) from None
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise _gone(file)
    return opened


def path_of(house: House, file: RunFile) -> Path:
    name = PurePosixPath(file.name)
    folder = run_folder(house, file.run_id)
    path = folder / name
    is_inside = not name.is_absolute() and ".." not in name.parts and "\\" not in file.name and "\0" not in file.name
    if not is_inside or not path.parent.resolve().is_relative_to(folder.resolve()):
        raise _gone(file)
    return path


def _gone(file: RunFile) -> FileGone:
    return FileGone(f"{PurePosixPath(file.name).name} is no longer there. Retry the report to make it again.")


def zipped(house: House, files: Iterable[RunFile]) -> IO[bytes]:
    """A temporary file, at its start; workbooks are compressed already."""
    target = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it.
    try:
        with zipfile.ZipFile(target, "w") as archive:
            for file in files:
                entry = zipfile.ZipInfo(file.name, _ZIP_TIME)
                entry.compress_type = (
                    zipfile.ZIP_DEFLATED if file.name.endswith((".csv", ".json")) else zipfile.ZIP_STORED
                )
                with open_file(house, file) as source, archive.open(entry, "w") as into:
                    while block := source.read(1 << 20):
                        into.write(block)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


@dataclass(frozen=True, slots=True)
class TablePage:
    """Rows by column title, each value the text of the file without a spreadsheet's guard; unknown is None."""

    columns: list[str]
    rows: list[dict[str, str | None]]
    next: int | None


def read_page(file: IO[bytes], *, cursor: int | None, rows_max: int) -> TablePage:
    lines = _Lines(file)
    lines.skip_mark()
    reader = csv.reader(lines, strict=True)
    columns = next(reader, [])
    if cursor is not None:
        lines.go_to(cursor)
        reader = csv.reader(lines, strict=True)
    rows: list[dict[str, str | None]] = []
    try:
        for values in reader:
            if len(values) != len(columns):
                raise _no_cursor()
            rows.append({name: _plain(value) for name, value in zip(columns, values, strict=True)})
            if len(rows) == rows_max:
                break
    except csv.Error:
        raise _no_cursor() from None
    return TablePage(columns, rows, lines.place if lines.has_more() else None)


class _Lines:
    """Lines as csv wants them, and how far in the file the last one ended."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.place = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_ROW_BYTES_MAX)
        if not line:
            raise StopIteration
        self.place += len(line)
        return line.decode("utf-8", "replace")

    def skip_mark(self) -> None:
        self.place = len(_MARK) if self._file.read(len(_MARK)) == _MARK else 0
        self._file.seek(self.place)

    def go_to(self, cursor: int) -> None:
        """A place at which a row began; another one shows no other file, but it is none of ours."""
        if cursor < self.place or cursor > os.fstat(self._file.fileno()).st_size:
            raise _no_cursor()
        self._file.seek(cursor - 1)
        if self._file.read(1) != b"\n":
            raise _no_cursor()
        self.place = cursor

    def has_more(self) -> bool:
        return bool(self._file.read(1))


def _no_cursor() -> InvalidSettings:
    return InvalidSettings("This cursor is none that an answer of this table gave. Begin without one.")


def _plain(value: str) -> str | None:
    if value == "":
        return None
    return value[1:] if value.startswith(_GUARDED) else value
