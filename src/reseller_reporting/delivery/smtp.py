"""The mail server: its URL, the way to it, and a sentence for each way in which it may say no.

Owns: SmtpServer, connections, the wording of refusals. Does not own: what a message says.

Invariants
- Certificates are checked. A password travels unencrypted to this very machine only, or where the URL says so.
- No message of ours holds the password, nor the URL that holds it.
"""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from reseller_reporting.model.errors import InvalidSettings, MailFailed, MailPartlyRefused, MailUncertain

_EXAMPLE = "such as smtp://user:password@mail.example.com:587?starttls=true"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WORDS_MAX = 300


class Security(StrEnum):
    PLAIN = "plain"
    STARTTLS = "starttls"
    TLS = "tls"


_PORTS = {Security.PLAIN: 25, Security.STARTTLS: 587, Security.TLS: 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:port?starttls=true` or `smtps://…`; user and password are percent-decoded."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise InvalidSettings(
            f"The SMTP URL is no URL; write one {_EXAMPLE}, with %40 for an @ in the password."
        ) from None
    if parts.scheme not in {"smtp", "smtps"} or not host or parts.path.strip("/") or parts.fragment:
        raise InvalidSettings(f"The SMTP URL must be smtp:// or smtps:// with a host, {_EXAMPLE}.")
    starttls = options.pop("starttls", None)
    if options or starttls not in {None, "true", "false"}:
        raise InvalidSettings("The SMTP URL takes no other option than ?starttls=true or ?starttls=false.")
    wanted = Security.STARTTLS if starttls == "true" else Security.PLAIN
    security = Security.TLS if parts.scheme == "smtps" else wanted
    if (parts.username is None or parts.username == "") != (parts.password is None):
        raise InvalidSettings(f"The SMTP URL needs user and password, or neither, {_EXAMPLE}.")
    if parts.password is not None and security is Security.PLAIN and host not in _LOOPBACK and starttls is None:
        raise InvalidSettings(
            f"The password for {host} would travel unencrypted: add ?starttls=true to the SMTP URL, or use smtps://. "
            "If it is meant, add ?starttls=false."
        )
    return SmtpServer(
        host=host,
        port=port or _PORTS[security],
        security=security,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password is not None else None,
    )


def probe_server(server: SmtpServer, *, timeout_seconds: float) -> None:
    """Connect and log in, send nothing; MailFailed says what is wrong."""
    with _connected(server, timeout_seconds) as connection:
        connection.noop()


def transmit(
    server: SmtpServer, message: bytes, *, sender: str, recipients: Sequence[str], timeout_seconds: float
) -> None:
    """Hand the message over; it is the server's once this returns."""
    with _connected(server, timeout_seconds) as connection:
        _check_size(server, connection, len(message))
        refused = connection.sendmail(sender, recipients, message)
    if refused:
        raise MailPartlyRefused(
            f"{server.place} refused {_refusals(refused)}; the other recipients got the message. Check these addresses."
        )


@contextmanager
def _connected(server: SmtpServer, timeout_seconds: float) -> Iterator["_Plain | _Tls"]:
    """A connection, logged in where the URL says so; whatever fails inside becomes one sentence."""
    is_on_its_way = False
    try:
        with _connection(server, timeout_seconds) as connection:
            if server.security is Security.STARTTLS:
                connection.starttls(context=ssl.create_default_context())
            if server.user is not None and server.password is not None:
                connection.login(server.user, server.password)
            try:
                yield connection
            finally:
                is_on_its_way = connection.is_message_on_its_way
    except (OSError, smtplib.SMTPException, ValueError) as error:
        # An answer is a refusal; without one, the server may have taken the message all the same.
        is_answered = isinstance(error, smtplib.SMTPResponseException)
        kind = MailUncertain if is_on_its_way and not is_answered else MailFailed
        # The cause is dropped: a traceback of the log-in could show the password.
        raise kind(f"The mail server {server.place} {_cause(error, server)}") from None


