"""Figures, periods, states, stages and the sentences of rooms below as people read them."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

from django import template
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from reseller_reporting.app.progress import CALLS, LOGGING_IN, PREPARING, SERVICES, TREE, WORKBOOKS
from reseller_reporting.web import periods
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import filled
from reseller_reporting.words.sentences import ON_PAGES

if TYPE_CHECKING:
    from reseller_reporting.control.models import AuditEvent

register = template.Library()
_HOLE = re.compile(r"\\\{(\w+)\\\}")
_CENT, _HALF_A_CENT = Decimal("0.01"), Decimal("0.005")

_WORDS: dict[str, str | Promise] = {
    # Stages of a job, as `app.progress` names them.
    PREPARING: _("Getting ready"),
    LOGGING_IN: _("Logging in"),
    TREE: _("Reading the account tree"),
    SERVICES: _("Reading services"),
    CALLS: _("Reading calls"),
    WORKBOOKS: _("Writing workbooks"),
    # States of jobs, customers, runs and mail.
    "queued": _("Waiting"),
    "running": _("At work"),
    "done": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
    "waiting": _("Waiting"),
    "read": _("Calls read"),
    "made": _("Ready"),
    "sending": _("Being sent"),
    "sent": _("Sent"),
    "unknown": _("Perhaps sent"),
    # Kinds of files.
    "workbook": _("Workbook"),
    "summary": _("Summary"),
    "countries": _("Summary by country"),
    "manifest": _("Manifest"),
    "margins": _("Margins"),
    "reseller": _("All customers in one workbook"),
    "statement": _("Statement"),
    "legs": _("Calls as a file"),
    "accounting": _("File for the books"),
    # What the audit trail names.
    "logged_in": _("Logged in"),
    "logged_out": _("Logged out"),
    "log_in_refused": _("Log-in refused"),
    "password_changed": _("Password changed"),
    "password_made": _("New password made"),
    "password_reset_asked": _("New password asked for by mail"),
    "password_reset": _("New password chosen by a mailed link"),
    "second_factor_on": _("Second step switched on"),
    "second_factor_off": _("Second step switched off"),
    "second_factor_reset": _("Second step switched off by an administrator"),
    "administrator_made": _("Administrator made"),
    "reseller_made": _("Reseller added"),
    "user_added": _("User added"),
    "user_changed": _("User changed"),
    "user_let_in": _("User let in"),
    "user_shut_out": _("User shut out"),
    "report_ordered": _("Report ordered"),
    "report_cancelled": _("Report cancelled"),
    "report_retried": _("Report tried again"),
    "report_deleted": _("Report deleted"),
    "report_restored": _("Report brought back"),
    "file_downloaded": _("File downloaded"),
    "mail_ordered": _("Mail ordered"),
    "group_made": _("Group saved"),
    "group_changed": _("Group changed"),
    "group_deleted": _("Group deleted"),
    "connection_kept": _("Connection saved"),
    "connection_tested": _("Connection tested"),
    "api_key_made": _("API key made"),
    "api_key_revoked": _("API key ended"),
    # Roles.
    "operator": _("Operator"),
    "reseller_admin": _("Administrator"),
    "reseller_viewer": _("Viewer"),
    "customer_admin": _("Customer"),
}
# Users of KAZOO are kept as `user@account id:reseller`, which tells them apart and nobody reads.
_OF_KAZOO = re.compile(r"(?P<name>.+)@(?P<account_id>[0-9a-f]{32}):\d+")
_COLOURS = {
    "made": "green",
    "done": "green",
    "sent": "green",
    "running": "blue",
    "read": "blue",
    "sending": "blue",
    "failed": "red",
    "unknown": "yellow",
    "cancelled": "yellow",
}


@register.filter
def word(code: object) -> str | Promise:
    """What we call it; what has no word here stands as it is."""
    return _WORDS.get(str(code), str(code))


@register.filter
def said(sentence: object) -> object:
    """What a room below said in English, in the language of the page; what it has no shape of stands as it is."""
    text = _for_people(str(sentence))
    in_theirs = _words().phrase(text)
    return sentence if in_theirs == str(sentence) else in_theirs


@lru_cache(maxsize=4096)
def _for_people(text: str) -> str:
    """What is for whoever types commands, as it is said to those who do not."""
    for shape, on_page in ON_PAGES.items():
        if found := _pattern(shape).fullmatch(text):
            return filled(on_page, found.groupdict())
    return text


@lru_cache(maxsize=64)
def _pattern(shape: str) -> re.Pattern[str]:
    return re.compile(_HOLE.sub(lambda hole: f"(?P<{hole[1]}>.+)", re.escape(shape)), re.DOTALL)


@register.filter
def term(title: str) -> str:
    """A figure's name, or what it is, by the words that workbooks have for it."""
    return _words().say(title)


