"""Mail: one message per run to all recipients, with a summary to read and the files that fit.

Owns: what the message says, which files it carries.
Does not own: the figures, which come as finished texts; the server.

Invariants
- The message as sent is no larger than the limit, as long as its text alone is not.
- Every file is either attached or named with the folder where it lies.
- Names from outside reach a header or HTML only with line breaks and markup taken out.
"""

import html
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

import css_inline

from reseller_reporting.delivery.smtp import SmtpServer, parse_smtp_url, probe_server, transmit
from reseller_reporting.model.errors import InvalidSettings, MailFailed

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")
_NAMED_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_DEFAULT_SENDER = "reseller-reporting@localhost"

# More files than this are a nuisance one by one; a mail with more rows than this is not read but searched.
_SINGLE_FILES_MAX = 5
_CUSTOMERS_SHOWN_MAX = 50

_TYPES = {
    ".csv": ("text", "csv"),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".pdf": ("application", "pdf"),
    ".zip": ("application", "zip"),
}
# The headers around one attachment, and those that turn a message into one with attachments; generously.
_PART_OVERHEAD_BYTES = 500
_MESSAGE_OVERHEAD_BYTES = 1000
_ZIP_ENTRY_OVERHEAD_BYTES = 76
# The earliest time a zip can hold: the same files give the same zip.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """One row of the summary, as texts; empty where nothing is known."""

    name: str
    calls: str
    minutes: str
    reseller_cost: str
    customer_cost: str
    complete: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMail:
    """Everything a message is made of. `files` are names relative to the folder, in any order."""

    sender: str | None  # None: the log-in of the mail server, where that is an address.
    recipients: Sequence[str]
    reseller: str
    period: str
    timezone: str
    currency: str
    customers: Sequence[CustomerLine]
    totals: CustomerLine
    warnings: Sequence[str]
    folder: Path
    files: Sequence[str]
    limit_bytes: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class _Attachment:
    name: str
    content: bytes


def check_address(text: str) -> str:
    """The bare address, when it is one that cannot smuggle anything into a header."""
    address = text.strip(" ")
    local, at, domain = address.rpartition("@")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    good = at and len(local) <= 64 and len(domain) <= 253 and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not good:
        raise InvalidSettings(f"'{_one_line(text)}' is no mail address; write one like billing@example.com.")
    return f"{local}@{domain}"


def check_sender(text: str) -> str:
    """An address, or a name with one: `Acme Billing <billing@acme.example>`."""
    named = _NAMED_ADDRESS.fullmatch(text.strip(" "))
    if named is None:
        return check_address(text)
    return str(Address(_one_line(named["name"]).strip('"'), addr_spec=check_address(named["address"])))


def send_report(message: ReportMail, *, smtp_url: str, timeout_seconds: float) -> None:
    """Send it; MailFailed names the server, the cause, and where the files are."""
    server = parse_smtp_url(smtp_url)
    sender = sender_address(message.sender, server)
    recipients = list(dict.fromkeys(check_address(text) for text in message.recipients))
    message = replace(message, recipients=recipients)
    try:
        content = compose(message, sender=sender)
        transmit(server, content, sender=_bare(sender), recipients=recipients, timeout_seconds=timeout_seconds)
    except MailFailed as failure:
        raise type(failure)(f"{failure.sentence} The reports are safe in {message.folder}.") from None
    except OSError as error:
        raise MailFailed(f"{error.filename} could not be read to be mailed: {error.strerror}.") from error


def probe_mail(smtp_url: str, *, timeout_seconds: float) -> str | None:
    """What keeps mail from leaving, as a sentence; None when the server answers and takes the log-in."""
    try:
        probe_server(parse_smtp_url(smtp_url), timeout_seconds=timeout_seconds)
    except (InvalidSettings, MailFailed) as failure:
        return failure.sentence
    return None


def sender_address(configured: str | None, server: SmtpServer) -> str:
    """The configured sender, else the log-in if it is an address, else one that names no machine."""
    if configured is not None:
        return check_sender(configured)
    try:
        return check_address(server.user or "")
    except InvalidSettings:
        return _DEFAULT_SENDER


def compose(message: ReportMail, *, sender: str) -> bytes:
    """The message as it goes over the wire."""
    # With every file named as left out the text is at its longest, so what is attached after that fits for sure.
    bare = len(_assembled(message, sender, attachments=[], left_out=message.files).as_bytes())
    attachments, left_out = _attachments(message, message.limit_bytes - bare)
    return _assembled(message, sender, attachments=attachments, left_out=left_out).as_bytes()


