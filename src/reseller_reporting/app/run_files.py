"""A run's files, for reading: opened, or zipped.

Invariants
- Only what is a row of `RunFile`, lies in the run's folder and is a plain file is ever opened.
"""

import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from reseller_reporting.app.house import House
from reseller_reporting.app.tenancy import run_folder
from reseller_reporting.control import audit
from reseller_reporting.control.audit import Doer
from reseller_reporting.control.models import Run, RunFile
from reseller_reporting.model.errors import FileGone

_CHUNK_BYTES = 256 * 1024
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


def zipped(house: House, files: Sequence[RunFile]) -> Iterator[bytes]:
    """A zip of them, made as it is read: never whole in memory, nor on disk.

    Each is looked for before the first byte: what has begun to leave cannot be refused any more.
    """
    for file in files:
        open_file(house, file).close()
    return _zip(house, files)


def note_download(house: House, run: Run, doer: Doer, subject: str) -> None:
    audit.record(
        "file_downloaded",
        at=house.clock(),
        reseller=run.reseller,
        user=doer.user,
        address=doer.address,
        subject=subject,
        run=str(run.pk),
    )


def _zip(house: House, files: Sequence[RunFile]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # It writes, and is asked no more.
        for file in files:
            entry = zipfile.ZipInfo(file.name, _ZIP_TIME)
            # All others are compressed already.
            is_text = file.name.endswith((".csv", ".json"))
            entry.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
            with open_file(house, file) as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(_CHUNK_BYTES):
                    target.write(chunk)
                    yield sink.taken()
    yield sink.taken()


class _Sink:
    """A file that cannot be gone back in; what was written is taken away as it comes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        found, self._parts = b"".join(self._parts), []
        return found