@register.filter
def country(english: str, code: str) -> str:
    return _words().country(code, english) if code else english


def _words() -> Words:
    return Words(get_language() or "en")


@register.filter
def person_name(who: object) -> str:
    """Someone's log-in as they type it: of a user of KAZOO, the name there alone."""
    found = _OF_KAZOO.fullmatch(str(who))
    return found["name"] if found else str(who)


def account_id_of_person(who: object) -> str:
    """The account in KAZOO that their log-in belongs to; "" where it is none of KAZOO's."""
    found = _OF_KAZOO.fullmatch(str(who))
    return found["account_id"] if found else ""


@register.filter
def colour(code: object) -> str:
    return _COLOURS.get(str(code), "secondary")


@register.filter
def grouped(number: object) -> str:
    """12000 as 12,000, by the language's habit; what is unknown as a dash."""
    if number is None or number == "":
        return "–"
    try:
        known = Decimal(str(number))
        shown = number_format(abs(known), use_l10n=True, force_grouping=True)
        return f"−{shown}" if known < 0 else shown
    except (InvalidOperation, ValueError):
        return str(number)


@register.filter
def money(amount: object) -> str:
    """Two decimals for reading; documents have all of them."""
    if amount is None or amount == "":
        return "–"
    try:
        # Django's own way cuts off what is beyond.
        cents = Decimal(str(amount)).quantize(_CENT, ROUND_HALF_UP)
        shown = number_format(abs(cents), decimal_pos=2, use_l10n=True, force_grouping=True)
        return f"−{shown}" if cents < 0 else shown
    except (InvalidOperation, ValueError):
        return str(amount)


@register.filter
def change(amount: Decimal | int | None) -> str:
    """With its sign, the plus as well."""
    if amount is None:
        return "–"
    if isinstance(amount, Decimal):
        # What is no cent is a change all the same, and said as one.
        shown = money(abs(amount)) if not 0 < abs(amount) < _HALF_A_CENT else grouped(abs(amount).normalize())
    else:
        shown = grouped(abs(amount))
    return f"{'−' if amount < 0 else '+' if amount > 0 else ''}{shown}"


@register.filter
def minutes(seconds: int | None) -> str:
    """To the hundredth, as workbooks show them: whoever adds them up comes to the total."""
    return "–" if seconds is None else money(Decimal(seconds) / 60)


@register.filter
def period(name: str) -> str:
    return periods.title(name)


@register.filter
def subject(event: "AuditEvent") -> object:
    """Of what was done to a report, its period; of what was done to someone, their log-in; a download may be of several
    files. All else is a name, and stands as somebody chose it, whatever it looks like."""
    if event.action.startswith("report_") or event.action == "mail_ordered":
        return period(event.subject)
    if event.action.startswith(("user_", "second_factor_")) or event.action == "password_made":
        return person_name(event.subject)
    return said(event.subject) if event.action == "file_downloaded" else event.subject
