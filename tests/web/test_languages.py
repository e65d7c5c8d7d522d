"""Every word of every page in every language: nothing is missing, nothing is out of date."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from sites import NOW

from reseller_reporting.control.roles import Role
from reseller_reporting.words.catalog import LOCALES

if TYPE_CHECKING:
    from sites import MadeRun, Site

ROOT = Path(__file__).parents[2]


def test_every_message_is_translated() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_messages.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stderr


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_a_page_says_in_which_language_it_is(site: Site, language: str) -> None:
    page = site.client.get("/login/", headers={"Accept-Language": language}).content.decode()
    assert f'<html lang="{language}">' in page
    assert ("Log in</h1>" in page) == (language == "en")


def test_a_chosen_language_wins_over_the_browsers(site: Site) -> None:
    site.client.post("/language/", {"language": "nl", "next": "/login/"})
    assert "Aanmelden</h1>" in site.client.get("/login/", headers={"Accept-Language": "de"}).content.decode()
    led = site.client.post("/language/", {"language": "nl", "next": "https://evil.example/"})
    assert led.headers["Location"] == "/"


# What rooms below say: each in English, which the API keeps, and in the reader's language on a page.

DENIED = (
    "KAZOO at https://k.example/v2 does not permit /accounts/a/cdrs with these credentials (forbidden).",
    "KAZOO unter https://k.example/v2 erlaubt /accounts/a/cdrs mit diesen Zugangsdaten nicht (forbidden).",
)
FULL = "The disk is full. Make room where RESELLER_REPORTING_HOME lies: it is tried again each minute."


def in_german(site: Site) -> Any:
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    client.post("/language/", {"language": "de", "next": "/"})
    return client


def job(site: Site, **stated: Any) -> Any:
    from reseller_reporting.control.models import Job

    stated = {"kind": "report", "run": None, "due_at": NOW, "created_at": NOW} | stated
    return Job.objects.create(reseller=site.reseller, **stated)


def test_the_page_of_a_failed_run_says_why_in_the_readers_language(tree: Site, made_run: MadeRun) -> None:
    from reseller_reporting.control.models import Delivery, Job, JobItem
    from reseller_reporting.control.scoping import across_resellers

    with across_resellers():
        made = Job.objects.get(run_id=made_run.run.pk, kind="report")
        Job.objects.filter(pk=made.pk).update(state="failed", message=FULL)
        made_run.run.failed_count = 1
        made_run.run.save(update_fields=["failed_count"])
        JobItem.objects.create(
            job=made, reseller=tree.reseller, account_id="9", name="Ninth", state="failed", message=DENIED[0]
        )
        Delivery.objects.create(
            run=made_run.run,
            reseller=tree.reseller,
            recipients=["a@b.example"],
            state="failed",
            message="The mail server m:25 did not answer in time. Check host and port in the SMTP URL.",
            unique_key="k",
            created_at=NOW,
        )
    client = in_german(tree)
    page = html.unescape(client.get(f"/reports/{made_run.run.pk}/").content.decode())
    for german in (
        "Der Datenträger ist voll.",
        DENIED[1],
        "Der Mailserver m:25 hat nicht rechtzeitig geantwortet.",
        "Vereinigtes Königreich",
        "Frankreich",
    ):
        assert german in page
    for english in ("The disk is full", "does not permit", "did not answer", "United Kingdom", "outbound"):
        assert english not in page
    told = client.get(f"/api/v1/jobs/{made.pk}").json()
    assert told["message"] == FULL


def test_refusals_of_forms_are_said_in_the_readers_language(site: Site) -> None:
    client = in_german(site)
    stated = {"url": "https://k.example/v1", "method": "key", "api_key": "x", "do": "test"}
    page = html.unescape(client.post("/connection/", stated).content.decode())
    assert "Die Adresse ist „https://k.example/v1“ und endet nicht auf /v2" in page
    person = {"username": "nobody", "role": "reseller_viewer", "name": "", "account": ""}
    page = html.unescape(client.post("/users/", person).content.decode())
    assert "„nobody“ ist keine Mailadresse; schreiben Sie eine wie billing@example.com." in page


def test_the_findings_of_a_connection_are_said_in_the_readers_language(site: Site) -> None:
    from reseller_reporting.control.scoping import across_resellers

    found = [
        {"name": "kazoo api", "ok": True, "message": "It speaks Crossbar."},
        {
            "name": "kazoo clock",
            "ok": False,
            "message": "This machine's clock is 90 s ahead of KAZOO's. Set it by NTP, or calls may seem missing.",
        },
    ]
    with across_resellers():
        tried = job(site, kind="connection", state="done", checkpoint={"findings": found})
    page = html.unescape(in_german(site).get(f"/connection/test/{tried.pk}").content.decode())
    assert "Es spricht Crossbar." in page
    assert "Die Uhr dieses Rechners geht der von KAZOO 90 s vor." in page


def test_figures_on_pages_are_named_by_the_documents_words() -> None:
    """A title that no document has would stand there in English, whatever the language."""
    templates = ROOT / "src" / "reseller_reporting" / "web" / "templates"
    named = {
        title
        for file in templates.rglob("*.html")
        for pattern in (r'"([^"]+)"\|term', r'title="([^"]+)" amount')
        for title in re.findall(pattern, file.read_text(encoding="utf-8"))
    }
    assert {"Total due", "Reseller Cost", "Billing Minutes", "Margin"} <= named
    for file in sorted(LOCALES.rglob("*.po")):
        with file.open("rb") as opened:
            known = read_po(opened)
        assert [title for title in named if title not in known or not known[title].string] == [], file
