"""`run --email` as a mail server receives it."""

from __future__ import annotations

import email
import io
import zipfile
from asyncio.base_events import Server
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default
from hashlib import shake_256
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from logos import png

if TYPE_CHECKING:
    from tests.conftest import Terminal

    from reseller_reporting.simulate.scripted import ScriptedWorld
    from reseller_reporting.simulate.server import SimulatedKazoo

PLAN = "plan: retail\nusage:\n  all: {direction: outbound, per_minute: 0.05}\n"
RUN = ("run", "--period", "2024-06", "--out", "out", "--email", "bills@example.com", "--email", "boss@example.com")
BOTH = ["bills@example.com", "boss@example.com"]
OFFICE_ONLY = {"manifest.json", "reseller.xlsx"}
CSV = ["summary.csv", "summary-by-country.csv"]


@dataclass
class Mailbox:
    received: list[Envelope] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.received.append(envelope)
        return self.answer

    def message(self) -> EmailMessage:
        (envelope,) = self.received
        assert isinstance(envelope.content, bytes)
        parsed = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def attached(self) -> dict[str | None, Any]:
        return {part.get_filename(): part.get_payload(decode=True) for part in self.message().iter_attachments()}


class FreePortController(Controller):
    """A server on a port that the system picks."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def mailbox(terminal: Terminal) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = FreePortController(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    terminal.settings |= {"SMTP_URL": f"smtp://127.0.0.1:{controller.port}", "MAIL_FROM": "Acme <acme@example.com>"}
    yield mailbox
    controller.stop()


def test_one_message_to_all_with_the_files(connected: Terminal, mailbox: Mailbox) -> None:
    outcome = connected.run(*RUN, "--json")
    assert outcome.code == 0
    assert outcome.document == connected.left().manifest
    (envelope,) = mailbox.received
    assert envelope.rcpt_tos == BOTH
    message = mailbox.message()
    assert message["From"] == "Acme <acme@example.com>"
    assert message["To"] == ", ".join(BOTH)
    assert "Acme" in message["Subject"]
    assert "June 2024" in message["Subject"]
    made = connected.left().files()
    books = {name.removeprefix("accounts/"): made[name] for name in made if name.startswith("accounts/")}
    assert mailbox.attached() == {**{name: made[name] for name in CSV}, **books}


def test_the_message_can_be_read_without_opening_a_file(connected: Terminal, mailbox: Mailbox) -> None:
    assert connected.run(*RUN).code == 0
    for kind in ("plain", "html"):
        body = mailbox.message().get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert "Alice" in text
        assert "0.1500" in text


def test_the_totals_of_the_message_are_those_of_all_customers(connected: Terminal, mailbox: Mailbox) -> None:
    assert connected.run(*RUN).code == 0
    body = mailbox.message().get_body(("plain",))
    assert body is not None
    lines = [line.split() for line in body.get_content().splitlines()]
    total = next(line for line in lines if line[:1] == ["Total"])
    customers = [line for line in lines if line[-1:] == total[-1:] and line is not total]
    for column in (-5, -4):  # Calls and minutes.
        assert Decimal(total[column]) == sum(Decimal(line[column]) for line in customers) > 0


def test_many_files_travel_as_one_zip(acme: ScriptedWorld, connected: Terminal, mailbox: Mailbox) -> None:
    for number in range(5):
        acme.customer(f"More {number}", parent="a" * 32)
    assert connected.run(*RUN).code == 0
    ((name, content),) = mailbox.attached().items()
    assert str(name).endswith(".zip")
    made = connected.left().files()
    # The reseller's own workbook has its margins, and stays in the folder.
    del made["manifest.json"], made["reseller.xlsx"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {each: archive.read(each) for each in archive.namelist()} == made


def test_what_passes_the_limit_is_named_and_stays_in_the_folder(
    acme: ScriptedWorld, connected: Terminal, mailbox: Mailbox
) -> None:
    connected.settings["MAIL_LIMIT_MEGABYTES"] = "1"
    # A customer whose workbook alone passes 1 MB: text that no zip makes small.
    for number in range(60):
        noise = shake_256(str(number).encode()).hexdigest(15_000)
        acme.raw_row("1" * 32, {"id": f"202406-{noise}"}, saved_at=datetime(2024, 6, 5, tzinfo=UTC))
    assert connected.run(*RUN).code == 0
    big = connected.left().account("Alice")["file"]
    assert len(connected.left().files()[big]) > 700_000
    (envelope,) = mailbox.received
    assert isinstance(envelope.content, bytes)
    assert len(envelope.content) <= 1_000_000
    ((_, content),) = mailbox.attached().items()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert big not in archive.namelist()
        assert set(CSV) <= set(archive.namelist())
    body = mailbox.message().get_body(("plain",))
    assert body is not None
    assert big in body.get_content()


def test_a_refused_message_keeps_the_files_and_ends_with_1(connected: Terminal, mailbox: Mailbox) -> None:
    mailbox.answer = "554 not wanted here"
    outcome = connected.run(*RUN, "--json")
    assert outcome.code == 1
    assert "not wanted here" in outcome.complaint
    assert str(connected.folder / "out") in outcome.complaint
    assert outcome.document == connected.left().manifest


def test_no_mail_server_keeps_the_files_and_ends_with_1(connected: Terminal) -> None:
    connected.settings["SMTP_URL"] = "smtp://bob:hunter2@127.0.0.1:1"
    outcome = connected.run(*RUN)
    assert outcome.code == 1
    assert "127.0.0.1:1" in outcome.complaint
    assert "hunter2" not in outcome.err
    assert connected.left().account("Alice")["status"] == "ok"


def test_a_failed_customer_does_not_keep_the_mail_from_leaving(
    acme: ScriptedWorld, connected: Terminal, mailbox: Mailbox
) -> None:
    acme.answer("2" * 32, "cdrs", status=403)
    assert connected.run(*RUN).code == 1
    assert len(mailbox.attached()) == 3
    body = mailbox.message().get_body(("plain",))
    assert body is not None
    assert "Bob" in body.get_content()


def test_names_smuggle_nothing_into_the_message(
    acme: ScriptedWorld, connected: Terminal, kazoo: SimulatedKazoo, mailbox: Mailbox
) -> None:
    acme.customer("Eve\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>", parent="a" * 32)
    assert connected.run(*RUN).code == 0
    message = mailbox.message()
    assert message["Bcc"] is None
    assert mailbox.received[0].rcpt_tos == BOTH
    html = message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()


def test_a_german_mail_with_the_resellers_own_name_and_words(connected: Terminal, mailbox: Mailbox) -> None:
    (connected.folder / "logo.png").write_bytes(png(240, 80))
    connected.settings |= {
        "LANGUAGE": "de",
        "COMPANY_NAME": "Müller & Söhne GmbH",
        "COMPANY_ADDRESS": "Hauptstraße 1, 10115 Berlin",
        "LOGO": "logo.png",
        "MAIL_GREETING": "Sehr geehrte Damen und Herren,",
        "MAIL_TEXT": "anbei die Auswertung für {days}.",
    }
    assert connected.run(*RUN).code == 0
    message = mailbox.message()
    assert message["Subject"] == "Müller & Söhne GmbH: Anrufe und Kosten, Juni 2024"
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    assert text.startswith(
        "Sehr geehrte Damen und Herren,\n\nanbei die Auswertung für 1. bis 30. Juni 2024.\n\n"
        "Müller & Söhne GmbH: Anrufe und Kosten, Juni 2024 (UTC), Beträge in USD\n"
    )
    # Alice talked for 3 + 1 minutes at 0.0300.
    (alice,) = [line.split() for line in text.splitlines() if line.startswith("Alice")]
    assert alice[1:5] == ["2", "4,00", "0,1200", "0,1200"]
    assert "Vollständig" in text
    assert set(mailbox.attached()) >= set(CSV)


def test_the_language_of_a_run_wins_over_the_setting(connected: Terminal, mailbox: Mailbox) -> None:
    connected.settings["LANGUAGE"] = "de"
    assert connected.run(*RUN, "--language", "fr").code == 0
    assert mailbox.message()["Subject"] == "Acme : appels et coûts, juin 2024"


def test_a_mail_with_workbooks_for_customers_says_who_its_figures_are_for(
    connected: Terminal, mailbox: Mailbox
) -> None:
    """All that the run left goes to the office; what each customer may have is told apart."""
    plan = connected.folder / "retail.yaml"
    plan.write_text(PLAN)
    assert connected.run(*RUN, "--price-plans", plan, "--edition", "customer", "--also", "pdf").code == 0
    made = connected.left().files()
    (packed,) = mailbox.attached().values()
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        assert {name: package.read(name) for name in package.namelist()} == {
            name: content for name, content in made.items() if name not in OFFICE_ONLY
        }
    assert {name.partition("/")[0] for name in made} == {
        *("accounts", "statements", "margin.csv", *OFFICE_ONLY, "summary.csv", "summary-by-country.csv")
    }
    for kind in ("plain", "html"):
        body = mailbox.message().get_body((kind,))
        assert body is not None
        words = " ".join(body.get_content().split())
        assert "The workbooks and statements are for customers, each for its own." in words
