"""Mail: one message per run to all recipients, with a summary to read and the files that fit.

Owns: the headers, which files it carries.
Does not own: the figures, which come as finished texts; how they are shown (`mail_page`); the server.

Invariants
- The message as sent is no larger than the limit, as long as its text alone is not.
- Every file is either attached or named with the folder where it lies.
- Names from outside reach a header or HTML only with line breaks and markup taken out.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

import idna

from reseller_reporting.delivery.mail_page import (
    ReportMail,
    as_html,
    as_text,
    cleaned,
    one_line,
    placeholders,
    spoken,
)
from reseller_reporting.delivery.smtp import SmtpServer, parse_smtp_url, probe_server, transmit
from reseller_reporting.model.errors import InvalidSettings, MailFailed
from reseller_reporting.model.logo import Logo
from reseller_reporting.model.media_types import media_type
from reseller_reporting.words.message import filled

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")
_NAMED_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_DEFAULT_SENDER = "reseller-reporting@localhost"
_LOGO_ID = "logo@reseller-reporting"

_SINGLE_FILES_MAX = 5  # More are a nuisance one by one.

# The headers around one attachment, and those that turn a message into one with attachments; generously.
_PART_OVERHEAD_BYTES = 500
_MESSAGE_OVERHEAD_BYTES = 1000
_ZIP_ENTRY_OVERHEAD_BYTES = 76
# The earliest time a zip can hold: the same files give the same zip.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Attachment:
    name: str
    content: bytes


def check_address(text: str) -> str:
    """The bare address, when it is one that cannot smuggle anything into a header."""
    address = text.strip(" ")
    local, at, domain = address.rpartition("@")
    if at and not local.isascii():
        raise InvalidSettings(
            f"'{one_line(text)}' has letters before the @ that mail servers do not take. Write an address whose first "
            "part has plain letters, such as buero@example.com."
        )
    try:
        # By the rules of today: those of Python's own codec take Straße for strasse, which is another one's domain.
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        domain = ""
    is_whole = "." in domain or domain == "localhost"  # A name alone is no domain that mail finds.
    good = (
        is_whole
        and at
        and len(local) <= 64
        and len(domain) <= 253
        and _LOCAL_PART.fullmatch(local)
        and _DOMAIN.fullmatch(domain)
    )
    if not good:
        raise InvalidSettings(f"'{one_line(text)}' is no mail address; write one like billing@example.com.")
    return f"{local}@{domain}"


def check_sender(text: str) -> str:
    """An address, or a name with one: `Acme Billing <billing@acme.example>`."""
    named = _NAMED_ADDRESS.fullmatch(text.strip(" "))
    if named is None:
        return check_address(text)
    return str(Address(one_line(named["name"]).strip('"'), addr_spec=check_address(named["address"])))


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
    mail["Subject"] = one_line(_subject(message))
    mail["Date"] = format_datetime(message.sent_at)
    mail["Message-ID"] = make_msgid(domain=_bare(sender).rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # Holiday replies stay away.
    message = cleaned(message)
    mail.set_content(as_text(message, left_out), cte="quoted-printable")
    mail.add_alternative(as_html(message, left_out, logo_id=_LOGO_ID), subtype="html", cte="quoted-printable")
    if message.brand.logo is not None:
        _add_logo(mail, message.brand.logo)
    for attachment in attachments:
        main, _, sub = media_type(attachment.name).partition("/")
        mail.add_attachment(attachment.content, maintype=main, subtype=sub, filename=Path(attachment.name).name)
    mail["Content-Language"] = message.words.language  # Set before, it would go along with the first part.
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


def _add_logo(mail: EmailMessage, logo: Logo) -> None:
    """Within the message, since mail programs fetch nothing from elsewhere."""
    page = mail.get_body(("html",))
    assert isinstance(page, EmailMessage)
    name = f"logo.{logo.kind}"
    page.add_related(logo.content, "image", logo.kind, cid=f"<{_LOGO_ID}>", filename=name, disposition="inline")


def _subject(message: ReportMail) -> str:
    own = message.texts.subject
    if own is not None:
        return filled(own, placeholders(message))
    return message.words.say("{company}: calls and costs, {period}", company=message.reseller, period=spoken(message))


def _bare(sender: str) -> str:
    named = _NAMED_ADDRESS.fullmatch(sender)
    return named["address"] if named else sender
