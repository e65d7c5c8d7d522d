"""Words: one language's sentences, numbers, dates and names of countries.

A value that travels between processes: it holds nothing but the language's code. The same words come out on every
machine, whatever locale that has.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from reseller_reporting.words import formats
from reseller_reporting.words.catalog import catalog
from reseller_reporting.words.message import LOCALES, filled
from reseller_reporting.words.phrases import translated

_NOWHERE = "ZZ"


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language. Without a translation the English stands."""

    language: str = "en"

    def say(self, message: str, /, **named: object) -> str:
        """The message in this language, with its `{holes}` filled."""
        return filled(self._translated(message), named)

    def say_count(self, one: str, many: str, count: int, /, **named: object) -> str:
        """The form that the count asks for; `{count}` is the number as people write it."""
        form = catalog(self.language).ngettext(one, many, count)
        return filled(form, {"count": self.number(count), **named})

    def number(self, number: int | Decimal, *, places: int = 0, places_most: int | None = None) -> str:
        """Grouped, with so many decimals, and up to `places_most` where it has more; never rounded to fewer."""
        pattern = "#,##0" + ("." if places or places_most else "") + "0" * places
        pattern += "#" * max(0, (places_most or places) - places)
        return formats.number(number, pattern, LOCALES[self.language])

    def exact(self, number: Decimal, *, places: int = 0) -> str:
        """Every decimal that the number has, and at least so many."""
        has = max(0, -int(number.normalize().as_tuple().exponent))
        return self.number(number, places=places, places_most=max(places, has))

    def day(self, day: date) -> str:
        """`31 October 2026`."""
        text = formats.long_day(day, LOCALES[self.language])
        # CLDR writes `1 octobre`; people write `1er octobre`.
        return text.replace("1 ", "1er ", 1) if self.language == "fr" and day.day == 1 else text

    def day_number(self, day: date) -> str:
        """The day of a month whose name follows elsewhere: `1`, `1.` in German, `1er` in French."""
        if self.language == "de":
            return f"{day.day}."
        return "1er" if self.language == "fr" and day.day == 1 else str(day.day)

    def month(self, day: date) -> str:
        """`October 2026`, as it begins a line."""
        return formats.month(day, LOCALES[self.language])

    def moment(self, moment: datetime) -> str:
        """The wall clock to the minute; English keeps the form that sorts."""
        if self.language == "en":
            return moment.isoformat(sep=" ", timespec="minutes")
        return formats.moment(moment, LOCALES[self.language])

    def country(self, code: str, english: str) -> str:
        """The language's own name; the English one where it has none, and for English."""
        if self.language == "en":
            return english
        if code == _NOWHERE:
            return self.say(english)
        return formats.countries(LOCALES[self.language]).get(code, "") or self.say(english)

    def phrase(self, text: str) -> str:
        """A sentence that another room made of figures and fixed words; what is unknown stays as it is."""
        if self.language == "en" or not text:
            return text
        return translated(text, self.language)

    def _translated(self, message: str) -> str:
        # An empty message is the catalog's own head.
        return catalog(self.language).gettext(message) if message else ""


ENGLISH = Words()
