"""Cell XML: what a cell of a data sheet is in the file. The definition, value by value; the kernels must equal it.

The texts are those of XlsxWriter, but for three things, all on purpose: money is the exact decimal, never a float's
sixteen digits; text that looks like rich-text markup stays text; a cell names its format before its place.
"""

import re
from typing import Literal

from reseller_reporting.reports.render.cell_text import cell_text

CellKind = Literal[
    "text", "text_indented", "text_shrunk", "count", "minutes", "money", "money_micros", "date_time"
]  # Minutes are given in seconds, money in units or micros, moments in microseconds of the sheet's clock.

TEXT_KINDS = frozenset({"text", "text_indented", "text_shrunk"})
# Digits behind the point of an integer's text.
PLACES: dict[CellKind, int] = {"count": 0, "money": 4, "money_micros": 6}
DAY_MICROSECONDS = 86_400_000_000

_LITERAL_ESCAPE = re.compile("(_x[0-9a-fA-F]{4}_)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_ODD = re.compile(r"[&<>\x00-\x1f\ufffe\uffff]|_x|^\s|\s$")


def column_letters(column: int) -> str:
    """The name of a column counted from 0: A to Z, AA and so on."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def cell_head(column: int, style: int) -> str:
    """Up to the row's number. The format stands first: text before and behind the number that all cells of a column
    share is what deflate finds again, which makes a file of calls smaller by a fifteenth."""
    styled = f's="{style}" ' if style else ""
    return f'<c {styled}r="{column_letters(column)}'


def cell_open(kind: CellKind) -> str:
    """From behind the row's number to the value; of a text to its content."""
    return '" t="inlineStr"><is><t' if kind in TEXT_KINDS else '"><v>'


def cell_close(kind: CellKind) -> str:
    return "</t></is></c>" if kind in TEXT_KINDS else "</v></c>"


def text_content(text: str) -> str:
    """A text from the end of its tag's name on: a cell can hold it, and a reader gets it back."""
    held = cell_text(text)
    return f">{held}" if _ODD.search(held) is None else _odd_content(held)


def _odd_content(text: str) -> str:
    escaped = _LITERAL_ESCAPE.sub(r"_x005F\1", text)
    escaped = _CONTROL.sub(lambda found: f"_x{ord(found.group()):04X}_", escaped)
    escaped = escaped.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_")
    space = ' xml:space="preserve"' if escaped[:1].isspace() or escaped[-1:].isspace() else ""
    return f"{space}>{escaped.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}"


def number_text(kind: CellKind, value: int) -> str:
    """An integer's figure: whole, with its decimals, as minutes or as a serial date."""
    if kind == "minutes":
        return f"{value / 60:.16G}"
    if kind == "date_time":
        return f"{value / DAY_MICROSECONDS:.16G}"
    return decimal_text(value, PLACES[kind])


def decimal_text(value: int, places: int) -> str:
    """An integer of the last place, without zeros at the end: 79 of ten-thousandths is `0.0079`."""
    whole, part = divmod(abs(value), 10**places)
    decimals = f".{part:0{places}d}".rstrip("0") if part else ""
    return f"{'-' if value < 0 else ''}{whole}{decimals}"