def _assembled(
    message: ReportMail, sender: str, *, attachments: Sequence[_Attachment], left_out: Sequence[str]
) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(message.recipients)
    mail["Subject"] = _one_line(f"{message.reseller}: calls and costs {message.period}")
    mail["Date"] = format_datetime(message.sent_at)
    mail["Message-ID"] = make_msgid(domain=_bare(sender).rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # Holiday replies stay away.
    message = _cleaned(message)
    mail.set_content(_as_text(message, left_out), cte="quoted-printable")
    mail.add_alternative(_as_html(message, left_out), subtype="html", cte="quoted-printable")
    for attachment in attachments:
        main, sub = _TYPES.get(Path(attachment.name).suffix, ("application", "octet-stream"))
        mail.add_attachment(attachment.content, maintype=main, subtype=sub, filename=Path(attachment.name).name)
    return mail


def _attachments(message: ReportMail, budget_bytes: int) -> tuple[list[_Attachment], list[str]]:
    """What to attach, and the names of what stays in the folder: CSV files first, then the smallest."""
    sizes = {name: (message.folder / name).stat().st_size for name in message.files}
    zipped = len(sizes) > _SINGLE_FILES_MAX or _encoded_bytes(sum(sizes.values())) > message.limit_bytes / 2
    left_bytes = budget_bytes - _MESSAGE_OVERHEAD_BYTES
    taken: list[_Attachment] = []
    left_out: list[str] = []
    for name in sorted(sizes, key=lambda name: (not name.endswith(".csv"), sizes[name], name)):
        path = message.folder / name
        needed_bytes = _encoded_bytes(_zip_entry_bytes(path, name) if zipped else sizes[name] + _PART_OVERHEAD_BYTES)
        if needed_bytes > left_bytes:
            left_out.append(name)
        else:
            left_bytes -= needed_bytes
            taken.append(_Attachment(name, path.read_bytes()))
    if zipped and taken:
        taken = [_Attachment(f"reports-{message.period}.zip", _zip(taken))]
    return taken, sorted(left_out)


def _encoded_bytes(size_bytes: int) -> int:
    """The size as base64 in lines of 76 characters."""
    characters = -(-size_bytes // 3) * 4
    return characters + -(-characters // 76) * 2


def _zip_entry_bytes(path: Path, name: str) -> int:
    content_bytes = len(_deflated(path.read_bytes())) if _is_worth_deflating(name) else path.stat().st_size
    return _ZIP_ENTRY_OVERHEAD_BYTES + 2 * len(name.encode()) + content_bytes


def _is_worth_deflating(name: str) -> bool:
    return not name.endswith(".xlsx")  # A workbook is a zip already.


def _deflated(content: bytes) -> bytes:
    """As a zip holds it."""
    compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush()


def _zip(files: Sequence[_Attachment]) -> bytes:
    """The same files always give the same zip: sorted, and without the time of packing."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(files, key=lambda file: file.name):
            entry = zipfile.ZipInfo(file.name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED if _is_worth_deflating(file.name) else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.content)
    return target.getvalue()


_COLUMNS = ("Customer", "Calls", "Minutes", "Reseller cost", "Customer cost", "Complete")


def _rows(message: ReportMail) -> list[tuple[str, ...]]:
    """The table: the customers as far as they are shown, the totals of all of them last."""
    lines = [*message.customers[:_CUSTOMERS_SHOWN_MAX], replace(message.totals, name="Total")]
    return [
        (line.name, line.calls, line.minutes, line.reseller_cost, line.customer_cost, line.complete) for line in lines
    ]


def _more_customers(message: ReportMail) -> list[str]:
    more = len(message.customers) - _CUSTOMERS_SHOWN_MAX
    return [f"{more} more customers are in summary.csv; the total counts them."] if more > 0 else []


def _heading(message: ReportMail) -> str:
    return f"{message.reseller}: calls and costs {message.period} ({message.timezone}), amounts in {message.currency}"


def _left_out_sentence(message: ReportMail) -> str:
    limit = f"{message.limit_bytes / 1_000_000:g} MB"
    return f"Not attached, since a message may have {limit} at most; in {message.folder} you find:"


def _as_text(message: ReportMail, left_out: Sequence[str]) -> str:
    rows = [_COLUMNS, *_rows(message)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    table = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    blocks = [_heading(message), "\n".join([*table, *_more_customers(message)])]
    if message.warnings:
        blocks.append("\n".join(["Please note:", *(f"- {warning}" for warning in message.warnings)]))
    if left_out:
        blocks.append("\n".join([_left_out_sentence(message), *(f"- {name}" for name in left_out)]))
    return "\n\n".join(blocks) + "\n"


_STYLE = """
body { font-family: Arial, Helvetica, sans-serif; font-size: 14px; color: #1f2937 }
h1 { font-size: 17px }
h2 { font-size: 14px; margin-bottom: 4px }
table { border-collapse: collapse }
th, td { padding: 4px 10px; border-bottom: 1px solid #d1d5db; text-align: right; white-space: nowrap }
.name { text-align: left }
.total { font-weight: bold }
"""


def _as_html(message: ReportMail, left_out: Sequence[str]) -> str:
    """The same as the text. Styles stand at each element, since mail programs drop style sheets."""
    *customers, total = [_html_row("td", row) for row in _rows(message)]
    table = [_html_row("th", _COLUMNS), *customers, total.replace("<tr>", '<tr class="total">')]
    parts = [
        f"<h1>{html.escape(_heading(message))}</h1>",
        f"<table>{''.join(table)}</table>",
        *(f"<p>{html.escape(sentence)}</p>" for sentence in _more_customers(message)),
    ]
    if message.warnings:
        parts.append(f"<h2>Please note</h2>{_html_list(message.warnings)}")
    if left_out:
        parts.append(f"<p>{html.escape(_left_out_sentence(message))}</p>{_html_list(left_out)}")
    page = f"<html><head><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    return css_inline.CSSInliner(load_remote_stylesheets=False).inline(page)


def _html_row(tag: str, cells: Sequence[str]) -> str:
    name, *figures = (html.escape(cell) for cell in cells)
    return f'<tr><{tag} class="name">{name}</{tag}>{"".join(f"<{tag}>{figure}</{tag}>" for figure in figures)}</tr>'


def _html_list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(item)}</li>' for item in items)}</ul>"


def _cleaned(message: ReportMail) -> ReportMail:
    """Names and warnings come from outside: a line break in one must not begin a row or a header."""
    return replace(
        message,
        reseller=_one_line(message.reseller),
        customers=[replace(line, name=_one_line(line.name)) for line in message.customers],
        warnings=[_one_line(warning) for warning in message.warnings],
    )


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _bare(sender: str) -> str:
    named = _NAMED_ADDRESS.fullmatch(sender)
    return named["address"] if named else sender
