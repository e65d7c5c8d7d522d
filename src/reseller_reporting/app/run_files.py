"""A run's files, for reading: opened, or zipped.

Invariants
- Only what is a row of `RunFile`, lies in the run's folder and is a plain file is ever opened.
"""

import os
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO

from reseller_reporting.app.house import House
from reseller_reporting.app.tenancy import run_folder
from reseller_reporting.control.models import RunFile
from reseller_reporting.model.errors import FileGone

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # The same files give the same zip.


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
