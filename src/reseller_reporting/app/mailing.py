"""Mailing: a finished report to its recipients. The files are safe before the first byte is sent."""

from collections.abc import Sequence

from reseller_reporting.app.house import House
from reseller_reporting.app.report import Report
from reseller_reporting.delivery.mail import CustomerLine, ReportMail, check_address, send_report
from reseller_reporting.delivery.smtp import parse_smtp_url
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.reports.edition import Edition
from reseller_reporting.reports.summary import summary_row

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
    totals = report.manifest["totals"]
    rows = [summary_row(facts, sums) for facts, sums in report.entries]
    lines = [
        CustomerLine(
            name=row["Name"],
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
        reseller=report.reseller.name,
        period=report.period.name,
        timezone=report.period.timezone,
        currency=house.settings.currency,
        customers=lines,
        totals=total,
        warnings=[*_notes(report), *(f"{each['message']} ({each['count']} ×)" for each in report.manifest["warnings"])],
        folder=report.folder,
        files=report.manifest["files"],
        limit_bytes=house.settings.mail_limit_megabytes * 1_000_000,
        sent_at=house.clock(),
    )


def _notes(report: Report) -> list[str]:
    """The mail goes to the reseller's office, whoever the workbooks are for."""
    if all(facts.edition is Edition.INTERNAL for facts, _ in report.entries):
        return []
    note = (
        "The workbooks and statements are for customers, each for its own. This message and the CSV files show what "
        "you pay: they are for your office."
    )
    return [note]
