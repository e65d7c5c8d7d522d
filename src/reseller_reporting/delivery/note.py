"""A note: a short message in plain words to one person, without files."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr

from reseller_reporting.delivery.mail import check_address, sender_address
from reseller_reporting.delivery.smtp import parse_smtp_url, transmit


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    sender: str | None
    recipient: str
    subject: str
    text: str
    sent_at: datetime


def send_note(note: Note, *, smtp_url: str, timeout_seconds: float) -> None:
    """MailFailed names the server and the cause, never what the note says."""
    server = parse_smtp_url(smtp_url)
    sender, recipient = sender_address(note.sender, server), check_address(note.recipient)
    bare = parseaddr(sender)[1]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = " ".join(note.subject.split())
    mail["Date"] = format_datetime(note.sent_at)
    mail["Message-ID"] = make_msgid(domain=bare.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(note.text, cte="quoted-printable")
    transmit(server, mail.as_bytes(), sender=bare, recipients=[recipient], timeout_seconds=timeout_seconds)
