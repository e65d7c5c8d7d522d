"""Names that people give: what may stand in one, wherever it is typed.

Invariant
- A name shows all that it holds: nothing in it is invisible, or turns the text around it.
"""

import unicodedata

from reseller_reporting.model.errors import InvalidSettings

# Control and format characters (directions, joiners, zero widths), surrogates, and the ends of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def check_name(text: str) -> str:
    """The same name; InvalidSettings says that it holds what nobody sees."""
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        raise InvalidSettings("A name holds no invisible characters, such as marks of direction. Type it anew.")
    return text
