"""Mailing: a finished report to its recipients. The files are safe before the first byte is sent."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reseller_reporting.app.house import House
from reseller_reporting.app.report import COUNTRIES, MANIFEST, RESELLER_BOOK, SUMMARY, Report
from reseller_reporting.delivery.mail import CustomerLine, ReportMail, send_report
from reseller_reporting.reports.edition import Edition

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a finished folder does not say of itself."""

    folder: Path
    reseller: str
    period: str
    timezone: str


def mail(house: House, report: Report, recipients: Sequence[str]) -> None:
    """One message to all of them: the summary to read, the files to work with."""
    period = report.period
    letter = Letter(folder=report.folder, reseller=report.reseller.name, period=period.name, timezone=period.timezone)
    send(house, compose_letter(house, letter, recipients))


def send(house: House, message: ReportMail) -> None:
    assert house.settings.smtp_url is not None, "recipients were checked"
    send_report(message, smtp_url=house.settings.smtp_url, timeout_seconds=_TIMEOUT_SECONDS)


def compose_letter(house: House, letter: Letter, recipients: Sequence[str]) -> ReportMail:
    """From the files of the run, so that a message says the same whenever it is sent."""
    manifest = json.loads((letter.folder / MANIFEST).read_bytes())
    totals, accounts = manifest["totals"], manifest["accounts"]
    names = {account["id"]: account["name"] for account in accounts}  # A CSV guards names against spreadsheets.
    with (letter.folder / SUMMARY).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [
        CustomerLine(
            name=names.get(row["Account ID"], row["Name"]),
            calls=row["Calls"],
            minutes=row["Billing Minutes"],
            reseller_cost=row["Reseller Cost"],
            customer_cost=row["Customer Cost"],
            complete=row["Complete"],
        )
        for row in rows
    ]
    total = CustomerLine(
        name="Total",
        calls=str(totals["calls"]),
        minutes="",
        reseller_cost=totals["reseller_cost"] or "",
        customer_cost=totals["customer_cost"] or "",
        complete="yes" if all(row["Complete"] == "yes" for row in rows) else "no",
    )
    return ReportMail(
        sender=house.settings.mail_from,
        recipients=recipients,
        reseller=letter.reseller,
        period=letter.period,
        timezone=letter.timezone,
        currency=house.settings.currency,
        customers=lines,
        totals=total,
        warnings=[*_notes(manifest), *(f"{each['message']} ({each['count']} ×)" for each in manifest["warnings"])],
        folder=letter.folder,
        files=_files(manifest),
        limit_bytes=house.settings.mail_limit_megabytes * 1_000_000,
        sent_at=house.clock(),
    )


def _files(manifest: Mapping[str, Any]) -> list[str]:
    """What the office works with. Its own workbook stays in the folder; files of legs are for tools."""
    workbooks = [account["file"] for account in manifest["accounts"] if account["file"]]
    more = [each["file"] for each in manifest["files"]]
    return [SUMMARY, COUNTRIES, *workbooks, *(name for name in more if not name.startswith((RESELLER_BOOK, "legs/")))]


def _notes(manifest: Mapping[str, Any]) -> list[str]:
    """The mail goes to the reseller's office, whoever the workbooks are for."""
    if manifest["edition"] == Edition.INTERNAL:
        return []
    note = (
        "The workbooks and statements are for customers, each for its own. This message and the CSV files show what "
        "you pay: they are for your office."
    )
    return [note]
