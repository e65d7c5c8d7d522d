"""Frame: a workbook as XlsxWriter makes it, as the parts of a package that is still to be zipped."""

from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.packager import Packager


class _Unzipped(Packager):  # type: ignore[misc]
    """Keeps the parts that XlsxWriter would zip, which takes it longer than their making."""

    made: list[tuple[StringIO, str, bool]]

    def _set_in_memory(self, in_memory: bool) -> None:  # noqa: ARG002
        # Rows wait in files; a file for each part besides would take longer than the part.
        self.in_memory = True

    def _create_package(self) -> list[Any]:
        self.made = super()._create_package()
        return []


class Frame(xlsxwriter.Workbook):  # type: ignore[misc]
    """Text in its cells stays text. Rows wait in files of `scratch`; it has its parts once it is closed."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(
            BytesIO(),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": str(scratch),
            },
        )
        self._unzipped = _Unzipped()

    def _get_packager(self) -> Packager:
        return self._unzipped

    def parts(self) -> dict[str, bytes]:
        """The parts by their names, in the package's order."""
        return {name: part.getvalue().encode() for part, name, _ in self._unzipped.made}
