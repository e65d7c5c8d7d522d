"""How figures are shown on pages: rounded half up, never cut off."""

import pytest
from django.utils import translation
from sites import NOW, Site

from reseller_reporting.control.roles import Role
from reseller_reporting.web import periods
from reseller_reporting.web.templatetags import humane


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        *[("44.6777", "44.68"), ("8.475", "8.48"), ("2.5949", "2.59"), ("-0.005", "−0.01"), ("-0.004", "0.00")],
        *[("1234567.891", "1,234,567.89"), ("", "–"), (None, "–"), ("much", "much"), ("0", "0.00")],
    ],
)
def test_money_is_rounded(amount: str | None, shown: str) -> None:
    with translation.override("en"):
        assert humane.money(amount) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(90, "1.50"), (20, "0.33"), (100, "1.67"), (None, "–"), (6_000_000, "100,000.00")]
)
def test_minutes_are_rounded(seconds: int | None, shown: str) -> None:
    with translation.override("en"):
        assert humane.minutes(seconds) == shown


@pytest.mark.parametrize("text", ["0001-01-01..0001-01-01", "9999-12-01..9999-12-02", "9999-12-31..9999-12-31", "x..y"])
def test_what_is_no_period_is_no_failure(text: str) -> None:
    with translation.override("en"):
        assert periods.title(text)


@pytest.mark.parametrize(
    ("action", "subject", "shown"),
    [
        *[("api_key_made", name, name) for name in ("free", "10.5", "2026-10", "on 2026-02-30")],
        *[("group_made", name, name) for name in ("0001-01-01..0001-01-01", "9999-12-01..9999-12-02", "3 files")],
        ("user_added", "covered", "covered"),
        *[(f"user_{done}", f"femi@{'0a' * 16}:7", "femi") for done in ("added", "shut_out")],
        ("second_factor_reset", f"femi@{'0a' * 16}:7", "femi"),
        ("group_made", f"femi@{'0a' * 16}:7", f"femi@{'0a' * 16}:7"),
        ("report_ordered", "2026-10", "Oktober 2026"),
        ("report_ordered", "0001-01-01..0001-01-01", "0001-01-01..0001-01-01"),
        ("mail_ordered", "2026-10-01..2026-10-03", "01.10.2026 – 02.10.2026"),
        ("file_downloaded", "3 files", "3 Dateien"),
        ("file_downloaded", "legs/a.csv", "legs/a.csv"),
    ],
)
def test_what_was_done_decides_how_its_subject_is_shown(site: Site, action: str, subject: str, shown: str) -> None:
    from reseller_reporting.control import audit

    audit.record(action, at=NOW, reseller=site.reseller, who="anna", subject=subject)
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    client.cookies["django_language"] = "de"
    page = client.get("/audit/")
    assert page.status_code == 200
    assert f"<td>{shown}</td>" in page.content.decode()


def test_a_person_of_kazoo_is_shown_by_the_name_they_log_in_with() -> None:
    account = "b5748" + "0" * 27
    assert humane.person_name(f"user1001@acme.example.com@{account}:1") == "user1001@acme.example.com"
    assert humane.person_name(f"user1001@{account}:12") == "user1001"
    assert humane.account_id_of_person(f"user1001@{account}:12") == account
    for other in ("anna@example.com", "system", f"user1001@{account}"):
        assert humane.person_name(other) == other
        assert humane.account_id_of_person(other) == ""
