"""Mailing: a finished report to its recipients. The files are safe before the first byte is sent."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from reseller_reporting.app.branding import mail_texts_of
from reseller_reporting.app.house import House
from reseller_reporting.app.report import COUNTRIES, MANIFEST, RESELLER_BOOK, SUMMARY, Report
from reseller_reporting.delivery.folder import unchanged
from reseller_reporting.delivery.mail import send_report
from reseller_reporting.delivery.mail_page import CustomerLine, ReportMail
from reseller_reporting.model.errors import MailFailed
from reseller_reporting.model.period import parse_period
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.figure_text import seconds_of
from reseller_reporting.reports.period_text import spoken_days, spoken_period
from reseller_reporting.words.language import Words

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a finished folder does not say of itself."""

    folder: Path
    reseller: str
    period: str
    timezone: str
    language: str | None = None  # None: as the settings say.


def mail(house: House, report: Report, recipients: Sequence[str]) -> None:
    """One message to all of them: the summary to read, the files to work with."""
    period = report.period
    letter = Letter(
        folder=report.folder,
        reseller=report.reseller.name,
        period=period.name,
        timezone=period.timezone,
        language=report.words.language,
    )
    send(house, compose_letter(house, letter, recipients))


@contextmanager
def one_set(folder: Path) -> Iterator[None]:
    """What is read of the folder meanwhile is of one publication."""
    try:
        with unchanged(folder):
            yield
    except FileNotFoundError:
        raise MailFailed("Files of the report are missing. Make it again; then its mail is tried again, too.") from None


def send(house: House, message: ReportMail) -> None:
    assert house.settings.smtp_url is not None, "recipients were checked"
    send_report(message, smtp_url=house.settings.smtp_url, timeout_seconds=_TIMEOUT_SECONDS)


def compose_letter(house: House, letter: Letter, recipients: Sequence[str]) -> ReportMail:
    """From the files of the run, so that a message says the same whenever it is sent."""
    manifest = json.loads((letter.folder / MANIFEST).read_bytes())
    totals, accounts = manifest["totals"], manifest["accounts"]
    words = Words(letter.language or house.settings.documents_language)
    period = parse_period(letter.period, timezone=letter.timezone, now=house.clock())
    names = {account["id"]: account["name"] for account in accounts}  # A CSV guards names against spreadsheets.
    due = {each["id"]: each["total_due"] for each in manifest.get("statements", ())}
    with (letter.folder / SUMMARY).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    total = CustomerLine(
        name="",
        calls=words.number(totals["calls"]),
        minutes=_minutes(words, _summed_minutes([row["Billing Minutes"] for row in rows])),
        reseller_cost=_money(words, totals["reseller_cost"] or ""),
        customer_cost=_money(words, totals["customer_cost"] or ""),
        price=_money(words, totals.get("price") or ""),
        total_due=_money(words, totals.get("total_due") or ""),
        complete=_yes_or_no(words, all(row["Complete"] == "yes" for row in rows)),
    )
    return ReportMail(
        sender=house.settings.mail_from,
        recipients=recipients,
        reseller=house.brand.company_or(letter.reseller),
        period=letter.period,
        period_spoken=spoken_period(period, words),
        days_spoken=spoken_days(period, words),
        timezone=letter.timezone,
        # That of the settings may be another one by now.
        currency=next((row["Currency"] for row in rows), house.settings.currency),
        customers=[_line(words, row, names.get(row["Account ID"], row["Name"]), due) for row in rows],
        totals=total,
        warnings=[*_notes(words, manifest), *(_warning(words, warning) for warning in manifest["warnings"])],
        folder=letter.folder,
        files=_files(manifest),
        limit_bytes=house.settings.mail_limit_megabytes * 1_000_000,
        sent_at=house.clock(),
        words=words,
        brand=house.brand,
        texts=mail_texts_of(house.settings),
    )


def _line(words: Words, row: Mapping[str, str], name: str, due: Mapping[str, str]) -> CustomerLine:
    """A row of the summary, its figures as people of that language write them."""
    return CustomerLine(
        name=name,
        calls=_exact(words, row["Calls"], places=0),
        minutes=_minutes(words, row["Billing Minutes"]),
        reseller_cost=_money(words, row["Reseller Cost"]),
        customer_cost=_money(words, row["Customer Cost"]),
        price=_money(words, row.get("Price") or ""),
        total_due=_money(words, due.get(row["Account ID"], "")),
        complete=_yes_or_no(words, row["Complete"] == "yes"),
    )


def _exact(words: Words, text: str, *, places: int) -> str:
    return words.exact(Decimal(text), places=places) if text else ""


def _money(words: Words, text: str) -> str:
    return _exact(words, text, places=4)


def _summed_minutes(texts: Sequence[str]) -> str:
    known = [seconds_of(text) for text in texts if text]
    return str(sum(known) / Decimal(60)) if known else ""


def _minutes(words: Words, text: str) -> str:
    """To the hundredth: who wants more looks into the files."""
    return words.number(Decimal(text), places=2) if text else ""


def _yes_or_no(words: Words, is_complete: bool) -> str:
    return words.say("yes") if is_complete else words.say("no")


def _files(manifest: Mapping[str, Any]) -> list[str]:
    """What the office works with. Its own workbook stays in the folder; files of legs are for tools."""
    workbooks = [account["file"] for account in manifest["accounts"] if account["file"]]
    more = [each["file"] for each in manifest["files"]]
    return [SUMMARY, COUNTRIES, *workbooks, *(name for name in more if not name.startswith((RESELLER_BOOK, "legs/")))]


def _notes(words: Words, manifest: Mapping[str, Any]) -> list[str]:
    """The mail goes to the reseller's office, whoever the workbooks are for."""
    if manifest["edition"] == Edition.INTERNAL:
        return []
    note = words.say(
        "The workbooks and statements are for customers, each for its own. This message and the CSV files show what "
        "you pay: they are for your office."
    )
    return [note]


def _warning(words: Words, warning: Mapping[str, Any]) -> str:
    return f"{words.phrase(warning['message'])} ({words.number(warning['count'])} ×)"
