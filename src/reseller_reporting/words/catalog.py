"""Catalogs: the translations that lie beside this module, read once each; nothing of the process's locale gets in."""

import gettext
from functools import lru_cache
from pathlib import Path

DOMAIN = "reseller_reporting"
LOCALES = Path(__file__).with_name("locales")


@lru_cache(maxsize=16)
def catalog(language: str) -> gettext.NullTranslations:
    """English needs none: the sentences in the code are English."""
    if language == "en":
        return gettext.NullTranslations()
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
