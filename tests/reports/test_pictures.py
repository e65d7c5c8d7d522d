"""The pictures of workbooks that are kept show today's design: by what it is made of, not by its pixels."""

import json
from pathlib import Path

import pytest

from render_workbooks import PICTURES, ROOT, STRUCTURE, made_workbooks, structure

IMAGES = ROOT / "docs" / "images"


def test_the_pictures_are_of_sheets_that_were_there() -> None:
    kept = json.loads((IMAGES / STRUCTURE).read_text(encoding="utf-8"))
    for picture in PICTURES:
        assert picture.sheet in kept[picture.workbook], picture.name
        assert (IMAGES / f"{picture.name}.png").read_bytes().startswith(b"\x89PNG")
    assert {path.stem for path in IMAGES.glob("workbook-*.png")} == {picture.name for picture in PICTURES}


@pytest.mark.slow
def test_a_workbook_of_today_is_made_of_what_its_picture_shows(tmp_path: Path) -> None:
    """When it is not: `python tools/render_workbooks.py` makes the pictures anew."""
    kept = json.loads((IMAGES / STRUCTURE).read_text(encoding="utf-8"))
    with made_workbooks(tmp_path) as made:
        assert {name: structure(path) for name, path in made.items()} == kept
