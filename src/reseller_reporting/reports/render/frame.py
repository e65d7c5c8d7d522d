"""Frame: a workbook as XlsxWriter makes it, as the parts of a package that is still to be zipped."""

import re
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.comments import Comments, CommentType
from xlsxwriter.packager import Packager
from xlsxwriter.vml import Vml

from reseller_reporting.reports.render.look import FONT, FONT_SIZE

PROPERTY_MAX = 255  # Characters of a property of the file.
# A note's place is told by its anchor, too, which is what office programs read.
_PLACE_OF_NOTE = re.compile(r"margin-left:[^;]*;margin-top:[^;]*;")


class _Unzipped(Packager):  # type: ignore[misc]
    """Keeps the parts that XlsxWriter would zip, which takes it longer than their making."""

    workbook: Any
    made: list[tuple[StringIO | BytesIO, str, bool]]  # A picture is bytes.

    def _set_in_memory(self, in_memory: bool) -> None:  # noqa: ARG002
        # Rows wait in files; a file for each part besides would take longer than the part.
        self.in_memory = True

    def _create_package(self) -> list[Any]:
        self.made = super()._create_package()
        return []

    def _write_vml_files(self) -> None:
        for number, sheet in self._sheets_with_notes():
            shapes = _shapes(sheet.vml_data_id, sheet.vml_shape_id, tuple(map(_Note, sheet.comments_list)))
            self._filename(f"xl/drawings/vmlDrawing{number}.vml").write(shapes)

    def _write_comment_files(self) -> None:
        for number, sheet in self._sheets_with_notes():
            texts = _texts(tuple(map(_Note, sheet.comments_list)))
            self._filename(f"xl/comments{number}.xml").write(texts)

    def _sheets_with_notes(self) -> Iterator[tuple[int, Any]]:
        return enumerate((sheet for sheet in self.workbook.worksheets() if sheet.has_comments), 1)


class _Note:
    """A note that equals another of the same place and words: most workbooks have the same ones."""

    def __init__(self, comment: CommentType) -> None:
        self.comment = comment
        self._key = (comment.row, comment.col, comment.text, tuple(comment.vertices))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Note) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=256)
def _shapes(data_id: Any, shape_id: Any, notes: tuple[_Note, ...]) -> str:
    made, vml = StringIO(), Vml()
    vml._set_xml_writer(made)
    vml._assemble_xml_file(data_id, shape_id, [note.comment for note in notes], [])
    return _PLACE_OF_NOTE.sub("", made.getvalue())


@lru_cache(maxsize=256)
def _texts(notes: tuple[_Note, ...]) -> str:
    made, comments = StringIO(), Comments()
    comments._set_xml_writer(made)
    comments._assemble_xml_file([note.comment for note in notes])
    return made.getvalue()


class Frame(xlsxwriter.Workbook):  # type: ignore[misc]
    """Text in its cells stays text. It has its parts once it is closed."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(
            BytesIO(),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": str(scratch),
                "default_format_properties": {"font_name": FONT, "font_size": FONT_SIZE},
            },
        )
        self._unzipped = _Unzipped()

    def _get_packager(self) -> Packager:
        return self._unzipped

    def parts(self) -> dict[str, bytes]:
        """The parts by their names, in the package's order."""
        made = ((name, part.getvalue()) for part, name, _ in self._unzipped.made)
        return {name: part if isinstance(part, bytes) else part.encode() for name, part in made}
