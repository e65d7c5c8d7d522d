"""Collects what pages say into the catalogues of each language, and compiles them. Translations that stand there stay.

./dev python tools/make_messages.py            # after changing words in templates or pages
./dev python tools/make_messages.py --check    # only tells: exit code 1 when something is missing
"""

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from reseller_reporting.control import database
from reseller_reporting.web.settings import LANGUAGES

WEB = Path(__file__).parent.parent / "src" / "reseller_reporting" / "web"
LOCALES = WEB / "locale"
# The same words give the same files on any day.
_NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2)}
_KEYWORDS |= {"pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}


def said() -> Iterator[tuple[str, Any]]:
    """Every message of a template or a module, with the file that says it."""
    sources = [*sorted(WEB.rglob("*.py")), *sorted((WEB / "templates").rglob("*.html"))]
    for path in sources:
        text = path.read_text(encoding="utf-8")
        python = templatize(text, origin=str(path)) if path.suffix == ".html" else text
        for _, message, _, _ in extract("python", io.BytesIO(python.encode()), _KEYWORDS):
            yield str(path.relative_to(WEB)), message


def template() -> Catalog:
    catalog = Catalog(project="Reseller Reporting", creation_date=_NO_DAY, charset="utf-8")
    for file, message in said():
        catalog.add(message, locations=[(file, 0)])
    return catalog


def updated(language: str, words: Catalog) -> Catalog:
    file = _po(language)
    catalog = Catalog(locale=language)
    if file.exists():
        with file.open("rb") as old:
            catalog = read_po(old, locale=language)
    catalog.update(words, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.creation_date = catalog.revision_date = _NO_DAY
    catalog.header_comment = f"# {dict(LANGUAGES)[language]} of the web application's pages."
    catalog.project, catalog.version, catalog.msgid_bugs_address = "Reseller Reporting", "", ""
    catalog.last_translator = catalog.language_team = ""
    catalog.fuzzy = False
    return catalog


def missing(catalog: Catalog) -> list[str]:
    return [str(message.id) for message in catalog if message.id and not all(_texts(message.string))]


def _texts(string: object) -> list[object]:
    return list(string) if isinstance(string, list | tuple) else [string]


def _po(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "django.po"


def _bytes(catalog: Catalog) -> tuple[bytes, bytes]:
    text, compiled = io.BytesIO(), io.BytesIO()
    write_po(text, catalog, width=110, sort_output=True)
    write_mo(compiled, catalog)
    return text.getvalue(), compiled.getvalue()


def main(arguments: list[str]) -> int:
    database.configure("sqlite:///none")  # Django reads templates by its settings.
    words, code = template(), 0
    for language, _ in LANGUAGES:
        if language == "en":
            continue
        catalog = updated(language, words)
        text, compiled = _bytes(catalog)
        file = _po(language)
        if "--check" in arguments:
            stale = not file.exists() or file.read_bytes() != text or file.with_suffix(".mo").read_bytes() != compiled
            if stale or missing(catalog):
                print(f"{language}: {'out of date, ' if stale else ''}not translated: {missing(catalog)}")
                code = 1
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)
        file.with_suffix(".mo").write_bytes(compiled)
        print(f"{language}: {len(catalog)} messages, {len(missing(catalog))} not translated")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
