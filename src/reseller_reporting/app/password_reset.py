"""A new password for whoever forgot theirs, by a link that is mailed to them.

Invariants
- Nobody learns whether an address is known: what is answered is the same, and so is what it takes.
- The link is made as the mail is sent and stored nowhere. It works once, within the hour, and no more once the person
  has logged in or has another password. It begins with the address that the operator set, whatever a request says.
- For people of this installation alone: KAZOO's are told by nobody here.
"""

from datetime import datetime, timedelta

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.db.models import Q
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from reseller_reporting.app.house import House
from reseller_reporting.app.tenancy import seal
from reseller_reporting.control import audit, jobs
from reseller_reporting.control.models import AuditEvent, Job, User
from reseller_reporting.control.scoping import across_resellers, within
from reseller_reporting.delivery.mail import check_address
from reseller_reporting.delivery.note import Note, send_note
from reseller_reporting.model.errors import InvalidSettings

KIND = "password_mail"
LINK = "{link}"  # Where the text has it.
VALID_FOR = timedelta(hours=1)
_ASKED_MAX = 20  # Of one network address, within the time below.
_ASKED_WITHIN = timedelta(minutes=15)
_ONE_MAIL_WITHIN_SECONDS = 300
_SEND_SECONDS_MAX = 60


class Tokens(PasswordResetTokenGenerator):
    """Django's, by our clock and our key: whoever sends mail knows no settings of the web's."""

    key_salt = "reseller-reporting: password reset"

    def __init__(self, house: House) -> None:
        super().__init__()
        self.secret = seal(house).derived("password reset")
        self.secret_fallbacks = []
        self._house = house

    def _now(self) -> datetime:
        return self._house.clock().replace(tzinfo=None)


def can_mail(house: House) -> bool:
    return house.settings.smtp_url is not None and house.settings.web_url is not None


def too_often(house: House, address: str) -> bool:
    since = house.clock() - _ASKED_WITHIN
    with across_resellers():
        asked = AuditEvent.objects.filter(action="password_reset_asked", address=address, at__gt=since)
        return int(asked.count()) >= _ASKED_MAX


def ask(house: House, typed: str, *, subject: str, text: str, address: str) -> None:
    """Writes it down, and orders the mail if there is anyone to get it; one person gets one in five minutes."""
    user, now = _local(typed), house.clock()
    with transaction.atomic():
        audit.record(
            "password_reset_asked",
            at=now,
            reseller=user.reseller if user else None,
            user=user,
            who=typed.strip().lower() or "nobody",
            address=address,
        )
        if user is not None:
            with within(user.reseller):
                jobs.enqueue(
                    KIND,
                    user.reseller,
                    now=now,
                    unique_key=f"password-mail/{user.pk}/{int(now.timestamp()) // _ONE_MAIL_WITHIN_SECONDS}",
                    payload={"user": user.pk, "subject": subject, "text": text},
                )


def send(house: House, job: Job) -> str:
    """What the job does; its sentence names nobody."""
    user = User.log_ins.filter(pk=job.payload["user"], source="local", is_active=True).first()
    address = _mail_address(user) if user else None
    if user is None or address is None:
        return "There is nobody to write to any more."
    if job.created_at < house.clock() - VALID_FOR:
        return "It was asked for too long ago to be sent."
    settings = house.settings
    if settings.smtp_url is None or settings.web_url is None:
        raise InvalidSettings("Set RESELLER_REPORTING_SMTP_URL and RESELLER_REPORTING_WEB_URL to mail new passwords.")
    link = f"{settings.web_url}/password/reset/{_uid(user)}/{Tokens(house).make_token(user)}/"
    note = Note(
        sender=settings.mail_from,
        recipient=address,
        subject=job.payload["subject"],
        text=job.payload["text"].replace(LINK, link),
        sent_at=house.clock(),
    )
    send_note(note, smtp_url=settings.smtp_url, timeout_seconds=_SEND_SECONDS_MAX)
    return "The link is on its way."


def _uid(user: User) -> str:
    return urlsafe_base64_encode(force_bytes(user.pk))


def _local(typed: str) -> User | None:
    name = typed.strip().lower()
    people = User.log_ins.select_related("reseller").filter(source="local", is_active=True)
    named = [user for user in people.filter(Q(username=name) | Q(email__iexact=name))[:5] if _mail_address(user)]
    return min(named, key=lambda user: user.username != name, default=None)


def _mail_address(user: User) -> str | None:
    """That which is stored, never the one that was typed."""
    try:
        return check_address(user.email or user.username)
    except InvalidSettings:
        return None
