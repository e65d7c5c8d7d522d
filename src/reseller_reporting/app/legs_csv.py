"""Rated legs as CSV, of the Parquet that a run kept.

Made when it is first asked for and left in the run's folder for whoever reads on: its bytes are those of a CSV that was
ordered with the report, so that a cursor stays good when it is made once more.

Invariants
- It is called after the digest of the Parquet file: one that was made anew has another one.
- It goes with its run, and after KEPT_FOR.
"""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import IO

from reseller_reporting.app.converting import convert
from reseller_reporting.app.house import House
from reseller_reporting.app.run_files import open_file, path_of
from reseller_reporting.app.tenancy import run_folder, runs_folder
from reseller_reporting.control.models import RunFile
from reseller_reporting.model.errors import CannotWrite

KEPT_FOR = timedelta(days=1)
_FOLDER = ".legs-csv"


def open_as_csv(house: House, file: RunFile) -> IO[bytes]:
    """Of a row of legs, whichever of both forms it is."""
    if PurePosixPath(file.name).suffix == ".csv":
        return open_file(house, file)
    open_file(house, file).close()  # It is there, and a plain file.
    made = run_folder(house, file.run_id) / _FOLDER / f"{file.sha256}.csv"
    with suppress(FileNotFoundError):
        return made.open("rb")
    partial = made.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        made.parent.mkdir(exist_ok=True)
        convert("reseller_reporting.app.legs_conversion", path_of(house, file), partial, instead="Parquet")
        opened = partial.open("rb")
        partial.replace(made)
    except OSError as error:
        raise CannotWrite(f"The legs could not be written as CSV: {error.strerror}. Ask for Parquet.") from error
    finally:
        partial.unlink(missing_ok=True)
    return opened


def remove_old(house: House, *, now: datetime) -> None:
    oldest = (now - KEPT_FOR).timestamp()
    for path in runs_folder(house).glob(f"*/{_FOLDER}/*"):
        with suppress(FileNotFoundError):  # Its run was deleted just now.
            if path.stat().st_mtime < oldest:
                path.unlink()
