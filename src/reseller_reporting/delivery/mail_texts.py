"""Mail texts: subject, greeting and text of the report mail in the reseller's own words, with places for figures."""

import re
from dataclasses import dataclass

from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.words.message import holes

# What stands in braces in a text, and what is put there.
PLACEHOLDERS = {
    "company": "the reseller",
    "period": "October 2026",
    "period_name": "2026-10",
    "days": "1 to 31 October 2026",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "customers": "12",
}
_KNOWN = re.compile("|".join(rf"\{{{name}\}}" for name in PLACEHOLDERS))
_LENGTH_MAX = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTexts:
    """None: the product's own, in the language of the report."""

    subject: str | None = None
    greeting: str | None = None
    text: str | None = None


PRODUCT_TEXTS = MailTexts()


def check_mail_text(text: str, *, called: str) -> str:
    """The same text, when every brace in it belongs to a known placeholder."""
    offered = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    unknown = sorted(holes(text) - PLACEHOLDERS.keys())
    if unknown:
        raise InvalidSettings(f"{called} holds {{{unknown[0]}}}, which is no placeholder; there are {offered}.")
    if re.search(r"[{}]", _KNOWN.sub("", text)):
        raise InvalidSettings(f"{called} has a brace that belongs to no placeholder; there are {offered}.")
    if len(text) > _LENGTH_MAX:
        raise InvalidSettings(f"{called} has {len(text)} characters; {_LENGTH_MAX} are the most.")
    return text
