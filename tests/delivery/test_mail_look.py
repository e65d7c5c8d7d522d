"""The mail in the reseller's own words, language and colours, as a mail program takes it apart."""

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from logos import jpeg, png

from reseller_reporting.delivery.mail import compose
from reseller_reporting.delivery.mail_page import CustomerLine, ReportMail
from reseller_reporting.delivery.mail_texts import MailTexts
from reseller_reporting.model.brand import Brand
from reseller_reporting.model.logo import read_logo
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import LANGUAGES

MUELLER = Brand(
    company="Müller & Söhne GmbH",
    address="Hauptstraße 1 · 10115 Berlin",
    footer="HRB 1234 <Berlin>",
    logo=read_logo(png(240, 80)),
    accent="#8A1C4A",
    second="#1F4E79",
)


def line(name: str, minutes: str) -> CustomerLine:
    figures = {"calls": "1.200", "reseller_cost": "1,2300", "customer_cost": "2,3400"}
    return CustomerLine(name=name, minutes=minutes, complete="ja", **figures)


@pytest.fixture
def report(tmp_path: Path) -> ReportMail:
    (tmp_path / "summary.csv").write_bytes(b"a,b\r\n")
    return ReportMail(
        sender="bills@acme.example",
        recipients=["alice@acme.example"],
        reseller="Acme",
        period="2026-10",
        period_spoken="Oktober 2026",
        days_spoken="1. bis 31. Oktober 2026",
        timezone="Europe/Berlin",
        currency="EUR",
        customers=[line("Alice", "34,50")],
        totals=line("", ""),
        warnings=[],
        folder=tmp_path,
        files=["summary.csv"],
        limit_bytes=20_000_000,
        sent_at=datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    )


def composed(report: ReportMail, **given: Any) -> EmailMessage:
    content = compose(replace(report, **given), sender="bills@acme.example")
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_message_speaks_german(report: ReportMail) -> None:
    message = composed(report, words=Words("de"))
    assert message["Subject"] == "Acme: Anrufe und Kosten, Oktober 2026"
    assert message["Content-Language"] == "de"
    text, page = body(message, "plain"), body(message, "html")
    titles = ["Kunde", "Anrufe", "Minuten", "Reseller-Kosten", "Kundenkosten", "Vollständig"]
    assert titles in [line.split() for line in text.splitlines()]
    assert "Summe" in text
    assert '<html lang="de">' in page
    assert "Reseller-Kosten</th>" in page


def test_prices_stand_beside_costs_where_there_are_any(report: ReportMail) -> None:
    priced = [replace(line("Alice", "34,50"), price="3,4500"), line("Bob", "1,00")]
    message = composed(report, words=Words("de"), customers=priced, totals=replace(line("", ""), price="3,4500"))
    text, page = body(message, "plain"), body(message, "html")
    # What is owed is another figure: the price is that of calls, and says so.
    assert re.search(r"Kunde +Anrufe +Minuten +Reseller-Kosten +Kundenkosten +Preis der Anrufe +Vollständig", text)
    rows = [line.split() for line in text.splitlines()]
    assert ["Alice", "1.200", "34,50", "1,2300", "2,3400", "3,4500", "ja"] in rows
    assert ["Bob", "1.200", "1,00", "1,2300", "2,3400", "ja"] in rows  # Without a price, and not with one of 0.
    assert ["Summe", "1.200", "1,2300", "2,3400", "3,4500", "ja"] in rows
    assert page.count("</th>") == 7
    assert "Preis" not in body(composed(report, words=Words("de")), "plain")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_makes_a_message_with_its_files(report: ReportMail, language: str) -> None:
    message = composed(report, words=Words(language), brand=MUELLER, warnings=["x"])
    assert [part.get_filename() for part in message.iter_attachments()] == ["summary.csv"]
    assert "1,2300" in body(message, "plain")
    assert "{" not in body(message, "plain") + message["Subject"]


def test_the_brand_is_at_the_head_and_the_foot(report: ReportMail) -> None:
    message = composed(report, brand=MUELLER, reseller=MUELLER.company)
    text, page = body(message, "plain"), body(message, "html")
    assert text.endswith("-- \nMüller & Söhne GmbH · Hauptstraße 1 · 10115 Berlin\nHRB 1234 <Berlin>\n")
    assert "HRB 1234 &lt;Berlin&gt;" in page
    assert "#8A1C4A" in page
    assert 'alt="Müller &amp; Söhne GmbH"' in page
    assert 'width="168" height="56"' in page


@pytest.mark.parametrize("content", [png(240, 80), jpeg(30, 10)])
def test_the_logo_travels_within_the_message_and_is_no_attachment(report: ReportMail, content: bytes) -> None:
    logo = read_logo(content)
    message = composed(report, brand=Brand(logo=logo))
    (picture,) = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert picture.get_payload(decode=True) == content
    assert picture.get_content_type() == f"image/{logo.kind}"
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in body(message, "html")
    assert [part.get_filename() for part in message.iter_attachments()] == ["summary.csv"]


def test_the_limit_counts_the_logo(report: ReportMail) -> None:
    (report.folder / "summary.csv").write_bytes(bytes(range(256)) * 40)
    whole = compose(replace(report, brand=MUELLER), sender="bills@acme.example")
    for limit_bytes in range(len(whole) - 4000, len(whole) + 4000, 500):
        made = compose(replace(report, brand=MUELLER, limit_bytes=limit_bytes), sender="bills@acme.example")
        assert len(made) <= limit_bytes


def test_own_texts_with_their_places_filled(report: ReportMail) -> None:
    texts = MailTexts(
        subject="{company} – Abrechnung {period_name}",
        greeting="Sehr geehrte Damen und Herren,",
        text="anbei die Abrechnung für {days} ({timezone}).\n{customers} Kunden, Beträge in {currency}; {period}.",
    )
    message = composed(report, texts=texts, words=Words("de"))
    assert message["Subject"] == "Acme – Abrechnung 2026-10"
    text = body(message, "plain")
    assert text.startswith(
        "Sehr geehrte Damen und Herren,\n\nanbei die Abrechnung für 1. bis 31. Oktober 2026 (Europe/Berlin).\n"
        "1 Kunden, Beträge in EUR; Oktober 2026.\n\n"
    )
    assert "(Europe/Berlin).<br>1 Kunden" in body(message, "html")


def test_a_hostile_company_adds_no_header_no_markup_and_no_placeholder(report: ReportMail) -> None:
    evil = "{currency}\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>"
    texts = MailTexts(subject="{company}", text="From {company}")
    message = composed(report, reseller=evil, texts=texts, brand=Brand(company=evil, footer=evil, address=evil))
    assert message["Bcc"] is None
    assert message["Subject"].startswith("{currency} Bcc:")
    assert "<script" not in body(message, "html")
