"""Messages: English sentences with named holes, which are what catalogs translate; and the languages there are."""

import re
from collections.abc import Mapping

# Each with the regional form of its dates and numbers; Portuguese is Portugal's, in its words as well.
LOCALES = {"en": "en_GB", "de": "de", "fr": "fr", "es": "es", "nl": "nl", "it": "it", "pt": "pt_PT"}
LANGUAGES = tuple(LOCALES)

_HOLE = re.compile(r"\{(\w+)\}")


def mark(message: str) -> str:
    """The same text. It tells the tool that gathers what is to be translated; `say` it where it is shown."""
    return message


def filled(message: str, named: Mapping[str, object]) -> str:
    """Each `{hole}` by its value; a value's own braces stay what they are, and so do holes that nobody named."""
    if not named:
        return message
    return _HOLE.sub(lambda hole: str(named[hole[1]]) if hole[1] in named else hole[0], message)


def holes(message: str) -> set[str]:
    return set(_HOLE.findall(message))
