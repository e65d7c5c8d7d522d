"""Name, logo, colours and language of a run: what is refused before any work, and what never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from logos import jpeg, png

if TYPE_CHECKING:
    from tests.conftest import Terminal

RUN = ("run", "--period", "2024-06", "--out", "out")


def without_digests(manifest: dict[str, Any]) -> dict[str, Any]:
    lists = {key: [{**each, "sha256": ""} for each in manifest[key]] for key in ("accounts", "files")}
    return {**manifest, **lists}


def test_csv_files_and_manifest_are_the_same_in_every_language(connected: Terminal) -> None:
    left = {}
    for language in ("en", "de", "pt"):
        connected.settings["COMPANY_NAME"] = f"Company of {language}"
        assert connected.run("run", "--period", "2024-06", "--out", language, "--language", language).code == 0
        left[language] = connected.left(language)
    english = left["en"].files()
    for language in ("de", "pt"):
        files = left[language].files()
        assert files.keys() == english.keys()
        assert all(files[name] == english[name] for name in files if name.endswith(".csv"))
        # Only the digests of the workbooks tell that these are others.
        assert without_digests(left[language].manifest) == without_digests(left["en"].manifest)
        assert left[language].manifest != left["en"].manifest


def test_the_resellers_own_workbook_speaks_the_language_too(connected: Terminal) -> None:
    connected.settings["COMPANY_NAME"] = "Müller GmbH"
    assert connected.run(*RUN, "--language", "de").code == 0
    book = openpyxl.load_workbook(connected.folder / "out" / "reseller.xlsx")
    assert book.sheetnames[:3] == ["Übersicht", "Kunden", "Länder"]
    first = {str(cell.value) for row in book["Übersicht"].iter_rows() for cell in row}
    assert {"Müller GmbH", "Alle Kunden, Juni 2024", "Reseller-Kosten", "Kunden nach Kosten"} <= first
    assert [row[2].value for row in book["Kunden"].iter_rows(min_row=2, max_row=3)] == ["ja", "ja"]
    formulas = {str(cell.value) for row in book["Übersicht"].iter_rows() for cell in row if cell.data_type == "f"}
    assert any("'Kunden'!" in formula for formula in formulas)
    assert not any("'Customers'!" in formula for formula in formulas)


@pytest.mark.slow
def test_the_same_run_in_a_language_gives_the_same_bytes_whatever_the_machine_speaks(connected: Terminal) -> None:
    for out, locale in (("one", "C"), ("two", "tr_TR.UTF-8")):
        outcome = connected.process("run", "--period", "2024-06", "--out", out, "--language", "it", LC_ALL=locale)
        assert outcome.code == 0, outcome.err
    assert connected.left("one").files() == connected.left("two").files()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file"),
        (b"no picture at all", "is no PNG or JPEG image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30_000_000), "is larger than 500 kB"),
        (png(20_000, 20_000, rows=1), "has 20000 × 20000 pixels"),
        (png(24, 8)[:-20], "is cut off"),
        (jpeg(30, 10)[:-2], "is cut off"),
    ],
    ids=["missing", "text", "svg", "30 MB", "huge", "cut png", "cut jpeg"],
)
def test_a_logo_that_is_none_is_refused_before_kazoo_is_asked(
    terminal: Terminal, content: bytes | None, why: str
) -> None:
    if content is not None:
        (terminal.folder / "logo.png").write_bytes(content)
    # Nobody listens there: to be asked would end with another sentence, and with 1.
    terminal.settings |= {"LOGO": "logo.png", "KAZOO_URL": "http://127.0.0.1:1/v2", "KAZOO_API_KEY": "f" * 64}
    outcome = terminal.run(*RUN)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint.startswith("RESELLER_REPORTING_LOGO names ")
    assert why in outcome.complaint
    assert not (terminal.folder / "out").exists()


def test_the_doctor_looks_at_the_logo(connected: Terminal) -> None:
    connected.settings["LOGO"] = "logo.png"
    outcome = connected.run("doctor", "--json")
    assert outcome.code == 1
    (sick,) = [finding for finding in outcome.document["findings"] if not finding["ok"]]
    assert sick["name"] == "documents"
    assert "logo.png" in sick["message"]
    (connected.folder / "logo.png").write_bytes(png(24, 8))
    outcome = connected.run("doctor")
    assert outcome.code == 0
    assert "24 × 8 pixels" in outcome.out


def test_an_unknown_language_is_wrong_usage(connected: Terminal) -> None:
    assert connected.run(*RUN, "--language", "da").code == 2
    connected.settings["LANGUAGE"] = "da"
    outcome = connected.run(*RUN)
    assert outcome.code == 2
    assert "en, de, fr, es, nl, it or pt" in outcome.complaint
