"""Mailing: a finished report to its recipients. The files are safe before the first byte is sent."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from reseller_reporting.app.branding import mail_texts_of
from reseller_reporting.app.house import House
from reseller_reporting.app.report import COUNTRIES, SUMMARY, Report
from reseller_reporting.delivery.mail import check_address, send_report
from reseller_reporting.delivery.mail_page import CustomerLine, ReportMail
from reseller_reporting.delivery.smtp import parse_smtp_url
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.reports.period_text import spoken_days, spoken_period
from reseller_reporting.reports.summary import summary_row
from reseller_reporting.words.language import Words

_TIMEOUT_SECONDS = 60


def check_recipients(house: House, recipients: Sequence[str]) -> list[str]:
    """The addresses, when each is one and mail is configured: seen before the work begins."""
    checked = [check_address(text) for text in recipients]
    if checked and not house.settings.smtp_url:
        raise InvalidSettings("--email needs a mail server: set RESELLER_REPORTING_SMTP_URL, such as smtp://host:25.")
    if checked and house.settings.smtp_url:
        parse_smtp_url(house.settings.smtp_url)
    return checked


def mail(house: House, report: Report, recipients: Sequence[str]) -> None:
    """One message to all of them: the summary to read, the files to work with."""
    assert house.settings.smtp_url is not None, "recipients were checked"
    send_report(_message(house, report, recipients), smtp_url=house.settings.smtp_url, timeout_seconds=_TIMEOUT_SECONDS)


def _message(house: House, report: Report, recipients: Sequence[str]) -> ReportMail:
    totals, words = report.manifest["totals"], report.words
    accounts = report.manifest["accounts"]
    rows = [summary_row(facts, sums) for facts, sums in report.entries]
    total = CustomerLine(
        name="",
        calls=words.number(totals["calls"]),
        minutes="",
        reseller_cost=_money(words, totals["reseller_cost"] or ""),
        customer_cost=_money(words, totals["customer_cost"] or ""),
        complete=_yes_or_no(words, all(row["Complete"] == "yes" for row in rows)),
    )
    return ReportMail(
        sender=house.settings.mail_from,
        recipients=recipients,
        reseller=house.brand.company_or(report.reseller.name),
        period=report.period.name,
        period_spoken=spoken_period(report.period, words),
        days_spoken=spoken_days(report.period, words),
        timezone=report.period.timezone,
        currency=house.settings.currency,
        customers=[_line(words, row) for row in rows],
        totals=total,
        warnings=[_warning(words, warning) for warning in report.manifest["warnings"]],
        folder=report.folder,
        files=[SUMMARY, COUNTRIES, *(account["file"] for account in accounts if account["file"])],
        limit_bytes=house.settings.mail_limit_megabytes * 1_000_000,
        sent_at=house.clock(),
        words=words,
        brand=house.brand,
        texts=mail_texts_of(house.settings),
    )


def _line(words: Words, row: Mapping[str, str]) -> CustomerLine:
    """A row of the summary, its figures as people of that language write them."""
    return CustomerLine(
        name=row["Name"],
        calls=_exact(words, row["Calls"], places=0),
        minutes=_minutes(words, row["Billing Minutes"]),
        reseller_cost=_money(words, row["Reseller Cost"]),
        customer_cost=_money(words, row["Customer Cost"]),
        complete=_yes_or_no(words, row["Complete"] == "yes"),
    )


def _exact(words: Words, text: str, *, places: int) -> str:
    return words.exact(Decimal(text), places=places) if text else ""


def _money(words: Words, text: str) -> str:
    return _exact(words, text, places=4)


def _minutes(words: Words, text: str) -> str:
    """To the hundredth: who wants more looks into the files."""
    return words.number(Decimal(text), places=2) if text else ""


def _yes_or_no(words: Words, is_complete: bool) -> str:
    return words.say("yes") if is_complete else words.say("no")


def _warning(words: Words, warning: Mapping[str, Any]) -> str:
    return f"{words.phrase(warning['message'])} ({words.number(warning['count'])} ×)"
