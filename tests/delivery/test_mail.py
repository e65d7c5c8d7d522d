"""The report mail, as a real mail server receives it."""

import email
import io
import shutil
import socket
import ssl
import subprocess
import zipfile
from asyncio.base_events import Server
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from reseller_reporting.delivery.mail import check_address, check_sender, probe_mail, send_report
from reseller_reporting.delivery.mail_page import CustomerLine, ReportMail
from reseller_reporting.delivery.smtp import Security, parse_smtp_url
from reseller_reporting.model.errors import InvalidSettings, MailFailed, MailPartlyRefused

# A test's server on loopback may take a password without encryption.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

SECRET = "open/sesame@42"
NOVEMBER = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@dataclass
class Mailbox:
    """What the server took; `refused` are recipients it will not have."""

    received: list[Envelope] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.received.append(envelope)
        return "250 OK"

    def message(self) -> EmailMessage:
        (envelope,) = self.received
        assert isinstance(envelope.content, bytes)
        parsed = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        assert not parsed.defects
        return parsed

    def size_bytes(self) -> int:
        (envelope,) = self.received
        assert isinstance(envelope.content, bytes)
        return len(envelope.content)


class FreePortController(Controller):
    """A server on a port that the system picks."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def started(mailbox: Mailbox, **options: Any) -> FreePortController:
    controller = FreePortController(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    return controller


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def url(mailbox: Mailbox) -> Iterator[str]:
    controller = started(mailbox)
    yield f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def place_with_log_in(mailbox: Mailbox) -> Iterator[str]:
    """A server that wants alice@acme.example with the secret."""

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        good = (data.login, data.password) == (b"alice@acme.example", SECRET.encode())
        return AuthResult(success=good, handled=good)

    controller = started(mailbox, authenticator=authenticate, auth_require_tls=False, auth_required=True)
    yield f"127.0.0.1:{controller.port}"
    controller.stop()


def line(name: str, calls: str = "12", *, complete: str = "yes") -> CustomerLine:
    return CustomerLine(
        name=name, calls=calls, minutes="34.50", reseller_cost="1.2300", customer_cost="2.3400", complete=complete
    )


@pytest.fixture
def report(tmp_path: Path) -> ReportMail:
    """Acme's October: two customers, four files."""
    return ReportMail(
        sender="bills@acme.example",
        recipients=["alice@acme.example", "bob@acme.example"],
        reseller="Acme",
        period="2026-10",
        timezone="Europe/Berlin",
        currency="EUR",
        customers=[line("Alice"), line("Bob", complete="no")],
        totals=line("", "24"),
        warnings=[],
        folder=tmp_path,
        files=made(tmp_path, {"summary.csv": 200, "summary-by-country.csv": 300, "accounts/alice.xlsx": 900}),
        limit_bytes=20_000_000,
        sent_at=NOVEMBER,
    )


def made(folder: Path, sizes: dict[str, int]) -> list[str]:
    for name, size_bytes in sizes.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((name.encode() * size_bytes)[:size_bytes])
    return list(sizes)


def send(report: ReportMail, url: str) -> None:
    send_report(report, smtp_url=url, timeout_seconds=10)


def failure(report: ReportMail, url: str) -> str:
    with pytest.raises(MailFailed) as caught:
        send(report, url)
    assert SECRET not in caught.value.sentence
    return caught.value.sentence