class _Remembering:
    """Whether the message itself was begun: before that, a failure sent nothing."""

    is_message_on_its_way = False

    def data(self, msg: Any) -> Any:
        self.is_message_on_its_way = True
        return super().data(msg)  # type: ignore[misc]

    def __exit__(self, *details: object) -> None:
        """What the server took is sent, whatever it answers to the farewell."""
        with suppress(OSError, smtplib.SMTPException):
            super().__exit__(*details)  # type: ignore[misc]


class _Plain(_Remembering, smtplib.SMTP):
    pass


class _Tls(_Remembering, smtplib.SMTP_SSL):
    pass


def _connection(server: SmtpServer, timeout_seconds: float) -> _Plain | _Tls:
    # The machine's own name is nobody's business, and looking it up may take long.
    ours = "[127.0.0.1]"
    if server.security is Security.TLS:
        context = ssl.create_default_context()
        return _Tls(server.host, server.port, local_hostname=ours, timeout=timeout_seconds, context=context)
    return _Plain(server.host, server.port, local_hostname=ours, timeout=timeout_seconds)


def _check_size(server: SmtpServer, connection: smtplib.SMTP, size_bytes: int) -> None:
    """Many servers announce what they take; asking first spares sending it all to be refused."""
    connection.ehlo_or_helo_if_needed()
    announced = connection.esmtp_features.get("size", "")
    limit_bytes = int(announced) if announced.isascii() and announced.isdigit() else 0
    if 0 < limit_bytes < size_bytes:
        raise MailFailed(
            f"The mail server {server.place} takes messages up to {limit_bytes / 1e6:.1f} MB, this one has "
            f"{size_bytes / 1e6:.1f} MB. Set RESELLER_REPORTING_MAIL_LIMIT_MEGABYTES below that."
        )


def _cause(  # noqa: PLR0911, PLR0912  One line per way to say no reads best as a list.
    error: OSError | smtplib.SMTPException | ValueError, server: SmtpServer
) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            # Its words are left out: a server may repeat what it was told.
            return f"refused the log-in ({error.smtp_code}). Check user and password in the SMTP URL."
        case smtplib.SMTPRecipientsRefused():
            return f"refused {_refusals(error.recipients)}. Check these addresses."
        case smtplib.SMTPSenderRefused():
            answer = _answer(error.smtp_code, error.smtp_error, server)
            return f"refused the sender {error.sender} {answer}. Check RESELLER_REPORTING_MAIL_FROM."
        case smtplib.SMTPResponseException():
            return f"refused the message {_answer(error.smtp_code, error.smtp_error, server)}."
        case smtplib.SMTPNotSupportedError() if server.security is Security.STARTTLS:
            return "offers no STARTTLS. Use smtps://, or the port that offers it, often 587."
        case smtplib.SMTPNotSupportedError():
            return "offers no log-in on this connection. Add ?starttls=true to the SMTP URL, or use smtps://."
        case ssl.SSLCertVerificationError():
            return f"has no certificate to trust: {error.verify_message}."
        case ssl.SSLError():
            return "does not speak TLS here. Use smtp:// with ?starttls=true for port 587, smtps:// for port 465."
        case TimeoutError():
            return "did not answer in time. Check host and port in the SMTP URL."
        case smtplib.SMTPServerDisconnected() if "timed out" in str(error):  # smtplib wraps it so.
            return "did not answer in time. Check host and port in the SMTP URL."
        case smtplib.SMTPServerDisconnected():
            return "hung up. Check host and port in the SMTP URL; port 465 wants smtps://."
        case OSError(strerror=str(words)):
            return f"cannot be reached: {words}. Check host and port in the SMTP URL."
        case _:
            return f"could not be used: {type(error).__name__}."


def _refusals(refused: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{address} ({code})" for address, (code, _) in sorted(refused.items()))


def _answer(code: int, words: bytes | str, server: SmtpServer) -> str:
    """What the server said, on one line, without anything that could be the password."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if server.password:
        text = text.replace(server.password, "…")
    return f"({code} {text[:_WORDS_MAX]})"
