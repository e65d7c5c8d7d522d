"""Alphabet: the order in which people look for names. Ångström stands with A, Łódź with L, small letters by great ones.

For lists that people read; files for programs keep the order of code points.
"""

import unicodedata

# Letters that Unicode does not take apart into a plain one and its mark.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)


def plain(name: str) -> str:
    """Without accents and capitals, which people leave out when they look for something."""
    apart = unicodedata.normalize("NFKD", name.casefold()).translate(_PLAIN)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def by_name(name: str, account_id: str = "") -> tuple[str, str, str]:
    """A key to sort by: namesakes always stand in the same order."""
    return plain(name), name, account_id