def attached(message: EmailMessage) -> dict[str, Any]:
    return {part.get_filename() or "": part.get_payload(decode=True) for part in message.iter_attachments()}


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def in_zip(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_one_message_reaches_all_recipients(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    send(report, url)
    message = mailbox.message()
    assert mailbox.received[0].rcpt_tos == ["alice@acme.example", "bob@acme.example"]
    assert message["To"] == "alice@acme.example, bob@acme.example"
    assert message["From"] == "bills@acme.example"
    assert message["Subject"] == "Acme: calls and costs, 2026-10"
    assert message["Date"].datetime == NOVEMBER
    assert message["Message-ID"].endswith("@acme.example>")


def test_the_files_are_attached_as_they_are(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    send(report, url)
    assert attached(mailbox.message()) == {
        Path(name).name: (report.folder / name).read_bytes() for name in report.files
    }


def test_the_summary_is_readable_as_text_and_as_html(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    send(replace(report, warnings=["2 calls have no rate"]), url)
    text, page = body(mailbox.message(), "plain"), body(mailbox.message(), "html")
    assert text.splitlines()[2:6] == [
        "Customer  Calls  Minutes  Reseller cost  Customer cost  Complete",
        "Alice        12    34.50         1.2300         2.3400       yes",
        "Bob          12    34.50         1.2300         2.3400        no",
        "Total        24    34.50         1.2300         2.3400       yes",
    ]
    assert "- 2 calls have no rate" in text
    assert "<li>2 calls have no rate</li>" in page
    assert "<style" not in page
    assert 'style="' in page


def test_names_from_everywhere_arrive_as_written(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    send(replace(report, reseller="Ährenfeld Телеком 電信", customers=[line("Łódź & <Söhne> 📞")]), url)
    message = mailbox.message()
    assert message["Subject"] == "Ährenfeld Телеком 電信: calls and costs, 2026-10"
    assert "Łódź & <Söhne> 📞" in body(message, "plain")
    assert "Łódź &amp; &lt;Söhne&gt; 📞" in body(message, "html")


def test_a_name_cannot_add_a_header_or_markup(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    evil = "Acme\r\nBcc: eve@evil.example\r\n\r\n<script>\ud800"
    send(replace(report, reseller=evil, customers=[line(evil)], warnings=[evil]), url)
    message = mailbox.message()
    assert message["Bcc"] is None
    assert mailbox.received[0].rcpt_tos == ["alice@acme.example", "bob@acme.example"]
    assert "<script>" not in body(message, "html")


def test_many_files_travel_in_one_zip_that_is_always_the_same(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    files = made(report.folder, {f"accounts/{number}.xlsx": 100 for number in range(6)})
    report = replace(report, files=[*report.files, *files])
    send(report, url)
    first = attached(mailbox.message())
    assert list(first) == ["reports-2026-10.zip"]
    assert in_zip(first["reports-2026-10.zip"]) == sorted(report.files)
    mailbox.received.clear()
    send(replace(report, files=report.files[::-1]), url)
    assert attached(mailbox.message()) == first


def test_large_files_travel_in_a_zip(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    made(report.folder, {"accounts/alice.xlsx": 40_000})
    send(replace(report, limit_bytes=100_000), url)
    assert list(attached(mailbox.message())) == ["reports-2026-10.zip"]


def test_what_passes_the_limit_stays_in_the_folder_and_is_named(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    sizes = {"accounts/big.xlsx": 70_000, "accounts/small.xlsx": 30_000, "summary.csv": 50_000}
    report = replace(report, files=made(report.folder, sizes), limit_bytes=100_000)
    send(report, url)
    message = mailbox.message()
    # The CSV deflates to nearly nothing; beside the small workbook the big one has no room.
    assert in_zip(attached(message)["reports-2026-10.zip"]) == ["accounts/small.xlsx", "summary.csv"]
    assert mailbox.size_bytes() <= 100_000
    for kind in ("plain", "html"):
        assert f"at most; in {report.folder} you find:" in body(message, kind)
        assert "accounts/big.xlsx" in body(message, kind)
        assert "accounts/small.xlsx" not in body(message, kind)


@pytest.mark.parametrize("limit_bytes", range(20_000, 200_001, 9_000))
def test_the_message_keeps_to_the_limit(report: ReportMail, mailbox: Mailbox, url: str, limit_bytes: int) -> None:
    files = made(report.folder, {f"accounts/{number}.xlsx": 5_000 * number for number in range(1, 8)})
    send(replace(report, files=[*report.files, *files], limit_bytes=limit_bytes), url)
    assert mailbox.size_bytes() <= limit_bytes
    assert "summary.csv" in in_zip(attached(mailbox.message())["reports-2026-10.zip"])


def test_a_long_list_of_customers_is_cut_and_says_so(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    send(replace(report, customers=[line(f"Customer {number}") for number in range(60)]), url)
    text = body(mailbox.message(), "plain")
    assert "Customer 49" in text
    assert "Customer 50" not in text
    assert "10 more customers are in summary.csv" in text


def test_the_log_in_is_percent_decoded_and_makes_the_sender(
    report: ReportMail, mailbox: Mailbox, place_with_log_in: str
) -> None:
    send(replace(report, sender=None), f"smtp://alice%40acme.example:open%2Fsesame%4042@{place_with_log_in}")
    assert mailbox.message()["From"] == "alice@acme.example"


def test_without_anything_else_the_sender_names_no_machine(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    send(replace(report, sender=None), url)
    assert mailbox.message()["From"] == "reseller-reporting@localhost"


def test_a_sender_may_have_a_name(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    send(replace(report, sender="Acmé, Inc. <bills@acme.example>"), url)
    (sender,) = mailbox.message()["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Acmé, Inc.", "bills@acme.example")
    assert mailbox.received[0].mail_from == "bills@acme.example"


def test_a_refused_log_in_says_so_and_where_the_files_are(report: ReportMail, place_with_log_in: str) -> None:
    said = failure(report, f"smtp://mallory:open%2Fsesame%4042@{place_with_log_in}")
    assert place_with_log_in in said
    assert "refused the log-in (535)" in said
    assert f"safe in {report.folder}" in said


def test_a_missing_log_in_shows_the_servers_words(report: ReportMail, place_with_log_in: str) -> None:
    assert "refused the sender bills@acme.example (530" in failure(report, f"smtp://{place_with_log_in}")


def test_some_refused_recipients_are_named_and_the_others_served(
    report: ReportMail, mailbox: Mailbox, url: str
) -> None:
    mailbox.refused.add("bob@acme.example")
    assert "refused bob@acme.example (550); the other recipients got the message" in failure(report, url)
    assert mailbox.received[0].rcpt_tos == ["alice@acme.example"]
    mailbox.refused.add("alice@acme.example")
    assert "refused alice@acme.example (550), bob@acme.example (550)." in failure(report, url)


def test_a_server_that_takes_only_smaller_messages_is_told_before_sending(report: ReportMail, mailbox: Mailbox) -> None:
    controller = started(mailbox, data_size_limit=2000)
    said = failure(report, f"smtp://127.0.0.1:{controller.port}")
    controller.stop()
    assert "takes messages up to 0.0 MB" in said
    assert "RESELLER_REPORTING_MAIL_LIMIT_MEGABYTES" in said


def test_no_server_and_no_encryption_are_told_apart(report: ReportMail, mailbox: Mailbox, url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound but not listening: connections are refused.
        port = taken.getsockname()[1]
        assert "cannot be reached: Connection refused" in failure(report, f"smtp://127.0.0.1:{port}")
    assert "offers no STARTTLS" in failure(report, f"{url}?starttls=true")
    assert "does not speak TLS here" in failure(report, url.replace("smtp:", "smtps:"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the loopback address that nobody signed, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    asked = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", *asked, *named, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
@pytest.mark.parametrize("option", ["?starttls=true", ""])
def test_a_certificate_must_be_one_to_trust(
    report: ReportMail,
    mailbox: Mailbox,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    option: str,
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    options = {"tls_context": context, "require_starttls": True} if option else {"ssl_context": context}
    controller = started(mailbox, **options)
    url = f"{'smtp' if option else 'smtps'}://127.0.0.1:{controller.port}{option}"
    said = failure(report, url)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))  # Where the system's trusted certificates are looked for.
    send(report, url)
    controller.stop()
    assert "has no certificate to trust: self-signed certificate" in said
    assert len(mailbox.received) == 1


def test_a_server_that_says_nothing_is_not_waited_for(report: ReportMail) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(MailFailed, match="did not answer in time"):
            send_report(report, smtp_url=url, timeout_seconds=0.1)


class Curt(Mailbox):
    """It takes messages, and answers a farewell with a refusal."""

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Envelope) -> str:  # noqa: N802
        return "421 closing transmission channel"


def test_what_was_taken_is_sent_whatever_the_server_says_in_parting(report: ReportMail) -> None:
    """Who reads that as a refusal sends the message a second time."""
    curt = Curt(refused={"boss@example.com"})
    controller = started(curt)
    url = f"smtp://127.0.0.1:{controller.port}"
    try:
        send(replace(report, recipients=["clerk@example.com"]), url)
        with pytest.raises(MailPartlyRefused, match=r"boss@example\.com"):
            send(replace(report, recipients=["clerk@example.com", "boss@example.com"]), url)
    finally:
        controller.stop()
    assert len(curt.received) == 2


def test_a_probe_logs_in_and_sends_nothing(mailbox: Mailbox, place_with_log_in: str) -> None:
    good = f"smtp://alice%40acme.example:open%2Fsesame%4042@{place_with_log_in}"
    assert probe_mail(good, timeout_seconds=10) is None
    assert "refused the log-in" in (probe_mail(f"smtp://a:b@{place_with_log_in}", timeout_seconds=10) or "")
    assert "must be smtp://" in (probe_mail("http://example.com", timeout_seconds=10) or "")
    assert mailbox.received == []


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example.com", 25, Security.PLAIN),
        ("smtp://u:p@mail.example.com?starttls=true", 587, Security.STARTTLS),
        ("smtp://u:p@mail.example.com:2525/?starttls=false", 2525, Security.PLAIN),
        ("smtps://u:p@mail.example.com", 465, Security.TLS),
        ("smtp://u:p@localhost:1025", 1025, Security.PLAIN),
    ],
)
def test_the_url_says_port_and_encryption(url: str, port: int, security: Security) -> None:
    server = parse_smtp_url(url)
    assert (server.port, server.security) == (port, security)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com:25",
        "http://mail.example.com",
        "smtp://",
        "smtp://host:port",
        "smtp://host:99999",
        "smtp://u@host",
        "smtp://host/path",
        "smtp://host?tls=true",
        "smtp://host?starttls=yes",
        f"smtp://u:{SECRET.replace('/', '')}@mail.example.com",  # In the clear over the net.
        f"smtp://u:{SECRET}@mail.example.com?starttls=true",  # Not percent-encoded.
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        parse_smtp_url(url)
    assert "sesame" not in caught.value.sentence


def test_a_server_never_shows_its_password() -> None:
    assert "sesame" not in repr(parse_smtp_url("smtps://u:opensesame@mail.example.com"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("alice@acme.example", "alice@acme.example"),
        (" first.last+tag@sub.acme.example ", "first.last+tag@sub.acme.example"),
        ("root@localhost", "root@localhost"),
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("info@straße.example", "info@xn--strae-oqa.example"),  # Which strasse.example is another one than.
        ("info@MÜLLER.example", "info@xn--mller-kva.example"),
    ],
)
def test_an_address_is_accepted(text: str, address: str) -> None:
    assert check_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "@acme.example",
        "alice@",
        "alice@acme..example",
        "alice@-acme.example",
        ".alice@acme.example",
        "al..ice@acme.example",
        "alice@acme.example\n",
        "alice@acme.example\r\nBcc: eve@evil.example",
        "alice@acme.example, bob@acme.example",
        "alice bob@acme.example",
        "alice@bob@acme.example",
        "<alice@acme.example>",
        "a@b",
        "a" * 65 + "@acme.example",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match="no mail address"):
        check_address(text)


def test_letters_that_mail_servers_do_not_take_are_refused_with_the_reason() -> None:
    with pytest.raises(InvalidSettings, match="letters before the @ that mail servers do not take"):
        check_address("büro@müller.example")


def test_a_sender_with_a_name_cannot_add_a_header() -> None:
    assert check_sender('"Acme, Inc." <bills@acme.example>') == '"Acme, Inc." <bills@acme.example>'
    assert "\n" not in check_sender("Acme\r\nBcc: eve@evil.example <bills@acme.example>")
    with pytest.raises(InvalidSettings):
        check_sender("Acme <bills@acme.example\r\n>")
