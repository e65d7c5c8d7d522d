"""Cell text: text as a cell can hold it, whatever the world put into it."""

_UNITS_MAX = 32_767  # UTF-16 units, Excel's limit.
LONG_UNITS_MIN = _UNITS_MAX // 2  # Up to here every text fits, whatever its characters are.


def cell_text(text: str) -> str:
    """The same text nearly always; cut with a visible mark where too long, and without half a character."""
    if len(text) <= LONG_UNITS_MIN and text.isascii():
        return text
    whole = text.encode("utf-16-le", "replace" if _has_surrogate(text) else "strict")
    if len(whole) <= 2 * _UNITS_MAX:
        return whole.decode("utf-16-le", "replace")
    # The cut may fall inside a pair of surrogates: the half that is left is dropped.
    return whole[: 2 * (_UNITS_MAX - 1)].decode("utf-16-le", "ignore") + "…"


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def one_line(text: str, length_max: int) -> str:
    """For what is no cell: footers, properties of the file. Such places hold no control character and little text."""
    shown = "".join(character for character in cell_text(text[: 2 * length_max]) if character.isprintable())
    return shown[:length_max]
