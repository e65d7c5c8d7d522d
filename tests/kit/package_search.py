"""Looks into every part of what a customer gets: what must not be there is found wherever it hides.

Of a workbook: each part of the archive, comments, hidden sheets, strings that no cell uses, and all numbers. Of a PDF:
the text of its pages and its properties. Of anything else: its text.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from html import unescape
from pathlib import Path

from pypdf import PdfReader

# What stands between figures, in a cell's XML or on a page.
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")

# Where a whole value ends: those of two cells make no word together, the runs of one text do.
_ENDS = re.compile(r"</(?:c|c:v|f|si|v)>")


def parts_of(path: Path) -> Iterator[tuple[str, str]]:
    """Each part's name and its text."""
    yield from _parts(path.name, path.read_bytes())


def _parts(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in archive.namelist():
                yield f"{name}:{inner}", inner
                yield from _parts(f"{name}:{inner}", archive.read(inner))
    elif content.startswith(b"%PDF"):
        pages = PdfReader(io.BytesIO(content))
        yield f"{name}:properties", " ".join(str(value) for value in (pages.metadata or {}).values())
        yield from ((f"{name}:page {number}", page.extract_text()) for number, page in enumerate(pages.pages, 1))
    else:
        yield name, content.decode("utf-8-sig", "replace")


def texts_found(path: Path, forbidden: Iterable[str]) -> dict[str, list[str]]:
    """The forbidden texts that are there, whatever their case, each with the parts that hold it."""
    parts = [(name, _words(text).casefold()) for name, text in parts_of(path)]
    found = {text: [name for name, part in parts if text.casefold() in part] for text in forbidden if text}
    return {text: names for text, names in found.items() if names}


def figures_found(path: Path, forbidden: Iterable[Decimal]) -> dict[Decimal, list[str]]:
    """The forbidden amounts that are there, however they are written: 7.1, 7.1000, 7.1000000000000005.

    Small whole numbers stand everywhere: ask for amounts that nothing else can be.
    """
    parts = [(name, set(_figures(text))) for name, text in parts_of(path)]
    found = {figure: [name for name, figures in parts if _rounded(figure) in figures] for figure in forbidden}
    return {figure: names for figure, names in found.items() if names}


def _words(text: str) -> str:
    """What markup says, values of attributes included, without its own names: every sheet has `pageMargins`."""
    if not text.startswith("<"):
        return text
    text = _ENDS.sub(r"\g<0>\n", text)
    values = re.sub(r"<([^<>]*)>", lambda tag: " ".join(re.findall(r'"([^"]*)"', tag[1])), text)
    return unescape(f"{values}\n{re.sub('<[^<>]*>', '', text)}")


def _figures(text: str) -> Iterator[Decimal]:
    for match in _NUMBER.finditer(unescape(re.sub(r"<[^>]*>", " ", text))):
        try:
            yield _rounded(Decimal(match[0].replace(",", "").replace("−", "-")))
        except InvalidOperation:
            continue


def _rounded(number: Decimal) -> Decimal:
    """Without the noise of doubles, and without a sign: a cost is a cost in brackets, too."""
    return abs(number).quantize(Decimal("1e-6"))
