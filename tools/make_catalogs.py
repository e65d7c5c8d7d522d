"""Makes the catalogs of translations that `reseller_reporting.words` reads.

    ./dev python tools/make_catalogs.py           # gathers the messages of the code, and compiles
    ./dev python tools/make_catalogs.py --check   # says what is missing, and ends with 1 then

Gathers every message that the code marks: the first texts of `mark`, `say` and `say_count`, and the titles of columns.
A message that is new gets an empty place in each `.po` file, to be filled by hand; one that is gone loses its place.
Nothing is guessed: a message that changed is a new one.
"""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from reseller_reporting.words.catalog import DOMAIN, LOCALES
from reseller_reporting.words.message import LANGUAGES, holes

SOURCE = Path(__file__).parent.parent / "src" / "reseller_reporting"
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
# How many of a call's first arguments are texts that people read.
KEYWORDS = {"mark": 1, "say": 1, "say_count": 2, "Column": 1, "CallColumn": 1}
_ROOMS = ("app", "delivery", "reports", "words")


def messages() -> list[Message]:
    """Every message of the code, in the order of the alphabet, with the modules that say it."""
    found: dict[str | tuple[str, ...], set[str]] = {}
    for path in sorted(path for room in _ROOMS for path in (SOURCE / room).rglob("*.py")):
        for message in _said_in(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(message, set()).add(path.relative_to(SOURCE).as_posix())
    ordered = sorted(found.items(), key=lambda each: each[0] if isinstance(each[0], str) else each[0][0])
    return [Message(id_, locations=[(place, 0) for place in sorted(places)]) for id_, places in ordered if id_]


def _said_in(tree: ast.AST) -> Iterator[str | tuple[str, ...]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        firsts = [each.value for each in node.args[: KEYWORDS.get(name, 0)] if isinstance(each, ast.Constant)]
        texts = [text for text in firsts if isinstance(text, str)]
        if texts and len(texts) == KEYWORDS[name]:
            yield texts[0] if len(texts) == 1 else tuple(texts)


def po_path(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    path = po_path(language)
    if not path.is_file():
        return Catalog(locale=language, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def renewed(language: str, wanted: list[Message]) -> Catalog:
    """The catalog of exactly these messages, with what is translated already."""
    known = read(language)
    made = Catalog(locale=language, domain=DOMAIN, project="Reseller Reporting", fuzzy=False)
    for message in wanted:
        old = known.get(message.id)
        made.add(message.id, string=old.string if old else "", locations=message.locations)
    return made


def as_po(catalog: Catalog) -> bytes:
    """Without the times and names that a catalog's head bears by custom: the same words are the same bytes."""
    target = io.BytesIO()
    write_po(target, catalog, width=120, omit_header=True, include_lineno=False)
    head = (
        'msgid ""\nmsgstr ""\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Language: {catalog.locale}\\n"\n"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return head.encode() + target.getvalue()


def as_mo(language: str) -> bytes:
    """What the `.po` file comes to."""
    target = io.BytesIO()
    catalog = read(language)
    bare = _Timeless(locale=language, domain=DOMAIN, fuzzy=False)
    for message in catalog:
        if message.id and message.string:
            bare.add(message.id, string=message.string)
    write_mo(target, bare)
    return target.getvalue()


class _Timeless(Catalog):
    """A catalog whose head tells neither when nor with what it was made: the same words are the same bytes."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
        ]


def findings(language: str, wanted: list[Message]) -> Iterator[str]:
    """What keeps a catalog from being whole."""
    catalog = read(language)
    ids = {message.id for message in wanted}
    for message in catalog:
        if message.id and message.id not in ids:
            yield f"{language}: no code says {message.id!r}"
    for message in wanted:
        found = catalog.get(message.id)
        forms = () if found is None else _forms(found)
        if not forms or not all(forms):
            yield f"{language}: {message.id!r} is not translated"
            continue
        if found is not None and found.fuzzy:
            yield f"{language}: {message.id!r} is only guessed"
        originals = (message.id,) if isinstance(message.id, str) else message.id
        allowed = set().union(*map(holes, originals))
        for form in forms:
            if holes(form) != allowed and not (len(forms) > 1 and holes(form) <= allowed):
                yield f"{language}: {form!r} has other holes than {originals[0]!r}"
    mo = po_path(language).with_suffix(".mo")
    if not mo.is_file() or mo.read_bytes() != as_mo(language):
        yield f"{language}: {mo.name} is not what the .po file comes to"


def _forms(message: Message) -> tuple[str, ...]:
    """The translation, or its forms by number."""
    string = message.string
    return (string or "",) if isinstance(string, str) or string is None else tuple(string)


def main(arguments: list[str]) -> int:
    wanted = messages()
    if "--check" not in arguments:
        for language in TRANSLATED:
            path = po_path(language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_po(renewed(language, wanted)))
            path.with_suffix(".mo").write_bytes(as_mo(language))
    found = [finding for language in TRANSLATED for finding in findings(language, wanted)]
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
